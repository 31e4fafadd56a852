"""What loads and sun are taken to do in the next days, and how sure that is.

Each circuit goes from what it draws now to what it usually draws; the sun follows a clear sky at the site, as hazy as
it is now, and from tomorrow on as hazy as it is on average.  Without a wall clock nobody knows how high the sun
stands: then none is counted after the first hour.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import exp

from hems.control.demand import demands
from hems.control.loads import usual_w
from hems.model.units import CircuitId
from hems.outlook.question import Question
from hems.sim.generated import clear_sky_pu
from hems.sim.traces import CarEvent

SETTLES_S = 1800.0
"""Time constant from what a circuit draws now to what it usually draws."""
UNTIMED_SUN_S = 3600.0
"""For so long the sun is taken to shine on as it does, where no clock tells how high it stands."""
LATITUDE_DEG = 48.0
AVERAGE_SUN = 0.45
"""What a day brings of a clear one, on average over the year in the middle of Europe."""
LOW_SUN_PU = 0.05
"""Below this height the present tells nothing about clouds."""

CASES: tuple[tuple[float, float], ...] = (
    (1.32, 0.35),
    (1.18, 1.25),
    (1.09, 0.55),
    (1.00, 1.00),
    (0.92, 1.60),
    (0.85, 0.75),
    (0.76, 1.90),
)
"""Multiples of expected use and sun, one pair for each seventh of all cases: use spreads by 22 % (log-normal), sun by
what days differ; paired so that neither always goes with the other.  The middle one is the expected course."""
EXPECTED = (1.0, 1.0)


@dataclass(frozen=True)
class Expected:
    """Fulfils `hems.sim.traces.Traces` for times on the daemon's monotonic clock."""

    now_s: float
    utc: datetime | None
    first_w: Mapping[CircuitId, float]
    later_w: Mapping[CircuitId, float]
    haze_now: float
    """What the sun gives now of what a clear sky would."""
    use: float = 1.0
    sun: float = 1.0

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """W that its users want."""
        later_w = self.later_w.get(circuit, 0.0)
        settled = exp(-max(0.0, t_s - self.now_s) / SETTLES_S)
        return self.use * (later_w + (self.first_w.get(circuit, later_w) - later_w) * settled)

    def sun_pu(self, t_s: float) -> float:
        """Part of their rating that all panels give."""
        ahead_s = t_s - self.now_s
        if self.utc is None:
            return self.haze_now if ahead_s < UNTIMED_SUN_S else 0.0
        hour = self.utc.hour + self.utc.minute / 60.0 + ahead_s / 3600.0
        day, hour = divmod(hour, 24.0)
        day_of_year = self.utc.timetuple().tm_yday + int(day)
        haze = self.haze_now if day < 1.0 else AVERAGE_SUN
        return min(1.0, self.sun * haze * clear_sky_pu(round(hour, 1), day_of_year, LATITUDE_DEG))

    def next_car(self, after_s: float) -> CarEvent | None:
        """Cars stay as they are: who leaves is not known here."""
        return None


def expected(question: Question, use: float = 1.0, sun: float = 1.0) -> Expected:
    """What is expected from the present on."""
    site, state, snapshot, now_s = question.site, question.state, question.snapshot, question.now.mono_s
    first_w = demands(site, state, snapshot, now_s, islanded=state.mode.mode.on_island)
    return Expected(now_s, question.now.utc, first_w, usual_w(site, state), _haze(question), use, sun)


def _haze(question: Question) -> float:
    """The present sun as a part of a clear one; of what is rated where no clock tells what a clear one would be."""
    rated_w = sum(pv.rated_w for pv in question.site.pvs)
    known = [reading.known(question.now.mono_s) for reading in question.snapshot.pvs.values()]
    given = [watts for watts in known if watts is not None]
    utc = question.now.utc
    if rated_w <= 0.0 or len(given) < len(known):
        return 0.0 if utc is None else AVERAGE_SUN
    share = max(0.0, sum(given)) / rated_w
    if utc is None:
        return share
    clear = clear_sky_pu(utc.hour + round(utc.minute / 60.0, 1), utc.timetuple().tm_yday, LATITUDE_DEG)
    return AVERAGE_SUN if clear < LOW_SUN_PU else min(1.2, share / clear)
