"""What will be drawn in the quarters of an hour ahead; figures to be worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from math import exp

import pytest

from hems.control.dispatch import expected
from hems.control.memory.using import Habits
from hems.model.site import Site, Tier
from hems.model.units import CircuitId
from tests.given import circuit, flats

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
LIFT = CircuitId("lift")


def site() -> Site:
    """A lift of which the habits are known, and a pump of 100 W of which they are not."""
    return replace(flats(), circuits=(circuit("lift", Tier.LIFE_SAFETY, 600.0), circuit("pump", Tier.CRITICAL, 100.0)))


def learned(sun_w: int = 0) -> Habits:
    """On working days 1,000 W more in each hour than in the one before, on others 500 W; the sun from noon to one."""
    rising = tuple(1000 * hour for hour in range(24))
    sun = tuple(sun_w if hour == 12 else 0 for hour in range(24))
    poor = tuple(sun_w // 4 if hour == 12 else 0 for hour in range(24))
    return Habits(loads_w={LIFT: rising + (500,) * 24}, suns_w=(sun, poor, sun))


def test_between_the_middles_of_hours_it_runs_in_straight_lines():
    # the middle of the first quarter of an hour after 8 lies 22:30 minutes before the middle of that hour
    (day, *_) = expected.nets_w(site(), learned(), MONDAY.replace(hour=8), None)
    assert len(day) == 144
    assert day[:6] == pytest.approx([100.0 + 1000.0 * (8.0 + quarter / 4.0 - 0.375) for quarter in range(6)])


def test_before_a_weekend_it_runs_towards_it():
    friday = MONDAY.replace(day=5, hour=23, minute=30)
    (day, *_) = expected.nets_w(site(), learned(), friday, None)
    assert day[0] == pytest.approx(100.0 + 23_000.0 + 0.125 * (500.0 - 23_000.0))


def test_the_sun_is_taken_off_on_a_poor_a_middling_and_a_good_day():
    days = expected.nets_w(site(), learned(4000), MONDAY.replace(hour=12, minute=22, second=30), None)
    assert [day[0] for day in days] == pytest.approx([12_100.0 - 1000.0, 12_100.0 - 4000.0, 12_100.0 - 4000.0])


def test_what_flows_now_gives_way_to_what_is_usual_within_half_an_hour_or_so():
    usual, *_ = expected.nets_w(site(), learned(), MONDAY.replace(hour=8), None)
    found, *_ = expected.nets_w(site(), learned(), MONDAY.replace(hour=8), usual[0] + 2000.0)
    assert found[0] == pytest.approx(usual[0] + 2000.0)
    assert found[2] == pytest.approx(usual[2] + 2000.0 * exp(-1.0))
    assert found[4] == pytest.approx(usual[4] + 2000.0 * exp(-2.0))
