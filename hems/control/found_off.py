"""Circuits that are found off although nobody wanted it: a board lost power, or let them go."""

from collections.abc import Iterable

from hems.control.memory.acting import Sent
from hems.control.memory.using import FRESH, Heard, LoadMemory
from hems.control.params import Params
from hems.control.sheddable import forced_on
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.copies import replace
from hems.model.site import Circuit, Site
from hems.model.snapshot import Snapshot, positions
from hems.model.units import CircuitId


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
