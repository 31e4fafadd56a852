"""A battery that does less than it is told counts with what it does: a limit is kept by what flows, not by ratings."""

from dataclasses import replace
from math import inf

import pytest

from hems.control.dispatch.able import FOLLOWS_S, MOVED_PCT, after, gives_w, takes_w
from hems.control.dispatch.memory import Able
from hems.control.given import Given
from hems.model import wiring
from hems.model.cause import Why
from hems.model.instant import Instant
from hems.model.reading import Reading
from hems.model.units import CircuitId, SourceId
from tests.control.dispatch.street import MAIN, Street, connected_site
from tests.control.panel import TIE_OPEN, UNMETERED

WARM = wiring.battery_power(SourceId("warm"))
HOT_WATER = wiring.circuit_closed(CircuitId("hot_water"))


class Weak(Street):
    """Its battery gives and takes no more than this, whatever it is told."""

    most_w = inf

    @property
    def battery_w(self) -> float:
        """What the battery does."""
        return min(self.most_w, max(-self.most_w, self.told_w(wiring.battery_power(MAIN))))


class Two(Weak):
    """It has another battery beside, which does what it is told."""

    @property
    def grid_w(self) -> float:
        """With what the other one gives."""
        return super().grid_w - self.told_w(WARM)

    def _meters(self) -> None:
        self.says({WARM: self.told_w(WARM), wiring.battery_soc(SourceId("warm")): self.soc_pct})
        house_w, self.house_w = self.house_w, self.house_w - self.told_w(WARM)
        super()._meters()
        self.house_w = house_w


def cold(house_w: float, most_w: float) -> Weak:
    """A battery that could give 4 kW too much away, and is too cold for that."""
    street = Weak(connected_site(import_max_w=20_000.0), house_w=10_000.0)
    street.says({wiring.circuit_power(CircuitId("hot_water")): 6000.0})
    street.most_w, street.house_w = most_w, house_w
    return street


def test_what_a_cold_battery_does_not_give_is_taken_from_what_can_wait():
    # given 24 kW where 20 may be drawn, and a battery that gives 1 kW of the 4 that it is told
    street = cold(24_000.0, 1000.0).lives(3)
    assert HOT_WATER not in street.state.sent
    # when it had time to follow, then hot water goes off
    street.lives(int(FOLLOWS_S) + 2)
    assert street.state.sent[HOT_WATER].value is False
    assert street.state.sent[HOT_WATER].cause.why is Why.LIMIT_AGREED
    assert gives_w(street.site.batteries[0], street.state) == 1000.0


def test_a_car_that_may_give_for_the_limit_does_so_in_place_of_a_cold_battery():
    # given a car that may give on the grid, and a battery that gives 1 kW of the 6 that are too much
    site = connected_site(import_max_w=20_000.0)
    gives = replace(site.bays[0], gives_on_grid=True, outage_reserve_pct=20.0)
    street = Weak(replace(site, bays=(gives, *site.bays[1:])), house_w=5000.0)
    street.says(UNMETERED)
    street.most_w, street.house_w = 1000.0, 26_000.0
    street.plug("bay_1", soc_pct=85.0).lives(60)
    # then the car gives the rest
    assert street.state.sent[wiring.bay_power(gives.id)].cause.why is Why.CAR_LENDS
    assert street.grid_w <= 20_000.0


def test_a_battery_that_needs_a_moment_to_follow_costs_nobody_anything():
    street = cold(24_000.0, 1000.0).lives(int(FOLLOWS_S) - 2)
    street.most_w = inf
    street.lives(60)
    assert HOT_WATER not in street.state.sent
    assert street.state.connection.able == {}


def test_an_error_of_its_meter_is_no_weakness():
    # given a battery that is told to serve the house
    street = cold(24_000.0, 23_200.0).lives(60)
    assert gives_w(street.site.batteries[0], street.state) == street.site.batteries[0].discharge_max_w


@pytest.mark.parametrize("fuller_pct", [0.0, MOVED_PCT])
def test_what_it_was_found_able_to_do_is_tried_anew_later_and_once_its_charge_has_moved(fuller_pct: float):
    # given a battery that was found to give 1 kW
    street = cold(24_000.0, 1000.0).lives(30)
    battery = street.site.batteries[0]
    assert gives_w(battery, street.state) == 1000.0
    # when it does all that it is told again
    street.most_w = inf
    street.soc_pct += fuller_pct
    street.lives(10)
    # then its rating counts at once where there is more in it, else more and more
    found_w = gives_w(battery, street.state)
    assert found_w == battery.discharge_max_w if fuller_pct else 1000.0 < found_w < battery.discharge_max_w
    street.lives(60)
    assert gives_w(battery, street.state) >= 24_000.0
    assert street.battery_w == pytest.approx(24_000.0)


def test_a_battery_that_goes_its_own_way_while_it_is_told_nothing_is_not_weak():
    # given one that gives 4 kW by itself before it is told anything
    street = cold(10_000.0, inf)
    role = wiring.battery_power(MAIN)
    entry = replace(street.state.sent[role], value=0.0, sent_s=street.now_s - 60.0)
    looks = replace(street.state, sent={role: entry})
    reading = replace(street.seen.batteries[MAIN], power_w=Reading(4000.0, street.now_s))
    seen = replace(street.seen, batteries={MAIN: reading})
    given = Given(street.site, seen, street.params, Instant(street.now_s))
    # then nothing follows from that, however long it does so
    short = {MAIN: Able(short_since_s=street.now_s - 60.0)}
    assert after(given, looks, street.site.batteries, short) == {}


def test_what_a_cold_battery_does_not_give_another_one_gives():
    # given two batteries of which one gives 1 kW, and 30 kW too much
    site = connected_site(import_max_w=20_000.0)
    warm = replace(site.batteries[0], id=SourceId("warm"))
    street = Two(replace(site, batteries=(*site.batteries, warm)), house_w=10_000.0)
    street.says(UNMETERED)
    street.most_w, street.house_w = 1000.0, 50_000.0
    # when both had time to show what they can
    street.lives(60)
    # then the limit is kept
    assert street.grid_w <= 20_400.0


def test_what_it_does_not_give_it_may_take_all_the_same():
    street = cold(24_000.0, 1000.0).lives(30)
    battery = street.site.batteries[0]
    assert takes_w(battery, street.state) == battery.charge_max_w


def test_on_an_island_nothing_of_it_counts():
    street = cold(24_000.0, 1000.0).lives(30)
    assert street.state.connection.able
    street.says(TIE_OPEN)
    street.blind = True
    street.lives(30)
    assert street.state.mode.mode.on_island
    assert street.state.connection.able == {}
