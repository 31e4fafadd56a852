"""The building as a whole."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hems.model.units import CircuitId, SourceId
from hems.sim.former import Stage
from hems.sim.plant import Plant
from hems.sim.start import Car, Physics, StartPoint, WattHz
from hems.sim.traces import CarEvent, ConstantTraces
from tests.sim.given import BATTERY, BAY, L1, L2, ROOF, circuit, islanded, plant, site

HEAVY, LIGHT = circuit("heavy", 12_500.0, L1), circuit("light", 4000.0, L2)


def sources_w(building: Plant) -> float:
    stored_w = sum(store.power_w for store in building.batteries.values())
    cars_w = sum(bay.power_w for bay in building.bays.values())
    return building.grid_w + stored_w + cars_w + sum(pv.power_w for pv in building.pvs.values())


def test_on_the_grid_a_battery_covers_the_load_above_its_reserve():
    building = plant(HEAVY, LIGHT)
    assert building.load_phase_w == (12_500.0, 4000.0, 0.0)
    assert building.batteries[BATTERY].power_w == pytest.approx(16_500.0)
    assert building.grid_w == pytest.approx(0.0)
    at_reserve = plant(HEAVY, LIGHT, soc_pct=20.0)
    assert at_reserve.grid_phase_w == pytest.approx((12_500.0, 4000.0, 0.0))


def test_a_forced_battery_does_as_told_and_is_handed_back():
    building = plant(LIGHT)
    building.set_battery_power(BATTERY, -10_000.0)
    assert building.grid_w == pytest.approx(14_000.0)
    building.set_battery_power(BATTERY, None)
    assert building.grid_w == pytest.approx(0.0)


def test_a_power_cut_is_survived_within_a_tenth_of_a_second():
    building = plant(LIGHT)
    building.fail_grid()
    assert not building.bus_live
    building.step(0.09)
    assert (building.tie_position, building.bus_live) == ("open", False)
    building.step(0.02)
    assert building.bus_live and building.former_running
    assert building.former_phase_w == pytest.approx((0.0, 4000.0, 0.0))
    assert building.utility_v == (0.0, 0.0, 0.0)
    assert building.bus_hz == 50.0


def test_an_overload_trips_on_the_minute_and_the_bus_is_dead():
    # given an island at 1.25 of one phase, which the curve bears for 60 s
    building = islanded(plant(HEAVY))
    building.step(59.9)
    assert building.former_trips == 0
    assert building.overload_dose == pytest.approx(59.9 / 60.0, abs=1e-3)
    # when it has lasted
    building.step(0.2)
    # then nothing is fed any more
    assert (building.former_trips, building.bus_live, building.bus_v) == (1, False, (0.0, 0.0, 0.0))
    assert building.circuits[HEAVY.id].power_w == 0.0


def test_sun_on_the_formers_own_side_relieves_its_battery_and_not_its_phases():
    # given an island at 1.25 of one phase, half of it from modules on the former itself
    building = islanded(plant(HEAVY, pv_w=9000.0, sun=1.0, direct=True))
    sun_w = building.pvs[ROOF].power_w
    assert sun_w > 5000.0
    # then every phase delivers what its circuits draw, wherever it comes from, and the battery what the sun leaves
    assert building.former_phase_w == pytest.approx((12_500.0, 0.0, 0.0))
    assert building.batteries[BATTERY].power_w == pytest.approx(12_500.0 - sun_w)
    building.step(59.9)
    assert building.overload_dose == pytest.approx(59.9 / 60.0, abs=1e-3)


def test_after_a_trip_it_restarts_only_once_the_waiting_load_is_small():
    building = islanded(plant(HEAVY, LIGHT))
    building.step(90.0)
    assert building.former.stage is Stage.TRIPPED
    building.switch(HEAVY.id, False)
    building.step(0.01)
    assert building.former_running
    assert building.former_phase_w == pytest.approx((0.0, 4000.0, 0.0))


def test_shedding_in_time_prevents_the_trip():
    building = islanded(plant(HEAVY, LIGHT))
    building.step(30.0)
    building.switch(HEAVY.id, False)
    building.step(600.0)
    assert building.former_trips == 0
    assert building.overload_dose == 0.0


@pytest.mark.parametrize("dt_s", [0.02, 0.75, 60.0, 300.0])
def test_any_step_ends_in_the_same_state(dt_s):
    # given the same outage, with an inrush, a car that helps and an overload in it
    def outage(step_s: float) -> Plant:
        building = plant(
            circuit("pump", 9000.0, L1, inrush_w=8000.0),
            LIGHT,
            circuit("heat", 3000.0, thermostatic=True),
            car=Car(soc_pct=70.0),
        )
        building.fail_grid()
        building.set_bay_power(BAY, 2500.0)
        for _ in range(round(300.0 / step_s)):
            building.step(step_s)
        building.step(300.0 - round(300.0 / step_s) * step_s)
        return building

    fine, coarse = outage(0.05), outage(dt_s)
    # then it does not matter how time was cut
    assert coarse.t_s == pytest.approx(fine.t_s)
    assert coarse.former_trips == fine.former_trips
    assert coarse.batteries[BATTERY].soc_pct == pytest.approx(fine.batteries[BATTERY].soc_pct, abs=0.01)
    assert coarse.bays[BAY].soc_pct == pytest.approx(fine.bays[BAY].soc_pct, abs=0.01)
    assert coarse.overload_dose == pytest.approx(fine.overload_dose, abs=0.02)


def test_an_empty_battery_ends_the_island_at_the_calculated_moment():
    # given 4 % above empty, 3.2 kWh, and 10 kW of load that cost 10.5 kW
    building = islanded(plant(circuit("load", 10_000.0), soc_pct=6.0))
    lasts_s = 3200.0 / 10_500.0 * 3600.0
    # when all but a second of it is over
    building.step(lasts_s - 1.0)
    assert building.former_running
    # then it ends with it
    building.step(2.0)
    assert building.former.stage is Stage.OFF
    assert not building.bus_live


def test_a_full_battery_holds_back_the_sun_by_frequency():
    # given a full battery, 2 kW of load and 10 kW of sun
    building = islanded(plant(circuit("load", 2000.0), pv_w=10_000.0, sun=1.0, soc_pct=100.0))
    assert building.pvs[ROOF].power_w == 0.0, "PV is still waiting for good voltage"
    building.step(61.0)
    # then PV gives only what is used and what the battery has made room for, and the frequency says so
    store_takes_w = -building.batteries[BATTERY].power_w
    assert building.pvs[ROOF].power_w == pytest.approx(2000.0 + store_takes_w)
    held_back = 1.0 - building.pvs[ROOF].power_w / 10_000.0
    assert building.bus_hz == pytest.approx(50.2 + 2.5 * held_back)
    assert building.bus_hz > 51.5


def test_a_car_that_gives_more_than_anything_can_take_trips_the_island():
    building = islanded(plant(circuit("load", 500.0), soc_pct=100.0, car=Car(soc_pct=80.0)))
    building.set_bay_power(BAY, 9000.0)
    building.step(20.0)
    assert building.former_trips >= 1


def test_the_tie_recloses_with_permit_and_the_load_never_notices():
    building = islanded(plant(LIGHT))
    building.return_grid()
    building.step(60.0)
    assert building.tie_position == "open", "no permit"
    building.set_permit(True)
    building.step(0.1)
    assert building.tie_position == "closed"
    assert building.former.stage is Stage.FOLLOWING
    assert building.circuits[LIGHT.id].power_w == 4000.0


def test_a_car_that_forms_the_island_ends_it_by_leaving():
    building = islanded(plant(LIGHT, former=BAY, car=Car(soc_pct=70.0)))
    assert building.former_running
    assert building.bays[BAY].power_w == pytest.approx(4000.0)
    assert building.bays[BAY].state == "discharging"
    building.unplug(BAY)
    assert not building.bus_live


def test_a_forming_car_stops_at_its_makers_floor():
    # given 1 % of 60 kWh above the floor
    building = islanded(plant(LIGHT, former=BAY, car=Car(soc_pct=21.0)))
    lasts_s = 600.0 / (4000.0 + 120.0 + 120.0 + 64.0) * 3600.0
    building.step(lasts_s - 2.0)
    assert building.former_running
    building.step(4.0)
    assert building.former.stage is Stage.OFF


def test_a_following_car_relieves_the_former():
    building = islanded(plant(circuit("load", 9000.0), car=Car(soc_pct=70.0)))
    building.set_bay_power(BAY, 6000.0)
    building.step(20.0)
    assert building.batteries[BATTERY].power_w == pytest.approx(3000.0)
    assert building.former_phase_w == pytest.approx((1000.0, 1000.0, 1000.0))


def test_cars_come_and_go_at_their_time():
    events = (CarEvent(100.0, BAY, Car(soc_pct=50.0)), CarEvent(200.0, BAY, None))
    building = plant(LIGHT, events=events)
    building.step(99.0)
    assert building.bays[BAY].soc_pct is None
    building.step(2.0)
    assert building.bays[BAY].soc_pct == 50.0
    building.step(300.0)
    assert building.bays[BAY].soc_pct is None


@settings(max_examples=60, deadline=None)
@given(
    load_w=st.floats(0.0, 8000.0),
    sun=st.floats(0.0, 1.0),
    soc_pct=st.floats(3.0, 100.0),
    car_w=st.floats(-11_000.0, 10_000.0),
    islands=st.booleans(),
    dt_s=st.floats(0.01, 300.0),
)
def test_power_is_in_balance_at_every_instant(load_w, sun, soc_pct, car_w, islands, dt_s):
    building = plant(circuit("load", load_w), pv_w=5000.0, sun=sun, soc_pct=soc_pct, car=Car(soc_pct=60.0))
    building.set_bay_power(BAY, car_w)
    if islands:
        building.fail_grid()
    for _ in range(3):
        building.step(dt_s)
        assert building.load_w == pytest.approx(sources_w(building), abs=1e-6)


def test_a_day_in_steps_of_five_minutes_takes_no_time():
    building = plant(*(circuit(f"c{index}", 2000.0, inrush_w=1000.0) for index in range(14)), car=Car(soc_pct=60.0))
    began_s = time.perf_counter()
    for _ in range(288):
        building.step(300.0)
    assert time.perf_counter() - began_s < 0.5, "target 0.3 ms a step; ten times that is a mistake"


def test_switching_an_unknown_circuit_is_refused():
    with pytest.raises(KeyError):
        plant(LIGHT).switch(CircuitId("nowhere"), True)


def test_a_sag_short_of_dead_keeps_the_bus_alive_and_shows_on_both_sides():
    building = plant(LIGHT, physics=Physics())
    building.sag(0.8)
    building.step(5.0)
    assert building.tie_position == "closed"
    assert max(building.utility_v) < 190.0
    assert max(building.bus_v) < 190.0


def test_a_former_with_droop_lets_its_frequency_fall_with_its_load():
    # given an island of 3 x 10 kVA whose frequency falls by 1 Hz at its rating
    building = islanded(plant(circuit("oven", 15_000.0), physics=Physics(former_droop_hz=1.0)))
    # then half its rating costs half a hertz
    assert building.bus_hz == pytest.approx(49.5, abs=0.01)


def test_inverters_with_lines_of_their_own_share_what_the_frequency_asks_of_them():
    # given an island with a full battery, 6 kW of load and two roofs of 5 kW, one of which gives way from 51 Hz only
    late = SourceId("late")
    own = site(circuit("house", 6_000.0), pv_w=5_000.0)
    own = replace(own, pvs=(*own.pvs, replace(own.pvs[0], id=late)))
    start = StartPoint(battery_soc_pct=100.0, watt_hz={late: WattHz(from_hz=1.0, span_hz=2.0)})
    building = islanded(Plant(own, ConstantTraces({CircuitId("house"): 6_000.0}, 1.0, ()), start=start))
    # when both have come back after the changeover, and the battery is full again
    building.step(61.0)
    building.batteries[BATTERY].soc_pct = 100.0
    building.step(0.01)
    # then at 51 Hz they give 3.4 and 5 kW, and from there 2 and 2.5 kW less for each Hz: 6 kW at 1.533 Hz
    assert building.bus_hz == pytest.approx(51.533, abs=0.01)
    assert building.pvs[ROOF].power_w == pytest.approx(2_333.0, abs=20.0)
    assert building.pvs[late].power_w == pytest.approx(3_667.0, abs=20.0)


def test_pv_gives_way_to_a_grid_that_is_too_fast():
    building = plant(circuit("house", 1_000.0), pv_w=10_000.0, sun=1.0)
    building.grid.off_hz = 0.7
    building.step(1.0)
    # 0.5 Hz beyond its line's beginning is a fifth less
    assert building.pvs[ROOF].power_w == pytest.approx(8_000.0)
