"""What one voltage point shows at one instant, before anybody asks what it proves."""

from enum import StrEnum

from hems.control.params import Params
from hems.model.members import direct
from hems.model.reading import Quality
from hems.model.site import Site
from hems.model.snapshot import VoltageReading

PLAUSIBLE = 3.0
"""A voltage or frequency below zero or above this multiple of nominal is a sentinel that a profile has overlooked."""


@direct
class Sight(StrEnum):
    """What one voltage point shows at one instant."""

    INSIDE = "in window"
    OUTSIDE = "out of window"
    DEAD = "dead"
    ZERO = "all zero"
    """Zero volts and zero hertz in one frame: dead, or a device that has stopped measuring."""
    UNKNOWN = "no answer"


def sight(reading: VoltageReading, site: Site, params: Params, now_s: float) -> Sight:
    """Judge one voltage point by its worst phase: one without voltage is out of window, one unread is never good."""
    nominal_v, nominal_hz, grid = site.grid.nominal_v, site.grid.nominal_hz, params.grid
    known = _known_v(reading, nominal_v, now_s)
    hertz = reading.hertz.known(now_s)
    if hertz is not None and not 0.0 <= hertz <= PLAUSIBLE * nominal_hz:
        hertz = None
    if not known:
        return Sight.UNKNOWN
    if max(known) < grid.v_dead_pu * nominal_v:
        if max(known) == 0.0 and not hertz:
            return Sight.ZERO
        return Sight.OUTSIDE if _in_part(known, reading) else Sight.DEAD
    if min(known) < grid.v_min_pu * nominal_v or max(known) > grid.v_max_pu * nominal_v:
        return Sight.OUTSIDE
    if len(known) < len(reading.volts) or hertz is None:
        return Sight.UNKNOWN
    return Sight.INSIDE if grid.f_min_pu * nominal_hz <= hertz <= grid.f_max_pu * nominal_hz else Sight.OUTSIDE


def _known_v(reading: VoltageReading, nominal_v: float, now_s: float) -> list[float]:
    """The voltages that can be."""
    most_v, volts = PLAUSIBLE * nominal_v, [phase.known(now_s) for phase in reading.volts]
    return [value for value in volts if value is not None and 0.0 <= value <= most_v]


def _in_part(known: list[float], reading: VoltageReading) -> bool:
    """Whether a phase that this point measures tells nothing now: it may be live, so the point is not dead as a whole.

    One that it has never told is none of its own.
    """
    return len(known) < sum(one.quality is not Quality.MISSING for one in reading.volts)


def presence(reading: VoltageReading, site: Site, params: Params, now_s: float) -> Sight:
    """Whether there is voltage at all: one live phase is enough, and the window does not matter (UCA 15)."""
    known = _known_v(reading, site.grid.nominal_v, now_s)
    if not known:
        return Sight.UNKNOWN
    if max(known) >= params.grid.v_dead_pu * site.grid.nominal_v:
        return Sight.INSIDE
    if _in_part(known, reading):
        return Sight.UNKNOWN
    return Sight.ZERO if max(known) == 0.0 and not reading.hertz.known(now_s) else Sight.DEAD


def news(seen: Sight, reading: VoltageReading, apart_since_s: float | None) -> Sight:
    """The same, with "in window" struck out where it was read before the tie opened: that grid is gone since."""
    if apart_since_s is None or seen is not Sight.INSIDE:
        return seen
    oldest_s = min(one.taken_s for one in (*reading.volts, reading.hertz))
    return Sight.UNKNOWN if oldest_s < apart_since_s else seen
