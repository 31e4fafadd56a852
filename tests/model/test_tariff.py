"""What energy costs at a local time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hems.model.prices import Prices, Slot
from hems.model.tariff import Days, DemandCharge, Rate, Tariff, Window, ahead, demand_per_kw, price_at

NIGHT = Rate(window=Window(from_h=22.0, to_h=6.0), buy=0.20)
EVENING = Rate(window=Window(from_h=17.0, to_h=21.0, days=Days.WORKING, months=(11, 12, 1, 2)), buy=0.45, sell=0.12)
USUAL = Tariff(buy=0.30, sell=0.08, rates=(EVENING, NIGHT), holidays=frozenset({"12-25", "2026-11-04"}))
BEGINS = datetime(2026, 11, 2, tzinfo=UTC)


def at(day: int, hour: float, month: int = 11) -> datetime:
    return datetime(2026, month, day) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("when", "buy"),
    [
        (at(2, 12.0), 0.30),  # a Monday at noon
        (at(2, 17.0), 0.45),  # its evening
        (at(2, 21.0), 0.30),  # the end of a window is outside
        (at(2, 23.5), 0.20),
        (at(3, 5.99), 0.20),  # through midnight
        (at(3, 6.0), 0.30),
        (at(7, 18.0), 0.30),  # a Saturday
        (at(4, 18.0), 0.30),  # a holiday of that year
        (at(25, 18.0, 12), 0.30),  # a holiday of each year
        (at(6, 18.0, 7), 0.30),  # another season
    ],
)
def test_time_of_use_knows_hours_days_holidays_and_seasons(when, buy):
    assert price_at(USUAL, when).buy == buy


def test_what_is_paid_for_energy_fed_in_is_the_rates_where_it_has_one():
    assert price_at(USUAL, at(2, 18.0)).sell == 0.12
    assert price_at(USUAL, at(2, 23.0)).sell == 0.08


def test_a_window_through_midnight_belongs_to_the_day_on_which_it_began():
    friday_night = Tariff(buy=0.3, rates=(Rate(window=Window(from_h=22.0, to_h=6.0, days=Days.WORKING), buy=0.1),))
    assert price_at(friday_night, at(7, 3.0)).buy == 0.1  # early on Saturday
    assert price_at(friday_night, at(9, 3.0)).buy == 0.3  # early on Monday, after Sunday


def told(*buy: float | None, sell: float | None = None) -> Prices:
    first_s = BEGINS.timestamp()
    slots = (
        Slot(begins_s=first_s + 3600.0 * hour, ends_s=first_s + 3600.0 * (hour + 1), buy=one, sell=sell, co2_g=100.0)
        for hour, one in enumerate(buy)
    )
    return Prices(source="exchange", told_s=first_s, slots=tuple(slots))


def test_a_told_price_becomes_what_is_paid_by_factor_and_adder():
    tariff = Tariff(dynamic=True, factor=1.2, adder=0.15, sell=None)
    price = price_at(tariff, at(2, 1.5), told(0.10, 0.20), BEGINS + timedelta(hours=0.5))
    assert price.buy == pytest.approx(0.27)
    assert price.sell == 0.10


@pytest.mark.parametrize("utc", [BEGINS + timedelta(hours=5), BEGINS - timedelta(hours=1), None])
def test_a_price_that_nobody_has_told_is_unknown_and_never_nothing(utc):
    price = price_at(Tariff(dynamic=True), at(2, 12.0), told(0.1), utc)
    assert price.buy is None
    assert price.cost is None


def test_a_gap_among_told_prices_is_unknown():
    price = price_at(Tariff(dynamic=True), at(2, 1.5), told(0.1, None, 0.2), BEGINS + timedelta(hours=1.5))
    assert price.buy is None


def test_where_a_price_is_given_for_that_it_stands_in_for_one_that_was_not_told():
    assert price_at(Tariff(dynamic=True, buy=0.33), at(2, 12.0), None, BEGINS).buy == 0.33


def test_co2_counts_only_as_far_as_it_is_given_a_weight():
    clean = Tariff(buy=0.30, sell=0.10, co2_g=400.0)
    assert price_at(clean, at(2, 12.0)).cost == 0.30
    weighed = price_at(replace(clean, co2_per_kg=0.2), at(2, 12.0))
    assert weighed.cost == pytest.approx(0.38)
    assert weighed.gain == pytest.approx(0.18)


def test_a_demand_charge_counts_in_its_hours():
    tariff = Tariff(
        buy=0.2, demand=(DemandCharge(per_kw=9.0, window=Window(from_h=8.0, to_h=20.0)), DemandCharge(per_kw=2.0))
    )
    assert demand_per_kw(tariff, at(2, 12.0)) == 11.0
    assert demand_per_kw(tariff, at(2, 21.0)) == 2.0


def test_the_steps_ahead_are_priced_by_their_middles_on_the_local_clock():
    # given a rate that begins at 17 in a place two hours ahead of UTC, at twenty to three by UTC
    found = ahead(USUAL, BEGINS + timedelta(hours=14, minutes=40), timedelta(hours=2), None, 3, 900.0)
    # then the second quarter of an hour is the first that is in it by its middle
    assert [one.buy for one in found] == [0.30, 0.45, 0.45]
