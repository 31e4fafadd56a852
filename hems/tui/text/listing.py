"""A list with a chosen line, and what there is to say about that line: below it, or beside it on a wide terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from hems.tui.format import BLANK, Part, Row, Tone, beside, fitted, row, text_of
from hems.wording.language import say

NARROW = 80
WIDE = 120
LEAST_DETAIL = 3
"""Rows of detail that a long list leaves room for."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a list; `key` stays the same while the line is about the same thing."""

    key: str
    line: Row


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list screen shows."""

    heading: Sequence[Row]
    """Above the list, the last one the names of its columns."""
    items: Sequence[Item]
    details: Sequence[Row]
    """About the chosen line."""
    empty: str = "Nothing here."
    whole_lines: bool = False
    """Whether its lines are worth the whole width, so that details stand below it on a wide terminal, too."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A listing on a page: its rows, and which of them stands for which key."""

    rows: tuple[Row, ...]
    places: Mapping[int, str]


def laid_out(listing: Listing, chosen: str, width: int, height: int) -> Laid:
    """The list, with as much of it in sight as fits around the chosen line, and the details."""
    wide = width >= WIDE and not listing.whole_lines
    room = height - len(listing.heading)
    below = 0 if wide else min(len(listing.details), max(LEAST_DETAIL, room - len(listing.items) - 1))
    most = max(1, room - (below + 1 if below else 0))
    first = first_in_sight([item.key for item in listing.items], chosen, most)
    shown = listing.items[first : first + most]
    column = NARROW if wide else width
    lines = [_marked(item, item.key == chosen, column) for item in shown]
    rows = [*_heading(listing, first, len(shown), column), *(lines or [row(f"   {listing.empty}")])]
    places = {len(listing.heading) + number: item.key for number, item in enumerate(shown)}
    if wide:
        return Laid(beside(rows, (BLANK, *listing.details)[:height], NARROW + 1), places)
    return Laid((*rows, *((BLANK, *listing.details[:below]) if below else ())), places)


def first_in_sight(keys: Sequence[str], chosen: str, most: int) -> int:
    """The first line to show, so that the chosen one is in sight."""
    at = keys.index(chosen) if chosen in keys else 0
    return max(0, min(at - most // 2, len(keys) - most))


def paragraphs(sentences: Sequence[str], width: int) -> tuple[Row, ...]:
    """Sentences below each other, each wrapped on its own."""
    return tuple(row(f" {line}") for text in sentences if text for line in wrap(text, width - 2))


def detail_width(width: int) -> int:
    """Columns there are for details."""
    return width - NARROW - 2 if width >= WIDE else width


def _heading(listing: Listing, first: int, count: int, width: int) -> list[Row]:
    heading = [row(*(Part(say(part.text), part.tone) for part in line)) for line in listing.heading]
    total = len(listing.items)
    if count >= total or not listing.heading:
        return heading
    told = say("{what}-{what2} of {total} ", what=first + 1, what2=first + count, total=total)
    last = fitted(heading[-1], width - len(told))
    return [*heading[:-1], (*last, Part(told, Tone.STRONG))]


def _marked(item: Item, chosen: bool, width: int) -> Row:
    if not chosen:
        return row(" ", *item.line)
    strong = [Part(part.text, Tone.STRONG if part.tone is Tone.PLAIN else part.tone) for part in item.line]
    return fitted(row(Part(">", Tone.STRONG), *strong), min(width, len(text_of(item.line)) + 1))
