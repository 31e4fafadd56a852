"""The utility's side: voltage and frequency, with the small unrest that every real measurement shows."""

from math import pi, sin
from random import Random

KNOTS = 512
"""One-second knots of unrest; then it repeats."""
V_UNREST_PU = 0.004
FLICKER_HZ = 8.8
"""Where eyes are most sensitive (IEC 61000-4-15)."""
F_UNREST_PU = 0.0004
"""20 mHz at 50 Hz, the usual wandering of a large interconnection."""


def _unrest(rng: Random, deviation: float) -> tuple[float, ...]:
    """A closed walk of knots around zero, bounded by about three deviations."""
    values = [0.0]
    for _ in range(KNOTS - 1):
        values.append(0.9 * values[-1] + rng.gauss(0.0, deviation * 0.436))
    blend = min(20, KNOTS)
    for index in range(blend):
        values[KNOTS - blend + index] *= 1.0 - (index + 1) / blend
    return (*values, values[0])


class Grid:
    """A supply that can fail, sag and come back.

    Its unrest is a function of time, not of how time was stepped: a simulation in steps of 20 ms and one in steps of
    5 min see the same voltage at the same instant.
    """

    def __init__(self, *, nominal_v: float, nominal_hz: float, phases: int, rng: Random) -> None:
        self.nominal_v = nominal_v
        self.nominal_hz = nominal_hz
        self.present_pu = 1.0
        """1 healthy, 0 failed, between them a sag, above 1 a swell."""
        self.off_hz = 0.0
        """How far the whole network runs from its nominal frequency."""
        self.flicker_pu = 0.0
        """Depth of the flicker that a neighbour's welder or furnace makes: each lamp shows it."""
        self._v_unrest = tuple(_unrest(rng, V_UNREST_PU) for _ in range(phases))
        self._f_unrest = _unrest(rng, F_UNREST_PU)

    @property
    def energised(self) -> bool:
        """Whether there is enough voltage to feed a building at all (0.5 pu, the dead threshold)."""
        return self.present_pu >= 0.5

    def volts(self, t_s: float) -> tuple[float, ...]:
        """Line to neutral per phase, V."""
        if self.present_pu <= 0.0:
            return (0.0,) * len(self._v_unrest)
        knot, part = _place(t_s)
        flicker = 1.0 + self.flicker_pu * sin(2.0 * pi * FLICKER_HZ * t_s) if self.flicker_pu else 1.0
        live_v = self.nominal_v * self.present_pu * flicker
        return tuple([live_v * (1.0 + _between(walk, knot, part)) for walk in self._v_unrest])

    def hertz(self, t_s: float) -> float:
        """Hz; 0 when there is no voltage to have a frequency."""
        wandering = self.nominal_hz * (1.0 + _between(self._f_unrest, *_place(t_s)))
        return wandering + self.off_hz if self.present_pu > 0.1 else 0.0


def _place(t_s: float) -> tuple[int, float]:
    """The last knot before this instant, and the part of the way to the next."""
    whole, part = divmod(t_s % KNOTS, 1.0)
    return int(whole), part


def _between(knots: tuple[float, ...], knot: int, part: float) -> float:
    """In a straight line from one knot to the next."""
    low, high = knots[knot], knots[knot + 1]
    return low + (high - low) * part
