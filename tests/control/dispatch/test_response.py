"""Frequency response: by droop or in one step, within a second, never below the reserve, never fed in unpermitted."""

from typing import Any

import pytest

from hems.control.dispatch.response import power_w
from hems.control.due import watch_for
from hems.model import wiring
from hems.model.cause import Why
from hems.model.supply import FrequencyService
from hems.model.units import PointId
from tests.control.dispatch.street import MAIN, Street, connected_site
from tests.control.panel import utility

ROLE = wiring.battery_power(MAIN)
DROOP = FrequencyService(most_w=10_000.0, dead_hz=0.02, full_hz=0.2)
STEP = FrequencyService(most_w=10_000.0, dead_hz=0.1, step=True)


@pytest.mark.parametrize(
    ("service", "away_hz", "asked_w"),
    [
        (DROOP, 0.0, 0.0),
        (DROOP, -0.02, 0.0),
        (DROOP, -0.11, 5000.0),
        (DROOP, -0.5, 10_000.0),
        (DROOP, 0.11, -5000.0),
        (STEP, -0.09, 0.0),
        (STEP, -0.11, 10_000.0),
        (STEP, 0.11, -10_000.0),
    ],
)
def test_droop_is_in_proportion_and_a_step_is_all_of_it(service, away_hz, asked_w):
    assert power_w(service, away_hz) == pytest.approx(asked_w)


def resting(soc_pct: float = 80.0, **grid: Any) -> Street:
    """A sunny building whose battery is nearly full: at 50 Hz it takes what the sun leaves, which is nothing."""
    return Street(connected_site(frequency=DROOP, **grid), house_w=0.0, soc_pct=soc_pct).lives(20)


def at(street: Street, hz: float, seconds: int = 1) -> Street:
    return street.says(utility(230.0, hz)).lives(seconds)  # type: ignore[return-value]


def test_a_low_frequency_is_answered_within_a_second():
    street = resting(export_permitted=True)
    assert street.battery_w == 0.0
    at(street, 49.8)
    assert street.battery_w == pytest.approx(10_000.0)
    assert street.state.sent[ROLE].cause.why is Why.FREQUENCY
    # and is over when the frequency is back
    at(street, 50.0, 20)
    assert abs(street.battery_w) < 700.0


def test_a_high_one_too():
    street = at(resting(), 50.2)
    assert street.battery_w == pytest.approx(-10_000.0)


def test_without_permission_nothing_is_fed_in():
    street = at(resting(), 49.8, 5)
    assert street.battery_w == 0.0
    # but what the building draws may come from the battery
    street.house_w = 4000.0
    street.lives(10)
    assert 3500.0 <= street.battery_w <= 4300.0


def test_the_reserve_is_not_given_for_it():
    assert at(resting(59.0, export_permitted=True), 49.8, 5).battery_w <= 0.0


def test_a_limit_stands_above_it():
    street = at(resting(import_max_w=4000.0), 50.5, 10)
    assert street.battery_w >= -4000.0 - street.params.car.deadband_w


def test_what_it_takes_for_the_grid_stays_inside_what_the_connection_may_draw():
    # given circuits that draw 1 kW of the 4 that were agreed
    street = resting(import_max_w=4000.0)
    street.house_w = 1000.0
    street.lives(10)
    # when the frequency asks the battery to take 4.4 kW
    at(street, 50.1, 5)
    # then it takes what the connection leaves
    assert street.state.sent[ROLE].cause.why is Why.FREQUENCY
    assert 3900.0 <= street.grid_w <= 4000.0 + street.params.car.deadband_w


def test_what_it_gives_for_the_grid_stays_inside_what_may_be_fed_in():
    street = at(resting(export_permitted=True, export_max_w=3000.0), 49.8, 10)
    assert -3000.0 - street.params.car.deadband_w <= street.grid_w <= -2900.0


def test_a_frequency_that_nobody_measures_asks_for_nothing():
    street = resting(export_permitted=True)
    for point in ("street", "bus"):
        street.says({wiring.frequency(PointId(point)): None})
    assert street.lives(1).battery_w == 0.0


def test_leaving_the_dead_band_is_worth_a_tick_at_once():
    roles = {trigger.role for trigger in watch_for(connected_site(frequency=DROOP))}
    assert wiring.frequency(PointId("street")) in roles
