"""A run drawn as SVG: what mode, how much power, how much stored, which circuits off; no script, no other file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from hems.model.mode import ISLAND_MODES, Mode
from hems.sim.record import Frame, Record

WIDTH, LEFT, RIGHT = 860, 70, 150
STRIP, GAP = 90, 26
MOST_POINTS = 600
DARK = frozenset({Mode.BLACKOUT, Mode.BLACKOUT_GRID_AVAILABLE, Mode.BLACK_START})
KINDS = (
    ("own power", "#ffe0a3", lambda mode: mode in ISLAND_MODES),
    ("dark", "#444444", lambda mode: mode in DARK),
    ("doubt", "#f3b0b0", lambda mode: mode in (Mode.FAULT_SAFE, Mode.INIT, Mode.MAINTENANCE)),
    ("grid", "#cfe8cf", lambda mode: True),
)
"""What the building lives on, its colour, and the modes that count as it; the first that fits."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve."""

    name: str
    colour: str
    value: Callable[[Frame], float]


POWER = (
    Line("circuits", "#222222", lambda frame: frame.load_w / 1000.0),
    Line("battery", "#1f6fb2", lambda frame: frame.battery_w / 1000.0),
    Line("cars", "#2a9d4a", lambda frame: frame.car_w / 1000.0),
    Line("sun", "#e0a100", lambda frame: frame.pv_w / 1000.0),
    Line("generator", "#8a4fb0", lambda frame: frame.generator_w / 1000.0),
    Line("grid", "#b23b3b", lambda frame: frame.grid_w / 1000.0),
)
SHARES = (
    Line("stored %", "#1f6fb2", lambda frame: frame.battery_pct),
    Line("overload %", "#b23b3b", lambda frame: 100.0 * frame.dose),
)


def plot(record: Record) -> str:
    """The SVG of a run; empty when nothing was seen."""
    frames = record.frames[:: max(1, len(record.frames) // MOST_POINTS)]
    if len(frames) < 2:
        return ""
    names = sorted({name for frame in record.frames for name in frame.off})
    height = 40 + 2 * (STRIP + GAP) + 14 * len(names) + 30
    parts = [
        *_modes(record.frames),
        *_strip(frames, [one for one in POWER if any(one.value(frame) for frame in frames)], 40, "kW"),
        *_strip(frames, SHARES, 40 + STRIP + GAP, "%"),
        *_circuits(record.frames, names, 40 + 2 * (STRIP + GAP)),
        *_times(frames, height - 14),
    ]
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">{"".join(parts)}</svg>'


def _x(t_s: float, frames: Sequence[Frame]) -> float:
    first_s, last_s = frames[0].t_s, frames[-1].t_s
    return LEFT + (WIDTH - LEFT - RIGHT) * (t_s - first_s) / max(1e-9, last_s - first_s)


def _modes(frames: Sequence[Frame]) -> Iterator[str]:
    """A band along the top."""
    for kind, group in groupby(frames, key=lambda frame: next(kind for kind in KINDS if kind[2](frame.mode))):
        found = list(group)
        name, colour, _ = kind
        left, right = _x(found[0].t_s, frames), _x(found[-1].t_s, frames)
        yield f'<rect x="{left:.1f}" y="6" width="{max(1.0, right - left):.1f}" height="18" fill="{colour}"/>'
        if right - left > 60:
            shade = "#ffffff" if name == "dark" else "#222222"
            yield f'<text x="{left + 4:.1f}" y="19" fill="{shade}">{name}</text>'


def _strip(frames: Sequence[Frame], lines: Sequence[Line], top: float, unit: str) -> Iterator[str]:
    """Curves on one scale, with what they are called beside them."""
    values = [[line.value(frame) for frame in frames] for line in lines]
    low = min((min(one) for one in values), default=0.0)
    high = max((max(one) for one in values), default=1.0)
    low, high = min(0.0, low), max(low + 1.0, high)

    def y(value: float) -> float:
        return top + STRIP * (high - value) / (high - low)

    yield f'<rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" height="{STRIP}" fill="none" stroke="#cccccc"/>'
    yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(0.0):.1f}" y2="{y(0.0):.1f}" stroke="#cccccc"/>'
    for value in (low, high):
        yield f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.0f} {unit}</text>'
    for place, (line, drawn) in enumerate(zip(lines, values, strict=True)):
        points = " ".join(f"{_x(f.t_s, frames):.1f},{y(v):.1f}" for f, v in zip(frames, drawn, strict=True))
        yield f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="1.4"/>'
        yield f'<text x="{WIDTH - RIGHT + 8}" y="{top + 12 + 14 * place}" fill="{line.colour}">{line.name}</text>'


def _circuits(frames: Sequence[Frame], names: Sequence[str], top: float) -> Iterator[str]:
    """A bar for as long as each circuit is off."""
    for place, name in enumerate(names):
        at = top + 14 * place
        yield f'<text x="{WIDTH - RIGHT + 8}" y="{at + 9}">{escape(name)}</text>'
        for off, group in groupby(frames, key=lambda frame, name=name: name in frame.off):  # type: ignore[misc]
            found = list(group)
            if off:
                left, right = _x(found[0].t_s, frames), _x(found[-1].t_s, frames)
                yield f'<rect x="{left:.1f}" y="{at}" width="{max(1.0, right - left):.1f}" height="9" fill="#888888"/>'
    if names:
        yield f'<text x="{LEFT - 6}" y="{top + 9}" text-anchor="end">off</text>'


def _times(frames: Sequence[Frame], at: float) -> Iterator[str]:
    for part in range(5):
        t_s = frames[0].t_s + (frames[-1].t_s - frames[0].t_s) * part / 4.0
        yield f'<text x="{_x(t_s, frames):.1f}" y="{at}" text-anchor="middle">{t_s:.0f} s</text>'
