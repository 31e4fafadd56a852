"""What each car draws on a good grid: its share of what the connection leaves."""

from hems.control import drivers
from hems.control.dispatch.envelope import Envelope, envelope, phase_w
from hems.control.dispatch.flows import flows
from hems.control.dispatch.shares import shares
from hems.control.energy import NO_CAR
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.wish import Wish
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.site import Bay, Site
from hems.model.snapshot import BayReading, Snapshot
from hems.model.units import SourceId


def charging(
    bays: list[Bay], site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> dict[SourceId, Wish]:
    """Fair shares of what the connection leaves, nobody above what a charger can take, or a pause below 6 A.

    Cars that are about to leave come first.
    """
    flow = flows(site, snapshot, now_s)
    plugged = [bay for bay in bays if _has_car(snapshot.bays.get(bay.id, NO_CAR), now_s)]
    if flow is None or not state.connection.standing or not plugged:
        return {bay.id: Wish(0.0, Cause(Why.CAR_IDLE)) for bay in bays}
    bounds = envelope(site, state.connection, snapshot, now_s)
    house_w = [one.watts for one in state.connection.standing]
    room = [phase_w(site) - watts for watts in house_w]
    going = frozenset(bay.id for bay in plugged if _told_w(bay, state) < 0.0)
    leaving = [bay for bay in plugged if drivers.leaves(state, bay.id, params.car, now_s)]
    staying = [bay for bay in plugged if bay not in leaving]
    given = shares(site, (leaving, staying), max(0.0, bounds.import_w - sum(house_w)), room, going)
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
