"""Traces: invented days and measured ones."""

import time
from dataclasses import replace
from itertools import pairwise

import pytest

from hems.model.units import CircuitId
from hems.sim.generated import GeneratedTraces, clear_sky_pu
from hems.sim.measured import MeasuredTraces, read_appliances
from hems.sim.traces import Traces, scaled_to
from tests.sim.given import BAY, circuit, site

HOUSE = site(
    circuit("kitchen", 8000.0),
    circuit("laundry", 5000.0),
    circuit("heat_pump", 9000.0),
    circuit("freezers", 900.0),
    circuit("router", 50.0),
    circuit("sockets", 3000.0),
)
NAMES = tuple(spec.id for spec in HOUSE.circuits)
HOUR_S, DAY_S = 3600.0, 86_400.0


def total_w(traces: Traces, t_s: float) -> float:
    return sum(traces.load_w(name, t_s) for name in NAMES)


def energy_wh(traces: Traces, circuit: str) -> float:
    return sum(traces.load_w(CircuitId(circuit), 60.0 * minute) for minute in range(1440)) / 60.0


def test_the_same_seed_is_the_same_building_and_another_seed_another():
    one, other, different = (GeneratedTraces(HOUSE, seed, 18.5) for seed in (3, 3, 4))
    hours = [HOUR_S * hour for hour in range(48)]
    assert [total_w(one, t_s) for t_s in hours] == [total_w(other, t_s) for t_s in reversed(hours)][::-1]
    assert [total_w(one, t_s) for t_s in hours] != [total_w(different, t_s) for t_s in hours]


def test_a_day_of_a_large_building_is_invented_once_and_not_at_each_look():
    # given a building with as many circuits as a campus
    names = [f"room_{number}" for number in range(500)]
    traces = GeneratedTraces(site(*(circuit(name, 100.0) for name in names)), 3, 12.0)
    first = {name: traces.load_w(CircuitId(name), 0.0) for name in names}
    # when it is asked again and again within a day, then that costs next to nothing
    began_s = time.process_time()
    for _ in range(50):
        assert {name: traces.load_w(CircuitId(name), 1.0) for name in names} == first
    assert time.process_time() - began_s < 2.0  # a day of each, invented anew each time, takes half a minute


@pytest.mark.parametrize("seed", range(5))
def test_evenings_are_busy_and_nights_are_not(seed):
    traces = GeneratedTraces(HOUSE, seed, 0.0)
    assert total_w(traces, 18.6 * HOUR_S) > 2.0 * total_w(traces, 3.0 * HOUR_S)
    assert energy_wh(traces, "router") == pytest.approx(24.0 * 50.0, rel=0.05)


def test_a_compressor_cycles():
    traces = GeneratedTraces(HOUSE, 1, 0.0)
    minutes = [traces.load_w(CircuitId("freezers"), 60.0 * minute) for minute in range(1440)]
    starts = sum(1 for before, after in pairwise(minutes) if before < 100.0 < after)
    assert 45 <= starts <= 75, "24 min a cycle"


def test_the_clear_sky_follows_season_and_hour():
    assert clear_sky_pu(12.0, 172, 51.0) > 0.8
    assert 0.1 < clear_sky_pu(12.0, 355, 51.0) < 0.3
    assert clear_sky_pu(22.0, 172, 51.0) == 0.0
    assert clear_sky_pu(9.0, 172, 51.0) == pytest.approx(clear_sky_pu(15.0, 172, 51.0))


def test_the_sun_never_exceeds_the_clear_sky():
    traces = GeneratedTraces(HOUSE, 2, 0.0, day_of_year=172)
    for minute in range(0, 1440, 7):
        assert 0.0 <= traces.sun_pu(60.0 * minute) <= clear_sky_pu(minute / 60.0, 172, 51.0) + 1e-9


@pytest.mark.parametrize("start_hour", [0.0, 12.0, 18.5, 23.0])
@pytest.mark.parametrize("here", [True, False])
def test_a_car_leaves_before_it_comes_back_and_the_other_way_round(start_hour, here):
    traces = GeneratedTraces(HOUSE, 5, start_hour, home=(BAY,) if here else ())
    event = traces.next_car(-1.0)
    present = here
    for _ in range(10):
        assert event is not None
        assert (event.car is None) is present, "a departure when there is a car, an arrival when there is none"
        present = not present
        later = traces.next_car(event.t_s)
        assert later is not None
        assert event.t_s < later.t_s < event.t_s + DAY_S
        event = later


def test_scaling_gives_the_wanted_total_at_the_start():
    traces = scaled_to(GeneratedTraces(HOUSE, 1, 18.5), NAMES, 38_000.0)
    assert total_w(traces, 0.0) == pytest.approx(38_000.0)


@pytest.mark.data
def test_the_appliance_days_are_what_their_provenance_says(measured_data):
    appliances = read_appliances(measured_data / "tracebase_1min.npz")
    assert len(appliances.classes) == 1674
    assert len(appliances.power_w) == 1674 * 1440
    assert appliances.classes.count("Refrigerator") == 150
    fridge = appliances.classes.index("Refrigerator")
    mean_w = sum(appliances.power_w[fridge * 1440 : (fridge + 1) * 1440]) / 1440
    assert 5.0 < mean_w < 200.0


@pytest.mark.data
def test_a_measured_day_has_each_circuits_typical_power_at_its_busiest(measured_data):
    traces = MeasuredTraces(measured_data, HOUSE, 0.0, others=GeneratedTraces(HOUSE, 1, 0.0))
    for spec in HOUSE.circuits:
        minutes = sorted(traces.load_w(spec.id, 60.0 * minute) for minute in range(1440))
        assert sum(minutes[-144:]) / 144 == pytest.approx(spec.typical_w)
        assert minutes[0] >= 0.0
        assert minutes[0] < minutes[-1]


@pytest.mark.data
def test_measured_sun_shines_by_day_only(measured_data):
    traces = MeasuredTraces(measured_data, HOUSE, 0.0, others=GeneratedTraces(HOUSE, 1, 0.0), day_of_year=172)
    assert traces.sun_pu(2.0 * HOUR_S) == 0.0
    assert max(traces.sun_pu(HOUR_S * hour) for hour in range(24)) > 0.3


@pytest.mark.data
def test_another_seed_is_another_measured_building(measured_data):
    small = replace(HOUSE, circuits=HOUSE.circuits[:1])
    one, other = (
        MeasuredTraces(measured_data, small, 18.5, others=GeneratedTraces(small, 1, 18.5), seed=seed) for seed in (1, 2)
    )
    assert energy_wh(one, "kitchen") != energy_wh(other, "kitchen")
