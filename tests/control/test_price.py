"""The price of stored energy: as by hand where one can, and never lower for having less."""

from dataclasses import replace
from math import e, exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.price import LEAST, MOST, Hour, price

HUGE_WH = 1e9


def nights(count: int, *steps_w: float, expect_h: float = 10.0, every_h: float = 1.0) -> list[Hour]:
    """Hours without sun in which the critical circuits, and these with more and more tiers, always want the same."""
    left_w = tuple(-watts for watts in steps_w)
    return [Hour(exp(-number * every_h / expect_h), every_h, left_w) for number in range(count)]


def test_energy_for_ten_hours_of_a_cut_of_ten_costs_what_critical_circuits_in_ten_hours_are_worth() -> None:
    # given 10 kWh and critical circuits that want 1 kW, in a cut that lasts ten hours more on average
    hours = nights(7200, 1000.0, 1000.0, 1000.0, 1000.0, 1000.0, every_h=0.01)
    # then the last of it is worth 100, times the chance that the cut still lasts after ten hours
    assert price(10_000.0, HUGE_WH, [hours]) == pytest.approx(100.0 / e, rel=0.02)


def test_two_tiers_share_what_there_is_by_their_worth() -> None:
    # given 1 kW of critical and 1 kW of essential circuits; served while e^(-h/10) is 1/100 and 1/30 of the price
    hours = nights(7200, 1000.0, 2000.0, 2000.0, 2000.0, 2000.0, every_h=0.01)
    # then 10 ln(100/20) + 10 ln(30/20) hours of 1 kW take it to 20
    assert price(16_094.0 + 4_055.0, HUGE_WH, [hours]) == pytest.approx(20.0, rel=0.02)


def test_what_will_overflow_anyway_is_free() -> None:
    # given a sun that fills the store within the hour, whatever is served
    sunny = [Hour(1.0, 1.0, (5000.0,) * 5)] * 24
    assert price(8000.0, 10_000.0, [sunny]) == pytest.approx(LEAST, rel=0.01)


def test_a_car_that_comes_home_tonight_makes_energy_cheaper_and_has_room_of_its_own() -> None:
    # given a night, and a car that comes home in the third hour of it
    alone = nights(24, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0)
    coming = [*alone[:3], replace(alone[3], brings_wh=6000.0), *alone[4:]]
    assert price(6000.0, 20_000.0, [coming]) < price(6000.0, 20_000.0, [alone])
    # then it is never cheaper than if that were in the store already, and a full store is not overflowing for it
    assert price(12_000.0, 26_000.0, [alone]) <= price(6000.0, 20_000.0, [coming])
    assert price(9000.0, 10_000.0, [coming]) > LEAST


def test_what_does_not_even_last_for_the_critical_circuits_is_for_them() -> None:
    hours = nights(24, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0, expect_h=1000.0)
    assert price(3000.0, HUGE_WH, [hours]) == pytest.approx(MOST, rel=0.01)
    assert price(-1.0, HUGE_WH, [hours]) == MOST


def test_of_several_days_that_may_come_the_average_counts() -> None:
    dark = nights(72, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0)
    sunny = [Hour(1.0, 1.0, (5000.0,) * 5)] * 24
    alone = price(8000.0, 10_000.0, [dark]), price(8000.0, 10_000.0, [sunny])
    assert price(8000.0, 10_000.0, [dark, sunny]) == pytest.approx(sum(alone) / 2.0)


@settings(max_examples=60, deadline=None)
@given(
    have_wh=st.floats(0.0, 60_000.0),
    more_wh=st.floats(0.0, 20_000.0),
    sun_w=st.lists(st.floats(0.0, 12_000.0), min_size=24, max_size=24),
)
def test_more_energy_never_makes_it_dearer(have_wh: float, more_wh: float, sun_w: list[float]) -> None:
    hours = [
        Hour(exp(-hour / 18.0), 1.0, tuple(sun_w[hour % 24] - 1200.0 * step for step in range(1, 6)))
        for hour in range(72)
    ]
    assert price(have_wh + more_wh, 80_000.0, [hours]) <= price(have_wh, 80_000.0, [hours]) * 1.001
