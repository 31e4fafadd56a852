"""What each car is asked to do.

On an island nothing charges, and cars that may give carry part of the load so that the battery lasts; never below
what the driver keeps, never on a state of charge nobody knows, and never as the only source unless the charger forms
the island. Powers are positive when a car feeds the building.  Source: domain reference 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from hems.control import drivers, orders
from hems.control.demand import charging_w, remembered_w
from hems.control.dispatch.envelope import Envelope, envelope, phase_w
from hems.control.dispatch.flows import flows, house_phase_w
from hems.control.dispatch.shares import shares
from hems.control.energy import NO_CAR, car_free_wh, floor_pct, store_pct
from hems.control.loads import settled
from hems.control.params import CarParams, Params
from hems.control.state import BayMemory, ControlState, Sent
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.copies import replace
from hems.model.mode import Mode, TiePosition
from hems.model.request import Task
from hems.model.site import Bay, Site
from hems.model.snapshot import BayReading, Snapshot
from hems.model.units import SourceId

NEW = BayMemory()
MAY_SUPPORT = frozenset({Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING})
REFILL_W, REFILL_SHARE = 3000.0, 0.5
"""What cars add to refill a battery that is nearly empty, at most, and as a part of what it takes."""
CAR_WELL_W = (1000.0, 4000.0)
"""A charger works well from the one, and the next car joins beyond the other."""
STAYS_WH = 2000.0
"""So much fuller another car must be to take the place of one that gives."""
GIVING_SHARE = 0.8
"""Part of what battery and cars deliver together that cars take over: the former keeps enough to hold the bus."""
STRAY_W, STRAY_SHARE = 500.0, 0.2
"""So much more than its command a charger may do before that is somebody else's doing."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The power asked of one car, and why."""

    power_w: float
    cause: Cause


def remembered(
    site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> dict[SourceId, BayMemory]:
    """Each bay's memory after this instant."""
    found = {}
    for bay in site.bays:
        before, reading = state.bays.get(bay.id, NEW), snapshot.bays.get(bay.id, NO_CAR)
        memory = _bay_memory(bay, before, reading, params.car, now_s)
        if bay.stops_s and memory is not NEW:
            drawn_w = charging_w(bay, state, snapshot, now_s)
            memory = replace(memory, charging_w=remembered_w(before.charging_w, drawn_w, now_s - state.at_s))
        strays = bay.id != site.former.source and _strays(reading, state.sent.get(wiring.bay_power(bay.id)), now_s)
        since_s = (now_s if before.astray_since_s is None else before.astray_since_s) if strays else None
        found[bay.id] = memory if since_s == memory.astray_since_s else replace(memory, astray_since_s=since_s)
    return found


def _strays(reading: BayReading, entry: Sent | None, now_s: float) -> bool:
    """Whether a charger that took its command does more than it says, or the opposite; less is a car's own affair.

    UCA 6.
    """
    watts = reading.power_w.known(now_s)
    if watts is None or entry is None or entry.acknowledged_s is None or entry.observed:
        return False
    told_w = float(entry.value)
    slack_w = max(STRAY_W, STRAY_SHARE * abs(told_w))
    return watts > max(0.0, told_w) + slack_w or watts < min(0.0, told_w) - slack_w


def _bay_memory(bay: Bay, memory: BayMemory, reading: BayReading, params: CarParams, now_s: float) -> BayMemory:
    state = reading.state.known(now_s)
    if state is None:
        return memory
    if not state.has_car:
        return NEW
    soc_pct = reading.soc_pct.known(now_s)
    at_floor = memory.at_floor
    if soc_pct is not None:
        resume_pct = floor_pct(bay, params) + params.resume_band_pct
        at_floor = soc_pct <= floor_pct(bay, params) or (at_floor and soc_pct < resume_pct)
    plugged_s = now_s if memory.plugged_since_s is None else memory.plugged_since_s
    return replace(memory, plugged_since_s=plugged_s, at_floor=at_floor)


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
    if mode in MAY_SUPPORT or steps_back(mode, site, state) or carries_on(state):
        return _supporting(bays, site, state, snapshot, params, now_s)
    if mode is Mode.GRID_CONNECTED or charges_first(mode, state, params, now_s):
        return _charging(bays, site, state, snapshot, params, now_s)
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


def carries_on(state: ControlState) -> bool:
    """After the loss of a source: whether the other cars go on as they are until the island has come to rest."""
    mode = state.mode
    return mode.mode is Mode.ISLANDED_STABILIZING and mode.because.why is Why.SOURCE_LOST


def _refusal(bay: Bay, memory: BayMemory, reading: BayReading, params: CarParams, now_s: float) -> Why | None:
    """Why a car may not give, or None if it may (UCA 12)."""
    if not bay.bidirectional or reading.discharge_ready.known(now_s) is not True:
        return Why.NO_CHARGE_ON_ISLAND
    if reading.soc_pct.known(now_s) is None:
        return Why.CAR_SOC_UNKNOWN
    if memory.at_floor or not car_free_wh(bay, reading, params, now_s):
        return Why.CAR_AT_FLOOR
    arrived_s = now_s if memory.plugged_since_s is None else memory.plugged_since_s
    return Why.NO_CHARGE_ON_ISLAND if now_s < arrived_s + params.arrival_hold_s else None


def giving_w(site: Site, snapshot: Snapshot, now_s: float) -> dict[SourceId, float]:
    """What each car that does not form the island feeds in right now."""
    return {
        bay.id: max(0.0, snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) or 0.0)
        for bay in site.bays
        if bay.id != site.former.source
    }


