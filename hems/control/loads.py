"""Each circuit's memory from one tick to the next: what was shed and why, what came back, what does not obey."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import exp

from hems.control.demand import NOTHING, is_on
from hems.control.params import Params
from hems.control.restoring import fruitless_after
from hems.control.shedding import FRESH
from hems.control.state import ControlState, LoadMemory, ReconnectMemory, Sent
from hems.model import wiring
from hems.model.cause import Cause
from hems.model.command import Command
from hems.model.site import Circuit, Site
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId

FORGET_S = 30.0
"""Time constant with which a learned demand follows a falling load."""


def observed(
    site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> dict[CircuitId, LoadMemory]:
    """Memories after this instant's readings: deaf switches found, obedient ones forgiven."""
    return {circuit.id: _observed(circuit, state, snapshot, params, now_s) for circuit in site.circuits}


def _observed(circuit: Circuit, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> LoadMemory:
    memory = state.loads.get(circuit.id, FRESH)
    reading = snapshot.circuits.get(circuit.id, NOTHING)
    closed = reading.closed.known(now_s)
    entry = state.sent.get(wiring.circuit_closed(circuit.id))
    deaf = memory.deaf and closed is not False
    if memory.shed_because is not None and entry is not None and not entry.value and not entry.observed:
        deaf = _ignores(entry, closed, params, now_s) or (deaf and entry.acknowledged_s is None)
    return memory if deaf == memory.deaf else replace(memory, deaf=deaf)


def learned(
    site: Site, state: ControlState, snapshot: Snapshot, watts: Mapping[CircuitId, float], now_s: float, dt_s: float
) -> dict[CircuitId, LoadMemory]:
    """Memories with what each circuit that is on draws now: up at once, down slowly.

    The blink of a transfer must not make a building look empty in the very moment for which its load was watched.
    """
    keep = exp(-dt_s / FORGET_S)
    return {circuit.id: _learned(circuit, state, snapshot, watts[circuit.id], keep, now_s) for circuit in site.circuits}


def _learned(
    circuit: Circuit, state: ControlState, snapshot: Snapshot, watts: float, keep: float, now_s: float
) -> LoadMemory:
    memory = state.loads.get(circuit.id, FRESH)
    if not is_on(circuit, state, snapshot, now_s):
        return memory
    before_w = watts if memory.demand_w is None else memory.demand_w
    demand_w = max(watts, watts + (before_w - watts) * keep)
    return memory if demand_w == memory.demand_w else replace(memory, demand_w=demand_w)


def adopted(state: ControlState, fired: Iterable[Command], site: Site, params: Params, now_s: float) -> ControlState:
    """What the reflex has sent is this controller's own decision: remembered, watched and restored like any other."""
    circuits = {wiring.circuit_closed(circuit.id): circuit.id for circuit in site.circuits}
    for command in fired:
        entry = Sent(value=command.value, cause=command.cause, sent_s=now_s, last_s=now_s)
        state = replace(state, sent={**state.sent, command.role: entry})
        circuit = circuits.get(command.role)
        if circuit is not None and state.loads.get(circuit, FRESH).shed_because is None:
            state = shed(state, {circuit: command.cause}, params, now_s)
    return state


def released(state: ControlState) -> ControlState:
    """A person has looked: circuits that were locked out and a reconnection that was given up may be tried again."""
    loads = {circuit: replace(memory, fruitless=0) for circuit, memory in state.loads.items()}
    return replace(state, loads=loads, reconnect=ReconnectMemory())


def _ignores(entry: Sent, closed: bool | None, params: Params, now_s: float) -> bool:
    """Whether a shed has had no acknowledgement and no visible effect for longer than it may take."""
    return entry.acknowledged_s is None and closed is not False and now_s - entry.sent_s >= params.command.shed_ack_s


def settled(site: Site, loads: Mapping[CircuitId, LoadMemory], sent: Mapping[wiring.Role, Sent]) -> bool:
    """Whether every shed so far is acknowledged, or given up on, so that what is measured now is what remains."""
    for circuit in site.circuits:
        memory = loads.get(circuit.id, FRESH)
        if memory.shed_because is None or memory.deaf:
            continue
        entry = sent.get(wiring.circuit_closed(circuit.id))
        if entry is None or entry.value or (entry.acknowledged_s is None and not entry.observed):
            return False
    return True


def settled_since_s(site: Site, loads: Mapping[CircuitId, LoadMemory], sent: Mapping[wiring.Role, Sent]) -> float:
    """When the last shed was acknowledged; minus infinity when none was."""
    shed = (circuit.id for circuit in site.circuits if loads.get(circuit.id, FRESH).shed_because is not None)
    entries = (sent.get(wiring.circuit_closed(circuit)) for circuit in shed)
    done = (entry.acknowledged_s for entry in entries if entry is not None and entry.acknowledged_s is not None)
    return max(done, default=float("-inf"))


def shed(state: ControlState, causes: Mapping[CircuitId, Cause], params: Params, now_s: float) -> ControlState:
    """The state after switching some circuits off."""
    if not causes:
        return state
    loads = dict(state.loads)
    for circuit, cause in causes.items():
        fruitless = fruitless_after(state, circuit, cause, params, now_s)
        memory = loads.get(circuit, FRESH)
        loads[circuit] = replace(memory, shed_because=cause, shed_since_s=now_s, fruitless=fruitless)
    return replace(state, loads=loads, last_shed_s=now_s)


def restored(state: ControlState, circuit: CircuitId, now_s: float) -> ControlState:
    """The state after switching one circuit back on."""
    memory = replace(state.loads.get(circuit, FRESH), shed_because=None, shed_since_s=None, restored_s=now_s)
    return replace(state, loads={**state.loads, circuit: memory}, last_restore_s=now_s)
