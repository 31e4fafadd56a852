"""Whether a shed has helped: what the former delivers afterwards, compared with what it should deliver less.

An answer of a relay is no proof, and most circuits have no meter of their own.  A circuit whose shedding has shown
nothing several times is passed over when load must go, and a person is asked to look.  When shed after shed shows
nothing although the former is overloaded, the meter is wrong, or what overloads it hangs on no switch of ours: then
essential and critical circuits stay on, because to switch off the whole house would help nobody.

Something else may grow as fast as circuits go.  What other meters say of that is taken into account, and what nobody
measures is taken to go on growing as it did before.  A former that delivers still more afterwards proves nothing.
Late in the inverter's dose one essential circuit is tried even so; if that shows, the others follow.
Source: domain reference 2.2 and 5, UCA 3.
"""

from collections.abc import Container, Iterable, Iterator
from math import exp, inf

from hems.control import overload
from hems.control.demand import NOTHING, SHOWS_S
from hems.control.energy import NO_CAR
from hems.control.given import Given
from hems.control.memory.acting import EffectMemory
from hems.control.memory.using import FRESH, LoadMemory
from hems.control.sheddable import Outlook
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.copies import replace
from hems.model.site import Phase
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId

LEAST_W, LEAST_PU = 500.0, 0.02
"""Less than this, and than this part of the former's rating, goes under in what the rest of the building does."""
HELPED, CLEARED = 0.25, 0.75
"""Part of the expected effect that is one, and part that clears every circuit of several."""
GROWS_S = 3.0
"""Time constant of how fast something grows: a motor that starts is over by then."""
PATIENCE_S = 10.0
"""A shed that has not been answered after this long is no more judged: it counts as not obeyed."""


def watching(given: Given, state: ControlState, shed: Iterable[CircuitId], outlook: Outlook) -> ControlState:
    """The state that looks out for the effect of what has just been shed on an island.

    Sheds that follow each other closely are judged together, by what the former delivered before the first.
    """
    memory, expected_w = state.effect, {circuit: outlook.watts[circuit] for circuit in shed}
    if not expected_w or not outlook.mode.on_island or outlook.mode_for_s <= 0.0:
        return state
    watched = {**memory.expected_w, **expected_w}
    if memory.expected_w:
        before_w = _and_more(given, memory.before_w, expected_w.keys() - memory.expected_w.keys())
    elif outlook.phase_w is not None:
        memory = replace(memory, since_s=given.now_s, rest_w=())
        before_w = _rest_w(given, outlook.phase_w, watched)
    else:
        return state
    return replace(state, effect=replace(memory, before_w=before_w, expected_w=watched))


def judged(given: Given, state: ControlState, outlook: Outlook) -> ControlState:
    """The state after this look at the former: what was watched has helped, has not, or is not to be seen yet."""
    memory, now_s, phase_w = state.effect, given.now_s, outlook.phase_w
    if not outlook.mode.on_island:
        return state if memory == EffectMemory() else replace(state, effect=EffectMemory())
    if phase_w is not None and max(overload.loading(phase_w, given.site.former)) <= 1.0:
        if memory.vain or memory.rising_w or memory.rest_w:
            memory = replace(memory, vain=0, rising_w=(), rest_w=())
    elif phase_w is not None and not memory.expected_w:
        memory = _grown(memory, _rest_w(given, phase_w), _measured_s(given.snapshot))
    if not memory.expected_w:
        return state if memory is state.effect else replace(state, effect=memory)
    shown = [circuit for circuit in memory.expected_w if _shows(circuit, state, _measured_s(given.snapshot))]
    waits = any(not state.loads.get(circuit, FRESH).deaf for circuit in memory.expected_w if circuit not in shown)
    if (waits and now_s < memory.since_s + PATIENCE_S) or (phase_w is None and shown):
        return replace(state, effect=memory)
    done = replace(memory, expected_w={}, before_w=())
    part = None if phase_w is None else _part(given, memory, shown, phase_w)
    if part is None:
        return replace(state, effect=done)
    helped = part >= HELPED
    blind = [one for one in shown if given.snapshot.circuits.get(one, NOTHING).power_w.known(now_s) is None]
    return replace(
        state,
        effect=replace(done, vain=0 if helped else done.vain + 1),
        loads=_marked(state, shown if helped else blind, helped=helped, cleared=len(shown) == 1 or part >= CLEARED),
    )


def _measured_s(snapshot: Snapshot) -> float:
    return min((reading.taken_s for reading in snapshot.former_phase_w), default=-inf)


