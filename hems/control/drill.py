"""Practising a power cut: in thought, with nothing sent; or in earnest, ending at the first sign of trouble.

The rehearsal runs the very tick that would decide, on readings as they would be if the grid failed now: the tie open,
the utility dead, the sun gone as it is at a transfer, every command obeyed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from hems.control import imagined, overload
from hems.control.demand import per_phase
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.tick import tick
from hems.model import wiring
from hems.model.cause import Cause
from hems.model.command import Command, Fate, Outcome
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.site import Circuit, Site
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId

LOOK_S = 60
"""Seconds that are looked ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoesOff:
    """One circuit that would go off."""

    circuit: CircuitId
    after_s: float
    cause: Cause
    sent: bool
    """Whether its device may be commanded at all; otherwise it would stay on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What would happen if the grid failed now."""

    at: datetime | None
    mode: Mode
    """After a minute."""
    off: tuple[GoesOff, ...]
    before_pu: float
    """Load of the former's worst phase if nothing went off."""
    after_pu: float
    """The same after a minute."""
    dose: float
    """The most its overload would come to; 1 is its trip."""


def rehearse(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now: Instant) -> Rehearsal:
    """The first minute of a power cut that begins now; nothing of it leaves this function."""
    first = tick(site, state, replace(snapshot, outcomes=(), fired=(), requests=()), params, now)
    fired = next((ready.commands for ready in first.armed if ready.name == "tie open"), ())
    state, off, obeyed, dose = first.state, dict[CircuitId, GoesOff](), tuple[Command, ...](), 0.0
    loads = [one for one in site.circuits if _is_on(snapshot, one, now.mono_s)]
    before_pu = _worst_pu(site, first.watts, loads)
    mode = state.mode.mode
    for second in range(LOOK_S):
        then = Instant(now.mono_s + 0.5 + second, now.utc)
        _note(off, fired, snapshot, 0.5)
        carried = per_phase(site, first.watts, [one for one in loads if one.id not in off])
        seen = imagined.outage(site, snapshot, carried, frozenset(off), then.mono_s)
        outcomes = tuple(Outcome(command=one, fate=Fate.CONFIRMED, at_s=then.mono_s) for one in (*obeyed, *fired))
        step = tick(site, state, replace(seen, outcomes=outcomes, fired=fired), params, then)
        state, obeyed, fired, mode = step.state, step.commands, (), step.state.mode.mode
        _note(off, obeyed, snapshot, 0.5 + second)
        dose = max(dose, *state.dose)
    after_pu = _worst_pu(site, first.watts, [one for one in loads if one.id not in off])
    gone = tuple(sorted(off.values(), key=lambda one: (one.after_s, one.circuit)))
    return Rehearsal(at=now.utc, mode=mode, off=gone, before_pu=before_pu, after_pu=after_pu, dose=dose)


def _is_on(snapshot: Snapshot, circuit: Circuit, now_s: float) -> bool:
    reading = snapshot.circuits.get(circuit.id)
    return reading is None or reading.closed.known(now_s) is not False


def _worst_pu(site: Site, watts: Mapping[CircuitId, float], on: list[Circuit]) -> float:
    return max(overload.loading(per_phase(site, watts, on), site.former), default=0.0)


def _note(off: dict[CircuitId, GoesOff], commands: tuple[Command, ...], snapshot: Snapshot, after_s: float) -> None:
    for command in commands:
        circuit = wiring.circuit_of(command.role)
        if circuit is not None and not command.value and circuit not in off:
            sent = command.role not in snapshot.watched_only
            off[circuit] = GoesOff(circuit=circuit, after_s=after_s, cause=command.cause, sent=sent)
