"""Bad quarters of an hour: learned from what was measured above the forecast, hour by hour, and planned with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hems.control.dispatch.expected import STEP_S, nets_w
from hems.control.dispatch.memory import WorseMemory
from hems.control.dispatch.worse import LOWERS, RAISES, after, bad_w, learned
from hems.control.given import Given
from hems.control.memory.seeing import ModeMemory
from hems.control.memory.using import Habits
from hems.control.params import Params
from hems.control.resume import resumed
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.instant import Instant
from hems.model.mode import Mode
from tests.control.dispatch.street import MAIN, connected_site
from tests.control.panel import snapshot

SITE = connected_site()
KNOWN = Habits(loads_w={one.id: (500,) * 48 for one in SITE.circuits}, suns_w=((0,) * 24,) * 3)
USUAL_W = 500.0 * len(SITE.circuits)
SIX = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
QUARTER = int(SIX.timestamp() // 900)


def test_a_worse_quarter_is_learned_quickly_and_forgotten_slowly():
    # given circuits that usually draw 7 kW, and a quarter with 3 kW more
    once = learned((), SITE, KNOWN, QUARTER, USUAL_W + 3000.0)
    assert once[18] == pytest.approx(RAISES * 3000.0)
    assert sum(once) == once[18]
    # then a usual one takes little of that back, and one that is still better never makes it less than usual
    again = learned(once, SITE, KNOWN, QUARTER + 1, USUAL_W)
    assert again[18] == pytest.approx(once[18] * (1.0 - LOWERS))
    assert learned((), SITE, KNOWN, QUARTER, USUAL_W - 4000.0)[18] == 0.0


def test_nine_of_ten_quarters_stay_below_what_is_learned():
    watts: tuple[float, ...] = ()
    for turn in range(400):
        watts = learned(watts, SITE, KNOWN, QUARTER, USUAL_W + 10.0 * (turn * 37 % 100))
    assert 650.0 <= watts[18] <= 850.0


def looks(house_w: list[float], every_s: float, state: ControlState, begins: datetime = SIX) -> WorseMemory:
    """The memory after looks at what circuits draw, the first at `begins`."""
    found = WorseMemory()
    for turn, watts in enumerate(house_w):
        now = Instant(turn * every_s, begins + timedelta(seconds=turn * every_s))
        seen = snapshot(SITE, {wiring.GRID_POWER: watts - 1000.0, wiring.battery_power(MAIN): 1000.0}, now.mono_s)
        found = after(Given(SITE, seen, Params(), now), state, found, every_s)
    return found


@pytest.mark.parametrize(("every_s", "count"), [(900.0, 2), (300.0, 4), (60.0, 16)])
def test_the_mean_of_a_whole_quarter_counts_however_often_hems_looks(every_s: float, count: int):
    state = replace(initial(0.0), habits=KNOWN)
    # what is seen at the first instant of the next quarter belongs to that one
    found = looks([USUAL_W + 2000.0] * (count - 1) + [40_000.0], every_s, state)
    assert found.watts[18] == pytest.approx(RAISES * 2000.0, abs=0.1)


def test_a_quarter_of_which_little_was_seen_and_an_island_teach_nothing():
    state = replace(initial(0.0), habits=KNOWN)
    assert looks([20_000.0] * 8, 60.0, state, SIX + timedelta(seconds=500.0)).watts == ()
    island = replace(state, mode=ModeMemory(mode=Mode.ISLANDED))
    assert looks([20_000.0] * 17, 60.0, island).watts == ()
    assert looks([20_000.0] * 17, 60.0, replace(state, habits=Habits())).watts == ()


def test_the_quarters_ahead_are_as_bad_as_their_hours_and_no_better_than_what_flows_now():
    worse = WorseMemory(watts=tuple(2000.0 if hour == 19 else 0.0 for hour in range(24)))
    poor_w = nets_w(SITE, KNOWN, SIX, USUAL_W + 6000.0)[0]
    found = bad_w(worse, SITE, KNOWN, SIX, poor_w, STEP_S)
    assert found[:4] == poor_w[:4]
    assert found[0] == pytest.approx(USUAL_W + 6000.0)
    assert found[4:8] == [pytest.approx(max(USUAL_W + 2000.0, watts)) for watts in poor_w[4:8]]
    assert bad_w(WorseMemory(), SITE, KNOWN, SIX, poor_w, STEP_S) == poor_w


def test_what_was_learned_survives_a_restart():
    state = initial(0.0)
    saved = replace(state, connection=replace(state.connection, worse=WorseMemory(watts=(1.0,) * 24, house_w=5.0)))
    assert resumed(saved, shift_s=0.0, now_s=9.0).connection.worse == WorseMemory(watts=(1.0,) * 24)
