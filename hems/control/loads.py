"""Each circuit's memory from one tick to the next: what was shed and why, what came back, what does not obey."""

from collections.abc import Mapping
from dataclasses import replace

from hems.control.demand import NOTHING
from hems.control.params import Params
from hems.control.restoring import fruitless_after
from hems.control.shedding import FRESH
from hems.control.state import ControlState, LoadMemory, Sent
from hems.model import wiring
from hems.model.cause import Cause
from hems.model.site import Circuit, Site
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId


def observed(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> dict[CircuitId, LoadMemory]:
    """Memories after this instant's readings: demands learned, deaf switches found, obedient ones forgiven."""
    return {circuit.id: _observed(circuit, state, snapshot, params, now_s) for circuit in site.circuits}


def _observed(circuit: Circuit, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> LoadMemory:
    memory = state.loads.get(circuit.id, FRESH)
    reading = snapshot.circuits.get(circuit.id, NOTHING)
    closed = reading.closed.known(now_s)
    power_w = reading.power_w.known(now_s)
    demand_w = power_w if closed and power_w is not None and power_w > 1.0 else memory.demand_w
    entry = state.sent.get(wiring.circuit_closed(circuit.id))
    deaf = memory.deaf and closed is not False
    if memory.shed_because is not None and entry is not None and not entry.value and not entry.observed:
        deaf = _ignores(entry, closed, params, now_s) or (deaf and entry.acknowledged_s is None)
    return replace(memory, demand_w=demand_w, deaf=deaf)


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
