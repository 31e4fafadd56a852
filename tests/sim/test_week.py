"""A simulated week leaves nothing behind."""

import gc
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hems.control.params import Params
from hems.sim.plant import Plant
from hems.sim.run import Act, FastForward
from hems.sim.start import Car, StartPoint
from hems.sim.traces import ConstantTraces
from tests.given import flats

DAY_S = 86_400.0
SITE = flats()


@pytest.mark.long
@pytest.mark.timeout(400)  # it is played beside others that take long
def test_a_week_with_a_power_cut_each_day_leaves_nothing_behind():
    # given a building whose grid fails for three hours of every day
    traces = ConstantTraces({one.id: 0.3 * one.typical_w for one in SITE.circuits})
    # whose compressors do not draw a little less every ten seconds for hours after it, each of them worth a tick
    steady = replace(SITE, circuits=tuple(replace(one, thermostatic=False) for one in SITE.circuits))
    plant = Plant(steady, traces, start=StartPoint(battery_soc_pct=90.0, cars={SITE.bays[0].id: Car(soc_pct=80.0)}))
    made = FastForward(SITE, Params(), plant, wall_clock=datetime(2026, 5, 4, tzinfo=UTC), near_s=10.0, watch_s=60.0)

    def day(number: int) -> int:
        begin_s = number * DAY_S
        acts = [Act(begin_s + 30_000.0, Plant.fail_grid), Act(begin_s + 40_800.0, Plant.return_grid)]
        for _ in made.run(begin_s + DAY_S, acts):
            pass
        gc.collect()
        return len(gc.get_objects())

    # when a week goes by
    after = [day(number) for number in range(7)]
    # then the last days hold no more than the first ones, apart from what a building learns by hour and day
    assert max(after[4:]) - max(after[1:3]) < 300
