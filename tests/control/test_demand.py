"""What circuits draw, or would draw."""

from dataclasses import replace

import pytest

from hems.control.cars.memory import BayMemory
from hems.control.demand import (
    charging_w,
    demands,
    hunger,
    is_on,
    load_w,
    owed_w,
    per_phase,
    pickup_w,
    slow_charging_w,
)
from hems.control.memory.using import DrawnMemory, LoadMemory
from hems.control.remembered import held_w, kept_after, remembered_w
from hems.control.state import ControlState, initial
from hems.control.tuning.island import RestoreParams
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.site import Circuit, Generator, Phase, Tier
from hems.model.units import CircuitId, SourceId
from tests.control import pencil
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
    watts = demands(SITE, knowing(laundry=4000.0), snapshot(SITE, values), 0.0)
    assert (watts[KITCHEN], watts[LAUNDRY]) == (4321.0, 4000.0)


def test_a_switch_that_says_nothing_counts_as_on():
    unread = {wiring.circuit_closed(LAUNDRY): None, wiring.circuit_power(LAUNDRY): 777.0}
    assert demands(SITE, initial(0.0), snapshot(SITE, unread), 0.0)[LAUNDRY] == 777.0


def test_what_idled_is_still_expected_to_want_half_of_its_typical_power():
    laundry = SITE.circuit(LAUNDRY)
    assert held_w(laundry, initial(0.0)) == 5000.0
    assert held_w(laundry, knowing(laundry=20.0)) == 2500.0
    assert held_w(laundry, knowing(laundry=7000.0)) == 7000.0


@pytest.mark.parametrize(("rest_w", "scale"), [(5200.0, 0.5), (10_400.0, 1.0), (100.0, 0.3), (100_000.0, 2.5)])
def test_circuits_without_meters_share_what_the_others_do_not_explain(rest_w: float, scale: float):
    # given two circuits without meters, typically 5.4 and 5.0 kW, where all else is metered
    blind: dict[wiring.Role, object] = {wiring.circuit_power(KITCHEN): None, wiring.circuit_power(LAUNDRY): None}
    known_w = sum(one.typical_w for one in SITE.circuits if one.id not in (KITCHEN, LAUNDRY))
    believed = replace(initial(0.0), drawn=DrawnMemory(known_w + rest_w))
    watts = demands(SITE, believed, snapshot(SITE, blind), 0.0)
    assert watts[KITCHEN] == pytest.approx(scale * 5400.0)
    assert watts[LAUNDRY] == pytest.approx(scale * 5000.0)


FEEDING: dict[wiring.Role, object] = {
    wiring.GRID_POWER: 5000.0,
    wiring.former_phase_w(0): 1000.0,
    wiring.former_phase_w(1): -400.0,
    wiring.battery_power(SourceId("main")): 700.0,
    wiring.pv_power(SourceId("roof")): 3000.0,
    **car("bay_1", 80.0, 2000.0),
    **car("bay_3", 80.0, -1500.0),
}


def test_on_the_grid_the_load_is_what_every_source_gives_whatever_the_former_passes_on():
    assert load_w(SITE, snapshot(SITE, FEEDING), 0.0, islanded=False) == 9200.0
    for role in (wiring.GRID_POWER, wiring.pv_power(SourceId("roof")), wiring.bay_power(SourceId("bay_1"))):
        assert load_w(SITE, snapshot(SITE, FEEDING | {role: None}), 0.0, islanded=False) is None


def test_on_an_island_it_is_what_the_former_delivers_and_what_feeds_beside_it():
    assert load_w(SITE, snapshot(SITE, FEEDING), 0.0, islanded=True) == 4100.0
    for role in (wiring.former_phase_w(1), wiring.pv_power(SourceId("roof")), wiring.bay_power(SourceId("bay_1"))):
        assert load_w(SITE, snapshot(SITE, FEEDING | {role: None}), 0.0, islanded=True) is None


def test_where_nobody_measures_the_formers_battery_its_phases_stand_for_it_on_the_grid_too():
    without = replace(SITE, batteries=(replace(SITE.batteries[0], metered=False),))
    unmeasured = snapshot(without, FEEDING | {wiring.battery_power(SourceId("main")): None})
    assert load_w(without, unmeasured, 0.0, islanded=False) == 9100.0


def test_until_the_formers_battery_has_been_read_nobody_knows_what_of_its_phases_the_grid_feeds():
    unread = snapshot(SITE, FEEDING | {wiring.battery_power(SourceId("main")): None})
    assert load_w(SITE, unread, 0.0, islanded=False) is None
    assert load_w(SITE, unread, 0.0, islanded=True) == 4100.0


