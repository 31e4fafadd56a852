"""What was decided of circuits, remembered: shed and restored, by the tick, by the reflex, and at people's word."""

from collections.abc import Collection, Iterable, Mapping

from hems.control import attempts, wear
from hems.control.demand import hunger
from hems.control.memory.acting import AttemptsMemory, BlackStartMemory, ReconnectMemory, Sent
from hems.control.memory.using import FRESH
from hems.control.params import Params
from hems.control.restoring import fruitless_after
from hems.control.state import ControlState
from hems.control.told import told_off, told_on
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.copies import replace
from hems.model.request import Override, Want
from hems.model.site import Site
from hems.model.units import CircuitId


def shed(state: ControlState, causes: Mapping[CircuitId, Cause], params: Params, now_s: float) -> ControlState:
    """The state after switching some circuits off."""
    if not causes:
        return state
    loads, undone = dict(state.loads), False
    for circuit, cause in causes.items():
        fruitless = fruitless_after(state, circuit, cause, params, now_s)
        memory = loads.get(circuit, FRESH)
        undone = undone or fruitless > memory.fruitless
        loads[circuit] = replace(memory, shed_because=cause, shed_since_s=now_s, fruitless=fruitless)
    after = replace(state, loads=loads, last_shed_s=now_s)
    return attempts.failed(after) if undone else after


def restored(state: ControlState, circuit: CircuitId, params: Params, now_s: float) -> ControlState:
    """The state after switching one circuit back on."""
    memory = state.loads.get(circuit, FRESH)
    hungry = hunger(memory, params.restore, now_s, state.boot_s)
    memory = replace(memory, shed_because=None, shed_since_s=None, restored_s=now_s, hungry=hungry)
    return attempts.begun(replace(state, loads={**state.loads, circuit: memory}, last_restore_s=now_s))


def put_off(state: ControlState, circuit: CircuitId, cause: Cause) -> ControlState:
    """The state with a circuit off for another reason than before."""
    memory = state.loads.get(circuit, FRESH)
    if memory.shed_because == cause:
        return state
    return replace(state, loads={**state.loads, circuit: replace(memory, shed_because=cause)})


def closed(state: ControlState, commands: Iterable[Command], now_s: float) -> ControlState:
    """The state after what people switch on: a start like any other, that the next one waits for."""
    starts = [one for one in commands if one.value is True and wiring.circuit_of(one.role) is not None]
    if not any(told_off(state, one.role) for one in starts):
        return state
    return replace(state, last_restore_s=now_s)


def adopted(state: ControlState, fired: Iterable[Command], site: Site, params: Params, now_s: float) -> ControlState:
    """What the reflex has sent is this controller's own decision: remembered, watched and restored like any other."""
    fired = tuple(fired)
    if not fired:
        return state
    circuits = {wiring.circuit_closed(circuit.id): circuit.id for circuit in site.circuits}
    state = wear.moved(state, state.sent, fired, params.restore, now_s)
    for command in fired:
        kept_on = told_on(state, command.role)  # by a person, though it was shed for another reason
        entry = Sent(value=command.value, cause=command.cause, sent_s=now_s, last_s=now_s)
        state = replace(state, sent={**state.sent, command.role: entry})
        circuit = circuits.get(command.role)
        if circuit is not None and (kept_on or state.loads.get(circuit, FRESH).shed_because is None):
            state = shed(state, {circuit: command.cause}, params, now_s)
    return state


def handed_back(state: ControlState, before: Collection[Override]) -> ControlState:
    """What people have stopped keeping off waits for its turn like anything that automation has switched off.

    So it does where somebody wants it on, until it is: on an island that may not come about for want of room.

    What they have stopped keeping on is on, and borne: it goes if something speaks against it now, and not for why it
    once was off.
    """
    if not before and not state.overrides:
        return state
    kept = {one.circuit: one.want for one in state.overrides}
    loads = dict(state.loads)
    for one in before:
        entry = state.sent.get(wiring.circuit_closed(one.circuit))
        memory = loads.get(one.circuit, FRESH)
        ended = one.want is Want.OFF and kept.get(one.circuit) is not Want.OFF
        if ended and entry is not None and not entry.value and memory.shed_because is None:
            cause = Cause(Why.OVERRIDE_EXPIRED, {"who": one.who})
            loads[one.circuit] = replace(memory, shed_because=cause, shed_since_s=entry.sent_s)
        given_back = one.want is Want.ON and kept.get(one.circuit) is not Want.ON
        if given_back and entry is not None and entry.value and memory.shed_because is not None:
            loads[one.circuit] = replace(memory, shed_because=None, shed_since_s=None)
    for circuit, want in kept.items():
        because, is_on = loads.get(circuit, FRESH).shed_because, told_on(state, wiring.circuit_closed(circuit))
        if want is Want.ON and is_on and because is not None and because.why is Why.OVERRIDE_EXPIRED:
            loads[circuit] = replace(loads[circuit], shed_because=None)
    return replace(state, loads=loads)


def released(state: ControlState) -> ControlState:
    """A person has looked: what was locked out or given up may be tried again."""
    loads = {circuit: replace(memory, fruitless=0, vain=0, welded_s=None) for circuit, memory in state.loads.items()}
    return replace(
        state,
        loads=loads,
        reconnect=ReconnectMemory(),
        black_start=BlackStartMemory(),
        generator=replace(state.generator, failures=0),
        attempts=AttemptsMemory(),
        broken=(),
    )
