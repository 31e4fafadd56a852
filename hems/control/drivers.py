"""What drivers say of their cars: when one leaves, what it keeps, or that the building takes nothing.

What a car keeps stays until it is changed; that it leaves ends when it is unplugged.  Who may say what was checked
before it came here.  Source: architecture 10; domain reference 3.
"""

from collections.abc import Iterable
from math import inf

from hems.control.cars.memory import DriverMemory
from hems.control.energy import floored
from hems.control.state import ControlState
from hems.control.tuning.sources import CarParams
from hems.model.cause import Cause, Value, Why
from hems.model.copies import replace
from hems.model.request import Asked, CarWish
from hems.model.site import Bay, Site
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId

SILENT = DriverMemory()
Told = list[tuple[str, Cause]]


def after(
    site: Site, state: ControlState, snapshot: Snapshot, params: CarParams, now_s: float
) -> tuple[dict[SourceId, DriverMemory], Told]:
    """What counts after this instant's wishes, departures and ends, and what to tell about it."""
    told: Told = []
    known = {bay.id: bay for bay in site.bays}
    found = {bay: _ended(memory, bay, snapshot, params, now_s) for bay, memory in state.drivers.items() if bay in known}
    for wish in _wishes(snapshot.requests):
        if wish.bay in known:
            found[wish.bay] = _taken(found.get(wish.bay, SILENT), wish, known[wish.bay], now_s)
            told.append((f"bays/{wish.bay}", _cause(wish)))
    return {bay: memory for bay, memory in found.items() if memory != SILENT}, told


def _wishes(requests: Iterable[Asked]) -> list[CarWish]:
    return [request for request in requests if isinstance(request, CarWish)]


def _ended(memory: DriverMemory, bay: SourceId, snapshot: Snapshot, params: CarParams, now_s: float) -> DriverMemory:
    """A car that is gone has left; one that stands there long after it was to leave has been forgotten."""
    reading = snapshot.bays.get(bay)
    state = reading.state.known(now_s) if reading is not None else None
    since_s = memory.leaving_since_s
    if state is not None and not state.has_car:
        return replace(memory, leaving_since_s=None, leaves_s=None, first=False)
    if since_s is not None and now_s >= since_s + params.leaving_s:
        return replace(memory, leaving_since_s=None)
    if memory.leaves_s is not None and now_s >= memory.leaves_s + params.leaving_s:
        return replace(memory, leaves_s=None)
    return memory


def _taken(memory: DriverMemory, wish: CarWish, bay: Bay, now_s: float) -> DriverMemory:
    if wish.leaving is not None:
        memory = replace(memory, leaving_since_s=now_s if wish.leaving else None)
    if wish.leaves_in_s is not None:
        memory = replace(memory, leaves_s=now_s + wish.leaves_in_s if wish.leaves_in_s >= 0.0 else None)
    if wish.keeps_pct is not None:
        memory = replace(memory, keeps_pct=max(bay.maker_floor_pct, wish.keeps_pct))
    if wish.target_pct is not None:
        memory = replace(memory, target_pct=wish.target_pct)
    if wish.first is not None:
        memory = replace(memory, first=wish.first)
    return memory if wish.never is None else replace(memory, never=wish.never)


def _cause(wish: CarWish) -> Cause:
    """What to tell of a wish."""
    if wish.leaving:
        return Cause(Why.CAR_LEAVES)
    if wish.never:
        return Cause(Why.CAR_NEVER)
    facts: dict[str, Value] = {}
    if wish.leaves_in_s is not None and wish.leaves_in_s >= 0.0:
        facts["leaves_s"] = wish.leaves_in_s
    if wish.keeps_pct is not None:
        facts["keeps_pct"] = wish.keeps_pct
    if wish.target_pct is not None:
        facts["target_pct"] = wish.target_pct
    if wish.first:
        return Cause(Why.CAR_FIRST, facts)
    return Cause(Why.CAR_WISH, facts)


def leaves(state: ControlState, bay: SourceId, params: CarParams, now_s: float) -> bool:
    """Whether the car is about to leave: its driver is there, or it is nearly the time that was told."""
    memory = state.drivers.get(bay, SILENT)
    soon = memory.leaves_s is not None and now_s >= memory.leaves_s - params.leaves_soon_s
    return waits_at(state, bay) or soon


def waits_at(state: ControlState, bay: SourceId) -> bool:
    """Whether its driver is there and wants to go."""
    return state.drivers.get(bay, SILENT).leaving_since_s is not None


def goes_first(state: ControlState, bay: SourceId) -> bool:
    """Whether somebody has said that it charges before others that have time."""
    return state.drivers.get(bay, SILENT).first


def refusal(state: ControlState, bay: SourceId, params: CarParams, now_s: float) -> Why | None:
    """Why the building takes nothing from a car for its driver's sake, or None."""
    if state.drivers.get(bay, SILENT).never:
        return Why.CAR_NEVER
    return Why.CAR_LEAVES if leaves(state, bay, params, now_s) else None


def keeping(bay: Bay, memory: DriverMemory) -> Bay:
    """The bay with what its driver keeps, where that was said."""
    if memory.never:
        return floored(bay, 100.0)
    return bay if memory.keeps_pct is None else floored(bay, memory.keeps_pct)


def due_s(state: ControlState, params: CarParams, now_s: float) -> float:
    """When the next departure comes near, or is long past."""
    times = [
        when_s
        for one in state.drivers.values()
        for since_s, spans in (
            (one.leaving_since_s, (params.leaving_s,)),
            (one.leaves_s, (-params.leaves_soon_s, params.leaving_s)),
        )
        if since_s is not None
        for when_s in (since_s + span for span in spans)
    ]
    return min((when_s for when_s in times if when_s > now_s), default=inf)