@pytest.mark.parametrize(("islanded", "load"), [(True, 5000.0), (False, 15_000.0)])
def test_a_hybrid_inverters_own_sun_and_battery_count_once_and_a_battery_beside_it_too(*, islanded: bool, load: float):
    # given a hybrid with its own battery and sun, which passes 6 kW on to its backup port, and a battery beside it
    shed = replace(SITE.batteries[0], id=SourceId("shed"))
    hybrid = replace(SITE, batteries=(*SITE.batteries, shed), pvs=(replace(SITE.pvs[0], direct=True),))
    values: dict[wiring.Role, object] = {
        **{role: 0.0 for role in healthy(hybrid) if role.endswith("_w")},
        wiring.GRID_POWER: 10_000.0,
        wiring.former_phase_w(0): 6000.0,
        wiring.battery_power(SourceId("main")): 2000.0,
        wiring.pv_power(SourceId("roof")): 4000.0,
        wiring.battery_power(SourceId("shed")): -1000.0,
    }
    assert load_w(hybrid, snapshot(hybrid, values), 0.0, islanded=islanded) == load


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


# With a pencil --------------------------------------------------------------------------------------------------------

ROLE = wiring.circuit_closed(LAUNDRY)


@pytest.mark.parametrize(
    ("closed", "value", "last_s", "on"),
    [
        pytest.param(True, False, 9.0, True, id="seen on"),
        pytest.param(None, False, 9.0, True, id="unread"),
        pytest.param(False, None, 0.0, False, id="seen off, never told"),
        pytest.param(False, True, 9.9, False, id="told on before it was seen off"),
        pytest.param(False, True, 10.0, True, id="told on since"),
        pytest.param(False, False, 11.0, False, id="told off"),
    ],
)
def test_a_switch_that_was_told_to_close_counts_as_closed_until_it_is_seen_open(
    closed: bool | None, value: bool | None, last_s: float, *, on: bool
):
    known = pencil.state(sent={} if value is None else {ROLE: pencil.sent(value, last_s)})
    there = snapshot(SITE, {ROLE: closed}, 10.0)
    assert is_on(SITE.circuit(LAUNDRY), known, there, 10.0) is on


@pytest.mark.parametrize(("sent_s", "watts"), [(10.0, 777.0), (10.1, 4000.0)])
def test_what_came_on_after_the_load_was_measured_counts_as_it_drew_before(sent_s: float, watts: float):
    known = replace(knowing(laundry=4000.0), sent={ROLE: pencil.sent(True, sent_s)}, drawn=DrawnMemory(9e4, 10.0))
    there = snapshot(SITE, {wiring.circuit_power(LAUNDRY): 777.0}, 10.0)
    assert demands(SITE, known, there, 11.0)[LAUNDRY] == watts
    off = replace(known, sent={ROLE: pencil.sent(False, sent_s)})
    assert demands(SITE, off, there, 11.0)[LAUNDRY] == 777.0


@pytest.mark.parametrize(("acknowledged_s", "watts"), [(None, 777.0), (10.9, 777.0), (11.0, 4000.0)])
def test_a_circuits_own_meter_counts_however_long_nobody_has_known_the_load_of_the_building(
    acknowledged_s: float | None, watts: float
):
    # given a laundry that was switched on while a source that feeds the building is silent, as by night the sun's
    on = replace(pencil.sent(True, 10.0), acknowledged_s=acknowledged_s)
    silent = DrawnMemory(None, float("-inf"))
    known = replace(knowing(laundry=4000.0), sent={ROLE: on}, drawn=silent)
    # when its own meter has been read since the switch obeyed
    there = snapshot(SITE, {wiring.circuit_power(LAUNDRY): 777.0}, 11.0)
    assert demands(SITE, known, there, 11.5)[LAUNDRY] == watts


@pytest.mark.parametrize(("seen_s", "kitchen_w"), [(10.0, 5400.0), (10.19, 5400.0), (10.3, 9400.0)])
def test_what_went_off_after_the_load_was_measured_is_still_contained_in_it(seen_s: float, kitchen_w: float):
    # given a kitchen without a meter beside a laundry of 4 kW that is told at 10 s to go off, and obeys within 0.1 s
    off = replace(pencil.sent(False, 10.0), acknowledged_s=10.1)
    values: dict[wiring.Role, object] = {wiring.circuit_power(KITCHEN): None, wiring.circuit_closed(LAUNDRY): False}
    known_w = sum(one.typical_w for one in SITE.circuits if one.id not in (KITCHEN, LAUNDRY))
    state = replace(knowing(laundry=4000.0), sent={ROLE: off}, drawn=DrawnMemory(known_w + 9400.0, seen_s))
    # then what the laundry drew is not taken for the kitchen's
    assert demands(SITE, state, snapshot(SITE, values, 10.4), 10.4)[KITCHEN] == pytest.approx(kitchen_w)


