"""What is remembered of each car from tick to tick: since when it is here, whether it was stopped, whom it obeys."""

from collections.abc import Mapping
from math import inf

from hems.control.cars import charge, ledger, waking
from hems.control.cars.memory import BayMemory, Charge, Ledger
from hems.control.demand import charging_w, remembered_w
from hems.control.energy import NO_CAR, floor_pct
from hems.control.given import Given
from hems.control.memory.acting import Sent
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.tuning.sources import CarParams
from hems.model import wiring
from hems.model.copies import replace
from hems.model.site import Bay, Site
from hems.model.snapshot import BayReading, Snapshot
from hems.model.units import SourceId

NEW = BayMemory()
STRAY_W, STRAY_SHARE = 500.0, 0.2
"""So much more than its command a charger may do before that is somebody else's doing."""


def remembered(
    site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> dict[SourceId, BayMemory]:
    """Each bay's memory after this instant; `site` as it counts now."""
    found = {}
    for bay in site.bays:
        before, reading = state.bays.get(bay.id, NEW), snapshot.bays.get(bay.id, NO_CAR)
        entry = state.sent.get(wiring.bay_power(bay.id))
        memory = _bay_memory(bay, before, reading, entry, params.car, now_s - state.at_s, now_s)
        if bay.stops_s and memory is not NEW:
            drawn_w = charging_w(bay, state, snapshot, now_s)
            memory = replace(memory, charging_w=remembered_w(before.charging_w, drawn_w, now_s - state.at_s))
        strays = bay.id != site.former.source and _strays(reading, entry, now_s)
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


def _bay_memory(
    bay: Bay, memory: BayMemory, reading: BayReading, entry: Sent | None, params: CarParams, dt_s: float, now_s: float
) -> BayMemory:
    state = reading.state.known(now_s)
    told_w = float(entry.value) if entry is not None else 0.0
    counted = charge.after(memory.charge, bay, reading, told_w, dt_s, now_s)
    if state is None:
        return memory if counted is memory.charge else replace(memory, charge=counted)
    if not state.has_car:
        return NEW
    gives_w = reading.power_w.known(now_s)
    return replace(
        memory,
        plugged_since_s=now_s if memory.plugged_since_s is None else memory.plugged_since_s,
        at_floor=_at_floor(bay, memory, counted, params),
        charge=counted,
        waking=waking.after(memory.waking, reading, entry, bay.restarts, now_s),
        proven=memory.proven or (gives_w is not None and gives_w >= waking.DOES_W),
    )


def _at_floor(bay: Bay, memory: BayMemory, counted: Charge | None, params: CarParams) -> bool:
    """Whether it has come down to its floor and not up again since; unknown changes nothing."""
    if counted is None:
        return memory.at_floor
    left_pct, floor = charge.left_pct(counted), floor_pct(bay, params)
    return left_pct <= floor or (memory.at_floor and left_pct < floor + params.resume_band_pct)


def booked(given: Given, state: ControlState, dt_s: float) -> Mapping[SourceId, Ledger]:
    """What bays have taken and given, after `dt_s` more."""
    month = ledger.month_of(given.now.utc, given.snapshot.local_h)
    outage = state.mode.mode.on_island
    return ledger.after(state.ledgers, given.site, given.snapshot, month, outage=outage, dt_s=dt_s, now_s=given.now_s)


def uncounted(state: ControlState) -> frozenset[SourceId]:
    """Cars whose energy nobody may count on: those that refuse, and those that came in this power cut, until they give.

    Source: domain reference 3.3.
    """
    since_s = state.mode.outage_since_s
    return frozenset(bay for bay, one in state.bays.items() if waking.refuses(one.waking) or _untried(one, since_s))


def _untried(memory: BayMemory, since_s: float | None) -> bool:
    plugged_s = memory.plugged_since_s
    return since_s is not None and plugged_s is not None and plugged_s > since_s and not memory.proven


def due_s(given: Given, state: ControlState) -> float:
    """When something of it comes due by time alone; the site and the charges as they count now."""
    rungs = (waking.due_s(one.waking) for one in state.bays.values())
    floors_s = charge.due_s(given.site, state.bays, given.snapshot, given.params.car, given.now_s)
    return min((when_s for when_s in (*rungs, floors_s) if when_s > given.now_s), default=inf)
