"""A flexible connection whose limits go by the hour."""

from datetime import datetime

import pytest

from hems.control.dispatch.memory import Hours
from hems.control.dispatch.schedule import due_s, hours
from hems.model import wiring
from hems.model.cause import Why
from hems.model.site import Site
from hems.model.supply import LimitHours
from hems.model.tariff import Days, Window
from hems.model.units import SourceId
from tests.control.dispatch.street import Street, connected_site

EVENING = LimitHours(window=Window(from_h=17.0, to_h=20.0, days=Days.WORKING), import_max_w=12_000.0)
NIGHT = LimitHours(window=Window(from_h=19.0, to_h=6.0), import_max_w=20_000.0, export_max_w=0.0)
# the street's clock begins at noon, and needs a quarter of an hour to come to rest
SOON = LimitHours(window=Window(from_h=12.0 + 20 / 60, to_h=12.0 + 25 / 60), import_max_w=9000.0)


def scheduled(*schedule: LimitHours) -> Site:
    return connected_site(schedule=schedule)


@pytest.mark.parametrize(
    ("local", "import_w", "export_w"),
    [
        (datetime(2026, 6, 1, 16, 59), None, None),  # a Monday
        (datetime(2026, 6, 1, 17, 0), 12_000.0, None),
        (datetime(2026, 6, 1, 19, 30), 12_000.0, 0.0),  # the least of both
        (datetime(2026, 6, 1, 20, 0), 20_000.0, 0.0),
        (datetime(2026, 6, 6, 17, 30), None, None),  # a Saturday
        (datetime(2026, 6, 7, 3, 0), 20_000.0, 0.0),
        (None, 12_000.0, 0.0),  # a clock that is lost lifts nothing
    ],
)
def test_all_hours_that_fit_hold_and_the_least_of_them_counts(
    local: datetime | None, import_w: float | None, export_w: float | None
):
    assert hours(scheduled(EVENING, NIGHT), local) == Hours(import_w=import_w, export_w=export_w)


def test_a_tick_is_due_when_hours_begin_and_end():
    site = scheduled(EVENING)
    assert sorted(due_s(site, datetime(2026, 6, 1, 16, 30), 1000.0)) == pytest.approx(
        [1000.0 + 1800.0, 1000.0 + 3.5 * 3600.0]
    )
    assert sorted(due_s(site, datetime(2026, 6, 1, 20), 0.0)) == pytest.approx([21.0 * 3600.0, 24.0 * 3600.0])
    assert due_s(site, None, 0.0) == []


def test_when_its_hour_comes_cars_pause_and_the_battery_keeps_the_limit_until_the_hour_is_over():
    # given a car that charges beside 15 kW of circuits at a quarter past twelve
    street = Street(scheduled(SOON), house_w=15_000.0).plug("bay_1").lives(60)
    assert street.car_w("bay_1") < -8000.0
    # when it is twenty past
    street.lives(240, every_s=5).lives(6)
    # then the limit is kept, and the car hears whose it is
    assert street.grid_w <= 9000.0 + street.params.car.deadband_w
    assert street.car_w("bay_1") == 0.0
    assert street.state.sent[wiring.bay_power(SourceId("bay_1"))].cause.why is Why.LIMIT_HOURS
    # and five minutes later it charges again
    assert street.lives(320, every_s=5).car_w("bay_1") < -8000.0


def test_while_nobody_knows_the_time_the_limit_holds():
    street = Street(scheduled(SOON), house_w=15_000.0).plug("bay_1").lives(30)
    street.clock = False
    street.lives(10)
    assert street.grid_w <= 9000.0 + street.params.car.deadband_w
