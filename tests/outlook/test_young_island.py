"""The first minutes of a power cut: what is said then must not frighten anybody without cause."""

from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

import pytest

from hems.app import installed_drivers
from hems.config.load import load
from hems.control.params import shortened
from hems.model.instant import Instant
from hems.model.units import HOUR_S
from hems.outlook.course import DARK_S, Course, Watch, course
from hems.outlook.expected import POOR, expected
from hems.outlook.question import Question, simulated
from hems.sim.plant import Plant
from hems.sim.rig import load_rig
from hems.sim.run import Act, FastForward
from hems.sim.start import StartPoint
from hems.sim.traces import ConstantTraces
from tests.given import flats

ROOT = Path(__file__).parents[2]
BEGINS, CUT_S = datetime(2026, 11, 21, 16, 7, tzinfo=UTC), 60.0


def after_the_cut(*seconds: float) -> list[Question]:
    """The demonstration's building, so long after it lost its grid."""
    file = load(ROOT / "examples" / "apartments.toml", installed_drivers())
    site, params = file.site, shortened(file.params)
    made = FastForward(site, params, load_rig(ROOT / "hil/rigs/apartments.toml").plant(), wall_clock=BEGINS)
    ahead, seen = list(seconds), []
    for one in made.run(CUT_S + seconds[-1] + 5.0, [Act(CUT_S, Plant.fail_grid)]):
        if ahead and one.t_s >= CUT_S + ahead[0]:
            ahead.pop(0)
            now = Instant(one.t_s, BEGINS + timedelta(seconds=one.t_s))
            state = one.step.state
            question = Question(number=1, site=site, params=params, state=state, snapshot=one.snapshot, now=now)
            seen.append(simulated(question))
    return seen


@pytest.mark.long
def test_a_minute_into_a_cut_the_earliest_time_is_hours_away_and_stays_there():
    # given an evening's cut at 60 % with two cars that give, and a case of more use and poor sun than expected
    hours = []
    for question in after_the_cut(10.0, 60.0, 90.0):
        *_, poor = course(question, expected(question, use=1.18, sky=POOR), essential_only=True)
        hours.append(poor.essential_h(question))
    # then no look sees an end in minutes, and they agree with each other
    assert min(hours) > 2.0
    assert max(hours) - min(hours) < 0.25


def test_a_former_that_trips_and_comes_back_is_no_end_and_one_that_stays_dark_is():
    # given an island
    site = flats(bays=())
    plant = Plant(site, ConstantTraces({one.id: 100.0 for one in site.circuits}), start=StartPoint())
    plant.begin_as_island()
    watch, seen = Watch(site, plant, plant.t_s), Course()

    def passes(seconds: float) -> None:
        until_s = plant.t_s + seconds
        while plant.t_s < until_s:
            plant.step(1.0)
            watch.look(seen)

    # when its former trips after five minutes and starts again by itself
    passes(300.0)
    plant.former.trip()
    passes(60.0)
    # then it has not ended
    assert plant.bus_live
    assert seen.dark_h == inf
    # when it stops for good, it has ended then and not a quarter of an hour later
    plant.former.stop()
    passes(DARK_S + 5.0)
    assert seen.dark_h == pytest.approx(360.0 / HOUR_S, abs=2.0 / HOUR_S)
