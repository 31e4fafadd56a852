"""What people order of the whole building: work on the plant, and islands on purpose."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hems.control.black_start import obstacle
from hems.control.memory.using import Habits, LoadMemory
from hems.control.orders import locked, stands
from hems.control.params import Params
from hems.control.resume import resumed
from hems.control.state import initial
from hems.model import wiring
from hems.model.cause import Why
from hems.model.instant import Instant
from hems.model.mode import Mode, TiePosition
from hems.model.reading import Reading
from hems.model.request import Acknowledge, Standing, Task
from hems.model.site import Site
from hems.model.units import CircuitId, SourceId
from hems.runtime.survival import fitting
from hems.sim.start import Car, Physics
from tests.control.panel import (
    GRID_DEAD,
    TIE_OPEN,
    UNMETERED,
    Panel,
    car,
    kept,
    on_an_island,
    on_the_grid,
    snapshot,
    tie,
    utility,
)
from tests.given import Building, building, flats, order, silent, volts

HEAT_PUMP = wiring.circuit_closed(CircuitId("heat_pump"))
LAUNDRY = wiring.circuit_closed(CircuitId("laundry"))
BAY = SourceId("bay_1")


def former(watts: float) -> dict[wiring.Role, Any]:
    return {wiring.former_phase_w(index): watts for index in range(3)}


# Maintenance ---------------------------------------------------------------------------------------------------------


def test_while_people_work_on_the_plant_nothing_is_given_power_and_nothing_starts():
    # given an island with circuits that are off, and a car that may give
    made = on_an_island().says(car("bay_1", 80.0), former(4_000.0))
    # when maintenance is ordered
    made.ask(order(Task.MAINTENANCE)).tick()
    assert made.mode is Mode.MAINTENANCE
    made.steps.clear()
    made.says(former(500.0)).advance(600.0, every_s=5.0)
    # then nobody is given power and no permit is given, whatever room there is
    assert not [one for _, one in made.commands() if one.energises]
    # and not even a returning grid ends it
    made.says(utility(230.0)).advance(400.0, every_s=5.0)
    assert made.mode is Mode.MAINTENANCE
    # until a person does; then hems looks around afresh
    made.ask(order(Task.MAINTENANCE, begin=False)).tick()
    assert made.mode is Mode.INIT


def test_in_maintenance_overload_is_shed_but_nothing_that_is_locked_out():
    made = on_an_island().ask(order(Task.MAINTENANCE, subjects=(HEAT_PUMP,)))
    assert "heat_pump" not in made.off()
    made.tick()
    made.steps.clear()
    # when the inverter is overloaded
    made.says(former(14_000.0)).advance(20.0)
    # then circuits go off, the locked one not, and nobody commands it at all
    off = {str(one.role) for _, one in made.commands() if not one.value and one.role.endswith("closed")}
    assert off
    assert HEAT_PUMP not in off
    assert made.commands(HEAT_PUMP) == []
    assert not any(one.role == HEAT_PUMP for _, step in made.steps for armed in step.armed for one in armed.commands)


def test_maintenance_brings_cars_to_rest_except_one_that_is_locked_out():
    made = on_an_island().says(UNMETERED, car("bay_1", 80.0), car("bay_2", 90.0), former(4_000.0)).advance(70.0)
    assert made.commands(wiring.bay_power(BAY))[-1][1].value > 0
    told = len(made.commands(wiring.bay_power(SourceId("bay_2"))))
    made.ask(order(Task.MAINTENANCE, subjects=(wiring.bay_power(SourceId("bay_2")),))).advance(5.0)
    assert made.commands(wiring.bay_power(BAY))[-1][1].value == 0
    assert len(made.commands(wiring.bay_power(SourceId("bay_2")))) == told


def test_maintenance_survives_a_restart_because_hands_may_be_in_the_panel():
    made = on_an_island().ask(order(Task.MAINTENANCE, subjects=(LAUNDRY,)))
    made.tick()
    made.state = resumed(made.state, shift_s=0.0, now_s=made.now_s)
    made.advance(1.0)
    assert made.mode is Mode.MAINTENANCE
    assert made.state.orders[Task.MAINTENANCE].subjects == (LAUNDRY,)


def test_what_one_has_locked_out_stays_so_when_a_second_comes_to_work():
    made = on_an_island().ask(order(Task.MAINTENANCE, subjects=(HEAT_PUMP,)))
    made.ask(order(Task.MAINTENANCE, subjects=(LAUNDRY,))).tick()
    assert locked(made.state, made.now_s) == {HEAT_PUMP, LAUNDRY}
    # and when they were the same person's, one word ends both
    made.ask(order(Task.MAINTENANCE, begin=False)).tick()
    assert locked(made.state, made.now_s) == frozenset()


def test_work_that_is_announced_for_later_locks_nothing_out_until_it_begins():
    # given work on the heat pump that begins in a minute and takes one
    made = on_an_island().ask(order(Task.MAINTENANCE, subjects=(HEAT_PUMP,), start_in_s=60.0, duration_s=60.0))
    made.tick()
    assert (locked(made.state, made.now_s), made.mode) == (frozenset(), Mode.ISLANDED)
    # then it is locked out while people are at it, and no longer
    made.advance(60.0)
    assert (locked(made.state, made.now_s), made.mode) == ({HEAT_PUMP}, Mode.MAINTENANCE)
    made.advance(61.0)
    assert locked(made.state, made.now_s) == frozenset()


def test_who_ends_his_work_gives_back_what_he_has_locked_out_and_nothing_of_another():
    # given two at work, each at a circuit
    made = on_an_island().ask(order(Task.MAINTENANCE, who="Ana", subjects=(HEAT_PUMP,)))
    made.advance(5.0).ask(order(Task.MAINTENANCE, who="Ben", subjects=(LAUNDRY,))).advance(5.0)
    assert locked(made.state, made.now_s) == {HEAT_PUMP, LAUNDRY}
    # when one is done, the other's hands are still in the panel
    made.ask(order(Task.MAINTENANCE, begin=False, who="Ana")).tick()
    assert (locked(made.state, made.now_s), made.mode) == ({LAUNDRY}, Mode.MAINTENANCE)
    # and over a restart
    made.state = resumed(made.state, shift_s=0.0, now_s=made.now_s)
    assert locked(made.state, made.now_s) == {LAUNDRY}
    # until the last is done
    made.ask(order(Task.MAINTENANCE, begin=False, who="Ben")).tick()
    assert (locked(made.state, made.now_s), made.mode) == (frozenset(), Mode.INIT)


def test_who_has_nothing_locked_out_ends_the_work_of_all_for_somebody_may_have_left():
    made = on_an_island().ask(order(Task.MAINTENANCE, who="Ana", subjects=(HEAT_PUMP,)))
    made.ask(order(Task.MAINTENANCE, who="Ben", subjects=(LAUNDRY,))).tick()
    made.ask(order(Task.MAINTENANCE, begin=False, who="the caretaker")).tick()
    assert (locked(made.state, made.now_s), made.mode) == (frozenset(), Mode.INIT)


def test_an_outage_in_maintenance_is_remembered_as_one():
    made = on_the_grid().ask(order(Task.MAINTENANCE)).advance(1.0).says(GRID_DEAD, TIE_OPEN).advance(5.0)
    assert made.mode is Mode.MAINTENANCE
    made.ask(order(Task.MAINTENANCE, begin=False)).advance(30.0)
    assert made.mode is Mode.ISLANDED


def test_who_works_is_told_of_a_power_cut_and_of_its_end_but_not_of_a_switch_that_was_opened_by_hand():
    made = on_the_grid().ask(order(Task.MAINTENANCE)).advance(1.0)
    # when an electrician opens the grid switch to try it
    assert "outage" not in made.says(TIE_OPEN).advance(5.0).state.alarms
    # then that is no power cut; it is one when the grid is gone
    raised = made.says(GRID_DEAD).advance(5.0).state.alarms["outage"]
    assert (raised.priority, raised.cause.why) == ("HIGH", Why.CUT_AT_WORK)
    # and over when it is back, or the work is
    assert "outage" not in made.says(utility(230.0)).advance(5.0).state.alarms
    made.says(GRID_DEAD).advance(5.0).ask(order(Task.MAINTENANCE, begin=False)).advance(30.0)
    assert "outage" not in made.state.alarms


# A planned island ----------------------------------------------------------------------------------------------------


def plannable() -> Site:
    site = flats()
    batteries = tuple(replace(one, controllable=True) for one in site.batteries)
    return replace(site, tie=replace(site.tie, has_island=True), batteries=batteries)


def planning(soc_pct: float = 80.0, load: float = 0.8, **more: Any) -> Building:
    return building(site=plannable(), battery_soc_pct=soc_pct, load=load, **more)


def requests(made: Building) -> list[tuple[float, bool]]:
    return [(t_s, bool(one.value)) for t_s, one in made.commands(wiring.TIE_ISLAND)]


def test_t2a_a_planned_island_sheds_to_plan_lets_nothing_flow_and_only_then_opens_the_tie():
    # given a building whose grid carries most of what it needs
    made = planning(params=replace(Params(), boot=replace(Params().boot, hold_energise_s=10.0))).advance(700.0)
    assert made.mode is Mode.GRID_CONNECTED
    # when an island is ordered for five minutes
    ordered_s = made.plant.t_s
    made.ask(order(Task.ISLAND, duration_s=300.0)).advance(60.0)
    # then next to nothing had flowed for five seconds when the tie was asked to open
    asked_s = next(t_s for t_s, value in requests(made) if value)
    before = [one for one in made.ticks if asked_s - 5.0 <= one.t_s <= asked_s]
    limit_w = 0.02 * 30_000.0
    assert len(before) > 1
    assert all(abs(one.snapshot.grid_w.value or 0.0) <= limit_w for one in before)
    # and the building lives on its own, nothing critical was ever touched, and the hot water went off before
    assert made.mode in (Mode.ISLANDED_STABILIZING, Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING)
    assert made.plant.former_trips == 0
    assert ordered_s <= made.switched("hot_water")[0][0] < asked_s
    critical = {str(one.id) for one in made.site.circuits if one.tier <= 1}
    assert not any(made.switched(name) for name in critical)
    # and stays there although the grid is good, until its time is over, and then comes back by itself
    made.advance(200.0)
    assert made.mode is Mode.GRID_RETURN_QUALIFYING
    made.advance(1200.0)
    assert made.mode is Mode.GRID_CONNECTED
    assert made.off() == set()
    assert made.forward.state.orders == {}


def test_who_asks_for_own_power_while_the_building_is_about_to_rejoin_the_grid_stays_apart_at_once():
    # given an island whose permit to rejoin the grid has just been given
    made = on_an_island(site=plannable()).says(utility(230.0))
    while made.mode is not Mode.RECONNECTING:
        made.advance(10.0)
    assert made.state.sent[wiring.TIE_PERMIT].value is True
    # when somebody orders an island
    made.ask(order(Task.ISLAND, duration_s=3600.0)).tick()
    # then the permit is withdrawn in the same instant, and the tie is never told both
    assert made.state.sent[wiring.TIE_PERMIT].value is False
    assert made.state.sent[wiring.TIE_ISLAND].value is True
    # and nothing is tried again for as long as the order stands
    assert made.advance(1000.0, every_s=20.0).mode is Mode.GRID_RETURN_QUALIFYING
    assert made.state.sent[wiring.TIE_PERMIT].value is False
    assert made.state.reconnect.failures == 0


def test_t2a_power_through_the_tie_comes_to_rest_though_its_meter_is_read_later_than_the_battery():
    # given a meter at the tie that shows what flowed two seconds ago
    made = planning(params=replace(Params(), boot=replace(Params().boot, hold_energise_s=10.0))).advance(700.0)
    flowed: list[Reading[Any]] = []

    def late(reading: Reading[Any]) -> Reading[Any]:
        flowed.append(reading)
        return next(one for one in flowed if one.taken_s >= reading.taken_s - 2.0)

    made.flawed(late, wiring.GRID_POWER)
    # when an island is ordered
    made.ask(order(Task.ISLAND, duration_s=300.0)).advance(45.0)
    # then it comes about
    assert any(value for _, value in requests(made))
    assert made.mode.on_island


@pytest.mark.parametrize("soc_pct", [45.0, 20.0])
def test_t2b_a_planned_island_without_the_energy_for_it_is_refused_with_the_reason(soc_pct: float):
    made = planning(soc_pct).ask(order(Task.ISLAND, duration_s=600.0)).advance(30.0)
    assert made.mode is Mode.GRID_CONNECTED
    (event,) = [event for event in made.events if event.kind == "request"]
    assert event.cause.why is Why.ISLAND_REFUSED
    assert event.cause.facts["soc_pct"] == pytest.approx(soc_pct, abs=0.5)
    assert event.cause.facts["least_pct"] == 50.0
    assert made.forward.state.orders == {}


def test_where_nothing_can_open_the_tie_on_request_no_island_is_planned():
    made = building(battery_soc_pct=80.0).ask(order(Task.ISLAND)).advance(5.0)
    assert [event.cause.why for event in made.events if event.kind == "request"] == [Why.ISLAND_REFUSED]
    assert wiring.TIE_ISLAND not in {one.role for _, one in made.commands()}


def test_an_announced_island_charges_the_battery_beforehand_and_begins_by_itself():
    # given a battery too empty for an island, and an outage that the utility has announced
    made = planning(45.0, load=0.3).ask(order(Task.ISLAND, start_in_s=1200.0, duration_s=600.0, target_pct=52.0))
    announced_s = made.plant.t_s
    made.advance(60.0)
    assert made.plant.batteries[SourceId("main")].power_w < -20_000.0
    # then it is charged to its target and no further, and leaves the grid in time
    made.advance(1130.0)
    assert made.plant.batteries[SourceId("main")].soc_pct == pytest.approx(52.0, abs=1.5)
    assert Mode.ISLANDING_PLANNED not in made.modes
    made.advance(40.0)
    entered = next(event.at.mono_s for event in made.events if event.subject == Mode.ISLANDING_PLANNED)
    assert entered == pytest.approx(announced_s + 1200.0, abs=1.0)
    assert made.mode.on_island


def test_what_is_stored_serves_the_building_until_an_announced_island_is_near():
    # given an island that is announced for later than batteries need to be charged for it
    plan = replace(Params().plan, prepare_h=1.0)
    made = planning(45.0, load=0.3, params=replace(Params(), plan=plan)).ask(order(Task.ISLAND, start_in_s=4800.0))
    # then the battery gives until it is near, and from then on takes all it can
    made.advance(1190.0)
    assert made.plant.batteries[SourceId("main")].power_w > 1_000.0
    made.advance(30.0)
    assert made.plant.batteries[SourceId("main")].power_w < -20_000.0


def test_an_announced_island_that_has_not_the_energy_when_its_time_comes_does_not_begin():
    made = planning(45.0, load=0.3)
    made.forward.deaf.add(wiring.battery_power(SourceId("main")))
    made.ask(order(Task.ISLAND, start_in_s=60.0, duration_s=600.0)).advance(120.0)
    assert Mode.ISLANDING_PLANNED not in made.modes


def test_a_tie_that_does_not_open_is_given_up_and_everything_comes_back():
    made = planning()
    made.forward.deaf.add(wiring.TIE_ISLAND)
    made.ask(order(Task.ISLAND, duration_s=1800.0)).advance(60.0)
    gone = [event.cause.why for event in made.events if event.kind == "mode"]
    assert Why.ISLAND_NOT_REACHED in gone
    assert (made.mode, made.off(), made.forward.state.orders) == (Mode.GRID_CONNECTED, set(), {})
    assert requests(made)[-1][1] is False


def test_a_person_calls_it_off_on_the_way():
    made = planning()
    made.forward.deaf.add(wiring.TIE_ISLAND)
    made.ask(order(Task.ISLAND)).advance(3.0)
    assert made.mode is Mode.ISLANDING_PLANNED
    made.ask(order(Task.ISLAND, begin=False)).advance(60.0)
    assert (made.mode, made.off()) == (Mode.GRID_CONNECTED, set())


@pytest.mark.parametrize("ends", [False, True])
def test_while_people_work_on_an_island_on_purpose_nobody_has_the_tie_close(ends: bool):
    # given an island on purpose
    made = planning().advance(200.0).ask(order(Task.ISLAND, duration_s=200.0 if ends else 3000.0)).advance(60.0)
    assert made.mode.on_island
    before = len(requests(made))
    # when people begin to work on the plant, and it is over while they do or not
    made.ask(order(Task.MAINTENANCE)).advance(300.0)
    # then the tie is left where it is
    assert requests(made)[before:] == []
    assert made.forward.state.evidence.tie.value is TiePosition.OPEN
    # until they are done
    made.ask(order(Task.MAINTENANCE, begin=False)).advance(100.0)
    assert (False in {value for _, value in requests(made)[before:]}) is ends


def test_nor_does_a_restart_of_hems_while_they_are_at_it():
    made = planning().advance(200.0).ask(order(Task.ISLAND, duration_s=200.0)).advance(60.0)
    made.ask(order(Task.MAINTENANCE)).advance(10.0)
    before = len(requests(made))
    # when hems starts anew, which remembers of requests what was said of circuits, cars and the permit
    made.restart()
    state = made.forward.state
    made.forward.state = fitting(made.site, state)
    made.advance(300.0)
    assert made.mode is Mode.MAINTENANCE
    assert requests(made)[before:] == []


def test_doubt_about_the_bus_does_not_end_an_island_on_purpose():
    made = planning().advance(200.0).ask(order(Task.ISLAND, duration_s=3000.0)).advance(60.0)
    assert made.mode.on_island
    before = len(requests(made))
    # when nothing tells any more whether there is voltage
    meters = [wiring.circuit_power(one.id) for one in made.site.circuits]
    meters += [wiring.former_phase_w(index) for index in range(3)]
    made.flawed(silent, *volts("bus"), *meters).advance(40.0)
    # then nobody asks the tie to close
    assert made.mode is Mode.FAULT_SAFE
    assert False not in {value for _, value in requests(made)[before:]}


def test_an_island_on_purpose_outlives_a_restart_of_hems():
    # given a building that has left the grid for a quarter of an hour
    made = planning(load=0.3).ask(order(Task.ISLAND, duration_s=900.0)).advance(120.0)
    assert made.mode.on_island
    # when hems starts anew
    made.restart()
    began_s = made.plant.t_s
    made.advance(200.0)
    # then nobody asks the tie to close, and it stays open until its time is over
    assert [value for t_s, value in requests(made) if t_s >= began_s and not value] == []
    assert made.mode.on_island
    assert made.forward.state.mode.on_purpose
    assert made.advance(1500.0).mode is Mode.GRID_CONNECTED


def test_an_island_on_purpose_is_told_as_such_and_becomes_a_power_cut_when_the_grid_goes_meanwhile():
    made = planning().ask(order(Task.ISLAND, duration_s=900.0)).advance(60.0)
    assert made.forward.state.mode.on_purpose
    assert Why.TIE_OPENED not in {event.cause.why for event in made.events}
    # when the grid fails in the middle of it
    made.grid_lost().advance(10.0)
    assert made.mode.on_island
    assert not made.forward.state.mode.on_purpose
    # then it is one to the end, also when the grid is back for a while
    made.grid_back().advance(20.0)
    assert not made.forward.state.mode.on_purpose


def test_a_planned_island_ends_by_itself_when_energy_gets_short():
    made = planning(55.0, load=0.8).ask(order(Task.ISLAND, duration_s=80_000.0)).advance(30.0)
    assert made.mode.on_island
    made.plant.batteries[SourceId("main")].soc_pct = 19.0
    made.advance(120.0)
    assert made.mode in (Mode.GRID_CONNECTED, Mode.RECONNECTED_RESTORING)
    assert not stands(made.forward.state, Task.ISLAND, made.plant.t_s)


def test_cars_rest_before_the_grid_is_left():
    made = planning(cars={"bay_1": Car(soc_pct=50.0)}).advance(60.0)
    assert made.plant.bays[BAY].power_w < 0.0
    made.forward.deaf.add(wiring.TIE_ISLAND)
    made.ask(order(Task.ISLAND)).advance(3.0)
    assert made.plant.bays[BAY].power_w == 0.0


# Black start ---------------------------------------------------------------------------------------------------------


def startable() -> Site:
    return replace(flats(), former=replace(flats().former, startable=True))


@kept
def blacked_out(site: Site | None = None, **values: Any) -> Panel:
    """A dark building with its tie open and every circuit off."""
    made = on_the_grid(site=site or startable(), params=Params())
    made.load = 1.0
    made.says(GRID_DEAD, TIE_OPEN, utility(3.0, 0.0, point="bus"), values)
    made.advance(10.0)
    assert made.mode is Mode.BLACKOUT
    assert len(made.off()) == 10
    return made


def starts(made: Panel) -> list[tuple[float, bool]]:
    return [(t_s, bool(one.value)) for t_s, one in made.commands(wiring.FORMER_START) if one.value]


def test_a_dark_building_with_energy_is_started_once_everything_is_off_and_the_tie_proven_open():
    made = blacked_out()
    dark_s = made.entered_s(Mode.BLACKOUT)
    made.advance(40.0)
    assert made.mode is Mode.BLACK_START
    assert starts(made)[0][0] >= dark_s + 30.0
    assert made.commands(wiring.FORMER_START)[-1][1].energises
    # when it makes voltage and that stands, circuits come back one by one
    made.says(utility(230.0, point="bus")).advance(29.0)
    assert made.mode is Mode.BLACK_START
    made.advance(2.0)
    assert made.mode is Mode.ISLANDED_STABILIZING
    made.advance(400.0, every_s=5.0)
    assert made.mode is Mode.ISLANDED
    assert {"door_entry", "freezers", "medical_sockets", "sump_pump"} & made.off() == set()


def test_a_building_starts_from_the_dark_on_the_plants_own_equations():
    made = building(site=startable(), load=0.5, battery_soc_pct=80.0, physics=Physics(tie_qualify_s=3.0))
    made.grid_lost().advance(30.0)
    made.act(lambda plant: plant.former.stop()).advance(1.0)
    assert not made.plant.bus_live
    made.advance(60.0)
    assert made.mode is Mode.ISLANDED
    assert Mode.BLACK_START in made.modes
    assert made.plant.bus_live


@pytest.mark.parametrize(
    "values",
    [tie(False, False, False), tie(None, None, False), tie(False, True, True), tie(True, True, None)],
    ids=["contacts 00", "contacts silent", "flag says closed", "contacts 11"],
)
def test_t4a_without_a_tie_proven_open_there_is_no_black_start(values: dict[wiring.Role, Any]):
    made = blacked_out().says(values).advance(120.0)
    assert starts(made) == []


def test_t4b_coils_that_are_not_seen_open_count_as_cold_load():
    # given a small inverter, and large circuits whose switches nobody can see
    stuck = {wiring.circuit_closed(CircuitId(name)): None for name in ("heat_pump", "hot_water", "kitchen")}
    made = blacked_out(site=replace(startable(), former=replace(startable().former, phase_va=(6_000.0,) * 3)))
    made.deaf |= set(stuck)
    made.says(stuck).advance(120.0)
    # then the former is not asked to start into them, and somebody is told how much it is
    assert starts(made) == []
    alarm = made.state.alarms["black_start"]
    assert alarm.cause.why is Why.COLD_LOAD
    # and with those switches seen open it is
    made.says(dict.fromkeys(stuck, False)).advance(60.0)
    assert starts(made)


def test_t4b_a_contactor_known_to_have_welded_is_cold_load_whatever_its_relay_says_in_the_dark():
    # given a small inverter, and large circuits that drew power while they were off, whose relays say off
    made = blacked_out(site=replace(startable(), former=replace(startable().former, phase_va=(6_000.0,) * 3)))
    known = {CircuitId(name) for name in ("heat_pump", "hot_water", "kitchen")}
    loads = {name: replace(made.state.loads.get(name, LoadMemory()), welded_s=made.now_s) for name in known}
    made.state = replace(made.state, loads={**made.state.loads, **loads})
    made.advance(120.0)
    # then the former is not asked to start into them, not even by a process that has started since
    assert starts(made) == []
    assert made.state.alarms["black_start"].cause.why is Why.COLD_LOAD
    assert resumed(made.state, shift_s=0.0, now_s=made.now_s).loads[CircuitId("kitchen")].welded_s == made.now_s
    # until a person says that they have been seen to
    made.ask(Acknowledge(who="Ana", role="engineer")).advance(90.0)
    assert starts(made)


def test_circuits_that_fall_silent_together_are_one_alarm_and_not_a_flood():
    # given a relay board that has gone: what is told off does not show it
    silent = {wiring.circuit_closed(one.id): None for one in startable().circuits if one.switchable}
    made = on_the_grid(site=startable(), params=Params())
    made.deaf |= set(silent)
    made.says(silent, GRID_DEAD, TIE_OPEN, utility(3.0, 0.0, point="bus")).advance(60.0)
    # then that is told once
    assert "circuits/deaf" in made.state.alarms
    assert not [key for key in made.state.alarms if key.endswith("/closed/deaf")]
    # and two that do not obey are told each by itself
    two = dict(list(silent.items())[:2])
    made = on_the_grid(site=startable(), params=Params())
    made.deaf |= set(two)
    made.says(two, GRID_DEAD, TIE_OPEN, utility(3.0, 0.0, point="bus")).advance(60.0)
    assert len([key for key in made.state.alarms if key.endswith("/closed/deaf")]) == 2


def test_t4c_with_an_empty_battery_it_waits_for_the_sun():
    soc = wiring.battery_soc(SourceId("main"))
    made = blacked_out(**{soc: 6.0}).advance(3600.0, every_s=60.0)
    assert starts(made) == []
    assert made.state.alarms["black_start"].cause.why is Why.BLACK_START_WAITS
    # when the sun makes half as much again as what must run
    made.says({wiring.pv_power(SourceId("roof")): 12_000.0}).advance(60.0)
    assert starts(made)


NEARLY_EMPTY = {wiring.battery_soc(SourceId("main")): 7.0}


def waits_for(made: Panel, utc: datetime | None, *, noon_w: int = 0, **told: float) -> Why | None:
    """What forbids a start, for a building whose last three days brought so much sun from 10 to 14 o'clock."""
    day = tuple(noon_w if 10 <= hour < 14 else 0 for hour in range(24))
    state = replace(made.state, habits=Habits(suns_w=(day, day, day)))
    values = made.values | {wiring.pv_available(SourceId(name)): watts for name, watts in told.items()}
    found = obstacle(made.site, state, snapshot(made.site, values, made.now_s), made.params, Instant(made.now_s, utc))
    return None if found is None else found.why


