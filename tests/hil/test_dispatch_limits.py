"""The judge of limits in the dispatch bench: what batteries and cars do beyond them, and nothing else, is counted."""

from dataclasses import replace

import pytest

from hems.model.units import SourceId
from hil.dispatch_house import begin, house
from hil.dispatch_limits import Judged, own_w_beyond
from hil.dispatch_weeks import Week, week

BATTERY, CIRCUITS = SourceId("battery"), ("kitchens", "flats")


def begun(case: Week, *, agreed_w: float | None = None, loads_w: float = 3000.0, sun_pu: float = 0.0) -> Judged:
    """The house with an empty night around it, a battery half full, and no car."""
    site = replace(case.site, grid=replace(case.site.grid, import_max_w=agreed_w))
    plant = house(replace(case, site=site))
    for name in plant.circuits:
        plant.want(name, 0.0)
    plant.want(next(name for name in plant.circuits if name == "kitchens"), loads_w)
    plant.shine(sun_pu)
    plant.step(1.0)
    begin(plant, case)
    return plant


@pytest.fixture(scope="module")
def case() -> Week:
    return week(1)


def told(plant: Judged, watts: float, seconds: float) -> Judged:
    """The battery is told so, and that time passes."""
    plant.set_battery_power(BATTERY, watts)
    plant.step(seconds)
    return plant


def test_a_battery_that_charges_beyond_what_is_agreed_counts_after_the_time_it_may_take_and_by_its_own_part(case):
    # given a kitchen of 3 kW where 10 kW are agreed, and a battery that takes 12
    plant = told(begun(case, agreed_w=10e3), -12e3, 3600.0)
    # then that is one time, and what counts is what was beyond after the ten seconds
    assert plant.beyond.times == 1
    assert plant.beyond.wh == pytest.approx(5000.0 * (3600.0 - plant.beyond.settle_s) / 3600.0, rel=0.01)


def test_who_makes_room_in_time_has_exceeded_nothing(case):
    plant = begun(case, agreed_w=10e3)
    told(told(plant, -12e3, plant.beyond.settle_s - 1.0), 0.0, 600.0)
    assert (plant.beyond.times, plant.beyond.wh) == (0, 0.0)
    # and the next time begins anew
    told(plant, -12e3, plant.beyond.settle_s - 1.0)
    assert plant.beyond.times == 0


def test_what_circuits_draw_alone_is_nobodys_doing(case):
    # given a kitchen that draws more than is agreed, then a battery at rest is no fault, nor one that helps
    plant = told(begun(case, agreed_w=10e3, loads_w=14e3), 0.0, 600.0)
    told(plant, 2e3, 600.0)
    assert plant.beyond.times == 0
    # but one that charges adds to it, and only what it adds counts
    plant.set_battery_power(BATTERY, -3e3)
    plant.step(5.0)
    assert own_w_beyond(plant.bill.site, plant) == pytest.approx(3000.0, rel=0.02)


def test_the_fuse_of_each_phase_is_a_limit_too(case):
    # given nothing agreed but 63 A of three phases, 11.6 kW each for hours
    plant = told(begun(case, loads_w=28e3), -15e3, 600.0)
    assert plant.beyond.times == 1


def test_what_the_sun_feeds_in_is_free_and_what_a_battery_feeds_in_is_not(case):
    # given more sun than circuits draw
    plant = told(begun(case, sun_pu=1.0), 0.0, 600.0)
    assert plant.grid_w < -1000.0
    assert plant.beyond.times == 0
    # when the battery gives on top
    told(plant, 2e3, 600.0)
    # then that is beyond what it may
    assert plant.beyond.times == 1
