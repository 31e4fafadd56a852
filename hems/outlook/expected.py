"""What loads and sun are taken to do in the next days, and how sure that is.

By the building's own habits where it has some: what each circuit usually draws at that hour of a working day or a
weekend, and poor, middling and good days of sun.  Before that, each circuit goes to what it draws on average and the
sun follows a clear sky, less average clouds.  Both begin with what is measured now.  Without a wall clock nobody knows
how high the sun stands: then none is counted after the first hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp

from hems.control import habits
from hems.control.ahead import suns_w
from hems.control.demand import demands
from hems.control.habits import HOURS
from hems.control.remembered import usual_w
from hems.model.units import CircuitId
from hems.outlook.question import Question
from hems.sim.generated import clear_sky_pu
from hems.sim.traces import CarEvent

SETTLES_S = 1800.0
"""Time constant from what a circuit draws now to what it usually draws."""
UNTIMED_SUN_S = 3600.0
"""For so long the sun is taken to shine on as it does, where no clock tells how high it stands."""
LATITUDE_DEG = 48.0
SKIES = (0.18, 0.45, 0.72)
"""What a poor, a middling and a good day bring of a clear one, over the year in the middle of Europe."""
LOW_SUN_PU = 0.03
"""Below this the present tells nothing about today's clouds."""
MOST_TODAY = 2.0
"""Today may shine so many times as much as such a day usually does."""
POOR, MIDDLING, GOOD = range(3)

CASES: tuple[tuple[float, int], ...] = (
    (1.32, MIDDLING),
    (1.18, POOR),
    (1.09, GOOD),
    (1.00, MIDDLING),
    (0.92, POOR),
    (0.85, GOOD),
    (0.76, MIDDLING),
)
"""Multiples of expected use and days of sun, one pair for each seventh of all cases: use spreads by 22 % (log-normal),
and neither always goes with the other.  The middle one is the expected course."""
EXPECTED = (1.0, MIDDLING)


@dataclass(frozen=True)
class Expected:
    """Fulfils `hems.sim.traces.Traces` for times on the daemon's monotonic clock."""

    now_s: float
    utc: datetime | None
    first_w: Mapping[CircuitId, float]
    later_w: Mapping[CircuitId, Sequence[float]]
    """By kind of hour; or one value for all."""
    sun_now: float
    """Part of what is rated that is given now."""
    day: Sequence[float]
    """The same for each hour of such a day, UTC."""
    use: float = 1.0

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """W that its users want."""
        kinds = self.later_w.get(circuit, (0.0,))
        later_w = kinds[habits.slot(habits.hour_of(self._at(t_s))) if self.utc is not None and len(kinds) > 1 else 0]
        settled = exp(-max(0.0, t_s - self.now_s) / SETTLES_S)
        return self.use * (later_w + (self.first_w.get(circuit, later_w) - later_w) * settled)

    def sun_pu(self, t_s: float) -> float:
        """Part of their rating that all panels give."""
        if self.utc is None:
            return self.sun_now if t_s - self.now_s < UNTIMED_SUN_S else 0.0
        at = self._at(t_s)
        today = self._today if at.date() == self.utc.date() else 1.0
        return min(1.0, today * self._usual(at))

    def next_car(self, after_s: float) -> CarEvent | None:
        """Cars stay as they are: who leaves is not known here."""
        return None

    def _at(self, t_s: float) -> datetime:
        assert self.utc is not None
        return self.utc + timedelta(seconds=t_s - self.now_s)

    def _usual(self, at: datetime) -> float:
        """Between the middles of the hours, in a straight line."""
        whole, part = divmod(at.hour + at.minute / 60.0 - 0.5, 1.0)
        low, high = self.day[int(whole) % HOURS], self.day[int(whole + 1) % HOURS]
        return low + (high - low) * part

    @property
    def _today(self) -> float:
        """How much better or worse than such a day today is."""
        usual = self._usual(self._at(self.now_s))
        return 1.0 if usual < LOW_SUN_PU else min(MOST_TODAY, self.sun_now / usual)


def expected(question: Question, use: float = 1.0, sky: int = MIDDLING) -> Expected:
    """What is expected from the present on, on a day of such a sky."""
    site, state, snapshot, now_s = question.site, question.state, question.snapshot, question.now.mono_s
    first_w = demands(site, state, snapshot, now_s)
    on_average = {name: (watts,) for name, watts in usual_w(site, state).items()}
    learned = habits.usual_w(state.habits, site)
    later_w = {name: learned[name] if name in state.habits.loads_w else on_average[name] for name in on_average}
    day = _day(question, sky)
    rated_w = sum(pv.rated_w for pv in site.pvs)
    known = [reading.known(now_s) for reading in snapshot.pvs.values()]
    given = [watts for watts in known if watts is not None]
    unknown = rated_w <= 0.0 or len(given) < len(known) or not known
    utc = question.now.utc
    usual_now = 0.0 if utc is None else day[utc.hour]
    sun_now = usual_now if unknown else max(0.0, sum(given)) / rated_w
    return Expected(now_s, utc, first_w, later_w, sun_now, day, use)


def _day(question: Question, sky: int) -> Sequence[float]:
    """A day's sun by the hour, as a part of what is rated."""
    rated_w = sum(pv.rated_w for pv in question.site.pvs)
    if rated_w > 0.0 and habits.known(question.state.habits):
        return [watts / rated_w for watts in suns_w(question.state.habits)[sky]]
    utc = question.now.utc
    of_year = 80 if utc is None else utc.timetuple().tm_yday
    return [SKIES[sky] * clear_sky_pu(hour + 0.5, of_year, LATITUDE_DEG) for hour in range(HOURS)]