def test_t4c_a_sun_that_stands_still_in_the_dark_counts_as_what_even_a_poor_day_brings_at_this_hour():
    made = blacked_out(**NEARLY_EMPTY)
    noon, evening = datetime(2026, 6, 1, 11, tzinfo=UTC), datetime(2026, 6, 1, 13, tzinfo=UTC)
    assert waits_for(made, noon, noon_w=12_000) is None
    # not for less, nor at the end of the day, nor without a clock
    assert waits_for(made, noon, noon_w=1_000) is Why.BLACK_START_WAITS
    assert waits_for(made, evening, noon_w=12_000) is Why.BLACK_START_WAITS
    assert waits_for(made, None, noon_w=12_000) is Why.BLACK_START_WAITS
    # and never below where the inverter stops by itself
    empty = blacked_out(**{wiring.battery_soc(SourceId("main")): 4.0})
    assert waits_for(empty, noon, noon_w=12_000) is Why.BLACK_START_WAITS


def test_t4c_a_device_that_tells_of_the_sun_in_the_dark_is_believed_before_any_habit():
    made = blacked_out(**NEARLY_EMPTY)
    noon = datetime(2026, 6, 1, 11, tzinfo=UTC)
    assert waits_for(made, None, roof=12_000.0) is None
    assert waits_for(made, noon, noon_w=12_000, roof=200.0) is Why.BLACK_START_WAITS


