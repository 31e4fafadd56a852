"""Each circuit's memory from one tick to the next: what was shed and why, what came back, what does not obey."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from math import exp

from hems.control import attempts, wear
from hems.control.demand import NOTHING, SHOWS_S, hunger, kept_after, remembered_w
from hems.control.memory.acting import AttemptsMemory, BlackStartMemory, ReconnectMemory, Sent
from hems.control.memory.using import FRESH, Heard, LoadMemory
from hems.control.params import Params
from hems.control.restoring import fruitless_after
from hems.control.sheddable import forced_on
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.copies import replace
from hems.model.mode import Bus
from hems.model.request import Override, Want
from hems.model.site import Circuit, Site
from hems.model.snapshot import CircuitReading, Snapshot, positions
from hems.model.units import CircuitId

WELDED_W, WELDED_PU = 50.0, 0.05
"""What flows through an open switch at most: the meter's own error, in W and as a part of the circuit's usual draw."""
PARTED_S = 60.0
"""So long nothing must flow through contacts that had welded, with voltage on them, before they count as parted."""
USUAL_S = 3600.0
"""Time constant of what a circuit usually draws."""


def observed(
    site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> dict[CircuitId, LoadMemory]:
    """Memories after this instant's readings: deaf switches found, obedient ones forgiven."""
    closed, found = positions(snapshot, now_s), dict[CircuitId, LoadMemory]()
    for one in site.circuits:
        memory, entry = state.loads.get(one.id, FRESH), state.sent.get(wiring.circuit_closed(one.id))
        quiet = entry is None and memory.heard is Heard.ON and memory.read_back and not memory.deaf
        if quiet and closed.get(one.id) and memory.let_go_s is None:  # on as ever, and nobody has told it anything
            found[one.id] = memory
        else:
            found[one.id] = _observed(one, memory, entry, state, snapshot, params, now_s)
    return found


def _observed(
    circuit: Circuit,
    memory: LoadMemory,
    entry: Sent | None,
    state: ControlState,
    snapshot: Snapshot,
    params: Params,
    now_s: float,
) -> LoadMemory:
    reading = snapshot.circuits.get(circuit.id, NOTHING)
    closed = reading.closed.known(now_s)
    heard, let_go_s = _heard(memory, reading, closed, now_s), None if closed else memory.let_go_s
    if entry is None and memory.read_back and not memory.deaf:  # nobody has told it anything
        unchanged = heard is memory.heard and let_go_s == memory.let_go_s
        return memory if unchanged else replace(memory, heard=heard, let_go_s=let_go_s)
    deaf = memory.deaf and closed is not False and (entry is None or entry.acknowledged_s is None)
    if memory.shed_because is not None and entry is not None and not entry.value and not entry.observed:
        deaf = _ignores(entry, closed, params, now_s) or (deaf and entry.acknowledged_s is None)
    welded, welded_s = _welded(circuit, reading, entry, params, now_s), memory.welded_s
    if welded or (welded_s is not None and not _opened(circuit, state, reading, now_s)):
        welded_s = now_s
    elif welded_s is not None and now_s >= welded_s + PARTED_S:
        welded_s = None
    deaf = deaf or welded
    read_back = memory.read_back or closed is not None
    seen = (memory.deaf, memory.read_back, memory.welded_s, memory.heard, memory.let_go_s)
    if (deaf, read_back, welded_s, heard, let_go_s) == seen:
        return memory
    return replace(memory, deaf=deaf, read_back=read_back, welded_s=welded_s, heard=heard, let_go_s=let_go_s)


def _heard(memory: LoadMemory, reading: CircuitReading, closed: bool | None, now_s: float) -> Heard:
    """What a switch has said by now; past its hand switch it says nothing."""
    if closed is not None:
        return Heard.ON if closed else Heard.OFF
    was_on = memory.heard in (Heard.ON, Heard.SILENT)
    return Heard.SILENT if was_on and not reading.by_hand.known(now_s) else Heard.NEVER


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


def usual_w(site: Site, state: ControlState) -> dict[CircuitId, float]:
    """W that each circuit draws on average while it is on; its typical power until that is known."""
    memories = {circuit.id: state.loads.get(circuit.id, FRESH).usual_w for circuit in site.circuits}
    return {one.id: one.typical_w if (seen := memories[one.id]) is None else seen for one in site.circuits}


