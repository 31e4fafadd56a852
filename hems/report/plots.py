"""Plots as SVG text, for pages that must need nothing but themselves."""

from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT = 900, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 34
COLOURS = ("#1f5fa8", "#d9822b", "#3a8f4d", "#8a5fb5", "#b03a48", "#5a6b7b", "#c2a21c", "#2a9d9a")
GREY = "#8894a0"


def lines(series: Mapping[str, Points], *, unit: str, across: str = "h") -> str:
    """Curves over time; each has a name and a colour.  Empty text without any points."""
    all_points = [point for points in series.values() for point in points]
    if not all_points:
        return ""
    right = max(x for x, _ in all_points) or 1.0
    low, high = min(0.0, *(y for _, y in all_points)), max(1e-9, *(y for _, y in all_points))
    scale = _Scale(right, low, high)
    drawn = [
        f'<polyline fill="none" stroke="{colour}" stroke-width="1.6" points="{scale.path(points)}"/>'
        for colour, points in zip(COLOURS, series.values(), strict=False)
    ]
    return _legend(tuple(series)) + _svg(HEIGHT, [*scale.grid(unit, across), *drawn])


def spans(rows: Mapping[str, Points], right: float, shaded: Points) -> str:
    """A bar for each row where it was on; `shaded` times stand behind all of them."""
    pitch = 18
    height = TOP + pitch * len(rows) + BOTTOM
    left = 150
    wide = (WIDTH - left - RIGHT) / (right or 1.0)
    parts = [
        f'<rect x="{left + a * wide:.1f}" y="{TOP}" width="{(b - a) * wide:.1f}" height="{pitch * len(rows)}" '
        'fill="#f3dfc8"/>'
        for a, b in shaded
    ]
    for place, (name, on) in enumerate(rows.items()):
        y = TOP + place * pitch
        parts.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
        parts += [
            f'<rect x="{left + a * wide:.1f}" y="{y + 4}" width="{max(0.5, (b - a) * wide):.1f}" height="11" '
            f'fill="{COLOURS[0]}"/>'
            for a, b in on
        ]
    for mark in ticks(right):
        x = left + mark * wide
        parts.append(f'<text x="{x:.1f}" y="{height - 14}" text-anchor="middle">{mark:g} h</text>')
    return _svg(height, parts)


def ticks(right: float, most: int = 8) -> list[float]:
    """Round marks from 0 to `right`."""
    step = next(size for size in _round_steps() if right / size <= most)
    return [round(step * place, 6) for place in range(int(right / step + 1e-9) + 1)]


def _round_steps() -> list[float]:
    return [base * 10.0**power for power in range(-6, 10) for base in (1.0, 2.0, 5.0)]


class _Scale:
    def __init__(self, right: float, low: float, high: float) -> None:
        self._right, self._low, self._high = right, low, high

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self._right

    def y(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (self._high - value) / (self._high - self._low)

    def path(self, points: Points) -> str:
        return " ".join(f"{self.x(a):.1f},{self.y(b):.1f}" for a, b in points)

    def grid(self, unit: str, across: str) -> list[str]:
        floor = HEIGHT - BOTTOM
        parts = [f'<line x1="{LEFT}" y1="{self.y(0.0):.1f}" x2="{WIDTH - RIGHT}" y2="{self.y(0.0):.1f}" class="axis"/>']
        for mark in ticks(self._right):
            parts.append(f'<text x="{self.x(mark):.1f}" y="{floor + 18}" text-anchor="middle">{mark:g} {across}</text>')
        for mark in _between(self._low, self._high):
            parts.append(f'<text x="{LEFT - 6}" y="{self.y(mark) + 4:.1f}" text-anchor="end">{mark:g}</text>')
            parts.append(
                f'<line x1="{LEFT}" y1="{self.y(mark):.1f}" x2="{WIDTH - RIGHT}" y2="{self.y(mark):.1f}" class="mesh"/>'
            )
        return [*parts, f'<text x="{LEFT}" y="{TOP - 2}">{escape(unit)}</text>']


def _between(low: float, high: float) -> list[float]:
    step = next(size for size in _round_steps() if (high - low) / size <= 5)
    first = int(low / step - 1e-9)
    return [round(step * place, 6) for place in range(first, int(high / step + 1e-9) + 1)]


def _legend(names: Sequence[str]) -> str:
    entries = (
        f'<span><i style="background:{colour}"></i>{escape(name)}</span>'
        for colour, name in zip(COLOURS, names, strict=False)
    )
    return f'<p class="legend">{"".join(entries)}</p>'


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img">{"".join(parts)}</svg>'
