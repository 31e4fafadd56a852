"""How a circuit's draw runs through a day, as a multiple of its typical power, minute by minute.

Each shape is a function of one day's own random generator; the numbers are common sense about buildings, not
measurements: `measured` has those.
"""

from collections.abc import Callable
from random import Random

MINUTES = 1440
Shape = Callable[[Random], list[float]]

# Hour by hour from midnight, as a multiple of typical power.
COOKING = (2, 2, 2, 2, 2, 8, 40, 55, 30, 15, 18, 45, 70, 45, 20, 18, 30, 75, 100, 95, 55, 30, 12, 5)
LAUNDRY = (3, 2, 2, 2, 2, 4, 12, 30, 55, 70, 70, 60, 50, 50, 55, 60, 70, 85, 100, 95, 75, 45, 20, 8)
LEISURE = (4, 3, 3, 3, 3, 15, 45, 50, 40, 35, 30, 30, 35, 30, 30, 40, 65, 95, 100, 95, 75, 40, 15, 6)
HOT_WATER = (10, 8, 8, 8, 15, 50, 95, 100, 70, 40, 30, 30, 40, 35, 30, 30, 45, 75, 100, 95, 80, 55, 35, 15)
LIGHTING = (45, 40, 40, 40, 40, 50, 80, 70, 45, 40, 40, 40, 40, 40, 45, 55, 80, 95, 100, 100, 100, 90, 70, 55)
COMING_AND_GOING = (6, 4, 3, 3, 4, 15, 45, 90, 80, 45, 40, 45, 55, 50, 45, 55, 75, 95, 100, 80, 60, 45, 28, 14)
HEATING = (80, 80, 82, 85, 90, 95, 100, 100, 95, 85, 75, 68, 62, 60, 62, 68, 78, 90, 96, 100, 98, 92, 88, 82)
AIR = (45, 45, 45, 45, 50, 60, 85, 95, 85, 75, 75, 85, 90, 80, 75, 75, 85, 100, 100, 95, 85, 70, 60, 50)


def steady(rng: Random) -> list[float]:
    """Always on, nearly always the same: networks, alarms."""
    return _wandering(rng, 0.03, from_pu=1.0)


def curve(hours: tuple[int, ...], unrest: float) -> Shape:
    """Many small things that follow people's day; `unrest` is the relative size of what cannot be foreseen."""

    def day(rng: Random) -> list[float]:
        wander = _wandering(rng, unrest, from_pu=1.0)
        return [_between(hours, minute) * wander[minute] for minute in range(MINUTES)]

    return day


def cycling(on_min: int, off_min: int) -> Shape:
    """A compressor or a pump: full power, then almost none, for times that vary a little."""

    def day(rng: Random) -> list[float]:
        values: list[float] = []
        while len(values) < MINUTES:
            values += [1.0] * max(1, round(on_min * rng.uniform(0.8, 1.2)))
            values += [0.02] * max(1, round(off_min * rng.uniform(0.8, 1.2)))
        start = rng.randrange(on_min + off_min)
        return (values + values[:start])[start : start + MINUTES]

    return day


def staged(hours: tuple[int, ...], stages: int) -> Shape:
    """A central machine of several compressors: what the hour needs, in whole stages, kept for a quarter of an hour."""

    def day(rng: Random) -> list[float]:
        values: list[float] = []
        while len(values) < MINUTES:
            need = _between(hours, len(values)) * rng.uniform(0.85, 1.1)
            values += [min(1.0, max(1, round(need * stages)) / stages)] * 15
        return values[:MINUTES]

    return day


def bursts(hours: tuple[int, ...], idle: float) -> Shape:
    """Short runs with pauses, such as a lift: a base and, more or less often, a minute of work."""

    def day(rng: Random) -> list[float]:
        return [
            idle + (rng.uniform(0.4, 1.0) - idle if rng.random() < 0.8 * _between(hours, minute) else 0.0)
            for minute in range(MINUTES)
        ]

    return day


SHAPES: tuple[tuple[str, Shape], ...] = (
    ("fire", steady),
    ("medical", steady),
    ("network", steady),
    ("router", steady),
    ("lift", bursts(COMING_AND_GOING, 0.1)),
    ("kitchen", curve(COOKING, 0.10)),
    ("cook", curve(COOKING, 0.10)),
    ("laundry", curve(LAUNDRY, 0.12)),
    ("gym", curve(LEISURE, 0.08)),
    ("hot_water", curve(HOT_WATER, 0.08)),
    ("heat", staged(HEATING, 4)),
    ("ventilation", curve(AIR, 0.03)),
    ("lighting", curve(LIGHTING, 0.03)),
    ("pool", cycling(40, 20)),
    ("sump", cycling(4, 16)),
    ("freez", cycling(14, 10)),
    ("fridge", cycling(14, 18)),
    ("door", bursts(COMING_AND_GOING, 0.5)),
)
"""By a part of the circuit's name; the first that fits."""

ANY_CRITICAL: Shape = steady
ANY_OTHER: Shape = curve(LEISURE, 0.1)


def _between(hours: tuple[int, ...], minute: int) -> float:
    """From hourly percents to a fraction, in straight lines from half hour to half hour."""
    hour, part = divmod(minute / 60.0 - 0.5, 1.0)
    low, high = hours[int(hour) % 24], hours[(int(hour) + 1) % 24]
    return (low + (high - low) * part) / 100.0


def _wandering(rng: Random, unrest: float, *, from_pu: float) -> list[float]:
    """A slow walk around `from_pu` that forgets itself within about twenty minutes and never goes below a quarter."""
    away = 0.0
    values: list[float] = []
    for _ in range(MINUTES):
        away = 0.95 * away + rng.gauss(0.0, unrest * 0.31)
        values.append(max(0.25 * from_pu, from_pu + away))
    return values