def adopted(state: ControlState, fired: Iterable[Command], site: Site, params: Params, now_s: float) -> ControlState:
    """What the reflex has sent is this controller's own decision: remembered, watched and restored like any other."""
    fired = tuple(fired)
    if not fired:
        return state
    circuits = {wiring.circuit_closed(circuit.id): circuit.id for circuit in site.circuits}
    state = wear.moved(state, state.sent, fired, params.restore, now_s)
    for command in fired:
        entry = Sent(value=command.value, cause=command.cause, sent_s=now_s, last_s=now_s)
        state = replace(state, sent={**state.sent, command.role: entry})
        circuit = circuits.get(command.role)
        if circuit is not None and state.loads.get(circuit, FRESH).shed_because is None:
            state = shed(state, {circuit: command.cause}, params, now_s)
    return state


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


def _ignores(entry: Sent, closed: bool | None, params: Params, now_s: float) -> bool:
    """Whether a shed has had no acknowledgement and no visible effect for longer than it may take (UCA 3)."""
    due_s = ignored_s(entry, params)
    return due_s is not None and closed is not False and now_s >= due_s


def _welded(circuit: Circuit, reading: CircuitReading, entry: Sent | None, params: Params, now_s: float) -> bool:
    """Whether current flows although the switch was told off and says that it is: its contacts have not parted.

    UCA 3, 19.

    Meters average, and what coasts to a stop draws on for a while: only a reading taken well after counts.
    """
    if entry is None or entry.value or entry.acknowledged_s is None or reading.closed.known(now_s) is not False:
        return False
    power_w = reading.power_w.known(now_s)
    seen_late = reading.power_w.taken_s >= entry.acknowledged_s + params.command.confirm_s
    return power_w is not None and seen_late and power_w > _leaks_w(circuit)


def _opened(circuit: Circuit, state: ControlState, reading: CircuitReading, now_s: float) -> bool:
    """Whether contacts that had welded seem to have parted: off, and nothing flows although there is voltage.

    On a dead bus nothing flows through any contact, and that proves nothing (UCA 14).
    """
    power_w = reading.power_w.known(now_s)
    live = state.evidence.bus.value is Bus.LIVE
    return live and reading.closed.known(now_s) is False and power_w is not None and power_w <= _leaks_w(circuit)


def _leaks_w(circuit: Circuit) -> float:
    return max(WELDED_W, WELDED_PU * circuit.typical_w)


def ignored_s(entry: Sent, params: Params) -> float | None:
    """When a shed counts as not obeyed; None once it is acknowledged."""
    return None if entry.value or entry.acknowledged_s is not None else entry.sent_s + params.command.shed_ack_s


def expiries(site: Site, state: ControlState, params: Params) -> Iterator[float]:
    """When something about a circuit changes by time alone: disobedience found, minimum on time over, alarm due."""
    for circuit in site.circuits:
        memory = state.loads.get(circuit.id, FRESH)
        entry = state.sent.get(wiring.circuit_closed(circuit.id))
        if entry is not None and memory.shed_because is not None:
            yield ignored_s(entry, params) or (entry.acknowledged_s or 0.0) + SHOWS_S
        if entry is not None and entry.contradicted_since_s is not None:
            yield entry.contradicted_since_s + params.command.confirm_s
        if memory.let_go_s is not None and memory.shed_because is None:
            yield memory.let_go_s + params.command.confirm_s
        if memory.restored_s is not None and memory.shed_because is None:
            yield memory.restored_s + circuit.min_on_s * params.restore.pause_factor


def going(site: Site, state: ControlState, seen_s: float) -> list[Circuit]:
    """Circuits on their way off, whose absence a measurement taken at `seen_s` cannot show yet.

    Not those given up on as deaf, and not those that a person keeps on.
    """
    memories = state.loads
    shed = [one for one in site.circuits if one.id in memories and memories[one.id].shed_because is not None]
    if not shed:
        return []
    forced = forced_on(state)
    return [circuit for circuit in shed if circuit.id not in forced and _going(circuit, state, seen_s)]


