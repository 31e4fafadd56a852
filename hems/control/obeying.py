"""Whether each switch does as it was told: what it says, what does not obey, whose contacts have welded."""

from hems.control.demand import NOTHING
from hems.control.memory.acting import Sent
from hems.control.memory.using import FRESH, Heard, LoadMemory
from hems.control.params import Params
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.copies import replace
from hems.model.mode import Bus
from hems.model.site import Circuit, Site
from hems.model.snapshot import CircuitReading, Snapshot, positions
from hems.model.units import CircuitId

WELDED_W, WELDED_PU = 50.0, 0.05
"""What flows through an open switch at most: the meter's own error, in W and as a part of the circuit's usual draw."""
PARTED_S = 60.0
"""So long nothing must flow through contacts that had welded, with voltage on them, before they count as parted."""


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
        deaf = deaf or _ignores(entry, closed, params, now_s)
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


def _ignores(entry: Sent, closed: bool | None, params: Params, now_s: float) -> bool:
    """Whether a shed has had no acknowledgement and no visible effect for longer than it may take (UCA 3)."""
    due_s = ignored_s(entry, params)
    return due_s is not None and closed is not False and now_s >= due_s


def ignored_s(entry: Sent, params: Params) -> float | None:
    """When a shed counts as not obeyed; None once it is acknowledged."""
    return None if entry.value or entry.acknowledged_s is not None else entry.sent_s + params.command.shed_ack_s


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
