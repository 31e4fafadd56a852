"""What flows beyond a limit, at the edge of what a meter errs."""

import pytest

from hems.control.dispatch import excess
from hems.control.dispatch.memory import ExcessMemory


@pytest.mark.parametrize(
    ("grid_w", "over_w"),
    [
        pytest.param(None, None, id="nobody can tell"),
        pytest.param(6000.0, 0.0, id="at the limit"),
        pytest.param(6200.0, 0.0, id="as much as a meter errs"),
        pytest.param(6201.0, 201.0, id="more"),
        pytest.param(-3000.0, 0.0, id="at the limit of what is fed in"),
        pytest.param(-3200.0, 0.0, id="fed in, as much as a meter errs"),
        pytest.param(-3201.0, 201.0, id="fed in, more"),
        pytest.param(0.0, 0.0, id="nothing flows"),
    ],
)
def test_two_hundred_watts_are_the_meters_error(grid_w: float | None, over_w: float | None):
    assert excess.over_w(grid_w, 6000.0, 3000.0) == over_w


@pytest.mark.parametrize(
    ("grid_w", "over_w"),
    [(51_000.0, 0.0), (51_001.0, 1001.0), (-20_400.0, 0.0), (-20_401.0, 401.0)],
)
def test_two_percent_of_a_large_limit_are_too_each_way_of_its_own(grid_w: float, over_w: float):
    assert excess.over_w(grid_w, 50_000.0, 20_000.0) == over_w


def test_where_nothing_may_flow_the_other_limit_does_not_widen_it():
    assert excess.over_w(0.0, -500.0, 50_000.0) == 0.0
    assert excess.over_w(-201.0, 50_000.0, 0.0) == 201.0
    assert excess.over_w(0.5, -300.0, 50_000.0) == 300.5


FLOWS = ExcessMemory(since_s=90.0, wh=5.0)


@pytest.mark.parametrize(
    ("before", "above_w", "after"),
    [
        pytest.param(ExcessMemory(), 3600.0, ExcessMemory(since_s=100.0), id="it begins"),
        pytest.param(FLOWS, 3600.0, ExcessMemory(since_s=90.0, wh=15.0), id="it goes on"),
        pytest.param(ExcessMemory(since_s=0.0, wh=5.0), 3600.0, ExcessMemory(since_s=0.0, wh=15.0), id="since boot"),
        pytest.param(FLOWS, 0.0, ExcessMemory(), id="it ends"),
        pytest.param(FLOWS, 0.5, ExcessMemory(since_s=90.0, wh=5.0 + 5 / 3600), id="hardly"),
        pytest.param(FLOWS, None, FLOWS, id="silence"),
        pytest.param(ExcessMemory(), None, ExcessMemory(), id="silence before it"),
    ],
)
def test_an_event_is_counted_from_its_first_look(before: ExcessMemory, above_w: float | None, after: ExcessMemory):
    found = excess.after(before, above_w, 10.0, 100.0)
    assert (found.since_s, found.wh) == (after.since_s, pytest.approx(after.wh))


@pytest.mark.parametrize(
    ("wh", "now_s", "told"),
    [
        pytest.param(0.9, 100.0 + 3600.0, True, id="a moment, an hour after the last"),
        pytest.param(0.9, 99.9 + 3600.0, False, id="a moment, within the hour"),
        pytest.param(1.0, 101.0, True, id="energy, whenever"),
    ],
)
def test_a_moment_is_told_once_in_an_hour(wh: float, now_s: float, told: bool):
    assert excess.worth_telling(ExcessMemory(since_s=90.0, wh=wh, told_s=100.0), now_s) is told


def test_the_first_moment_is_told_and_the_next_event_knows_when():
    assert excess.worth_telling(ExcessMemory(since_s=90.0), 91.0)
    assert excess.over(ExcessMemory(since_s=90.0, wh=5.0, told_s=70.0)) == ExcessMemory(told_s=70.0)
    rests = ExcessMemory(told_s=70.0)
    assert excess.over(rests) is rests
