"""How close the inverter is to its trip, checked with a pencil."""

from dataclasses import replace
from math import exp, inf, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.memory.seeing import EvidenceMemory, GridMemory, TieMemory
from hems.control.overload import (
    beyond,
    deepest_tier,
    dose_after,
    due_s,
    least_w,
    loading,
    loading_that_trips_in,
    on_its_own,
    phase_w,
    too_fast,
    trip_s,
)
from hems.control.params import Params
from hems.model import wiring
from hems.model.cause import Why
from hems.model.mode import Grid, TiePosition
from hems.model.site import Former, Tier
from hems.model.units import SourceId
from tests.control.panel import UNMETERED, on_an_island, snapshot
from tests.given import flats

FORMER = Former(source=SourceId("main"), name="", phase_va=(10_000.0, 10_000.0, 10_000.0))
CURVE, PARAMS = FORMER.curve, Params().overload


@pytest.mark.parametrize(
    ("pu", "seconds"),
    [
        (0.0, inf),
        (1.0, inf),
        (1.1, 600.0),
        (1.25, 60.0),
        (1.5, 10.0),
        (2.0, 1.0),
        # half way in logarithms: sqrt(1.25 * 1.5) pu trips after sqrt(60 * 10) s
        ((1.25 * 1.5) ** 0.5, 600.0**0.5),
        # below the first point towards ten times its time at the rating
        (1.1**0.5, (6000.0 * 600.0) ** 0.5),
        # beyond the last one the last slope goes on
        (2.0 * (2.0 / 1.5), 0.1),
    ],
)
def test_the_trip_time_lies_on_the_curve(pu: float, seconds: float):
    assert trip_s(pu, CURVE) == pytest.approx(seconds)


@given(st.floats(1.001, 3.0), st.floats(1.001, 3.0))
def test_more_load_never_takes_longer_to_trip(one: float, other: float):
    low, high = sorted((one, other))
    assert trip_s(high, CURVE) <= trip_s(low, CURVE)


@given(st.floats(0.2, 5000.0))
def test_the_loading_for_a_trip_time_is_the_curve_the_other_way_round(seconds: float):
    assert trip_s(loading_that_trips_in(seconds, CURVE), CURVE) == pytest.approx(seconds, rel=1e-6)


def test_the_software_loop_gives_up_on_steps_at_about_1_75():
    # three actuations of 1 s; between (1.5, 10) and (2.0, 1): ln pu = ln 1.5 + ln(10/3) / ln 10 * ln(2/1.5)
    limit_pu = exp(log(1.5) + log(10.0 / 3.0) / log(10.0) * log(2.0 / 1.5))
    assert limit_pu == pytest.approx(1.744, abs=0.001)
    assert not too_fast((limit_pu * 9_990.0, 0.0, 0.0), FORMER, PARAMS)
    assert too_fast((0.0, limit_pu * 10_010.0, 0.0), FORMER, PARAMS)
    assert loading_that_trips_in(3.0, CURVE) == pytest.approx(limit_pu)


def test_charging_loads_the_inverter_as_much_as_discharging():
    assert loading((-5_000.0, 12_000.0, 0.0), FORMER) == (0.5, 1.2, 0.0)


WEAK = replace(FORMER, total_w=18_000.0)
"""Its battery gives less than its three phases could."""


def test_what_the_source_gives_together_is_a_limit_like_that_of_a_phase():
    assert loading((8_000.0,) * 3, WEAK) == pytest.approx((24.0 / 18.0,) * 3)
    # one phase alone may still be the worst, and charging asks nothing of the source
    assert loading((12_000.0, 0.0, 0.0), WEAK) == pytest.approx((1.2, 12.0 / 18.0, 12.0 / 18.0))
    assert loading((-9_000.0,) * 3, WEAK) == pytest.approx((0.9,) * 3)
    assert beyond((8_000.0,) * 3, WEAK, 0.8).together == pytest.approx(24_000.0 - 14_400.0)
    assert beyond((8_000.0,) * 3, FORMER).together == -inf


def test_at_half_more_than_rated_the_stages_fall_at_5_7_and_9_seconds_before_the_trip_at_10():
    power_w, dose, now_s = (15_000.0, 5_000.0, 0.0), (0.0, 0.0, 0.0), 0.0
    reached = []
    for _ in range(5):
        due = due_s(dose, power_w, FORMER, PARAMS, now_s)
        dose, now_s = dose_after(dose, power_w, FORMER, PARAMS, due - now_s), due
        reached.append((round(now_s, 3), deepest_tier(max(dose), PARAMS)))
    assert reached == [
        (3.0, None),
        (5.0, None),
        (7.0, Tier.COMFORT),
        (9.0, Tier.ESSENTIAL),
        (9.7, Tier.CRITICAL),
    ]
    assert dose_after((0.0,) * 3, power_w, FORMER, PARAMS, 10.0)[0] == pytest.approx(1.0)


@given(
    st.lists(st.floats(-25_000.0, 25_000.0), min_size=3, max_size=3),
    st.floats(0.0, 0.9),
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20),
)
def test_one_step_and_many_give_the_same_dose(power_w: list[float], dose: float, steps: list[float]):
    once = dose_after((dose,) * 3, power_w, FORMER, PARAMS, sum(steps))
    many: tuple[float, ...] = (dose,) * 3
    for dt_s in steps:
        many = dose_after(many, power_w, FORMER, PARAMS, dt_s)
    assert many == pytest.approx(once, rel=1e-9, abs=1e-12)


