"""A storm watch: charge beforehand, keep it, say so, and end by itself."""

from dataclasses import replace

import pytest

from hems.control.params import Params, shortened
from hems.control.resume import resumed
from hems.model import wiring
from hems.model.cause import Why
from hems.model.mode import Mode
from hems.model.request import Task
from hems.model.units import SourceId
from hems.sim.start import Car
from tests.given import Building, building, flats, order

SITE = replace(flats(), batteries=tuple(replace(one, controllable=True) for one in flats().batteries))
MAIN = SourceId("main")
BATTERY = wiring.battery_power(MAIN)


def watching(*, soc_pct: float, target_pct: float = 80.0, start_in_s: float = 0.0) -> Building:
    made = building(site=SITE, load=0.3, battery_soc_pct=soc_pct)
    storm = order(Task.STORM, start_in_s=start_in_s, duration_s=3600.0, target_pct=target_pct)
    return made.ask(storm).advance(10.0)


def told(made: Building) -> list[Why]:
    return [event.cause.why for event in made.events if event.subject == Task.STORM]


def battery(made: Building) -> list[float]:
    return [float(one.value) for ticked in made.ticks for one in ticked.step.commands if one.role == BATTERY]


def test_it_charges_to_the_target_keeps_it_and_ends_by_itself():
    made = watching(soc_pct=78.0)
    assert battery(made)[-1] == -30_000.0
    # when the target is reached, then the battery neither gives nor takes
    made.advance(900.0)
    assert 80.0 <= made.plant.batteries[MAIN].soc_pct < 82.0
    assert battery(made)[-1] == 0.0
    # and when its time is over, it is said to be, and nothing more is asked of the battery
    made.advance(3600.0)
    assert told(made) == [Why.ORDER, Why.ORDER_ENDED]
    before = len(battery(made))
    assert len(battery(made.advance(120.0))) == before


def test_one_that_is_announced_begins_at_its_time_and_says_so():
    made = watching(soc_pct=50.0, start_in_s=600.0)
    assert battery(made) == []
    made.advance(600.0)
    assert told(made) == [Why.ORDER, Why.ORDER_BEGINS]
    assert battery(made)[-1] == -30_000.0


def test_a_power_cut_goes_as_ever_and_the_watch_goes_on_behind_it():
    made = watching(soc_pct=50.0).grid_lost().advance(60.0)
    assert made.mode is Mode.ISLANDED
    assert made.off()
    made.grid_back().advance(1500.0)
    assert made.mode is Mode.GRID_CONNECTED
    assert battery(made)[-1] == -30_000.0


def test_a_battery_loses_nothing_while_circuits_come_back_from_a_power_cut():
    # given a storm, and a power cut in it that is over
    quick = shortened(Params())
    params = replace(quick, restore=replace(quick.restore, calm_s=100.0))
    made = building(site=SITE, load=0.3, battery_soc_pct=50.0, params=params).advance(120.0)
    made.ask(order(Task.STORM, duration_s=3600.0, target_pct=80.0)).advance(10.0)
    made.grid_lost().advance(60.0).grid_back().advance(40.0)
    assert made.mode is Mode.RECONNECTED_RESTORING
    kept_pct = made.plant.batteries[MAIN].soc_pct
    # then it is there for the next one: it rests until all is back
    made.advance(60.0)
    assert made.mode is Mode.RECONNECTED_RESTORING
    assert battery(made)[-1] == 0.0
    assert made.plant.batteries[MAIN].soc_pct == pytest.approx(kept_pct, abs=0.01)
    # and is charged then
    made.advance(120.0)
    assert battery(made)[-1] == -30_000.0


def test_it_survives_a_restart_with_what_remains_of_it():
    made = watching(soc_pct=50.0)
    saved = made.forward.state
    again = resumed(saved, shift_s=40.0, now_s=made.plant.t_s + 40.0)
    assert again.orders[Task.STORM].ends_s == saved.orders[Task.STORM].ends_s + 40.0


def test_a_person_ends_it():
    made = watching(soc_pct=50.0).ask(order(Task.STORM, begin=False)).advance(5.0)
    assert told(made) == [Why.ORDER, Why.ORDER_ENDED]
    assert made.forward.state.orders == {}


def test_without_a_battery_that_hems_can_charge_it_is_refused():
    made = building(site=flats()).ask(order(Task.STORM, duration_s=3600.0)).advance(2.0)
    assert told(made) == [Why.STORM_REFUSED]
    assert made.forward.state.orders == {}


def test_no_storm_is_worth_the_main_fuses():
    # given a building that already draws most of what its connection carries
    small = replace(SITE, grid=replace(SITE.grid, service_a=50.0))
    made = building(site=small, load=0.8, battery_soc_pct=50.0)
    made.ask(order(Task.STORM, duration_s=3600.0, target_pct=80.0)).advance(60.0)
    # then the battery takes what is left, and no more
    fuses_w = 50.0 * small.grid.nominal_v * len(small.phases)
    assert -30_000.0 < battery(made)[-1] <= 0.0
    assert made.plant.grid_w <= fuses_w


def test_before_a_storm_the_battery_is_filled_first_and_cars_have_what_it_leaves():
    # given cars that charge with all that the connection leaves
    small = replace(SITE, grid=replace(SITE.grid, service_a=63.0))
    made = building(site=small, load=0.2, battery_soc_pct=50.0, cars={"bay_1": Car(soc_pct=50.0)}).advance(120.0)
    took_w = -made.plant.bays[SourceId("bay_1")].power_w
    assert took_w > 5_000.0
    # when a storm is watched for
    made.ask(order(Task.STORM, duration_s=3600.0, target_pct=80.0)).advance(60.0)
    # then the battery has all that the fuses leave, which is less than it could take, and the car rests
    fuses_w = 63.0 * small.grid.nominal_v * len(small.phases)
    assert -30_000.0 < battery(made)[-1] < -25_000.0
    assert made.plant.bays[SourceId("bay_1")].power_w == 0.0
    assert made.plant.grid_w == pytest.approx(0.8 * fuses_w, rel=0.02)  # what they carry for hours
