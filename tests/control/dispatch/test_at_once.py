"""What cars would do without hems, beside which their worth is told: each charges at once what its driver wants."""

from dataclasses import replace

import pytest

from hems.control.dispatch.memory import CarsMemory, DayMemory, Side
from hems.control.dispatch.value import account, after
from hems.control.given import Given
from hems.model.instant import Instant
from hems.model.tariff import DemandCharge, Tariff, Window
from tests.control.dispatch.street import NOON, Street, connected_site

TARIFF = Tariff(buy=0.30, sell=0.05)
MISSING_WH = 0.30 * 60e3 / 0.9
"""From half full to 80 %, at the socket."""


class Home(Street):
    """One bay, a battery that rests, and a car that does what the test says."""

    def __init__(self) -> None:
        self.does_w = 0.0
        site = connected_site()
        bay = replace(site.bays[0], capacity_wh=60e3, target_pct=80.0, charge_max_w=10e3)
        super().__init__(replace(site, bays=(bay,), tariff=TARIFF), house_w=6000.0, soc_pct=60.0)

    @property
    def battery_w(self) -> float:
        return 0.0

    def car_w(self, bay: str) -> float:
        return self.does_w if bay in self.plugged else 0.0

    @property
    def cars(self) -> CarsMemory:
        assert self.state.day.cars is not None
        return self.state.day.cars


def test_a_car_that_waits_would_have_charged_at_once_as_much_as_its_driver_wants_and_no_more():
    # given a building that draws 6 kW, and a car at 10 kW that waits
    home = Home()
    before = home.state.day.at_once.bought_wh
    home.plug("bay_1").lives(3600, every_s=60)
    # then the meter would have counted both
    assert home.state.day.at_once.bought_wh - before == pytest.approx(16e3, rel=0.05)
    assert home.cars.left_wh["bay_1"] == pytest.approx(MISSING_WH - 10e3, rel=0.05)
    assert home.cars.more_wh == pytest.approx(-10e3, rel=0.05)
    # and after some hours all that it wants, beside circuits
    home.lives(3 * 3600, every_s=60)
    assert home.state.day.at_once.bought_wh - before == pytest.approx(4 * 6e3 + MISSING_WH, rel=0.02)
    assert home.cars.left_wh == {"bay_1": pytest.approx(0.0, abs=1.0)}


def test_what_it_has_charged_in_the_end_is_neither_more_nor_less():
    home = Home()
    home.plug("bay_1").lives(3 * 3600, every_s=60)
    # when it charges later, and the charger shows no more than that
    home.does_w = -10e3
    home.lives(round(MISSING_WH / 10e3 * 3600), every_s=60)
    home.does_w = 0.0
    assert home.cars.more_wh == pytest.approx(0.0, abs=0.03 * MISSING_WH)


def test_the_next_car_wants_its_own():
    home = Home()
    home.plug("bay_1").lives(3 * 3600, every_s=60)
    home.plugged.clear()
    home.lives(300, every_s=30)
    assert home.cars.left_wh == {}
    home.plug("bay_1", soc_pct=70.0).lives(60, every_s=30)
    assert home.cars.left_wh["bay_1"] == pytest.approx(MISSING_WH / 3.0, rel=0.05)


def test_what_a_car_gives_is_no_part_of_what_would_have_been_if_it_had_only_charged():
    home = Home()
    home.plug("bay_1", soc_pct=85.0).lives(300, every_s=30)  # it needs nothing
    before = home.state.day
    home.does_w = 4000.0
    home.lives(3600, every_s=60)
    day = home.state.day
    # given 6 kW of which the car has served four: it leaves two, and if it had only charged, six
    assert day.resting.bought_wh - before.resting.bought_wh == pytest.approx(2e3, rel=0.1)
    assert day.charging.bought_wh - before.charging.bought_wh == pytest.approx(6e3, rel=0.05)
    assert day.at_once.bought_wh - before.at_once.bought_wh == pytest.approx(6e3, rel=0.05)
    assert home.cars.given_wh == pytest.approx(4e3, rel=0.1)


def test_what_a_car_still_wants_at_midnight_it_still_wants_after_it():
    home = Home()
    cars = CarsMemory(left_wh={home.site.bays[0].id: 5e3}, given_wh=1e3, more_wh=2e3)
    yesterday = DayMemory(day=NOON.toordinal() - 1, seen_s=60.0, cars=cars)
    given = Given(home.site, home.seen, home.params, Instant(home.now_s, NOON))
    memory, told = after(given, home.state, yesterday, 0.0)
    assert memory.cars == CarsMemory(left_wh=cars.left_wh)
    assert told is not None
    assert (told.facts["cars_given_wh"], told.facts["cars_more_wh"]) == (1000, 2000)


def test_an_account_tells_what_it_would_have_cost_with_cars_that_only_charge_and_that_charge_at_once():
    evening = DemandCharge(per_kw=9.0, window=Window(from_h=18.0, to_h=20.0))
    only, at_once = Side(cost=4.567, quarter_wh=1000.0), Side(cost=6.789, quarter_wh=2000.0)
    memory = DayMemory(day=739768, quarter=4 * 19, charging=only, at_once=at_once, cars=CarsMemory(given_wh=30.4))
    facts = account(memory, replace(TARIFF, demand=(evening,))).facts
    assert (facts["charging"], facts["at_once"]) == (4.57, 6.79)
    assert (facts["charging_peak_w"], facts["at_once_peak_w"]) == (4000, 8000)
    assert (facts["charging_demand_1_w"], facts["at_once_demand_1_w"]) == (4000, 8000)
    assert facts["cars_given_wh"] == 30
    # and nothing of it where there is no bay
    assert not any("charging" in name or "cars" in name for name in account(replace(memory, cars=None), TARIFF).facts)
