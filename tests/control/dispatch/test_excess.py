"""What flows beyond a limit: what a meter's error is, and what is counted."""

from dataclasses import replace

import pytest

from hems.control.dispatch.excess import AGAIN_S, after, over, over_w, worth_telling
from hems.control.dispatch.memory import ExcessMemory


@pytest.mark.parametrize(
    ("grid_w", "above_w"),
    [
        (5000.0, 0.0),
        (5200.0, 0.0),  # as much as a meter errs
        (5201.0, 201.0),
        (-20_000.0, 0.0),
        (-20_400.0, 0.0),  # of a larger limit the fiftieth part
        (-20_401.0, 401.0),
        (None, None),
    ],
)
def test_beyond_a_limit_is_what_no_meters_error_explains(grid_w: float | None, above_w: float | None):
    assert over_w(grid_w, 5000.0, 20_000.0) == above_w


def test_it_is_counted_from_its_first_look_until_nothing_is_beyond():
    begun = after(ExcessMemory(), 1800.0, 10.0, 100.0)
    assert begun == ExcessMemory(since_s=100.0, wh=0.0)
    later = after(begun, 1800.0, 10.0, 110.0)
    assert later == ExcessMemory(since_s=100.0, wh=5.0)
    assert after(later, None, 10.0, 120.0) == later
    assert after(later, 0.0, 10.0, 120.0) == ExcessMemory()


def test_a_moments_excess_is_told_once_an_hour_and_energy_each_time():
    moment, energy = ExcessMemory(since_s=99.0, wh=0.9), ExcessMemory(since_s=90.0, wh=1.0)
    # given that nobody has been told of anything, both are told
    assert worth_telling(moment, 100.0)
    # and soon after it only what a meter counts
    told = {"told_s": 100.0}
    assert not worth_telling(replace(moment, **told), 99.0 + AGAIN_S)
    assert worth_telling(replace(moment, **told), 100.0 + AGAIN_S)
    assert worth_telling(replace(energy, **told), 101.0)


def test_an_event_that_is_over_leaves_when_somebody_was_told():
    assert over(ExcessMemory(since_s=90.0, wh=3.0, told_s=50.0)) == ExcessMemory(told_s=50.0)
    quiet = ExcessMemory(told_s=50.0)
    assert after(quiet, 0.0, 1.0, 100.0) is quiet
    assert after(quiet, 500.0, 1.0, 100.0) == ExcessMemory(since_s=100.0, told_s=50.0)
