"""What circuits draw, or would draw."""

from dataclasses import replace

import pytest

from hems.control.demand import demands, held_w, hunger, load_w, owed_w, per_phase, pickup_w
from hems.control.memory.using import LoadMemory
from hems.control.state import ControlState, initial
from hems.control.tuning.island import RestoreParams
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.site import Circuit, Generator, Phase, Tier
from hems.model.units import CircuitId, SourceId
from tests.control.panel import car, healthy, snapshot
from tests.given import circuit, flats

SITE = flats()
LAUNDRY, KITCHEN = CircuitId("laundry"), CircuitId("kitchen")


def knowing(**demand_w: float) -> ControlState:
    state = initial(0.0)
    loads = {CircuitId(name): LoadMemory(demand_w=watts) for name, watts in demand_w.items()}
    return ControlState(at_s=state.at_s, boot_s=state.boot_s, loads=loads)


def test_on_it_is_what_its_meter_says_and_off_what_it_drew_before():
    values = {
        wiring.circuit_power(KITCHEN): 4321.0,
        wiring.circuit_closed(LAUNDRY): False,
        wiring.circuit_power(LAUNDRY): 0.0,
    }
    watts = demands(SITE, knowing(laundry=4000.0), snapshot(SITE, values), 0.0, islanded=False)
    assert (watts[KITCHEN], watts[LAUNDRY]) == (4321.0, 4000.0)


def test_a_switch_that_says_nothing_counts_as_on():
    unread = {wiring.circuit_closed(LAUNDRY): None, wiring.circuit_power(LAUNDRY): 777.0}
    assert demands(SITE, initial(0.0), snapshot(SITE, unread), 0.0, islanded=False)[LAUNDRY] == 777.0


def test_what_idled_is_still_expected_to_want_half_of_its_typical_power():
    laundry = SITE.circuit(LAUNDRY)
    assert held_w(laundry, initial(0.0)) == 5000.0
    assert held_w(laundry, knowing(laundry=20.0)) == 2500.0
    assert held_w(laundry, knowing(laundry=7000.0)) == 7000.0


@pytest.mark.parametrize(("rest_w", "scale"), [(5200.0, 0.5), (10_400.0, 1.0), (100.0, 0.3), (100_000.0, 2.5)])
def test_circuits_without_meters_share_what_the_others_do_not_explain(rest_w: float, scale: float):
    # given two circuits without meters, typically 5.4 and 5.0 kW, on an island of which all else is metered
    blind: dict[wiring.Role, object] = {wiring.circuit_power(KITCHEN): None, wiring.circuit_power(LAUNDRY): None}
    known_w = sum(one.typical_w for one in SITE.circuits if one.id not in (KITCHEN, LAUNDRY))
    phases = {wiring.former_phase_w(index): (known_w + rest_w) / 3.0 for index in range(3)}
    watts = demands(SITE, initial(0.0), snapshot(SITE, blind | phases), 0.0, islanded=True)
    assert watts[KITCHEN] == pytest.approx(scale * 5400.0)
    assert watts[LAUNDRY] == pytest.approx(scale * 5000.0)


def test_the_load_is_the_balance_of_everything_that_feeds_the_bus():
    feeding = {
        wiring.GRID_POWER: 5000.0,
        wiring.former_phase_w(0): 1000.0,
        wiring.former_phase_w(1): -400.0,
        wiring.pv_power(SourceId("roof")): 3000.0,
        **car("bay_1", 80.0, 2000.0),
        **car("bay_3", 80.0, -1500.0),
    }
    assert load_w(SITE, snapshot(SITE, feeding), 0.0, islanded=False) == 9100.0
    assert load_w(SITE, snapshot(SITE, feeding), 0.0, islanded=True) == 4100.0
    for role in (role for role in feeding if role.endswith("_w")):
        assert load_w(SITE, snapshot(SITE, feeding | {role: None}), 0.0, islanded=False) is None


@pytest.mark.parametrize(("running", "load"), [(True, 1020.0), (False, 1000.0), (None, 1020.0)])
def test_a_generator_that_stands_still_gives_nothing_whatever_its_meter_says(*, running: bool | None, load: float):
    site = replace(flats(), generator=Generator(name="Generator", rated_w=20_000.0))
    values: dict[wiring.Role, object] = {
        **{role: 0.0 for role in healthy(site) if role.endswith("_w")},
        wiring.former_phase_w(0): 1000.0,
        wiring.GENERATOR_RUNNING: running,
        wiring.GENERATOR_POWER: 20.0,
    }
    assert load_w(site, snapshot(site, values), 0.0, islanded=True) == load


