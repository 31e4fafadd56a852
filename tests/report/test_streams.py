"""Where a month's savings come from, for people."""

from dataclasses import replace

import pytest

from hems.control.dispatch.memory import CarsMemory, DayMemory, Side
from hems.control.dispatch.value import account, saved
from hems.model.tariff import DemandCharge, Tariff
from hems.report.streams import mean_price, steps, streams_section
from hems.report.value import in_short, value_section, value_sections
from tests.given import flats
from tests.report.test_value import day

TARIFF = Tariff(buy=0.3, demand=(DemandCharge(per_kw=10.0),))
SITE = replace(
    flats(),
    tariff=TARIFF,
    batteries=tuple(replace(one, wear_per_kwh=0.05) for one in flats().batteries),
    bays=tuple(replace(one, wear_per_kwh=0.08) for one in flats().bays),
)
USUAL = {"charging": 13.0, "at_once": 16.0, "charging_peak_w": 15e3, "at_once_peak_w": 25e3, "cars_given_wh": 2e3}
TWO = [
    {key: float(value) for key, value in one.cause.facts.items()}
    for one in (day(1, **USUAL, cars_more_wh=-6e3), day(2, **USUAL, cars_more_wh=3e3))
]
PRICE = 20.0 / 60.0
"""What was paid on both days, for what was bought."""


def test_each_step_is_what_it_saved_of_energy_peak_and_wear_and_all_of_them_are_the_whole():
    later, gave, batteries = steps(SITE, TARIFF, TWO)
    assert mean_price(TWO) == pytest.approx(PRICE)
    # two days of 3.00, 25 kW that became 15 at 10 for a kW, and 3 kWh less in cars than there would have been
    assert (later.energy, later.peak, later.wear) == pytest.approx((6.0, 100.0, 0.0))
    assert later.stored == pytest.approx(-3.0 * PRICE)
    assert later.saved == pytest.approx(106.0 - 3.0 * PRICE)
    # 4 kWh at 0.08
    assert (gave.energy, gave.peak, gave.wear) == pytest.approx((1.0, 10.0, 0.32))
    assert gave.saved == pytest.approx(10.68)
    # 16 kWh at 0.05
    assert (batteries.energy, batteries.peak, batteries.wear) == pytest.approx((5.0, 50.0, 0.8))
    rows = {row[0]: row[1:] for row in streams_section(SITE, TARIFF, TWO).rows}
    assert rows["Cars give to the building"] == ("1.00", "10.00", "-0.32", "0.00", "10.68")
    assert rows["All"][-1] == f"{later.saved + gave.saved + batteries.saved:.2f}"


def test_days_that_were_told_before_cars_were_accounted_for_count_for_batteries_alone():
    old = {key: float(value) for key, value in day(3).cause.facts.items()}
    later, gave, batteries = steps(SITE, TARIFF, [old])
    assert (later.saved, gave.saved) == (0.0, 0.0)
    assert batteries.energy == pytest.approx(2.5)
    # and take nothing away from what cars saved on the others, bought at the same price
    assert steps(SITE, TARIFF, [*TWO, old])[0].saved == pytest.approx(steps(SITE, TARIFF, TWO)[0].saved)


def test_a_day_so_far_is_told_as_its_month_will_tell_it_but_for_peaks():
    # given what a day has come to
    def side(cost: float) -> Side:
        return Side(cost=cost, bought_wh=30e3, peak_w=9e3)

    cars = CarsMemory(given_wh=2000.0, more_wh=-6000.0)
    memory = DayMemory(
        day=1, seen_s=900.0, real=side(10.0), resting=side(12.5), charging=side(13.0), at_once=side(16.0), cars=cars,
        given_wh=8000.0,
    )  # fmt: skip
    # when it is told by itself, and as the only day of a month
    by = saved(SITE, memory)
    facts = {key: float(value) for key, value in account(memory, TARIFF).facts.items()}
    # then both say the same, and they are nothing where there is nothing
    assert [*by] == pytest.approx([one.saved for one in steps(SITE, TARIFF, [facts])])
    assert by.later == pytest.approx(3.0 - 6.0 * 10.0 / 30.0)
    assert saved(SITE, DayMemory()) == (0.0, 0.0, 0.0)


def test_it_stands_in_a_month_in_which_any_day_knew_of_cars():
    assert [one.heading for one in value_sections(SITE, [day(1), day(2, **USUAL)])] == [
        "What it was worth",
        "Where it comes from",
    ]
    assert len(value_sections(SITE, [day(1)])) == 1
    assert len(value_sections(SITE, [])) == 1
    assert len(value_sections(replace(SITE, tariff=None), [day(1, **USUAL)])) == 1


def test_a_caretaker_reads_at_once_what_the_month_has_saved_in_all():
    months = [day(1, **USUAL, cars_more_wh=-6e3), day(2, **USUAL, cars_more_wh=3e3)]
    whole = sum(one.saved for one in steps(SITE, TARIFF, TWO))
    assert in_short(SITE, months) == (f"HEMS saved {whole:.2f} EUR.",)
    # without cars it is what batteries saved, less their wear
    assert in_short(SITE, [day(1)]) == ("HEMS saved 52.10 EUR.",)
    assert in_short(SITE, [day(1, paid=70.0)]) == ("HEMS cost 7.90 EUR more than it saved.",)
    assert in_short(SITE, []) == ()
    assert in_short(replace(SITE, tariff=None), months) == ()
    # and what cars gave stands beside what batteries gave
    rows = {row[0]: row[1] for row in value_section(SITE, months).rows}
    assert rows["Given by cars on the grid"] == "4.0 kWh"
    assert "Given by cars on the grid" not in {row[0] for row in value_section(SITE, [day(1)]).rows}


def test_where_nothing_was_bought_nothing_has_a_price():
    assert mean_price([{"paid": 0.0, "bought_wh": 0.0}]) == 0.0
    assert mean_price([{"paid": -2.0, "bought_wh": 1000.0}]) == 0.0