def _grown(memory: EffectMemory, rest_w: tuple[float, ...], measured_s: float) -> EffectMemory:
    """With how fast what nobody else measures grows, seen from one measurement to the next."""
    dt_s = measured_s - memory.rest_s
    if not memory.rest_w or dt_s <= 0.0:
        return memory if memory.rest_w else replace(memory, rest_w=rest_w, rest_s=measured_s)
    now_w = [(after - before) / dt_s for before, after in zip(memory.rest_w, rest_w, strict=True)]
    keep = exp(-dt_s / GROWS_S) if memory.rising_w else 0.0
    before_w = memory.rising_w or tuple(now_w)
    rising_w = tuple([keep * before + (1.0 - keep) * now for before, now in zip(before_w, now_w, strict=True)])
    return replace(memory, rising_w=rising_w, rest_w=rest_w, rest_s=measured_s)


def _and_more(given: Given, before_w: tuple[float, ...], circuits: Iterable[CircuitId]) -> tuple[float, ...]:
    """With circuits that are watched from now on, which their own meters explained until now."""
    more = list(before_w)
    for circuit in circuits:
        watts = given.snapshot.circuits.get(circuit, NOTHING).power_w.known(given.now_s) or 0.0
        for index, share_w in enumerate(given.site.per_phase(watts, given.site.circuit(circuit).phases)):
            more[index] += share_w
    return tuple(more)


def _rest_w(given: Given, phase_w: tuple[float, ...], watched: Container[CircuitId] = ()) -> tuple[float, ...]:
    """What the former delivers that no meter of a source, nor of a circuit other than those, explains."""
    rest = list(phase_w)
    for watts, phases in _explained_w(given, watched):
        for index, share_w in enumerate(given.site.per_phase(watts, phases)):
            rest[index] -= share_w
    return tuple(rest)


def _explained_w(given: Given, watched: Container[CircuitId]) -> Iterator[tuple[float, tuple[Phase, ...]]]:
    """What every other meter says that it takes from the former, and where."""
    site, snapshot, now_s = given.site, given.snapshot, given.now_s
    for circuit in site.circuits:
        if circuit.id not in watched:
            yield snapshot.circuits.get(circuit.id, NOTHING).power_w.known(now_s) or 0.0, circuit.phases
    for pv in site.pvs:
        if pv.id in snapshot.pvs and not pv.direct:
            yield -(snapshot.pvs[pv.id].known(now_s) or 0.0), pv.phases
    for bay in site.bays:
        if bay.id != site.former.source:
            yield -(snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) or 0.0), bay.phases
    for battery, reading in snapshot.batteries.items():
        if battery != site.former.source:
            yield -(reading.power_w.known(now_s) or 0.0), site.phases
    if site.generator is not None:
        yield -(snapshot.generator.power_w.known(now_s) or 0.0), site.phases


def due_s(state: ControlState) -> float:
    """When what is watched is given up."""
    return state.effect.since_s + PATIENCE_S if state.effect.expected_w else inf


def _shows(circuit: CircuitId, state: ControlState, measured_s: float) -> bool:
    """Whether a measurement taken then shows what its shedding has done."""
    entry = state.sent.get(wiring.circuit_closed(circuit))
    if entry is None or entry.value or entry.observed or entry.acknowledged_s is None:
        return False
    return measured_s >= entry.acknowledged_s + SHOWS_S


def _part(given: Given, memory: EffectMemory, shown: Iterable[CircuitId], phase_w: tuple[float, ...]) -> float | None:
    """What is seen of what was expected, on the phases concerned.

    None where that is too little to be seen, or where the former delivers so much more that nobody can tell.
    """
    site, expected = given.site, [0.0] * len(phase_w)
    for circuit in shown:
        for index, share_w in enumerate(site.per_phase(memory.expected_w[circuit], site.circuit(circuit).phases)):
            expected[index] += share_w
    total_w = sum(expected)
    if total_w < max(LEAST_W, LEAST_PU * sum(site.former.phase_va)):
        return None
    for_s = max(0.0, _measured_s(given.snapshot) - memory.since_s)
    rising_w = memory.rising_w or (0.0,) * len(phase_w)
    after_w = _rest_w(given, phase_w, memory.expected_w)
    seen = zip(expected, memory.before_w, rising_w, after_w, strict=True)
    part = sum(before + max(0.0, more) * for_s - after for share_w, before, more, after in seen if share_w > 0.0)
    return None if part < -HELPED * total_w else part / total_w


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
