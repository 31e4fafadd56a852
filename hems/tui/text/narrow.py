"""The building in a window too small for the screens, such as that of a telephone: the most urgent first."""

from collections.abc import Iterator
from textwrap import wrap

from hems.model.picture import Picture
from hems.tui.format import Row, Tone, row, text_of, toned
from hems.tui.text.banner import banner
from hems.tui.text.circuits import group_row
from hems.tui.text.head import head_rows
from hems.tui.text.headline import MARKS, headline, second_thought, tone_of
from hems.tui.text.notes import alarm_rows, no_picture, old_rows, order_rows, watching_note
from hems.tui.text.outage import course
from hems.tui.view import View
from hems.wording.language import say

MOST_ALARMS = 6
"""Rows of alarms, so that there is room for how long the power lasts."""
LONG = 1000
"""Columns in which no sentence is cut; it is wrapped here."""


def narrow(view: View, width: int, height: int) -> tuple[Row, ...]:
    """As much as fits above `height` rows of `width` columns."""
    if view.picture is None:
        return no_picture(view, width)[:height]
    rows = [*(_old(view) if view.old else _live(view.picture, width))]
    return tuple(part for line in rows for part in _wrapped(line, width))[:height]


def _old(view: View) -> Iterator[Row]:
    yield toned(text_of(banner(view, LONG)).strip(), Tone.HIGH)
    yield from old_rows(view, LONG, whole=True)


def _live(picture: Picture, width: int) -> Iterator[Row]:
    tone = tone_of(picture)
    told = ", ".join(part for part in (headline(picture), second_thought(picture)) if part)
    yield toned(f"{MARKS.get(tone, ' ')}{told}", tone)
    yield from alarm_rows(picture, width, MOST_ALARMS)
    if not picture.alarms:
        yield row(say(" No alarms."))
    yield toned(" " + " ".join(" ".join(text_of(line) for line in head_rows(picture, LONG)).split()), Tone.STRONG)
    note = watching_note(picture)
    if note:
        yield toned(f" {note}", Tone.STRONG)
    yield from order_rows(picture)
    yield from course(picture, LONG)
    for group in picture.tiers:
        yield row(f" {' '.join(text_of(group_row(picture, group)).split())}")


def _wrapped(line: Row, width: int) -> Iterator[Row]:
    tone = line[0].tone if line else Tone.PLAIN
    yield from (toned(part, tone) for part in wrap(text_of(line), width - 1, subsequent_indent="   "))