def _going(circuit: Circuit, state: ControlState, seen_s: float) -> bool:
    if state.loads.get(circuit.id, FRESH).deaf:
        return False
    entry = state.sent.get(wiring.circuit_closed(circuit.id))
    if entry is None or entry.value:
        return True  # decided in this very tick
    if entry.observed:
        return False
    return entry.acknowledged_s is None or seen_s < entry.acknowledged_s + SHOWS_S


def settled(site: Site, state: ControlState) -> bool:
    """Whether every shed so far is acknowledged or given up on."""
    return not going(site, state, float("inf"))


def handed_back(state: ControlState, before: Collection[Override]) -> ControlState:
    """What people have stopped keeping off waits for its turn like anything that automation has switched off."""
    if not before and not state.overrides:
        return state
    kept = {one.circuit: one.want for one in state.overrides}
    loads = dict(state.loads)
    for one in before:
        entry = state.sent.get(wiring.circuit_closed(one.circuit))
        memory = loads.get(one.circuit, FRESH)
        ended = one.want is Want.OFF and one.circuit not in kept
        if ended and entry is not None and not entry.value and memory.shed_because is None:
            cause = Cause(Why.OVERRIDE_EXPIRED, {"who": one.who})
            loads[one.circuit] = replace(memory, shed_because=cause, shed_since_s=entry.sent_s)
    for circuit, want in kept.items():
        because = loads.get(circuit, FRESH).shed_because
        if want is Want.ON and because is not None and because.why is Why.OVERRIDE_EXPIRED:
            loads[circuit] = replace(loads[circuit], shed_because=None)
    return replace(state, loads=loads)


def found_open(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> ControlState:
    """What should be on and is found off waits for its turn: a board lost power, or nobody knows why.

    UCA 6.

    Otherwise all circuits of one board would be switched on again in the same moment.
    """
    closed = positions(snapshot, now_s)
    if False not in closed.values():
        return state
    off = [one for one in site.circuits if closed.get(one.id) is False]
    loads, sent = {**state.loads, **_gone_by_itself(off, state, snapshot, now_s)}, dict(state.sent)
    early = now_s < state.boot_s + params.boot.hold_energise_s
    forced = forced_on(state)
    for circuit in (one.id for one in off):
        role = wiring.circuit_closed(circuit)
        entry, memory = state.sent.get(role), loads.get(circuit, FRESH)
        meant = memory.let_go_s is not None if entry is None else bool(entry.value)
        if not meant or memory.shed_because is not None:
            continue
        since_s = memory.let_go_s if entry is None else entry.contradicted_since_s
        if early:
            loads[circuit] = replace(memory, shed_because=Cause(Why.STARTED), shed_since_s=now_s)
        elif since_s is not None and now_s >= since_s + params.command.confirm_s and circuit not in forced:
            cause = Cause(Why.LET_GO if entry is None else Why.FOUND_OFF)
            soon = memory.restored_s is not None and since_s - memory.restored_s <= params.restore.calm_s
            fruitless = memory.fruitless + 1 if soon else 0
            loads[circuit] = replace(memory, shed_because=cause, shed_since_s=since_s, fruitless=fruitless)
            sent[role] = Sent(value=False, cause=cause, sent_s=since_s, last_s=since_s, acknowledged_s=since_s)
    return replace(state, loads=loads, sent=sent)


def _gone_by_itself(
    off: Iterable[Circuit], state: ControlState, snapshot: Snapshot, now_s: float
) -> dict[CircuitId, LoadMemory]:
    """Memories of circuits that hems has never moved and whose board has let them go.

    They were on when it fell silent, or several have gone in one moment.  One that goes alone before everybody's eyes
    was opened by a person, and stays off.
    """
    untouched = [one.id for one in off if wiring.circuit_closed(one.id) not in state.sent]
    gone = [
        (one, memory)
        for one in untouched
        if (memory := state.loads.get(one, FRESH)).heard in (Heard.ON, Heard.SILENT)
        and not snapshot.circuits[one].by_hand.known(now_s)
    ]
    together = len(gone) > 1
    return {one: replace(memory, let_go_s=now_s) for one, memory in gone if together or memory.heard is Heard.SILENT}


def let_go(state: ControlState, before: ControlState) -> list[CircuitId]:
    """Circuits of which this has just been found."""
    gone = [name for name, memory in state.loads.items() if (why := memory.shed_because) and why.why is Why.LET_GO]
    return [name for name in gone if state.loads[name] is not before.loads.get(name)]


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
