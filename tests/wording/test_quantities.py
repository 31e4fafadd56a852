"""Quantities are said as a caretaker says them."""

from datetime import UTC, datetime, timedelta
from math import inf, nan
from zoneinfo import ZoneInfo

import pytest

from hems.wording import clock_time, duration, hours, kw, kwh, percent, until


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.42, "0.4 s"),
        (5, "5 s"),
        (42.4, "42 s"),
        (60, "1 min"),
        (90, "90 s"),
        (300, "5 min"),
        (330, "5 min 30 s"),
        (3599, "59 min"),
        (5100, "1 h 25 min"),
        (7200, "2 h"),
        (273600, "3 days 4 h"),
        (-5, "0 s"),
        (inf, "??"),
        (None, "??"),
    ],
)
def test_a_duration(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0.8, "48 min"), (2.5, "2 h 30 min"), (14.4, "14 h"), (inf, "more than a week"), (nan, "??")]
)
def test_an_estimate_in_hours(count, said):
    assert hours(count) == said


def test_power_energy_and_percent_know_what_they_do_not_know():
    assert [kw(3140.0), kw(-500.0), kw(None), kw(nan)] == ["3.1 kW", "0.5 kW", "??", "??"]
    assert [kwh(57_300.0), kwh(5_640.0), kwh(None)] == ["57 kWh", "5.6 kWh", "??"]
    assert [percent(49.6), percent(None)] == ["50%", "??"]


def test_a_time_of_day_is_local_and_names_the_day_when_it_is_another():
    # given an evening in Dublin, in summer
    zone = ZoneInfo("Europe/Dublin")
    now = datetime(2026, 7, 17, 20, 30, tzinfo=UTC)

    # when an hour of tonight and one of tomorrow are said
    tonight, tomorrow = now + timedelta(hours=1), now + timedelta(hours=7)

    # then the clock is local, and tomorrow has its name
    assert clock_time(tonight, now, zone) == "22:30"
    assert until(tomorrow, now, zone) == "until Sat 04:30"
