"""A battery that gives less than its inverter's three phases could is a limit of the island like any other."""

from dataclasses import replace

from hems.control.params import Params, shortened
from hems.control.present import permitted
from hems.model import wiring
from hems.model.mode import Mode
from hems.model.site import Site
from hems.model.units import SourceId
from tests.control.panel import panel, snapshot, tie, utility
from tests.given import Building, building, flats

BATTERY = SourceId("main")


def weak(gives_w: float = 15_000.0) -> Site:
    """Three phases of 10 kVA on a battery of 15 kW."""
    site = flats()
    batteries = tuple(replace(one, discharge_max_w=gives_w) for one in site.batteries)
    return replace(site, batteries=batteries, former=replace(site.former, total_w=gives_w))


def evening(site: Site) -> Building:
    """Every phase well inside its rating; all together 22 kW."""
    return building(site=site, load=0.6, battery_soc_pct=80.0).advance(60.0)


def test_at_the_outage_what_the_battery_cannot_give_together_is_shed_though_no_phase_is_full():
    made = evening(weak())
    assert max(made.plant.load_phase_w) < 10_000.0
    made.grid_lost().advance(120.0)
    # then it bears what is left for good, and has never tripped
    assert made.plant.former_trips == 0
    assert made.plant.load_w <= 0.8 * 15_000.0
    assert made.mode is Mode.ISLANDED
    # and a battery that gives enough for all phases loses nothing for it
    strong = evening(flats()).grid_lost().advance(120.0)
    assert strong.off() < made.off()


def test_nothing_comes_back_beyond_what_the_battery_gives():
    made = evening(weak()).grid_lost().advance(1800.0)
    assert made.plant.former_trips == 0
    assert made.plant.load_w <= 0.85 * 15_000.0


def test_a_battery_that_permits_less_in_the_cold_sheds_and_unknown_is_as_declared():
    site, limit = flats(), wiring.battery_limit(BATTERY)
    assert permitted(site, snapshot(site, {limit: None}, 0.0), 0.0).former.total_w is None
    assert permitted(site, snapshot(site, {limit: 12_000.0}, 0.0), 0.0).former.total_w == 12_000.0


def test_an_island_whose_battery_grows_cold_sheds_down_to_what_it_permits():
    # given an island at rest
    made = panel(params=shortened(Params()))
    made.load = 0.5
    made.advance(60.0).says(utility(0.0, 0.0), tie(False, True, False)).advance(60.0)
    before = made.off()
    assert made.mode is Mode.ISLANDED
    # when its battery permits half of what it gives
    carried_w = sum(made.values[wiring.former_phase_w(index)] for index in range(3))
    made.says({wiring.battery_limit(BATTERY): 0.5 * carried_w}).advance(30.0)
    # then circuits go
    assert before < made.off()
    assert sum(made.values[wiring.former_phase_w(index)] for index in range(3)) <= 0.5 * carried_w


def test_sun_on_the_same_side_of_the_inverter_adds_to_what_the_battery_gives():
    site = replace(weak(), pvs=tuple(replace(pv, direct=True) for pv in weak().pvs))
    shining = {wiring.pv_power(site.pvs[0].id): 5_000.0}
    assert permitted(site, snapshot(site, shining, 0.0), 0.0).former.total_w == 20_000.0
    elsewhere = replace(site, pvs=weak().pvs)
    assert permitted(elsewhere, snapshot(elsewhere, shining, 0.0), 0.0).former.total_w == 15_000.0
