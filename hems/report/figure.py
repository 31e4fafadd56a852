"""A plot as a picture that needs nothing from outside: curves over time, drawn as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM = 900.0, 220.0, 50.0, 22.0
STROKES = ("#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7")
DASHES = ("", "6 3", "2 3", "10 3 2 3", "1 4")
"""Colour never alone: each curve has a dash of its own."""
STROKE, ROW = 30.0, 14.0
"""Of the legend: how long its strokes are, and how high its rows."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve; None is not known."""

    name: str
    values: Sequence[float | None]


def svg(lines: Sequence[Line], *, unit: str, times: Sequence[str]) -> str:
    """All curves on one scale, with a legend; empty when nothing is known."""
    known = [value for line in lines for value in line.values if value is not None]
    if not known:
        return ""
    low, high = min(0.0, *known), max(*known, 1e-9)
    places = _places([line.name for line in lines], LEFT + 10 + _wide(unit))
    parts = [_mark(mark, _y(mark, low, high)) for mark in dict.fromkeys((round(low, 1), 0.0, round(high, 1)))]
    parts.append(f'<text x="{LEFT:.0f}" y="{places[0][1]:.0f}">{escape(unit)}</text>')
    for number, line in enumerate(lines):
        style = f'fill="none" stroke="{STROKES[number % 5]}" stroke-width="2" stroke-dasharray="{DASHES[number % 5]}"'
        parts += [f'<polyline {style} points="{piece}"/>' for piece in _pieces(line.values, low, high)]
        (x, y) = places[number]
        parts.append(f'<line x1="{x:.0f}" y1="{y - 4:.0f}" x2="{x + STROKE:.0f}" y2="{y - 4:.0f}" {style}/>')
        parts.append(f'<text x="{x + STROKE + 5:.0f}" y="{y:.0f}">{escape(line.name)}</text>')
    for place, text in ((LEFT, times[0]), ((LEFT + WIDTH) / 2, times[len(times) // 2]), (WIDTH - 30, times[-1])):
        parts.append(f'<text x="{place:.0f}" y="{HEIGHT + BOTTOM - 6}" text-anchor="middle">{escape(text)}</text>')
    top = places[0][1] - ROW
    return (
        f'<svg viewBox="0 {top:.0f} {WIDTH:.0f} {HEIGHT + BOTTOM - top:.0f}" width="100%" font-size="11" '
        f'font-family="sans-serif" role="img">{"".join(parts)}</svg>'
    )


def _places(names: Sequence[str], left: float) -> list[tuple[float, float]]:
    """Where each entry of the legend begins, above the plot: side by side as far as they fit, its last row at the plot.

    The unit stands left of all of them.
    """
    x, row, found = left, 0, list[tuple[float, int]]()
    for name in names:
        wide = STROKE + 5.0 + _wide(name)
        if x + wide > WIDTH and x > left:
            x, row = left, row + 1
        found.append((x, row))
        x += wide
    return [(x, ROW + ROW * (at - row)) for x, at in found]


def _wide(text: str) -> float:
    """What a text takes at most, with the gap behind it."""
    return 7.0 * len(text) + 12.0


def _mark(value: float, y: float) -> str:
    line = f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}" stroke="#bbb"/>'
    return f'{line}<text x="{LEFT - 4}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'


def _pieces(values: Sequence[float | None], low: float, high: float) -> list[str]:
    """The runs of known values; a gap stays a gap."""
    pieces: list[list[str]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            x = LEFT + (WIDTH - LEFT) * number / max(1, len(values) - 1)
            pieces[-1].append(f"{x:.1f},{_y(value, low, high):.1f}")
    return [" ".join(piece if len(piece) > 1 else [*piece, _beside(piece[0])]) for piece in pieces if piece]


def _beside(point: str) -> str:
    """A value that stands alone is a short stroke."""
    x, y = point.split(",")
    return f"{float(x) - 4.0:.1f},{y}"


def _y(value: float, low: float, high: float) -> float:
    return 22.0 + (HEIGHT - 22.0) * (high - value) / (high - low)