def _supporting(
    bays: list[Bay], site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> dict[SourceId, Wish]:
    """Cars take their share of what the sun does not deliver, each in proportion to what it has to spare.

    While the former cannot be read nobody knows that share, and every car goes on as it is; so it does while an island
    that has lost a source comes to rest.
    """
    former = [reading.known(now_s) for reading in snapshot.former_phase_w]
    known = [watts for watts in former if watts is not None]
    residual_w = sum(known) + sum(giving_w(site, snapshot, now_s).values())
    refusals = {
        bay.id: drivers.refusal(state, bay.id, params.car, now_s)
        or _refusal(bay, state.bays.get(bay.id, NEW), snapshot.bays.get(bay.id, NO_CAR), params.car, now_s)
        for bay in bays
    }
    free = {
        bay.id: car_free_wh(bay, snapshot.bays.get(bay.id, NO_CAR), params.car, now_s) or 0.0
        for bay in bays
        if refusals[bay.id] is None
    }
    if len(known) < len(former) or carries_on(state):
        return {bay.id: _going_on(bay, refusals[bay.id], state) for bay in bays}
    target_w = _target_w(max(0.0, residual_w), site, snapshot, params, now_s)
    free = _carriers(free, giving_w(site, snapshot, now_s), target_w)
    return {bay.id: _support(bay, refusals[bay.id], free, target_w) for bay in bays}


def _target_w(residual_w: float, site: Site, snapshot: Snapshot, params: Params, now_s: float) -> float:
    """What cars deliver together: a share of the residual; more the emptier the battery, and something to refill it.

    A car may leave with what it has, and an island whose battery is empty is dark whatever its cars hold.
    """
    stored_pct = store_pct(site, snapshot, params.car, now_s)
    battery = next((one for one in site.batteries if one.id == site.former.source), None)
    if battery is None or stored_pct is None:
        return GIVING_SHARE * residual_w
    band = params.band
    spared = _below(stored_pct, band.conserve_pct, band.critical_pct)
    refill_w = min(REFILL_W, REFILL_SHARE * battery.charge_max_w)
    low = _below(stored_pct, band.critical_pct, band.floor_pct)
    return (GIVING_SHARE + (1.0 - GIVING_SHARE) * spared) * residual_w + low * refill_w


def _below(stored_pct: float, from_pct: float, to_pct: float) -> float:
    """How far it has come down from the one to the other, from 0 to 1."""
    return min(1.0, max(0.0, (from_pct - stored_pct) / max(1.0, from_pct - to_pct)))


def _carriers(
    free: Mapping[SourceId, float], giving: Mapping[SourceId, float], target_w: float
) -> dict[SourceId, float]:
    """The cars that give: no more than can work well, those that give already before others, else the fullest.

    Little power from many chargers would be lost in them, and each would be asked for less than it can do.
    """
    fewest = max(1, ceil(target_w / CAR_WELL_W[1]))
    most = max(fewest, int(target_w // CAR_WELL_W[0]))
    count = min(most, max(fewest, sum(giving.get(bay, 0.0) > 0.0 for bay in free)))
    order = sorted(free, key=lambda bay: (-free[bay] - STAYS_WH * (giving.get(bay, 0.0) > 0.0), bay))
    return {bay: free[bay] for bay in order[:count]}


def _going_on(bay: Bay, refusal: Why | None, state: ControlState) -> Wish:
    entry = state.sent.get(wiring.bay_power(bay.id))
    if refusal is not None or entry is None:
        return Wish(0.0, Cause(refusal or Why.CAR_IDLE))
    return Wish(max(0.0, float(entry.value)), entry.cause)


def _support(bay: Bay, refusal: Why | None, free: Mapping[SourceId, float], target_w: float) -> Wish:
    if refusal is not None:
        return Wish(0.0, Cause(refusal))
    share_w = target_w * free.get(bay.id, 0.0) / sum(free.values())
    power_w = min(bay.discharge_max_w, share_w)
    if power_w < bay.discharge_min_w:
        return Wish(0.0, Cause(Why.CAR_IDLE))
    return Wish(power_w, Cause(Why.SUPPORT_ISLAND, {"w": round(power_w)}))


def _charging(
    bays: list[Bay], site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> dict[SourceId, Wish]:
    """Fair shares of what the connection leaves, nobody above what a charger can take, or a pause below 6 A.

    Cars that are about to leave come first.
    """
    flow = flows(site, snapshot, now_s)
    plugged = [bay for bay in bays if _has_car(snapshot.bays.get(bay.id, NO_CAR), now_s)]
    if flow is None or not plugged:
        return {bay.id: Wish(0.0, Cause(Why.CAR_IDLE)) for bay in bays}
    bounds = envelope(site, state.connection, snapshot, now_s)
    room = [phase_w(site) - house_w for house_w in house_phase_w(site, snapshot, flow, now_s)]
    charging = frozenset(bay.id for bay in plugged if _told_w(bay, state) < 0.0)
    leaving = [bay for bay in plugged if drivers.leaves(state, bay.id, params.car, now_s)]
    staying = [bay for bay in plugged if bay not in leaving]
    given = shares(site, (leaving, staying), max(0.0, bounds.import_w - flow.house_w), room, charging)
    return {bay.id: _charge(given.get(bay.id, 0.0), bay in plugged, bounds) for bay in bays}


def _told_w(bay: Bay, state: ControlState) -> float:
    """What a car was told last; 0 when nothing."""
    entry = state.sent.get(wiring.bay_power(bay.id))
    return float(entry.value) if entry is not None else 0.0


def _has_car(reading: BayReading, now_s: float) -> bool:
    state = reading.state.known(now_s)
    return state is not None and state.has_car


def _charge(power_w: float, plugged: bool, bounds: Envelope) -> Wish:
    """A share as a wish; a car that gets none hears whose limit that is."""
    if power_w:
        return Wish(-power_w, Cause(Why.CHARGE_ON_GRID, {"w": round(power_w)}))
    return Wish(0.0, bounds.import_by if plugged else Cause(Why.CAR_IDLE))


def phase_w_of_cars(site: Site, snapshot: Snapshot, now_s: float) -> tuple[float, ...]:
    """What the former would have to take over on each phase if every giving car left at once."""
    giving = giving_w(site, snapshot, now_s)
    total = [0.0] * len(site.phases)
    for bay in site.bays:
        for index, share_w in enumerate(site.per_phase(giving.get(bay.id, 0.0), bay.phases)):
            total[index] += share_w
    return tuple(total)
