"""Sun to spare on an island: cars and sinks take it before the inverter must hold it back.

A battery that is nearly full is no buffer any more: when a large load goes, its power must go somewhere at once, or
voltage and frequency run away and everything trips.  So above `band.surplus_leave_pct` part of what still flows into
the battery goes to cars (`cars.sunny`) and sinks instead, and all of it from `band.surplus_pct` on, which keeps the
last few percent free.  Only what the former is measured to take in is given away.  Source: domain reference 2.3, 2.9.
"""

from hems.control import overload
from hems.control.energy import Band
from hems.control.given import Given
from hems.control.memory.using import SurplusMemory
from hems.control.state import ControlState
from hems.control.stored import beside, former_pct, room_wh
from hems.model.copies import replace
from hems.model.mode import Mode
from hems.model.request import Task
from hems.model.site import Tier

SINK_S = 60.0
"""As long the former must have given before a sink goes off, and between two that come on."""
ENDS_BELOW_PCT = 5.0
"""So far below where it began it ends."""
GIVES_W = 300.0
"""The former counts as giving beyond this."""
MODES = frozenset({Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING})


def after(given: Given, state: ControlState) -> SurplusMemory:
    """Which part of what flows into the battery is to spare, and which sinks the sun feeds, after this instant."""
    site, params, memory = given.site, given.params.band, state.surplus
    if state.mode.mode not in MODES:
        return NOTHING
    phase_w = overload.phase_w(given.snapshot, site, given.now_s)
    stored_pct = former_pct(site, given.snapshot, given.params.car, given.now_s)
    begins_pct = params.surplus_leave_pct - (ENDS_BELOW_PCT if memory.since_s is not None else 0.0)
    buffered = any(one.id == site.former.source for one in site.batteries)
    calm = max(state.dose, default=0.0) < given.params.overload.dose_block and Task.FIRE not in state.orders
    if not buffered or not calm or phase_w is None or stored_pct is None or _others_take(given):
        return NOTHING
    if stored_pct < begins_pct or max(overload.loading(phase_w, site.former)) > 1.0:
        return NOTHING
    part = (stored_pct - params.surplus_leave_pct) / (params.surplus_pct - params.surplus_leave_pct)
    part = 1.0 if Band(state.band) is Band.SURPLUS else round(min(1.0, max(0.0, part)), 2)
    since_s = given.now_s if memory.since_s is None else memory.since_s
    if (since_s, part) != (memory.since_s, memory.part):
        memory = replace(memory, since_s=since_s, part=part)
    return _with_sinks(memory, given, state, overload.behind_w(site, given.snapshot, given.now_s) - sum(phase_w))


NOTHING = SurplusMemory()


def _others_take(given: Given) -> bool:
    """Whether a battery beside the former still takes the sun: it comes before cars and sinks."""
    return any(room_wh(one, given.snapshot, given.now_s) for one in beside(given.site))


def _with_sinks(memory: SurplusMemory, given: Given, state: ControlState, into_w: float) -> SurplusMemory:
    """One sink more where the sun has room for it, the last one less when the former has given for a while."""
    now_s = given.now_s
    gives_since_s = None if into_w > -GIVES_W else now_s if memory.gives_since_s is None else memory.gives_since_s
    if gives_since_s != memory.gives_since_s:
        memory = replace(memory, gives_since_s=gives_since_s)
    if now_s < memory.moved_s + SINK_S:
        return memory
    if gives_since_s is not None and now_s >= gives_since_s + SINK_S and memory.sinks:
        return replace(memory, sinks=memory.sinks[:-1], moved_s=now_s, gives_since_s=None)
    for one in given.site.circuits:
        if one.tier is Tier.FLEXIBLE and one.sheddable and one.id not in memory.sinks:
            remembered = state.loads.get(one.id)
            usual_w = None if remembered is None else remembered.usual_w
            if into_w * memory.part >= max(GIVES_W, one.typical_w if usual_w is None else usual_w):
                return replace(memory, sinks=(*memory.sinks, one.id), moved_s=now_s)
    return memory


def due_s(state: ControlState) -> list[float]:
    """When a sink may come or must go."""
    memory = state.surplus
    ends = [memory.moved_s + SINK_S] if memory.sinks else []
    return ends if memory.gives_since_s is None else [*ends, memory.gives_since_s + SINK_S]
