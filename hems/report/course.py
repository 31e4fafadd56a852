"""What an outage was, read from its events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hems.model.cause import Cause, Why
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.mode import Mode

OUTAGE_MODES = frozenset(
    {mode for mode in Mode if mode.on_island} | {Mode.BLACKOUT, Mode.BLACKOUT_GRID_AVAILABLE, Mode.BLACK_START}
)
GRID_MODES = frozenset(
    {Mode.GRID_CONNECTED, Mode.GRID_CONNECTED_DEGRADED, Mode.GRID_DISTURBED, Mode.RECONNECTED_RESTORING}
)
REFLEX_BEFORE_S = 2.0
"""Sheds this long before the first mode of the outage are its beginning."""
EVIDENCE_BEFORE_S = 5.0
"""Evidence this long before the first mode of the outage still belongs to its beginning."""


@dataclass(frozen=True, slots=True)
class Spell:
    """One circuit, off from one command to the next."""

    circuit: str
    """Its role."""
    off_s: float
    because: Cause
    on_s: float | None
    """None when it is still off."""
    back_because: Cause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One outage."""

    start: Instant
    end: Instant | None
    """When the building was on the grid again; None while it lasts."""
    evidence: tuple[Event, ...]
    """What was seen of grid, tie and bus, from shortly before hems called it an outage until it was over."""
    modes: tuple[Event, ...]
    spells: tuple[Spell, ...]
    gave_w: Mapping[str, float]
    """Most that each car or battery was asked to give."""
    alarms: tuple[Event, ...]

    @property
    def on_purpose(self) -> bool:
        """Whether the building left a good grid because somebody wanted it."""
        first = next(event for event in self.modes if event.subject in OUTAGE_MODES)
        return first.cause.why is Why.LEFT_ON_PURPOSE

    @property
    def lasted_s(self) -> float | None:
        """From its beginning until the building was on the grid again."""
        return None if self.end is None else self.end.since_s(self.start.mono_s)


def course_of(events: Sequence[Event]) -> Course | None:
    """The first outage among the events, with everything after it; None when there was none."""
    in_order = sorted(events, key=lambda event: event.at.mono_s)
    modes = [event for event in in_order if event.kind is EventKind.MODE]
    first = next((event for event in modes if event.subject in OUTAGE_MODES), None)
    if first is None:
        return None
    start = _beginning(in_order, first)
    start_s = start.mono_s
    after = [event for event in in_order if event.at.mono_s >= start_s - EVIDENCE_BEFORE_S]
    since = [event for event in modes if event.at.mono_s >= start_s]
    end = next((event.at for event in since if event.subject in GRID_MODES), None)
    end_s = in_order[-1].at.mono_s if end is None else end.mono_s
    return Course(
        start=start,
        end=end,
        evidence=tuple(event for event in after if event.kind is EventKind.EVIDENCE and event.at.mono_s <= end_s),
        modes=tuple(since),
        spells=tuple(_spells(after)),
        gave_w=_given(after),
        alarms=tuple(event for event in after if event.kind is EventKind.ALARM_RAISED),
    )


def _beginning(in_order: Sequence[Event], mode: Event) -> Instant:
    """The reflex switches off before any tick has called it an outage: that is when it began."""
    earliest_s = mode.at.mono_s - REFLEX_BEFORE_S
    sheds = (event for event in _commands(in_order) if event.subject.endswith("/closed"))
    early = (event.at for event in sheds if earliest_s <= event.at.mono_s <= mode.at.mono_s)
    return next(early, mode.at)


def _spells(events: Sequence[Event]) -> list[Spell]:
    """Every time a circuit was off, by when it went off and then by when it came back; repeated commands are one."""
    found: list[Spell] = []
    off: dict[str, Event] = {}
    for event in _commands(events):
        if not event.subject.endswith("/closed"):
            continue
        if not event.cause.facts.get("value"):
            off.setdefault(event.subject, event)
        elif event.subject in off:
            found.append(_spell(off.pop(event.subject), event))
    found += [_spell(event, None) for event in off.values()]
    return sorted(found, key=lambda spell: spell.off_s)


def _spell(off: Event, on: Event | None) -> Spell:
    on_s, back = (None, None) if on is None else (on.at.mono_s, on.cause)
    return Spell(off.subject, off.at.mono_s, off.cause, on_s, back)


def _given(events: Sequence[Event]) -> dict[str, float]:
    gave_w: dict[str, float] = {}
    for event in _commands(events):
        value = event.cause.facts.get("value")
        if event.subject.endswith("/power_w") and isinstance(value, int | float) and value > 0:
            gave_w[event.subject] = max(gave_w.get(event.subject, 0.0), float(value))
    return gave_w


def _commands(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.kind is EventKind.COMMAND]
