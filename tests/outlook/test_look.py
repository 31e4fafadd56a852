"""The next days: what the look ahead finds, and what a wish would change."""

from dataclasses import replace
from datetime import UTC, datetime
from math import inf

import pytest

from hems.model.foresight import Foresight
from hems.model.instant import Instant
from hems.model.mode import Bus, Mode
from hems.model.request import Want
from hems.model.site import Tier
from hems.model.units import CircuitId
from hems.outlook.course import course
from hems.outlook.expected import expected
from hems.outlook.look import looked, span, what_if
from hems.outlook.question import Question, simulated
from tests.outlook.given import SITE, asked, present


def foresight(question: Question) -> Foresight:
    *_, seen = looked(question)
    assert seen is not None
    return seen


@pytest.fixture(scope="module")
def outage() -> Question:
    return present(fails=True)


@pytest.fixture(scope="module")
def seen(outage: Question) -> Foresight:
    return foresight(outage)


def test_the_hours_of_each_group_are_a_range_and_the_more_important_lasts_longer(seen: Foresight):
    assert not seen.grid_fails
    for one in seen.tiers:
        earliest, expected, latest = one.hours
        assert 0.0 < earliest < expected < latest
    by_tier = {one.tier: one.hours[1] for one in seen.tiers}
    assert by_tier[Tier.LIFE_SAFETY] > by_tier[Tier.CRITICAL] > by_tier[Tier.ESSENTIAL] > by_tier[Tier.COMFORT]
    assert seen.essential[1] == by_tier[Tier.ESSENTIAL]


def test_the_expected_hours_are_those_that_stored_energy_lasts(seen: Foresight, outage: Question):
    # given 80 kWh at nearly 70 % and half of what all circuits draw; tier 4 goes at 50 %, tier 3 at 20 %
    by_tier = {one.tier: one.hours[1] for one in seen.tiers}
    watts = {tier: 0.5 * sum(one.typical_w for one in SITE.circuits if one.tier is tier) for tier in Tier}
    up_to_3_w = sum(watts[tier] for tier in Tier if tier <= Tier.COMFORT) * 1.05
    stored_pct = outage.snapshot.batteries[SITE.batteries[0].id].soc_pct.value
    assert stored_pct is not None
    first_h = (stored_pct - 50.0) * 800.0 / (up_to_3_w + watts[Tier.NON_ESSENTIAL] * 1.05)
    then_h = (50.0 - 20.0) * 800.0 / up_to_3_w
    assert by_tier[Tier.COMFORT] == pytest.approx(first_h + then_h, rel=0.1)


def test_what_goes_next_is_what_goes_first_and_at_its_time(seen: Foresight):
    by_circuit = {one.circuit: one.hours for one in seen.circuits}
    on = {name: hours for name, hours in by_circuit.items() if 0.0 < hours < inf}
    assert seen.next_off
    assert seen.next_off_h == pytest.approx(min(on.values()))
    assert {by_circuit[name] for name in seen.next_off} == {seen.next_off_h}


def test_a_circuit_weighs_what_it_takes_and_life_safety_weighs_nothing(seen: Foresight):
    weighs = {one.circuit: one.weighs_h for one in seen.circuits}
    assert weighs[CircuitId("heat_pump")] > weighs[CircuitId("ventilation")] > 0.0
    assert weighs[CircuitId("lift")] == 0.0


def test_on_the_grid_it_says_what_would_be_if_the_grid_failed_now():
    seen = foresight(present(load=1.0))
    assert seen.grid_fails
    assert CircuitId("hot_water") in seen.off_at_once
    assert {one.circuit: one.hours for one in seen.circuits}[CircuitId("hot_water")] == 0.0
    assert 0.0 < seen.essential[0] <= seen.essential[1] < 24.0


def test_a_building_that_the_sun_covers_has_no_end():
    question = present(load=0.02, battery_pct=90.0, fails=True)
    question = simulated(replace(question, now=Instant(question.now.mono_s, datetime(2026, 6, 20, 12, tzinfo=UTC))))
    *_, one = course(question, expected(question))
    assert one.essential_h(question) == one.dark_h == inf
    assert one.off_h == {}


def test_nothing_is_said_in_the_dark_or_while_the_store_cannot_be_read(outage: Question):
    evidence = outage.state.evidence
    dark = replace(evidence, bus=replace(evidence.bus, value=Bus.DEAD))
    assert list(looked(replace(outage, state=replace(outage.state, evidence=dark)))) == [None]
    late = replace(outage, now=Instant(outage.now.mono_s + 1000.0))  # every reading is too old
    assert list(looked(late)) == [None]


def test_keeping_a_circuit_on_costs_hours_and_keeping_it_off_gains_some(outage: Question):
    assert outage.state.mode.mode is Mode.ISLANDED
    off = what_if(outage, asked(Want.OFF))
    assert off is not None
    assert off.essential_then_h > off.essential_now_h + 0.5
    on = what_if(outage, asked(Want.ON))
    assert on is not None
    assert on.essential_then_h < on.essential_now_h
    assert on.next_off is not None
    assert on.next_off != "heat_pump"


def test_the_range_is_one_case_in_ten_the_middle_and_nine_in_ten():
    assert span([float(n) for n in range(11)]) == (1.0, 5.0, 9.0)


def test_what_is_expected_follows_the_habits_of_the_building_by_the_hour(outage: Question):
    # given a building that knows when its kitchen is used, and has seen four days of sun
    kitchen = CircuitId("kitchen")
    loads = {kitchen: tuple(4000 if hour % 24 == 12 else 100 for hour in range(48))}
    suns = tuple(tuple(n * 1000 if 9 <= hour <= 15 else 0 for hour in range(24)) for n in (3, 6, 9, 12))
    knows = replace(outage.state, habits=replace(outage.state.habits, loads_w=loads, suns_w=suns))
    traces, noon_s = expected(replace(outage, state=knows)), outage.now.mono_s + 16 * 3600.0 + 1800.0
    # then it expects just that, tomorrow at half past twelve
    assert traces.load_w(kitchen, noon_s) == pytest.approx(4000.0, rel=0.01)
    assert traces.load_w(kitchen, noon_s - 3 * 3600.0) == pytest.approx(100.0, rel=0.05)
    poor, good = (expected(replace(outage, state=knows), sky=sky).sun_pu(noon_s) for sky in (0, 2))
    assert 0.0 < poor < traces.sun_pu(noon_s) < good <= 1.0
    assert traces.sun_pu(noon_s - 12 * 3600.0) == 0.0


def test_without_a_clock_no_sun_is_counted_after_an_hour(outage: Question):
    traces = expected(replace(outage, now=Instant(outage.now.mono_s)))
    assert traces.sun_pu(outage.now.mono_s + 7200.0) == 0.0
