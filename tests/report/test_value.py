"""The part of a monthly report about money."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hems.model.cause import Cause, Why
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.tariff import DemandCharge, Tariff
from hems.report.value import NOTHING, value_section
from tests.given import flats

BEGINS = datetime(2026, 6, 1, tzinfo=UTC)
SITE = replace(flats(), tariff=Tariff(buy=0.3, demand=(DemandCharge(per_kw=10.0),)))


def day(number: int, **facts: float) -> Event:
    usual = {
        "paid": 10.0, "resting": 12.5, "saved": 2.5, "bought_wh": 30e3, "sold_wh": 5e3, "sun_wh": 20e3,
        "given_wh": 8e3, "taken_wh": 9e3, "peak_w": 9e3, "resting_peak_w": 14e3, "co2_g": 12e3,
        "resting_co2_g": 15e3, "above_pct": 0.4, "seen_s": 86_400.0, "day": date(2026, 6, number).toordinal(),
    }  # fmt: skip
    at = BEGINS + timedelta(days=number)
    return Event(Instant(0.0, at), EventKind.SYSTEM, "value", Cause(Why.DAY_VALUE, {**usual, **facts}))


def test_a_month_is_the_sum_of_its_days_and_its_highest_peak():
    section = value_section(SITE, [day(1), day(2, peak_w=10e3)])
    rows = {row[0]: row[1:] for row in section.rows}
    assert rows["Paid for energy"] == ("20.00 EUR", "25.00 EUR", "5.00 EUR")
    # 14 kW instead of 10, at 10 for a kW
    assert rows["Highest quarter of an hour"] == ("10.0 kW", "14.0 kW", "40.00 EUR")
    assert rows["Used of what the sun gave"][0] == "75%"
    assert rows["Reserve for power cuts"][0] == "never touched"
    assert section.figures


def test_a_peak_counts_in_the_hours_in_which_it_is_paid_for():
    # given a charge for evenings, and a higher peak at another hour
    facts = {"demand_1_w": 6e3, "resting_demand_1_w": 8e3}
    section = value_section(SITE, [day(1, **facts), day(2, **facts, peak_w=30e3, resting_peak_w=30e3)])
    rows = {row[0]: row[1:] for row in section.rows}
    assert rows["Highest quarter of an hour"] == ("30.0 kW", "30.0 kW", "20.00 EUR")


def test_a_reserve_that_was_touched_is_not_passed_over():
    section = value_section(SITE, [day(1), day(2, above_pct=-3.0)])
    assert any("TOUCHED" in row[1] for row in section.rows)


def test_a_month_that_cost_more_says_so():
    section = value_section(SITE, [day(1, paid=13.0)])
    assert section.rows[0][3] == "0.50 EUR more"


def test_without_any_account_it_says_what_is_needed():
    assert value_section(SITE, []).words == (NOTHING,)
