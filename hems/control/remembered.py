"""What each circuit has drawn, as it is remembered: lately, and on average."""

from collections.abc import Mapping
from math import exp

from hems.control.memory.using import FRESH, LoadMemory
from hems.control.state import ControlState
from hems.model.copies import replace
from hems.model.site import Circuit, Site
from hems.model.units import CircuitId

FORGET_S = 30.0
"""Time constant with which a learned demand follows a falling load."""
USUAL_S = 3600.0
"""Time constant of what a circuit usually draws."""


def held_w(circuit: Circuit, state: ControlState) -> float:
    """What a circuit drew lately, or before it went off; its typical power until that is known.

    At least half the typical power: a load that idled for a moment may well want it the next.
    """
    memory = state.loads.get(circuit.id)
    seen_w = memory.demand_w if memory is not None else None
    return circuit.typical_w if seen_w is None else max(seen_w, 0.5 * circuit.typical_w)


def usual_w(site: Site, state: ControlState) -> dict[CircuitId, float]:
    """W that each circuit draws on average while it is on; its typical power until that is known."""
    memories = {circuit.id: state.loads.get(circuit.id, FRESH).usual_w for circuit in site.circuits}
    return {one.id: one.typical_w if (seen := memories[one.id]) is None else seen for one in site.circuits}


def learned(state: ControlState, on_w: Mapping[CircuitId, float], dt_s: float) -> dict[CircuitId, LoadMemory]:
    """Memories with what each circuit that is on draws now: up at once, down slowly.

    The blink of a transfer must not make a building look empty in the very moment for which its load was watched.
    """
    kept, usually_kept = kept_after(dt_s), exp(-dt_s / USUAL_S)
    learned = dict(state.loads)
    for one, watts in on_w.items():
        learned[one] = _learned(learned.get(one, FRESH), watts, kept, usually_kept)
    return learned


def _learned(memory: LoadMemory, watts: float, kept: float, usually_kept: float) -> LoadMemory:
    before_w, usual_before_w = memory.demand_w, memory.usual_w
    demand_w = watts if before_w is None or watts >= before_w else remembered_w(before_w, watts, kept)
    usual_w = watts if usual_before_w is None else watts + (usual_before_w - watts) * usually_kept
    if demand_w == before_w and usual_w == usual_before_w:
        return memory
    return replace(memory, demand_w=demand_w, usual_w=usual_w)


def kept_after(dt_s: float) -> float:
    """The part of a fall that `remembered_w` still remembers after so long."""
    return exp(-dt_s / FORGET_S)


def remembered_w(before_w: float, now_w: float, kept: float) -> float:
    """What is drawn, as learned: up at once, down slowly, by `kept_after`."""
    return max(now_w, now_w + (before_w - now_w) * kept)
