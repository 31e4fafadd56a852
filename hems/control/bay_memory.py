"""What is remembered of each car from tick to tick: since when it is here, whether it was stopped, whom it obeys."""

from hems.control.demand import charging_w, remembered_w
from hems.control.energy import NO_CAR, floor_pct
from hems.control.memory.acting import Sent
from hems.control.memory.using import BayMemory
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
