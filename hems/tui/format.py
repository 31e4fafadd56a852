"""Rows of text with a tone: what a screen is made of before any toolkit draws it.

Nothing here knows a building; it cuts, pads, joins and draws in plain ASCII.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import fmean

UNKNOWN = "??"


class Tone(StrEnum):
    """How a piece of text stands out.  Never the only carrier of a meaning: the words say it too."""

    PLAIN = "plain"
    """Everything that is as it should be."""
    STRONG = "strong"
    OLD = "old"
    """Not live: contact is lost."""
    HIGH = "high"
    """Abnormal, act within minutes."""
    MED = "med"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a row."""

    text: str
    tone: Tone = Tone.PLAIN


Row = tuple[Part, ...]
BLANK: Row = ()


def row(*pieces: str | Part) -> Row:
    """One row of pieces, plain where nothing else is said."""
    return tuple(piece if isinstance(piece, Part) else Part(piece) for piece in pieces if piece)


def toned(text: str, tone: Tone) -> Row:
    """One row in one tone."""
    return (Part(text, tone),)


def text_of(line: Row) -> str:
    """The bare text."""
    return "".join(part.text for part in line)


def fitted(line: Row, width: int, tone: Tone | None = None) -> Row:
    """Exactly `width` columns: cut or filled up; all in `tone` when one is given."""
    pieces, left = [], width
    for part in line:
        text = printable(part.text)[:left]
        left -= len(text)
        pieces.append(Part(text, tone or part.tone))
    last = pieces[-1].tone if pieces and pieces[-1].tone is not Tone.STRONG else Tone.PLAIN
    return (*pieces, Part(" " * left, tone or last)) if left else tuple(pieces)


def printable(text: str) -> str:
    """Without line breaks and control characters, which a name from outside may hold."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def sides(left: str, right: str, width: int) -> str:
    """`left` and `right` at the two ends; the left one is cut when they do not both fit."""
    room = max(0, width - len(right))
    return left[:room].ljust(room) + right


def joined_within(pieces: Sequence[str], room: int, gap: str = "   ") -> str:
    """As many of the leading pieces as fit; the first one always."""
    text = pieces[0]
    for piece in pieces[1:]:
        if len(text) + len(gap) + len(piece) > room:
            break
        text += gap + piece
    return text


def bar(percent: float | None, width: int) -> str:
    """`[######....]`; question marks when the value is not known."""
    if percent is None:
        return f"[{'?' * width}]"
    filled = min(width, max(0, round(percent / 100.0 * width)))
    return f"[{'#' * filled}{'.' * (width - filled)}]"


SHADES = " .:-=+*#%@"


def profile(points: Sequence[float | None], width: int) -> str:
    """How values went, in one row: from light for the lowest to dark for the highest; `?` where nothing is known."""
    edges = [number * len(points) // width for number in range(width + 1)] if width else []
    taken = [_mean(points[begin:end]) for begin, end in pairwise(edges)]
    known = [one for one in taken if one is not None]
    low, span = min(known, default=0.0), (max(known, default=0.0) - min(known, default=0.0)) or 1.0
    return "".join("?" if one is None else SHADES[round((one - low) / span * (len(SHADES) - 1))] for one in taken)


def _mean(points: Sequence[float | None]) -> float | None:
    """Of those that are known; a column that stands for many of them shows what little is known of its time."""
    known = [point for point in points if point is not None]
    return fmean(known) if known else None


def squeezed(rows: Sequence[Row], height: int) -> tuple[Row, ...]:
    """The rows without as many of their blank ones, from below, as it takes to fit."""
    kept = list(rows)
    for number in reversed(range(len(kept))):
        if len(kept) <= height:
            break
        if not text_of(kept[number]).strip():
            del kept[number]
    return tuple(kept[:height])


def beside(left: Sequence[Row], right: Sequence[Row], at: int) -> tuple[Row, ...]:
    """Two blocks next to each other, the right one from column `at` on."""
    height = max(len(left), len(right))
    padded = [*left, *(BLANK,) * (height - len(left))]
    return tuple(
        (*fitted(line, at), *right[number]) if number < len(right) else line for number, line in enumerate(padded)
    )


class Canvas:
    """Characters at places, for the one picture that is not made of rows."""

    def __init__(self, width: int, height: int) -> None:
        self._cells = [[(" ", Tone.PLAIN)] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Write `text` from column `x` of line `y` on; what falls outside is lost."""
        for offset, char in enumerate(printable(text)):
            if 0 <= x + offset < len(self._cells[y]):
                self._cells[y][x + offset] = (char, tone)

    def box(self, x: int, y: int, width: int, lines: Iterable[str], tone: Tone = Tone.PLAIN) -> None:
        """A frame around lines that are cut to fit; `tone` for what is written inside."""
        inner = width - 2
        content = list(lines)
        self.put(x, y, f"+{'-' * inner}+")
        for number, line in enumerate(content, start=1):
            self.put(x, y + number, "|")
            self.put(x + 1, y + number, line[:inner].ljust(inner), tone)
            self.put(x + width - 1, y + number, "|")
        self.put(x, y + len(content) + 1, f"+{'-' * inner}+")

    def rows(self) -> tuple[Row, ...]:
        """What was drawn, neighbours of one tone in one piece."""
        return tuple(_merged(cells) for cells in self._cells)


def _merged(cells: Sequence[tuple[str, Tone]]) -> Row:
    pieces: list[Part] = []
    for char, tone in cells:
        if pieces and pieces[-1].tone is tone:
            pieces[-1] = Part(pieces[-1].text + char, tone)
        else:
            pieces.append(Part(char, tone))
    return tuple(pieces)
