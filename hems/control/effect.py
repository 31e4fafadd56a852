"""Whether a shed has helped: what the former delivers afterwards, compared with what it should deliver less.

An answer of a relay is no proof, and most circuits have no meter of their own.  A circuit whose shedding has shown
nothing several times is passed over when load must go, and a person is asked to look.  When shed after shed shows
nothing although the former is overloaded, the meter is wrong, or what overloads it hangs on no switch of ours: then
essential and critical circuits stay on, because to switch off the whole house would help nobody.
Source: domain reference 2.2 and 5, UCA 3.
"""

from collections.abc import Iterable
from math import inf

from hems.control import overload
from hems.control.demand import NOTHING
from hems.control.loads import SHOWS_S
from hems.control.memory.acting import EffectMemory
from hems.control.memory.using import LoadMemory
from hems.control.shedding import FRESH, Outlook
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.copies import replace
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId

LEAST_W, LEAST_PU = 500.0, 0.02
"""Less than this, and than this part of the former's rating, goes under in what the rest of the building does."""
HELPED, CLEARED = 0.25, 0.75
"""Part of the expected effect that is one, and part that clears every circuit of several."""
PATIENCE_S = 10.0
"""A shed that has not been answered after this long is no more judged: it counts as not obeyed."""


def watching(state: ControlState, shed: Iterable[CircuitId], outlook: Outlook, now_s: float) -> ControlState:
    """The state that looks out for the effect of what has just been shed on an island.

    Sheds that follow each other closely are judged together, by what the former delivered before the first.
    """
    memory, expected_w = state.effect, {circuit: outlook.watts[circuit] for circuit in shed}
    if not expected_w or not outlook.mode.on_island or outlook.mode_for_s <= 0.0:
        return state
    if not memory.expected_w:
        if outlook.phase_w is None:
            return state
        memory = replace(memory, since_s=now_s, before_w=outlook.phase_w)
    return replace(state, effect=replace(memory, expected_w={**memory.expected_w, **expected_w}))


def judged(site: Site, state: ControlState, snapshot: Snapshot, outlook: Outlook, now_s: float) -> ControlState:
    """The state after this look at the former: what was watched has helped, has not, or is not to be seen yet."""
    memory = state.effect
    if not outlook.mode.on_island:
        return state if memory == EffectMemory() else replace(state, effect=EffectMemory())
    if memory.vain and outlook.phase_w is not None and max(overload.loading(outlook.phase_w, site.former)) <= 1.0:
        memory = replace(memory, vain=0)
    if not memory.expected_w:
        return state if memory is state.effect else replace(state, effect=memory)
    measured_s = min((reading.taken_s for reading in snapshot.former_phase_w), default=-inf)
    shown = [circuit for circuit in memory.expected_w if _shows(circuit, state, measured_s)]
    waits = any(not state.loads.get(circuit, FRESH).deaf for circuit in memory.expected_w if circuit not in shown)
    if (waits and now_s < memory.since_s + PATIENCE_S) or (outlook.phase_w is None and shown):
        return replace(state, effect=memory)
    done = replace(memory, expected_w={}, before_w=())
    part = _part(site, memory, shown, outlook.phase_w)
    if part is None:
        return replace(state, effect=done)
    helped = part >= HELPED
    blind = [one for one in shown if snapshot.circuits.get(one, NOTHING).power_w.known(now_s) is None]
    return replace(
        state,
        effect=replace(done, vain=0 if helped else done.vain + 1),
        loads=_marked(state, shown if helped else blind, helped=helped, cleared=len(shown) == 1 or part >= CLEARED),
    )


def due_s(state: ControlState) -> float:
    """When what is watched is given up."""
    return state.effect.since_s + PATIENCE_S if state.effect.expected_w else inf


def _shows(circuit: CircuitId, state: ControlState, measured_s: float) -> bool:
    """Whether a measurement taken then shows what its shedding has done."""
    entry = state.sent.get(wiring.circuit_closed(circuit))
    obeyed = entry is not None and not entry.value and not entry.observed and entry.acknowledged_s is not None
    return obeyed and entry is not None and measured_s >= (entry.acknowledged_s or 0.0) + SHOWS_S


def _part(
    site: Site, memory: EffectMemory, shown: Iterable[CircuitId], phase_w: tuple[float, ...] | None
) -> float | None:
    """What is seen of what was expected, on the phases concerned; None where that is too little to be seen."""
    expected = [0.0] * len(site.phases)
    for circuit in shown:
        for index, share_w in enumerate(site.per_phase(memory.expected_w[circuit], site.circuit(circuit).phases)):
            expected[index] += share_w
    total_w = sum(expected)
    if phase_w is None or total_w < max(LEAST_W, LEAST_PU * sum(site.former.phase_va)):
        return None
    seen = zip(expected, memory.before_w, phase_w, strict=True)
    return sum(before - after for share_w, before, after in seen if share_w > 0.0) / total_w


def _marked(
    state: ControlState, circuits: Iterable[CircuitId], *, helped: bool, cleared: bool
) -> dict[CircuitId, LoadMemory]:
    """Each circuit's memory of sheds in vain; where several went and only some helped, nobody knows which."""
    loads = dict(state.loads)
    for circuit in circuits:
        memory = loads.get(circuit, FRESH)
        vain = memory.vain + 1 if not helped else 0 if cleared else memory.vain
        loads[circuit] = replace(memory, vain=vain)
    return loads
