"""From rulings to commands: what is new, what was not acknowledged, what is about to lapse.

A command is believed only when it is read back or its effect is measured.  What takes power away is repeated until it
is; what gives power is never sent before the boot hold is over.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf

from hems.control import bay_memory, said
from hems.control.arbitrate import Ruling
from hems.control.memory.acting import Sent
from hems.control.memory.using import FRESH
from hems.control.params import Params
from hems.control.restoring import firm_s
from hems.control.state import ControlState
from hems.control.tuning.acting import CommandParams
from hems.control.tuning.sources import CarParams
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command, Fate, Outcome
from hems.model.copies import replace
from hems.model.mode import ISLAND_MODES, Mode, TiePosition
from hems.model.reading import Reading
from hems.model.request import Task
from hems.model.site import Circuit, Site
from hems.model.snapshot import Snapshot
from hems.model.wiring import Role

OFF_GRID = ISLAND_MODES | {Mode.BLACKOUT, Mode.BLACKOUT_GRID_AVAILABLE, Mode.BLACK_START}
STILL = frozenset({Mode.INIT, Mode.FAULT_SAFE, Mode.MAINTENANCE})
"""Modes in which nothing is given power."""
REQUESTS = frozenset({wiring.TIE_PERMIT, wiring.TIE_ISLAND, wiring.FORMER_START, wiring.GENERATOR_RUN})
"""On and off, but no circuit."""
MAY_CLOSE = frozenset({Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING, Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED})
"""Modes in which a circuit may be switched on at all (invariant I5)."""
ON_OFF = ("/closed", "/three_phases", "/wake", "/restart")
"""How roles of circuits and chargers end that are on or off."""
CAPS = "/limit_w"
"""How roles end that cap a source which gives by itself: to lower one takes power away."""
PRESSING = frozenset(
    {
        Why.LIMIT_SERVICE,
        Why.LIMIT_AGREED,
        Why.LIMIT_FLEXIBLE,
        Why.LIMIT_FAILSAFE,
        Why.LIMIT_REDUCED,
        Why.LIMIT_HOURS,
        Why.LIMIT_PANEL,
        Why.CAR_LENDS,
        Why.FREQUENCY,
        Why.SUPPORT_ISLAND,
    }
)
"""For a limit or for safety, whether it gives or takes."""
SHORT = (Fate.CLAMPED, Fate.UNVERIFIED)
PATIENCE_S = 30.0
"""Pause between repetitions once a device has refused, or has ignored three in a row."""
MUCH_LESS = 0.8
"""Of what was told last.  Less by less is a whole set-point on the wire all the same: a limit that drifts by a hundred
watts would start the fight anew that hems has left."""
REWRITES = 3
"""As often a circuit that somebody else has switched off is switched on again; then that is left to people."""


@dataclass(frozen=True, slots=True)
class Sending:
    """The commands of this tick, the new bookkeeping, and when a repetition will be due."""

    commands: tuple[Command, ...]
    sent: Mapping[Role, Sent]
    due_s: float


@lru_cache(maxsize=4096)
def is_switch(role: Role) -> bool:
    """Whether a role takes on and off rather than a power."""
    return role.endswith(ON_OFF) or role in REQUESTS


def energises(role: Role, value: bool | float, before: Sent | None) -> bool:
    """Whether a command gives power to something: then its journal entry comes first."""
    if is_switch(role):
        return bool(value)
    if role.endswith(CAPS):
        return before is not None and float(value) > float(before.value)
    power_w, before_w = float(value), float(before.value) if before is not None else 0.0
    return abs(power_w) > abs(before_w) or power_w * before_w < 0.0


def presses(command: Command, *, islanded: bool) -> bool:
    """Whether it is for safety or for a limit, so that it does not wait for a device's wish to be told less often.

    A car that does not follow the sun charges with less for a limit alone.
    """
    car_charges = command.role.startswith("bays/") and command.value < 0.0
    if command.energises:
        return command.cause.why in PRESSING and not car_charges
    for_limit = car_charges and command.cause.why is not Why.CHARGE_FROM_SUN
    return islanded or for_limit or command.role.endswith(CAPS) or command.cause.why in PRESSING


def _read_back(role: Role, snapshot: Snapshot) -> Reading[bool] | None:
    """The switch position that shows whether a command has been obeyed; None where there is no switch."""
    circuit = wiring.circuit_of(role)
    if circuit is not None:
        return snapshot.circuits[circuit].closed if circuit in snapshot.circuits else None
    if role == wiring.TIE_PERMIT:
        return snapshot.tie.permit
    bay = wiring.switched_over(role)
    return snapshot.bays[bay].three_phases if bay is not None and bay in snapshot.bays else None


def noted(sent: Mapping[Role, Sent], outcomes: Iterable[Outcome]) -> dict[Role, Sent]:
    """The bookkeeping after what became of earlier commands; an outcome of a superseded command says nothing."""
    after = dict(sent)
    for outcome in outcomes:
        entry = after.get(outcome.command.role)
        if entry is None:
            continue
        entry = after[outcome.command.role] = replace(entry, overruled=outcome.overruled)
        if entry.value != outcome.command.value:
            continue
        after[outcome.command.role] = replace(
            entry,
            acknowledged_s=outcome.at_s if outcome.acknowledged else entry.acknowledged_s,
            observed=outcome.fate is Fate.OBSERVING,
            refused=outcome.fate is Fate.REFUSED,
            short=outcome.fate in SHORT if outcome.acknowledged else entry.short,
        )
    return after


def fell_short(sent: Mapping[Role, Sent], outcomes: Iterable[Outcome]) -> Iterator[tuple[Role, Cause]]:
    """Commands that did not become what was asked, told once and not at every repetition or new set-point."""
    for one in outcomes:
        entry = sent.get(one.command.role)
        if one.fate in (Fate.REFUSED, Fate.UNREACHABLE):
            why = Why.WRITE_FAILED if entry is None or entry.tries == 1 else None
        else:
            fresh = entry is not None and entry.value == one.command.value and not entry.short
            why = Why.WRITE_SHORT if fresh and one.fate in SHORT else None
        if why is not None:
            yield one.command.role, Cause(why, {"detail": one.detail, "fate": one.fate})


def watched(sent: Mapping[Role, Sent], snapshot: Snapshot, now_s: float) -> dict[Role, Sent]:
    """The same with the read-backs: a switch seen where it was sent is acknowledged, elsewhere it contradicts."""
    reads = {role: _read_back(role, snapshot) for role in sent}
    return {
        role: entry if (read := reads[role]) is None else _watched(entry, read.known(now_s), now_s)
        for role, entry in sent.items()
    }


def _watched(entry: Sent, seen: bool | None, now_s: float) -> Sent:
    if seen is None:
        return entry
    if seen != bool(entry.value):
        return entry if entry.contradicted_since_s is not None else replace(entry, contradicted_since_s=now_s)
    if entry.acknowledged_s is not None and entry.contradicted_since_s is None:
        return entry
    done_s = now_s if entry.acknowledged_s is None else entry.acknowledged_s
    return replace(entry, acknowledged_s=done_s, contradicted_since_s=None)


def may_energise(state: ControlState) -> bool:
    """Whether anything may be given power at all: never while the mode or the tie is in doubt or on the move."""
    mode, tie = state.mode.mode, state.evidence.tie.seen
    if mode in STILL or tie not in (TiePosition.CLOSED, TiePosition.OPEN):
        return False
    return mode in OFF_GRID or tie is TiePosition.CLOSED


def standing(sent: Mapping[Role, Sent], params: CommandParams, now_s: float) -> dict[Role, bool | float]:
    """What devices were told and follow until they are told otherwise: a switch for ever, a power for its lease."""
    return {
        role: one.value
        for role, one in sent.items()
        if not (one.observed or one.refused) and (not _is_lease(role, one.value) or now_s < one.last_s + params.lease_s)
    }


def worth_telling(command: Command, before: Sent | None) -> bool:
    """Whether a command is news: a switch moved, a car began or ended, or goes on for another reason.

    A set-point that merely follows the load is not, nor is a repetition.
    """
    if before is None or bool(before.value) != bool(command.value):
        return True
    return bool(command.value) and before.cause.why is not command.cause.why


def send(site: Site, rulings: Mapping[Role, Ruling], state: ControlState, params: Params, now_s: float) -> Sending:
    """Compare rulings with what was sent; `state.sent` must already be `noted` and `watched`."""
    commands: list[Command] = []
    sent = dict(state.sent)
    due_s = inf
    left_s = {} if state.mode.mode in OFF_GRID else bay_memory.left_s(state, params.command)
    held_until_s = state.boot_s + params.boot.hold_energise_s if may_energise(state) else inf
    for role, ruling in rulings.items():
        value = bool(ruling.value) if is_switch(role) else round(ruling.value)
        before = sent.get(role)
        gives = energises(role, value, before)
        when_s = _due(role, value, before, params, now_s)
        if gives:
            when_s = max(when_s, held_until_s)
            circuit = wiring.circuit_of(role)
            if circuit is not None:
                when_s = max(when_s, closes_s(site.circuit(circuit), state, params, now_s))
        if value and role in left_s and before is not None and not _much_less(float(value), float(before.value)):
            when_s = max(when_s, left_s[role])  # what takes power away is said all the same
        if when_s > now_s:
            due_s = min(due_s, when_s)
            continue
        commands.append(_command(role, value, ruling, gives=gives, params=params.command))
        sent[role] = _entry(value, ruling, before, now_s)
        due_s = min(due_s, _due(role, value, sent[role], params, now_s))
    return Sending(tuple(commands), sent, due_s)


def may_close(state: ControlState, now_s: float) -> bool:
    """Whether the mode lets circuits be switched on; in doubt about the grid, only where a person vouches for it."""
    vouched = state.mode.mode is Mode.GRID_CONNECTED_DEGRADED and said.present(state, now_s)
    return state.mode.mode in MAY_CLOSE or vouched


def closes_s(circuit: Circuit, state: ControlState, params: Params, now_s: float) -> float:
    """When a circuit may be switched on at the earliest, whoever wants it on, and why.

    Its minimum off time must be over, what relies on the grid needs one that has been good for a while, and its switch
    must have been read since this process started (UCA 4).
    """
    if not may_close(state, now_s) or Task.FIRE in state.orders:
        return inf
    if not state.loads.get(circuit.id, FRESH).read_back:
        return inf
    grid_s = -inf if state.mode.mode.on_island else firm_s(circuit, state, params)
    entry = state.sent.get(wiring.circuit_closed(circuit.id))
    if entry is None:
        off_s: float | None = state.boot_s
    else:
        seen_off_s = entry.contradicted_since_s if entry.acknowledged_s is not None else None
        off_s = seen_off_s if entry.value else entry.sent_s
        if seen_off_s is not None:  # until then it may be found off, and wait for its turn
            grid_s = max(grid_s, seen_off_s + params.command.confirm_s)
    return grid_s if off_s is None else max(grid_s, off_s + circuit.min_off_s * params.restore.pause_factor)


def _same(role: Role, value: bool | float, before: Sent, car: CarParams) -> bool:
    if is_switch(role) or value == 0 or before.value == 0:
        return value == before.value
    return abs(float(value) - float(before.value)) < car.deadband_w


def _much_less(power_w: float, before_w: float) -> bool:
    """Whether so much is taken away that it is worth a word to a device that somebody else commands."""
    return power_w * before_w > 0.0 and abs(power_w) <= MUCH_LESS * abs(before_w)


def _due(role: Role, value: bool | float, before: Sent | None, params: Params, now_s: float) -> float:
    """When this value has to be sent (again): now if it is new, later for a repetition, never if it rests."""
    if before is None or not _same(role, value, before, params.car):
        return now_s
    command = params.command
    renewal_s = before.last_s + command.lease_s / 3.0 if _is_lease(role, value) else inf
    if before.observed:
        return before.last_s + PATIENCE_S
    contradicted = before.acknowledged_s is not None and before.contradicted_since_s is not None
    if contradicted and value and is_switch(role) and before.tries > REWRITES:
        return inf
    if before.acknowledged_s is None or contradicted:
        pause_s = command.retry_s if before.tries < 3 and not before.refused else PATIENCE_S
        return min(renewal_s, before.last_s + pause_s)
    return renewal_s


def _is_lease(role: Role, value: bool | float) -> bool:
    """A power or a permit lapses by itself; a switch stays, so that no opened circuit ever closes by a timer.

    So does the request to the former: an island must not end because hems has fallen silent.
    """
    return bool(value) if role in (wiring.TIE_PERMIT, wiring.TIE_ISLAND) else not is_switch(role)


def _command(role: Role, value: bool | float, ruling: Ruling, *, gives: bool, params: CommandParams) -> Command:
    lease_s = params.lease_s if _is_lease(role, value) else 0.0
    return Command(role=role, value=value, cause=ruling.cause, energises=gives, lease_s=lease_s)


def _entry(value: bool | float, ruling: Ruling, before: Sent | None, now_s: float) -> Sent:
    if before is None or before.value != value:
        short, overruled = (before.short, before.overruled) if before is not None else (False, False)
        return Sent(value=value, cause=ruling.cause, sent_s=now_s, last_s=now_s, short=short, overruled=overruled)
    again = before.acknowledged_s is None or before.contradicted_since_s is not None
    return replace(before, cause=ruling.cause, last_s=now_s, tries=before.tries + 1 if again else 1)
