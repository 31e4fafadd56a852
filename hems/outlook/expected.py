"""What loads and sun are taken to do in the next days, and how sure that is.

Each circuit goes from what it draws now to what it usually draws, at that hour where the building's habits are known;
the sun is that of a middling day of the last ones.  Before anything is known it follows a clear sky, as hazy as it is
now, and from tomorrow on as hazy as it is on average.  Without a wall clock nobody knows how high the sun
stands: then none is counted after the first hour.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import exp

from hems.control import habits
from hems.control.ahead import suns_w
from hems.control.demand import demands
from hems.control.habits import HOURS, hour_of, slot
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
    usual_w: Mapping[CircuitId, tuple[float, ...]] = field(default_factory=dict)
    """What is usual by kind of hour, where the building's habits are known; they take the place of `later_w`."""
    usual_sun_pu: tuple[float, ...] = ()
    """The same of the sun, by the hour of the day, instead of a clear sky with average clouds."""

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """W that its users want."""
        later_w = self._later_w(circuit, t_s)
        settled = exp(-max(0.0, t_s - self.now_s) / SETTLES_S)
        return self.use * (later_w + (self.first_w.get(circuit, later_w) - later_w) * settled)

    def sun_pu(self, t_s: float) -> float:
        """Part of their rating that all panels give."""
        ahead_s = t_s - self.now_s
        if self.utc is None:
            return self.haze_now if ahead_s < UNTIMED_SUN_S else 0.0
        if self.usual_sun_pu:
            return min(1.0, self.sun * self.usual_sun_pu[self._hour(t_s) % HOURS])
        hour = self.utc.hour + self.utc.minute / 60.0 + ahead_s / 3600.0
        day, hour = divmod(hour, 24.0)
        day_of_year = self.utc.timetuple().tm_yday + int(day)
        haze = self.haze_now if day < 1.0 else AVERAGE_SUN
        return min(1.0, self.sun * haze * clear_sky_pu(round(hour, 1), day_of_year, LATITUDE_DEG))

    def _later_w(self, circuit: CircuitId, t_s: float) -> float:
        kinds = self.usual_w.get(circuit)
        return self.later_w.get(circuit, 0.0) if kinds is None else kinds[slot(self._hour(t_s))]

    def _hour(self, t_s: float) -> int:
        """The hour of an instant, counted from 1970; only asked where there is a wall clock."""
        return 0 if self.utc is None else hour_of(self.utc + timedelta(seconds=t_s - self.now_s))

    def next_car(self, after_s: float) -> CarEvent | None:
        """Cars stay as they are: who leaves is not known here."""
        return None


def expected(question: Question, use: float = 1.0, sun: float = 1.0) -> Expected:
    """What is expected from the present on."""
    site, state, snapshot, now_s = question.site, question.state, question.snapshot, question.now.mono_s
    first_w = demands(site, state, snapshot, now_s, islanded=state.mode.mode.on_island)
    found = Expected(now_s, question.now.utc, first_w, usual_w(site, state), _haze(question), use, sun)
    if question.now.utc is None or not habits.known(state.habits):
        return found
    rated_w = max(1.0, sum(pv.rated_w for pv in site.pvs))
    day_pu = tuple(watts / rated_w for watts in suns_w(state.habits)[1])
    return replace(found, usual_w=habits.usual_w(state.habits, site), usual_sun_pu=day_pu)


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
