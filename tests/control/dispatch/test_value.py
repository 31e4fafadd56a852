"""The account of a day: what was paid, and what would have been with batteries at rest."""

from dataclasses import replace

import pytest

from hems.control.dispatch.memory import DayMemory, Side
from hems.control.dispatch.value import account
from hems.model.cause import Why
from hems.model.tariff import DemandCharge, Rate, Tariff, Window
from hems.wording import sentence
from tests.control.dispatch.street import Street, connected_site

TARIFF = Tariff(buy=0.30, sell=0.05, rates=(Rate(window=Window(from_h=18.0, to_h=22.0), buy=0.60),), co2_g=400.0)


def a_day(**more: float) -> Street:
    """From a quarter past noon until after midnight, the building drawing 6 kW."""
    street = Street(replace(connected_site(), tariff=TARIFF), house_w=6000.0, **more)
    return street.lives(12 * 3600 + 600, every_s=60)


def test_a_day_tells_what_it_cost_and_what_it_would_have():
    # given a day in which the battery serves 6 kW
    street = a_day(soc_pct=80.0)
    # when it is over
    told = [event for _, step in street.steps for event in step.events if event.cause.why is Why.DAY_VALUE]
    # then it has been accounted for once
    assert len(told) == 1
    facts = told[0].cause.facts
    # by pencil: 6 kW from 12:00 on, of which four hours at 0.60; the first minutes belong to nobody
    assert facts["resting"] == pytest.approx(6.0 * (7.75 * 0.30 + 4.0 * 0.60), rel=0.05)
    # a battery whose charge never falls serves all of it
    assert facts["given_wh"] == pytest.approx(6000.0 * 11.8, rel=0.05)
    assert facts["saved"] == pytest.approx(facts["resting"], rel=0.02)
    assert facts["resting_peak_w"] == pytest.approx(6000.0, rel=0.01)
    assert facts["above_pct"] >= -0.1
    assert facts["resting_co2_g"] == pytest.approx(6.0 * 11.8 * 400.0, rel=0.05)


def test_a_demand_charge_has_its_own_peak_of_its_own_hours():
    evening = DemandCharge(per_kw=10.0, window=Window(from_h=18.0, to_h=22.0))
    memory = DayMemory(day=1, quarter=4 * 12, real=Side(quarter_wh=5000.0), seen_s=900.0)
    # 20 kW at noon are not paid for, 8 kW in the evening are
    noon = account(memory, replace(TARIFF, demand=(evening,))).facts
    assert (noon["peak_w"], noon["demand_1_w"]) == (20_000, 0)
    later = account(replace(memory, quarter=4 * 19, real=Side(quarter_wh=2000.0)), replace(TARIFF, demand=(evening,)))
    assert (later.facts["peak_w"], later.facts["demand_1_w"]) == (8000, 8000)


def test_it_is_told_in_words_a_caretaker_understands():
    street = a_day(soc_pct=80.0)
    cause = next(event.cause for _, step in street.steps for event in step.events if event.cause.why is Why.DAY_VALUE)
    text = sentence(cause)
    assert "paid for energy" in text
    assert "6.0 kW" in text


def test_what_is_not_measured_is_in_neither_account():
    street = Street(replace(connected_site(), tariff=TARIFF), house_w=6000.0)
    before = street.state.day.seen_s
    street.blind = True
    street.lives(600, every_s=30)
    assert street.state.day.seen_s - before < 60.0


def test_a_battery_that_a_power_cut_left_below_its_reserve_has_not_touched_it():
    street = Street(replace(connected_site(), tariff=TARIFF), house_w=6000.0)
    street.soc_pct = 30.0
    street.lives(120, every_s=60)  # it was giving, and stops
    street.state = replace(street.state, day=replace(street.state.day, least_above_pct=100.0))
    street.lives(1200, every_s=60)
    assert street.battery_w <= 0.0
    assert street.state.day.least_above_pct >= 0.0


def test_without_a_tariff_nothing_is_accounted_for():
    street = Street(connected_site(), house_w=6000.0).lives(120, every_s=30)
    assert street.state.day.seen_s == 0.0


def test_what_was_saved_is_what_it_would_have_cost_less_what_was_paid():
    memory = DayMemory(day=1, real=Side(cost=3.25), resting=Side(cost=5.5), seen_s=900.0)
    assert account(memory, TARIFF).facts["saved"] == 2.25
    assert account(replace(memory, real=Side(cost=7.0)), TARIFF).facts["saved"] == -1.5
