"""What hems decided in a story, line by line: a text that is kept, so that a changed decision is read in a diff.

A line is an event or a command with its time, what it is about, and why.  Causes stand as they are in code, with all
their facts: sentences on screens may change while no decision does.  Left out is what repeats: a command that says
again what was said before, or nearly, for the same reason.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from hems.control.step import Armed
from hems.model.cause import Cause, Value
from hems.model.command import Command
from hems.model.event import EventKind
from hems.sim.plant import Plant
from hems.sim.run import Ticked

NEAR_W, NEAR_PART = 100.0, 0.05
"""So little another power, or so small a part of it, is nearly the same."""
DIGITS = 3
"""Of a number; what follows is chance."""
A_HAIR = 1e-7
"""The last digits of a sum are not the same in each Python: where they would decide, all are taken to be above."""


@dataclass
class Decisions:
    """The lines of one story; its play calls `look`."""

    lines: list[str] = field(default_factory=list)
    _set: dict[str, tuple[float, str]] = field(default_factory=dict)
    _armed: dict[str, list[str]] = field(default_factory=dict)

    def look(self, t_s: float, ticked: Ticked, _: Plant) -> None:
        """Take down one tick."""
        step = ticked.step
        told = [event for event in step.events if event.kind is not EventKind.COMMAND]
        lines = [
            *(f"reflex    {_order(command)}" for command in ticked.snapshot.fired),
            *(f"{event.kind:8}  {event.subject}: {_why(event.cause)}" for event in told),
            *self._commands(step.commands, {event.subject for event in step.events}),
            *self._reflexes({_when(one): sorted(map(_order, one.commands)) for one in step.armed}),
        ]
        self.lines += [f"{t_s + A_HAIR:8.1f}  {line}" for line in lines]

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines) + "\n"

    def _commands(self, commands: Iterable[Command], told: Iterable[str]) -> Iterator[str]:
        """What is new of them; those that the log tells are marked."""
        for command in commands:
            value, why = float(command.value), command.cause.why
            before = self._set.get(command.role)
            if command.role in told or before is None or before[1] != why or not _near(value, before[0]):
                self._set[command.role] = (value, why)
                kind = "command" if command.role in told else "set"
                yield f"{kind:8}  {_order(command)}: {_why(command.cause)}"

    def _reflexes(self, armed: Mapping[str, list[str]]) -> Iterator[str]:
        """What has changed of what goes out without a tick."""
        for when in sorted({*armed, *self._armed}):
            now, before = armed.get(when, []), self._armed.get(when, [])
            changes = [
                *(f"+{one}" for one in now if one not in before),
                *(f"-{one}" for one in before if one not in now),
            ]
            if changes:
                yield f"armed     {when}: {', '.join(changes) if now else 'nothing'}"
        self._armed = dict(armed)


def _near(value: float, before: float) -> bool:
    same_kind = (value > 0.0, value < 0.0) == (before > 0.0, before < 0.0)
    return same_kind and abs(value - before) <= max(NEAR_W, NEAR_PART * abs(before)) + A_HAIR


def _when(one: Armed) -> str:
    return f"{one.name} by " + " ".join(sorted({trigger.role for trigger in one.triggers}))


def _order(command: Command) -> str:
    if isinstance(command.value, bool):
        what = "on" if command.value else "off"
        return f"{command.role.removeprefix('circuits/').removesuffix('/closed')} {what}"
    return f"{command.role} {_number(command.value)}"


def _why(cause: Cause) -> str:
    facts = [f"{key}={_number(value)}" for key, value in sorted(cause.facts.items()) if key != "value"]
    return " ".join([cause.why, *facts])


def _number(value: Value) -> str:
    if not isinstance(value, float):
        return str(value)
    value *= 1.0 + A_HAIR
    return f"{value:.0f}" if abs(value) >= 10**DIGITS else f"{value:.{DIGITS}g}"
