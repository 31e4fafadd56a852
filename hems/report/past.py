"""What was recorded, cut into outages and months, on the wall clock: a report may span starts of the machine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from hems.model.errors import StoreError
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.trend import Curve
from hems.model.units import HOUR_S
from hems.report.course import GRID_MODES, OUTAGE_MODES
from hems.store.reader import events as recorded
from hems.store.trends import trend

BEFORE_S, AFTER_S = 10.0, 4.0 * HOUR_S
"""What is looked at around an outage: the evidence before, the circuits that come back after."""
USUAL_S = 24.0 * HOUR_S
"""What a circuit draws usually is what it drew on average in so much time before."""

Curves = Callable[[Sequence[str], Instant, float, int], tuple[Curve, ...]]
"""Series, end, span in seconds and number of steps to curves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """One outage among all that was recorded."""

    number: int
    """1 is the first one ever recorded."""
    start: Instant
    end: Instant | None
    events: tuple[Event, ...]
    """From shortly before it until circuits are back, `mono_s` being seconds of the wall clock."""


def on_the_wall(directory: Path) -> list[Event]:
    """Every event whose time of day is known, `mono_s` being seconds since 1970.  Raises: StoreError."""
    known = ((event, event.at.utc) for event in recorded(directory))
    return [replace(event, at=_instant(utc)) for event, utc in known if utc is not None]


def without_a_clock(directory: Path) -> bool:
    """Whether there was a power cut while nobody knew the time of day: no report tells of it.  Raises: StoreError."""
    return any(
        one.at.utc is None and one.kind is EventKind.MODE and one.subject in OUTAGE_MODES for one in recorded(directory)
    )


def curves_of(directory: Path) -> Curves:
    """Recorded curves."""

    def curves(names: Sequence[str], at: Instant, span_s: float, steps: int) -> tuple[Curve, ...]:
        return trend(directory, names, at=at, span_s=span_s, steps=steps).curves

    return curves


def outages(events: Sequence[Event]) -> list[Cut]:
    """All of them, the oldest first."""
    modes = [event for event in events if event.kind is EventKind.MODE]
    spans: list[tuple[Instant, Instant | None]] = []
    begun: Instant | None = None
    for event in modes:
        if begun is None and event.subject in OUTAGE_MODES:
            begun = event.at
        elif begun is not None and event.subject in GRID_MODES:
            spans.append((begun, event.at))
            begun = None
    if begun is not None:
        spans.append((begun, None))
    return [_cut(number, span, events, spans) for number, span in enumerate(spans, start=1)]


def chosen(cuts: Sequence[Cut], number: int) -> Cut:
    """Outage `number`; 0 and below count from the newest one.  Raises: StoreError."""
    if not cuts:
        raise StoreError("No power cut has been recorded.")
    place = number - 1 if number > 0 else len(cuts) - 1 + number
    if not 0 <= place < len(cuts):
        raise StoreError(f"There is no power cut {number}; {len(cuts)} were recorded.")
    return cuts[place]


def month(events: Sequence[Event], begins: datetime) -> list[Event]:
    """The events of the month that begins at `begins`."""
    ends = next_month(begins)
    return [event for event in events if event.at.utc is not None and begins <= event.at.utc < ends]


def next_month(begins: datetime) -> datetime:
    """When the next month begins, in the same zone."""
    return (begins.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _cut(
    number: int,
    span: tuple[Instant, Instant | None],
    events: Sequence[Event],
    spans: Sequence[tuple[Instant, Instant | None]],
) -> Cut:
    start, end = span
    until_s = events[-1].at.mono_s if end is None else end.mono_s + AFTER_S
    if number < len(spans):
        until_s = min(until_s, spans[number][0].mono_s - BEFORE_S)
    inside = (event for event in events if start.mono_s - BEFORE_S <= event.at.mono_s <= until_s)
    return Cut(number=number, start=start, end=end, events=tuple(inside))


def _instant(utc: datetime) -> Instant:
    return Instant(utc.timestamp(), utc)