def test_an_inverter_that_survives_what_its_curve_does_not_is_taken_to_stand_at_its_trip():
    assert dose_after((0.9, 0.0, 0.0), (30_000.0, 0.0, 0.0), FORMER, PARAMS, 60.0)[0] == 1.0


def test_a_full_dose_cools_in_five_minutes_and_never_below_nothing():
    assert dose_after((1.0, 0.5, 0.1), (0.0, 0.0, 10_000.0), FORMER, PARAMS, 75.0) == pytest.approx((0.75, 0.25, 0.0))


def test_it_is_known_when_it_has_cooled_enough_for_starts():
    due = due_s((0.5, 0.2, 0.0), (9_000.0, 0.0, 0.0), FORMER, PARAMS, 1000.0)
    assert due == pytest.approx(1060.0, abs=1e-3)
    assert max(dose_after((0.5, 0.2, 0.0), (9_000.0, 0.0, 0.0), FORMER, PARAMS, due - 1000.0)) < PARAMS.dose_block
    assert due_s((0.29, 0.0, 0.0), (9_000.0, 0.0, 0.0), FORMER, PARAMS, 1000.0) == inf


@pytest.mark.parametrize(("at", "tier"), [(0.69, None), (0.7, 3), (0.89, 3), (0.9, 2), (0.96, 2), (0.97, 1), (5.0, 1)])
def test_the_dose_reaches_one_tier_after_the_other(at: float, tier: int | None):
    assert deepest_tier(at, PARAMS) == tier


def test_the_power_is_unknown_unless_every_phase_is_known():
    site = flats()
    whole = {wiring.former_phase_w(index): 1000.0 * index for index in range(3)}
    assert phase_w(snapshot(site, whole), site, 0.0) == (0.0, 1000.0, 2000.0)
    assert phase_w(snapshot(site, whole | {wiring.former_phase_w(1): None}), site, 0.0) is None


def test_what_it_bears_at_least_is_what_is_known_of_its_phases():
    whole = {wiring.former_phase_w(index): 1000.0 * index for index in range(3)}
    assert least_w(snapshot(flats(), whole | {wiring.former_phase_w(1): None}), 0.0) == (0.0, 0.0, 2000.0)
    assert least_w(snapshot(flats(), dict.fromkeys(whole)), 0.0) is None


def test_a_phase_that_has_fallen_silent_hides_no_overload_of_another():
    # given an island whose third phase has been overloaded for a moment, and tells nothing any more
    one, two, three = (wiring.former_phase_w(index) for index in range(3))
    made = on_an_island().says(UNMETERED, {one: 2_000.0, two: 2_000.0, three: 11_500.0}).advance(20.0)
    made.says({three: None}).advance(1.0)
    warm, before = made.state.dose[2], made.off()
    assert 0.0 < warm < PARAMS.dose_block
    # when the first bears half as much again as it can
    made.says({one: 15_000.0}).advance(8.0)
    # then circuits go off for it, and what is not known is neither hotter nor cooler
    assert made.off() - before
    assert {one.cause.why for _, one in made.commands() if str(one.role) == "circuits/heat_pump/closed"} >= {
        Why.OVERLOAD
    }
    assert made.state.dose[2] == warm
    # and nothing comes back on that
    made.says({one: 1_000.0}).advance(600.0, every_s=5.0)
    assert made.off() >= before
    assert "heat_pump" in made.off()


def test_a_jump_on_one_phase_is_armed_for_while_another_is_silent():
    made = on_an_island().says({wiring.former_phase_w(2): None}).advance(1.0)
    assert {"overload L1", "overload L2"} <= {one.name for one in made.steps[-1][1].armed}
    made.says({wiring.former_phase_w(index): None for index in range(2)}).advance(1.0)
    assert not {one.name for one in made.steps[-1][1].armed if one.name.startswith("overload")}


@pytest.mark.parametrize(
    ("tie", "grid", "own"),
    [
        (TiePosition.CLOSED, Grid.GOOD, False),
        (TiePosition.CLOSED, Grid.UNKNOWN, False),
        (TiePosition.CLOSED, Grid.DEAD, True),
        *((position, Grid.GOOD, True) for position in TiePosition if position is not TiePosition.CLOSED),
    ],
)
def test_in_doubt_the_former_carries_the_building(tie: TiePosition, grid: Grid, own: bool):
    assert on_its_own(EvidenceMemory(tie=TieMemory(value=tie), grid=GridMemory(value=grid))) is own


def test_a_curve_of_a_data_sheet_is_taken_as_it_is():
    sunny = replace(FORMER, curve=((1.33, 1800.0), (1.52, 300.0), (1.83, 3.0)))
    assert trip_s(1.52, sunny.curve) == pytest.approx(300.0)
    assert loading_that_trips_in(3.0, sunny.curve) == pytest.approx(1.83)


@given(st.floats(0.0, 0.96), st.floats(10_001.0, 30_000.0))
@settings(max_examples=50)
def test_what_is_due_is_a_threshold_that_is_really_crossed(before: float, power_w: float):
    dose = (before, 0.0, 0.0)
    due = due_s(dose, (power_w, 0.0, 0.0), FORMER, PARAMS, 0.0)
    ahead = next(one for one in (0.3, 0.5, 0.7, 0.9, 0.97) if one > before)
    assert ahead <= dose_after(dose, (power_w, 0.0, 0.0), FORMER, PARAMS, due)[0] <= ahead + 1e-3
