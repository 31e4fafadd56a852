"""What has happened, line by line, the newest below."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hems.model.event import Event
from hems.report.timeline import tag, told
from hems.tui.format import Part, Row, Tone, row
from hems.tui.text.listing import Item, Listing, paragraphs
from hems.wording import day, weekday
from hems.wording.language import say

HEADING = row("  WHEN          WHAT   ")


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in words."""

    key: str
    """Stays the same when more events come."""
    moment: datetime | None
    """Local time; None when the clock was not known to be good."""
    mono_s: float
    tag: str
    text: str

    @property
    def day(self) -> str:
        """`Fri 20 Nov`, or a word for a day that is not known."""
        return say("day not known") if self.moment is None else f"{weekday(self.moment)} {day(self.moment)}"

    @property
    def time(self) -> str:
        """`Fri 13:07:05`."""
        return f"{self.mono_s:.0f} s" if self.moment is None else f"{weekday(self.moment)} {self.moment:%H:%M:%S}"


def entries(events: Sequence[Event], names: Mapping[str, str]) -> list[Entry]:
    """The events in words, in their order."""
    return list(_entries(events, names))


def _entries(events: Sequence[Event], names: Mapping[str, str]) -> Iterator[Entry]:
    met: Counter[float] = Counter()
    for event in events:
        mono_s, utc = event.at.mono_s, event.at.utc
        met[mono_s] += 1
        local = None if utc is None else utc.astimezone()
        yield Entry(f"{mono_s}-{met[mono_s]}", local, mono_s, tag(event), told(event, names))


def log_list(shown: Sequence[Entry], chosen: str, width: int) -> Listing:
    """Those entries as a list; the whole sentence of the chosen one below."""
    one = next((entry for entry in shown if entry.key == chosen), None)
    details = () if one is None else paragraphs([f"{one.day}, {_at(one)}: {one.text}"], width)
    items = [Item(entry.key, _line(entry)) for entry in shown]
    empty = say("Nothing of that kind has happened since HEMS started.")
    return Listing((HEADING,), items, details, empty=empty, whole_lines=True)


def matching(all_of_them: Sequence[Entry], find: str) -> list[Entry]:
    """The entries in whose words `find` occurs."""
    return [entry for entry in all_of_them if find.lower() in f"{entry.day} {entry.tag} {entry.text}".lower()]


def other_day(shown: Sequence[Entry], chosen: str, step: int) -> str:
    """The first entry of the next day (`step` 1) or of the day before (-1); the chosen one when there is none."""
    days = list(dict.fromkeys(entry.day for entry in shown))
    now = next((entry.day for entry in shown if entry.key == chosen), None)
    if now is None or not 0 <= days.index(now) + step < len(days):
        return chosen
    wanted = days[days.index(now) + step]
    return next(entry.key for entry in shown if entry.day == wanted)


def _line(entry: Entry) -> Row:
    tone = Tone.STRONG if entry.tag in ("MODE", "ALARM") else Tone.PLAIN
    return row(f" {entry.time[:12]:<12}  ", Part(f"{entry.tag:<6} {entry.text}", tone))


def _at(entry: Entry) -> str:
    return (
        say("{mono_s:.1f} s after the gateway started", mono_s=entry.mono_s)
        if entry.moment is None
        else f"{entry.moment:%H:%M:%S}"
    )