def test_a_meter_that_runs_backwards_draws_nothing():
    backwards = snapshot(SITE, {wiring.circuit_power(LAUNDRY): -50.0})
    assert demands(SITE, initial(0.0), backwards, 0.0)[LAUNDRY] == 0.0


def test_without_the_load_of_the_building_blind_circuits_draw_what_is_typical():
    blind = snapshot(SITE, {wiring.circuit_power(LAUNDRY): None})
    assert demands(SITE, initial(0.0), blind, 0.0)[LAUNDRY] == 5000.0


def test_a_fall_is_forgotten_by_a_time_constant_of_half_a_minute_and_a_rise_counts_at_once():
    kept = kept_after(30.0)
    assert kept == pytest.approx(0.3679, abs=1e-4)
    assert remembered_w(1000.0, 400.0, kept) == pytest.approx(620.7, abs=0.1)
    assert remembered_w(400.0, 1000.0, kept) == 1000.0


BAY = SourceId("bay_3")


@pytest.mark.parametrize(
    ("measured_w", "told_w", "watts"),
    [
        pytest.param(-700.0, -900.0, 700.0, id="measured"),
        pytest.param(None, -900.0, 900.0, id="told"),
        pytest.param(None, None, 0.0, id="nobody knows"),
        pytest.param(700.0, -900.0, 0.0, id="it gives"),
    ],
)
def test_a_car_takes_what_is_measured_or_no_more_than_it_was_told(
    measured_w: float | None, told_w: float | None, watts: float
):
    known = pencil.state(sent={} if told_w is None else {wiring.bay_power(BAY): pencil.sent(told_w)})
    there = snapshot(SITE, {wiring.bay_power(BAY): measured_w})
    bay = next(one for one in SITE.bays if one.id == BAY)
    assert charging_w(bay, known, there, 0.0) == watts
    assert charging_w(bay, known, replace(there, bays={}), 0.0) == max(0.0, -(told_w or 0.0))


def test_what_slow_chargers_draw_is_the_more_of_what_is_seen_and_what_is_remembered():
    # given two slow ones, on L1 and L2, and a quick one
    stops_s = {"bay_3": 9.0, "bay_4": 9.0}
    slow = replace(SITE, bays=tuple(replace(one, stops_s=stops_s.get(one.id, 0.0)) for one in SITE.bays))
    values = {wiring.bay_power(SourceId(f"bay_{number}")): -100.0 * number for number in (1, 3, 4)}
    known = pencil.state(bays={BAY: BayMemory(charging_w=350.0), SourceId("bay_4"): BayMemory(charging_w=350.0)})
    assert slow_charging_w(slow, known, snapshot(slow, values), 0.0) == (350.0, 400.0, 0.0)
    assert slow_charging_w(slow, pencil.state(), snapshot(slow, values), 0.0) == (300.0, 400.0, 0.0)
    forms = replace(slow, former=replace(slow.former, source=BAY))
    assert slow_charging_w(forms, known, snapshot(slow, values), 0.0) == (0.0, 400.0, 0.0)


def test_hunger_is_never_more_than_all_and_time_does_not_run_backwards():
    params = RestoreParams()
    assert hunger(None, params, 3600.0) == 0.0
    assert hunger(None, params, 3600.0, 0.0) == 0.5
    assert hunger(None, params, 90_000.0, 0.0) == 1.0
    assert hunger(LoadMemory(restored_s=500.0, hungry=0.4), params, 400.0) == 0.4
    off = LoadMemory(restored_s=0.0, hungry=0.4, shed_since_s=0.0)
    assert hunger(off, params, 720.0) == pytest.approx(0.5)
    assert hunger(off, params, -5.0, 7000.0) == pytest.approx(0.4)


def test_what_is_owed_is_what_is_missing_on_its_own_phase():
    # 1.5 kW of freezers on L1 with all their hunger draw 3.75 kW, of which a kilowatt is seen
    name = CircuitId("freezers")
    known = pencil.state(loads={name: LoadMemory(restored_s=100.0, hungry=1.0)})
    there = snapshot(SITE, {wiring.circuit_power(name): 1000.0}, 100.0)
    assert owed_w(SITE, known, there, RestoreParams(), 100.0) == (2750.0, 0.0, 0.0)
    assert owed_w(SITE, pencil.state(), there, RestoreParams(), 100.0) == ()