def test_t4c_modules_on_the_inverters_own_side_are_seen_and_never_guessed():
    site = replace(startable(), pvs=tuple(replace(pv, direct=True) for pv in startable().pvs))
    made = blacked_out(site=site, **NEARLY_EMPTY)
    assert waits_for(made, datetime(2026, 6, 1, 11, tzinfo=UTC), noon_w=12_000) is Why.BLACK_START_WAITS


def test_t4d_below_its_own_stop_not_even_the_sun_is_enough():
    soc = wiring.battery_soc(SourceId("main"))
    made = blacked_out(**{soc: 4.0}).says({wiring.pv_power(SourceId("roof")): 20_000.0}).advance(600.0, every_s=10.0)
    assert starts(made) == []


def test_failures_are_followed_by_pauses_of_10_20_40_and_120_minutes_and_after_five_a_person_is_asked():
    made = blacked_out(replace(startable(), bays=()))
    made.deaf.add(wiring.FORMER_START)
    made.advance(20_000.0, every_s=100.0)
    begun = [t_s for t_s, mode in made.modes if mode is Mode.BLACK_START]
    ended = [t_s for t_s, mode in made.modes if mode is Mode.BLACKOUT][1:]
    waits_s = made.params.black_start.wait_s
    assert [round(a - b - waits_s) for a, b in zip(begun[1:], ended, strict=False)] == [600, 1200, 2400, 7200]
    made.advance(10_000.0, every_s=1000.0)
    assert len([mode for _, mode in made.modes if mode is Mode.BLACK_START]) == 5
    assert made.state.alarms["black_start"].cause.why is Why.BLACK_START_GIVEN_UP


