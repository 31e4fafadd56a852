"""A generator by itself and on an island, against hand calculations."""

from dataclasses import replace

import pytest

from hems.model.site import Generator
from hems.model.units import CircuitId
from hems.sim.engine import Engine, EngineStage
from hems.sim.former import Stage
from hems.sim.plant import Plant
from hems.sim.start import Car, Physics
from tests.sim.given import BATTERY, circuit, islanded, plant

SPEC = Generator(name="Generator", rated_w=20_000.0)


def passed(engine: Engine, seconds: float) -> Engine:
    for _ in range(round(seconds * 10)):
        engine.step(0.1)
    return engine


def asked(*, ill: bool = False) -> Engine:
    engine = Engine(SPEC, Physics())
    engine.ill = ill
    engine.ask(True)
    return engine


def test_it_cranks_for_5_s_warms_up_for_10_s_and_then_takes_load():
    engine = asked()
    assert passed(engine, 4.9).stage is EngineStage.CRANKING
    assert passed(engine, 0.2).stage is EngineStage.WARMING
    assert engine.running
    assert engine.carry(8000.0) == 0.0
    assert passed(engine, 10.0).loaded
    assert engine.carry(8000.0) == 8000.0


def test_it_gives_no_more_than_its_rating_and_takes_nothing_back():
    engine = passed(asked(), 16.0)
    assert engine.carry(25_000.0) == 20_000.0
    assert engine.carry(-3000.0) == 0.0


def test_when_it_is_asked_to_stop_it_runs_on_for_a_minute_without_load():
    engine = passed(asked(), 20.0)
    engine.carry(8000.0)
    engine.ask(False)
    assert (engine.stage, engine.power_w, engine.running) == (EngineStage.COOLING, 0.0, True)
    assert passed(engine, 59.8).running
    assert passed(engine, 0.3).stage is EngineStage.STOPPED


def test_without_fuel_it_cranks_three_times_and_gives_up_after_35_s():
    engine = asked(ill=True)
    # 3 x 5 s of cranking with 10 s between
    assert passed(engine, 34.8).stage is EngineStage.CRANKING
    assert passed(engine, 0.3).stage is EngineStage.FAILED
    assert not passed(engine, 600.0).running
    assert engine.starts == 0


def test_asked_again_it_does_not_try_before_somebody_has_seen_to_it():
    engine = passed(asked(ill=True), 60.0)
    engine.ask(False)
    engine.ask(True)
    assert engine.stage is EngineStage.FAILED
    engine.fall_ill(False)
    assert passed(engine, 20.0).loaded


def test_it_stops_when_the_fuel_ends():
    engine = passed(asked(), 20.0)
    engine.fall_ill(True)
    assert (engine.stage, engine.running) == (EngineStage.FAILED, False)


def test_below_three_tenths_of_its_rating_it_idles():
    engine = passed(asked(), 15.0)
    engine.carry(5900.0)
    assert passed(engine, 100.0).idled_s == pytest.approx(100.0, abs=0.2)
    engine.carry(6000.0)
    assert passed(engine, 100.0).idled_s == pytest.approx(100.0, abs=0.2)


def with_generator(load_w: float = 9000.0, *, soc_pct: float = 60.0, separated: bool = False) -> Plant:
    """An island with a generator that has been asked to run 20 s ago."""
    generator = replace(SPEC, separated=separated)
    building = islanded(plant(circuit("lights", load_w), generator=generator, soc_pct=soc_pct))
    building.run_generator(lambda engine: engine.ask(True))
    building.step(20.0)
    return building


def test_on_an_island_it_carries_the_load_and_the_battery_rests():
    building = with_generator()
    assert building.engine is not None
    assert building.engine.power_w == pytest.approx(9000.0)
    assert building.former_phase_w == pytest.approx((0.0, 0.0, 0.0))
    assert building.batteries[BATTERY].power_w == pytest.approx(0.0)


def test_a_battery_that_is_told_to_fill_loads_it_more():
    building = with_generator(load_w=1500.0)
    assert building.engine is not None
    building.set_battery_power(BATTERY, -4500.0)
    # 1.5 kW of load and 4.5 kW into the battery: 6 kW from the engine, 1.5 kW back through each phase of the former
    assert building.engine.power_w == pytest.approx(6000.0)
    assert building.former_phase_w == pytest.approx((-1500.0,) * 3)
    before_pct = building.batteries[BATTERY].soc_pct
    building.step(3600.0)
    # 4.5 kWh less 5 % of 80 kWh
    assert building.batteries[BATTERY].soc_pct - before_pct == pytest.approx(4.5 * 0.95 / 80.0 * 100.0, abs=0.01)


def test_beyond_its_rating_the_battery_gives_the_rest():
    building = with_generator(load_w=26_000.0)
    assert building.engine is not None
    assert building.engine.power_w == pytest.approx(20_000.0)
    assert building.batteries[BATTERY].power_w == pytest.approx(6000.0)


def test_it_wakes_a_building_whose_battery_is_empty():
    # given a building that went dark for want of energy
    building = plant(circuit("lights", 9000.0), generator=SPEC, soc_pct=1.0)
    building.fail_grid()
    building.step(1.0)
    assert (building.bus_live, building.former.stage) == (False, Stage.OFF)
    # when the generator comes, it carries the building
    building.run_generator(lambda engine: engine.ask(True))
    building.step(20.0)
    assert building.bus_live
    # and when it has no more, the building is dark again
    building.run_generator(lambda engine: engine.fall_ill(True))
    building.step(1.0)
    assert not building.bus_live


def test_what_cannot_be_started_in_the_dark_stays_dark():
    building = plant(circuit("lights", 3000.0), soc_pct=1.0)
    building.fail_grid()
    building.step(1.0)
    building.batteries[BATTERY].soc_pct = 50.0
    building.contacts.dark_start = False
    building.start_former(True)
    building.step(1.0)
    assert not building.bus_live
    building.contacts.dark_start = True
    building.start_former(True)
    building.step(1.0)
    assert building.bus_live


def test_a_circuit_with_a_contactor_of_its_own_drops_with_the_tie_and_comes_back_with_it():
    lights = replace(circuit("lights", 3000.0), layer_0=True)
    building = islanded(plant(lights))
    assert not building.circuits[CircuitId("lights")].closed
    assert building.circuits[CircuitId("lights")].told, "its relay has not moved"
    building.set_permit(True)
    building.return_grid()
    building.step(30.0)
    assert building.circuits[CircuitId("lights")].closed


def test_a_charger_with_a_contactor_of_its_own_drops_with_the_tie_and_its_electronics_with_it():
    building = plant(circuit("lights", 3000.0), car=Car(soc_pct=40.0))
    [bay] = building.bays.values()
    bay.spec = replace(bay.spec, layer_0=True)
    bay.setpoint_w = -7000.0
    building.step(30.0)
    assert bay.power_w == pytest.approx(-7000.0)
    islanded(building)
    building.step(30.0)
    assert (bay.power_w, bay.answers, building.bus_live) == (0.0, False, True)
    building.set_permit(True)
    building.return_grid()
    building.step(600.0)
    assert bay.answers, "and has started anew"


def test_a_battery_tells_more_than_it_holds():
    building = plant(circuit("lights", 3000.0), soc_pct=60.0, soc_error_pct=8.0)
    assert building.batteries[BATTERY].told_pct == 68.0
    building.batteries[BATTERY].soc_pct = 97.0
    assert building.batteries[BATTERY].told_pct == 100.0