def test_a_circuit_on_two_phases_loads_each_with_half():
    both = circuit("both", Tier.COMFORT, 1000.0, Phase.L1, Phase.L3)
    assert per_phase(SITE, {both.id: 1000.0}, [both]) == (500.0, 0.0, 500.0)


@pytest.mark.parametrize(
    ("thermostatic", "off_s", "watts"),
    [
        (True, 0.0, 2000.0),
        (True, 3600.0, 3500.0),
        (True, 7200.0, 5000.0),
        (True, 90_000.0, 5000.0),
        (False, 7200.0, 2200.0),
    ],
)
def test_a_thermostat_comes_back_hungry(thermostatic: bool, off_s: float, watts: float):
    one: Circuit = circuit("fridge", Tier.ESSENTIAL, 1500.0, thermostatic=thermostatic)
    hungry = hunger(None, RestoreParams(), off_s, 0.0)
    assert pickup_w(one, 2000.0, hungry, RestoreParams()) == pytest.approx(watts)


@pytest.mark.parametrize(
    ("fed_s", "off_s", "hungry"),
    [(0.0, 0.0, 1.0), (600.0, 60.0, 0.725), (1800.0, 0.0, 0.368), (1800.0, 3600.0, 0.868), (18_000.0, 720.0, 0.1)],
)
def test_what_came_back_hungry_and_soon_went_off_again_has_not_had_enough(fed_s: float, off_s: float, hungry: float):
    # given a circuit that came back after two hours without power, was fed for a while, and went off again
    memory = LoadMemory(restored_s=0.0, hungry=1.0, shed_since_s=fed_s, shed_because=Cause(Why.ENERGY_BAND))
    # then it is as hungry as it has been left, and more the longer it waits
    assert hunger(memory, RestoreParams(), fed_s + off_s) == pytest.approx(hungry, abs=1e-3)
    # and while it is on, its hunger dies away
    on = replace(memory, shed_since_s=None, shed_because=None)
    assert hunger(on, RestoreParams(), 1800.0) == pytest.approx(0.368, abs=1e-3)


def test_room_is_kept_for_a_compressor_that_has_come_back_and_has_not_started():
    # given a heat pump of 6 kW, back for a minute after two hours, that idles by its own meter
    name = CircuitId("heat_pump")
    state = replace(initial(0.0), loads={name: LoadMemory(restored_s=0.0, hungry=1.0)})

    def owed(draws_w: float | None, at_s: float = 60.0) -> float:
        seen = snapshot(SITE, {wiring.circuit_power(name): draws_w}, at_s)
        return sum(owed_w(SITE, state, seen, RestoreParams(), at_s))

    assert owed(100.0) == pytest.approx(14_600.0, rel=0.01)
    # then nothing is kept once it draws that, nor where no meter tells, nor after ten minutes
    assert owed(15_000.0) == owed(None) == owed(100.0, 601.0) == 0.0


def test_a_thermostat_that_idled_is_expected_with_its_typical_power():
    one = circuit("fridge", Tier.ESSENTIAL, 1500.0, thermostatic=True)
    assert pickup_w(one, 100.0, 0.0, RestoreParams()) == 1500.0


@pytest.mark.parametrize(
    ("hungry", "after_s", "shed", "owes"),
    [(0.1, 599.0, False, True), (0.1, 600.0, False, False), (0.09, 1.0, False, False), (1.0, 1.0, True, False)],
)
def test_what_has_just_come_back_hungry_owes_for_ten_minutes_what_it_does_not_draw_yet(
    hungry: float, after_s: float, shed: bool, owes: bool
):
    # given something with a thermostat that came back and draws nothing yet
    cold = next(one for one in SITE.circuits if one.thermostatic)
    cause = Cause(Why.OVERLOAD) if shed else None
    memory = LoadMemory(restored_s=100.0, hungry=hungry, shed_because=cause)
    state = replace(initial(0.0), loads={cold.id: memory})
    idle = snapshot(SITE, {wiring.circuit_power(cold.id): 0.0, wiring.circuit_closed(cold.id): True}, 100.0 + after_s)
    found = owed_w(SITE, state, idle, RestoreParams(), 100.0 + after_s)
    assert (sum(found) >= cold.typical_w - 1.0) is owes