def test_a_collapse_soon_after_a_start_is_its_failure_a_late_one_is_not():
    made = blacked_out().advance(40.0).says(utility(230.0, point="bus")).advance(100.0)
    assert made.mode is Mode.ISLANDED
    made.says(utility(3.0, 0.0, point="bus")).advance(10.0)
    assert made.state.black_start.failures == 1
    late = blacked_out().advance(40.0).says(utility(230.0, point="bus")).advance(1000.0, every_s=5.0)
    late.says(utility(3.0, 0.0, point="bus")).advance(10.0)
    assert late.state.black_start.failures == 1
    assert made.state.black_start.failures == 1


def test_an_island_that_lives_is_never_told_to_stop():
    made = blacked_out().advance(40.0).says(utility(230.0, point="bus")).advance(500.0, every_s=5.0)
    made.says(tie(None, None, None)).advance(60.0)
    assert made.mode is Mode.FAULT_SAFE
    assert made.commands(wiring.FORMER_START)[-1][1].value is True


def test_an_order_is_in_force_from_its_beginning_until_its_end_and_not_at_it():
    standing = Standing(task=Task.HOLD, who="Ana", reason="", begins_s=100.0, ends_s=200.0)
    state = replace(initial(0.0), orders={Task.HOLD: standing})
    times = (99.9, 100.0, 199.9, 200.0)
    assert [stands(state, Task.HOLD, now_s) for now_s in times] == [False, True, True, False]
    assert not stands(state, Task.STORM, 150.0)
