"""What would come of an order: the same look ahead, with it and without it."""

from dataclasses import replace

from hems.model.foresight import WhatIf
from hems.model.request import Order, Task
from hems.model.units import CircuitId, SourceId
from hems.outlook.look import what_if
from hems.outlook.question import Question
from hems.sim.start import Car
from tests.given import flats
from tests.outlook.given import SITE, present

BAY = SourceId("bay_1")


def ordered(question: Question, task: Task, duration_s: float = 3600.0, target_pct: float = 0.0) -> WhatIf:
    order = Order(task=task, begin=True, who="", role="operator", duration_s=duration_s, target_pct=target_pct)
    told = what_if(question, order)
    assert told is not None
    assert told.soon_now is not None
    assert told.soon_then is not None
    return told


def on_by_it(told: WhatIf) -> tuple[set[CircuitId], set[CircuitId]]:
    """Circuits that are on because of it, and off because of it."""
    assert told.soon_now is not None
    assert told.soon_then is not None
    return set(told.soon_then.on - told.soon_now.on), set(told.soon_now.on - told.soon_then.on)


def test_holding_everything_keeps_on_for_a_while_what_is_about_to_go_and_costs_essential_power_something():
    # given a power cut some minutes before stored energy is down to 20 %, where comfort goes
    question = present(battery_pct=30.0, fails=True)
    told = ordered(question, Task.HOLD, 900.0)
    # then what would go off meanwhile stays on, at a price
    on, off = on_by_it(told)
    assert on == {CircuitId("heat_pump"), CircuitId("ventilation")}
    assert told.essential_then_h < told.essential_now_h
    assert off == set()


def test_when_the_grid_is_said_to_be_lost_no_car_charges():
    # given a car that charges on the grid
    told = ordered(present(site=flats(), cars={BAY: Car(soc_pct=30.0)}), Task.GRID_LOST)
    assert told.soon_now is not None
    assert told.soon_then is not None
    assert told.soon_now.cars_w > 1000.0
    assert told.soon_then.cars_w <= 0.0


def test_a_storm_watch_charges_batteries_and_a_power_cut_lasts_longer_once_they_are_full():
    batteries = tuple(replace(one, controllable=True) for one in SITE.batteries)
    told = ordered(present(battery_pct=40.0, site=replace(SITE, batteries=batteries)), Task.STORM)
    assert told.soon_now is not None
    assert told.soon_then is not None
    assert told.soon_then.batteries_w > told.soon_now.batteries_w + 1000.0
    assert told.essential_then_h > 1.5 * told.essential_now_h


def test_leaving_the_grid_on_purpose_switches_off_what_own_power_does_not_carry():
    site = flats(bays=(), tie=replace(SITE.tie, has_island=True))
    on, off = on_by_it(ordered(present(load=1.0, site=site), Task.ISLAND))
    assert on == set()
    assert CircuitId("hot_water") in off
