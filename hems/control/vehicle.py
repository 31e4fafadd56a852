"""What each car is asked to do.

On an island nothing charges but from the sun that nobody else can take (`surplus`), and cars that may give carry part
of the load so that the battery lasts; never below what the driver keeps, never on a state of charge nobody knows, and
never as the only source unless the charger forms the island. Powers are positive when a car feeds the building.
Source: domain reference 3.
"""

from hems.control import orders
from hems.control.cars import sunny
from hems.control.dispatch.charging import charging, on_island
from hems.control.dispatch.lending import lent
from hems.control.giving import carries_on, supporting
from hems.control.going import settled
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.wish import Wish
from hems.model.cause import Cause, Why
from hems.model.mode import Mode, TiePosition
from hems.model.request import Task
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId

MAY_SUPPORT = frozenset({Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING})


def wishes(
    site: Site, state: ControlState, snapshot: Snapshot, mode: Mode, params: Params, now_s: float
) -> dict[SourceId, Wish]:
    """What to ask of every bay that can be asked, except the one that forms the island as soon as it might."""
    followers = [bay for bay in site.bays if bay.controllable and bay.id != site.former.source]
    forming = [bay for bay in site.bays if bay.controllable and bay.id == site.former.source]
    on_grid = mode in (
        Mode.GRID_CONNECTED,
        Mode.RECONNECTED_RESTORING,
        Mode.GRID_CONNECTED_DEGRADED,
        Mode.GRID_DISTURBED,
    )
    tie = state.evidence.tie
    closed = tie.value is TiePosition.CLOSED and tie.seen is TiePosition.CLOSED
    bays = followers + forming if on_grid and closed else followers
    if sunny.spares(state):
        from_sun = on_island([bay for bay in followers if not bay.layer_0], site, state, snapshot, now_s)
        if from_sun:
            return from_sun
    if mode in MAY_SUPPORT or steps_back(mode, site, state) or carries_on(state):
        return supporting(bays, site, state, snapshot, params, now_s)
    if mode is Mode.GRID_CONNECTED or charges_first(mode, state, params, now_s):
        drawn = charging(bays, site, state, snapshot, params, now_s)
        return lent(bays, site, state, snapshot, params, drawn, now_s) if mode is Mode.GRID_CONNECTED else drawn
    why = {
        Mode.GRID_DISTURBED: Why.NO_CHARGE_ON_DISTURBED_GRID,
        Mode.GRID_CONNECTED_DEGRADED: Why.NO_CHARGE_ON_DISTURBED_GRID,
        Mode.RECONNECTING: Why.BEFORE_RECONNECT,
        Mode.RECONNECTED_RESTORING: Why.CHARGE_WAITS_FOR_RESTORE,
        Mode.ISLANDING_PLANNED: Why.BEFORE_ISLAND,
        Mode.MAINTENANCE: Why.MAINTENANCE,
    }.get(mode, Why.NO_CHARGE_ON_ISLAND)
    return {bay.id: Wish(0.0, Cause(why)) for bay in bays} if mode is not Mode.INIT else {}


def charges_first(mode: Mode, state: ControlState, params: Params, now_s: float) -> bool:
    """While people may have to leave: whether cars charge before circuits come back, on a grid that has stood."""
    since_s = state.grid_solid_since_s
    solid = since_s is not None and now_s >= since_s + params.restore.hold_essential_s
    return mode is Mode.RECONNECTED_RESTORING and solid and orders.stands(state, Task.EVACUATION, now_s)


def steps_back(mode: Mode, site: Site, state: ControlState) -> bool:
    """Before reconnecting: whether cars go on for as long as room for them is still being made."""
    return mode is Mode.RECONNECTING and not settled(site, state)
