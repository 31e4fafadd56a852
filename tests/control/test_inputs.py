"""What a building tells by contacts and thermometers: fire, the red button, what gets warm, and leaving in a hurry."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control import present
from hems.control.demand import is_on
from hems.control.energy import floor_pct
from hems.control.given import Given
from hems.control.params import Params
from hems.control.resume import resumed
from hems.control.state import initial
from hems.model import wiring
from hems.model.cause import Why
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.request import Task, Want
from hems.model.site import Site, Tier
from hems.model.units import CircuitId, SourceId
from tests.control.panel import (
    GRID_DEAD,
    TIE_CLOSED,
    TIE_OPEN,
    UNMETERED,
    Panel,
    car,
    kept,
    on_an_island,
    on_the_grid,
    set_off,
    snapshot,
    utility,
)
from tests.given import flats, forces, order

BAY = SourceId("bay_1")
BAY_W = wiring.bay_power(BAY)
FREEZERS = wiring.circuit_closed(CircuitId("freezers"))


def wired(**changes: Any) -> Site:
    return replace(flats(), has_fire_alarm=True, has_red_button=True, **changes)


def fire(speaks: bool | None) -> dict[wiring.Role, Any]:
    return {wiring.FIRE_ALARM: speaks}


def button(pressed: bool | None) -> dict[wiring.Role, Any]:
    return {wiring.RED_BUTTON: pressed}


def calm() -> dict[wiring.Role, Any]:
    return fire(False) | button(False)


def former(watts: float) -> dict[wiring.Role, Any]:
    return {wiring.former_phase_w(index): watts for index in range(3)}


@kept
def helped_island() -> Panel:
    """An island with circuits off and a car that gives."""
    made = on_an_island(site=wired()).says(calm(), UNMETERED, car("bay_1", 90.0), former(4_000.0)).advance(70.0)
    assert made.commands(BAY_W)[-1][1].value > 0
    return made


# Fire ----------------------------------------------------------------------------------------------------------------


def test_in_a_fire_no_car_gives_or_charges_and_nothing_comes_back_until_a_person_says_so():
    # given an island with circuits off
    made = helped_island()
    off = made.off()
    assert off
    # when the alarm speaks for a moment
    made.says(fire(True)).tick()
    assert made.commands(BAY_W)[-1][1].value == 0
    made.says(fire(False), former(500.0)).advance(900.0, every_s=5.0)
    # then nothing has come back, whatever room there is, and no car gives
    assert off <= made.off()
    assert made.commands(BAY_W)[-1][1].value == 0
    assert made.state.alarms["fire"].priority == "HIGH"
    # until a person says that it is over
    made.ask(order(Task.FIRE, begin=False)).advance(200.0)
    assert made.off() < off
    assert "fire" not in made.state.alarms


def test_a_fire_alarm_that_still_speaks_is_not_over_whoever_says_so():
    made = helped_island().says(fire(True)).advance(5.0).ask(order(Task.FIRE, begin=False)).advance(5.0)
    assert Task.FIRE in made.state.orders
    told = [event.cause.why for _, step in made.steps for event in step.events if event.kind == "request"]
    assert told == [Why.FIRE, Why.FIRE_GOES_ON]


def test_in_a_fire_charging_on_the_grid_ends_and_a_persons_wish_closes_nothing():
    made = on_the_grid(site=wired()).says(calm(), UNMETERED, car("bay_1", 50.0), {wiring.GRID_POWER: 1_000.0})
    made.ask(forces("gym", Want.OFF)).advance(5.0)
    assert made.commands(BAY_W)[-1][1].value < 0
    made.says(fire(True)).advance(1.0)
    assert made.commands(BAY_W)[-1][1].value == 0
    made.ask(forces("gym", Want.ON)).advance(400.0, every_s=5.0)
    assert "gym" in made.off()


def test_the_reflex_stops_the_cars_the_moment_the_alarm_speaks():
    made = helped_island()
    fired = set_off(made.steps[-1][1].armed, wiring.FIRE_ALARM, Reading(True, made.now_s), made.now_s)
    assert {one.role for ready in fired for one in ready.commands} == {
        wiring.bay_power(bay.id) for bay in made.site.bays
    }
    assert not any(one.value or one.energises for ready in fired for one in ready.commands)


def test_a_fire_goes_on_through_a_restart():
    made = helped_island().says(fire(True)).advance(2.0).says(fire(None))
    made.state = resumed(made.state, shift_s=0.0, now_s=made.now_s)
    made.advance(300.0, every_s=5.0)
    assert "fire" in made.state.alarms
    assert made.commands(BAY_W)[-1][1].value == 0


def test_overload_is_shed_in_a_fire_as_ever():
    made = helped_island().says(fire(True)).advance(5.0)
    before = made.off()
    made.says(former(15_000.0)).advance(9.0)
    assert before < made.off()


# The red button ------------------------------------------------------------------------------------------------------


def test_while_the_red_button_is_pressed_hems_gives_no_commands_and_says_so():
    made = helped_island().says(button(True))
    made.tick()
    made.steps.clear()
    # when all sorts of things happen
    made.says(former(15_000.0)).advance(30.0).says(utility(230.0)).advance(200.0)
    made.says(TIE_CLOSED, {wiring.GRID_POWER: 20_000.0}).advance(100.0)
    # then nobody is commanded, not even by the reflex
    assert made.commands() == []
    assert all(step.armed == () for _, step in made.steps)
    assert made.state.alarms["red_button"].cause.why is Why.RED_BUTTON
    # and goes on when it is released
    made.says(button(False), former(0.0)).advance(400.0, every_s=5.0)
    assert made.commands()
    assert "red_button" not in made.state.alarms


def test_what_people_have_arranged_by_hand_is_not_undone_when_they_give_back():
    # given people who have taken over before the power cut, on an island that bears all that is on
    made = on_the_grid(site=wired()).says(calm(), UNMETERED).says(button(True)).advance(2.0)
    made.says(GRID_DEAD, TIE_OPEN, former(3_000.0)).advance(60.0)
    assert made.commands()[-1][0] < made.now_s - 60.0
    # when they give back
    made.says(button(False)).advance(5.0)
    # then nothing goes off that nobody needed off meanwhile, but for what a power cut is no time for
    assert made.off() == {"hot_water"}


def test_nothing_that_nobody_was_asked_counts_as_failed_while_people_have_taken_over():
    # given an island whose people have taken over, and a grid that has long been back
    made = helped_island().says(button(True), utility(230.0)).advance(3000.0, every_s=20.0)
    # then nobody has tried to go back, and hems does as soon as they give back
    assert made.state.reconnect.failures == 0
    made.says(button(False)).advance(30.0)
    assert [one for _, one in made.commands(wiring.TIE_PERMIT) if one.value]


def test_a_red_button_that_falls_silent_stays_as_it_was():
    made = helped_island().says(button(True)).advance(1.0).says(button(None)).advance(30.0)
    assert made.state.by_hand
    assert helped_island().says(button(None)).advance(5.0).state.by_hand is False


# What gets warm ------------------------------------------------------------------------------------------------------


def cold_room() -> Site:
    site = wired()
    cooled = tuple(
        replace(one, temp_max_c=-15.0, tier=Tier.COMFORT) if one.id == "freezers" else one for one in site.circuits
    )
    return replace(site, circuits=cooled)


def warmth(temp_c: float | None) -> dict[wiring.Role, Any]:
    return {wiring.circuit_temperature(CircuitId("freezers")): temp_c}


@kept
def critical_island(temp_c: float) -> Panel:
    """Stored energy is short: comfort is not served any more."""
    made = on_an_island(site=cold_room()).says(calm(), warmth(temp_c), UNMETERED, former(500.0))
    return made.says({wiring.battery_soc(SourceId("main")): 18.0}).advance(10.0)


def test_what_keeps_something_cool_counts_more_once_it_is_too_warm():
    # given freezers that went off to save energy
    made = critical_island(-20.0)
    assert "freezers" in made.off()
    # when they get too warm, then they come back although energy is short
    made.says(warmth(-14.9)).advance(400.0, every_s=5.0)
    assert "freezers" not in made.off()
    assert made.state.alarms["circuits/freezers/closed/warm"].cause.why is Why.TOO_WARM
    # and stay on until they are a whole degree below
    made.says(warmth(-15.5)).advance(100.0)
    assert "freezers" not in made.off()
    made.says(warmth(-16.1)).advance(100.0)
    assert "freezers" in made.off()
    assert "circuits/freezers/closed/warm" not in made.state.alarms


def test_a_thermometer_that_falls_silent_changes_nothing():
    made = critical_island(-14.0).says(warmth(None)).advance(60.0)
    assert made.state.warm == {CircuitId("freezers")}
    assert critical_island(-20.0).says(warmth(None)).advance(60.0).state.warm == frozenset()


def test_nothing_is_raised_above_critical():
    site = wired()
    hot = tuple(replace(one, temp_max_c=-15.0) if one.id == "sump_pump" else one for one in site.circuits)
    made = on_an_island(site=replace(site, circuits=hot))
    made.says({wiring.circuit_temperature(CircuitId("sump_pump")): 30.0})
    assert next(one for one in made.tick().site.circuits if one.id == "sump_pump").tier is Tier.CRITICAL


# Leaving in a hurry --------------------------------------------------------------------------------------------------


def test_uca12_in_an_evacuation_every_car_keeps_at_least_80_percent():
    made = helped_island().says(car("bay_1", 80.0)).ask(order(Task.EVACUATION)).advance(5.0)
    assert made.commands(BAY_W)[-1][1].value == 0
    assert made.commands(BAY_W)[-1][1].cause.why is Why.CAR_AT_FLOOR
    kept = {bay.id: floor_pct(bay, made.params.car) for bay in made.steps[-1][1].site.bays}
    assert min(kept.values()) == 83.0
    made.ask(order(Task.EVACUATION, begin=False)).advance(5.0)
    assert made.commands(BAY_W)[-1][1].value > 0


def test_in_an_evacuation_cars_charge_before_circuits_come_back():
    # given a building that is back on the grid with much still off
    made = on_an_island(site=wired()).says(calm(), UNMETERED, car("bay_1", 50.0)).ask(order(Task.EVACUATION))
    made.says(utility(230.0), TIE_CLOSED, {wiring.GRID_POWER: 3_000.0}).advance(30.0)
    assert made.mode is Mode.RECONNECTED_RESTORING
    assert made.off()
    # then the car charges already
    assert made.commands(BAY_W)[-1][1].value < 0


def test_without_an_evacuation_circuits_come_first():
    made = on_an_island(site=wired()).says(calm(), UNMETERED, car("bay_1", 50.0))
    made.says(utility(230.0), TIE_CLOSED, {wiring.GRID_POWER: 3_000.0}).advance(30.0)
    assert made.commands(BAY_W)[-1][1].value == 0


# A car that makes the island -----------------------------------------------------------------------------------------


def test_t4d_a_former_whose_small_battery_is_empty_is_not_asked_to_start():
    site = wired(former=replace(flats().former, startable=True))
    made = on_the_grid(site=site).says(calm(), {wiring.FORMER_WAKE: False}).advance(5.0)
    assert made.state.alarms["dark_start"].cause.why is Why.DARK_START_EMPTY
    made.load = 0.5
    made.says(GRID_DEAD, TIE_OPEN, utility(3.0, 0.0, point="bus")).advance(120.0)
    assert made.mode is Mode.BLACKOUT
    assert made.state.alarms["black_start"].cause.why is Why.DARK_START_EMPTY
    made.says({wiring.FORMER_WAKE: True}).advance(60.0)
    assert [one.value for _, one in made.commands(wiring.FORMER_START)][-1] is True


# Hand switches -------------------------------------------------------------------------------------------------------


def past(name: str, by_hand: bool | None = True) -> dict[wiring.Role, Any]:
    """A circuit whose hand switch in the panel does not stand on AUTO."""
    return {wiring.circuit_by_hand(CircuitId(name)): by_hand}


def told(made: Panel) -> set[str]:
    return {str(one.role).split("/")[1] for _, one in made.commands() if one.role.endswith("/closed")}


@pytest.mark.parametrize(("by_hand", "goes"), [(True, False), (False, True), (None, True)])
def test_a_circuit_past_its_hand_switch_is_not_shed_because_that_would_free_nothing(by_hand: bool | None, goes: bool):
    # given an island on which the laundry would go
    made = on_the_grid().says(past("laundry", by_hand)).advance(2.0)
    made.steps.clear()
    made.says(GRID_DEAD, TIE_OPEN, former(9000.0)).advance(5.0)
    # then it does, unless a person has taken it; what is left must go instead
    assert ("laundry" in told(made)) is goes
    assert "gym" in told(made)
    armed = {str(one.role).split("/")[1] for _, step in made.steps for some in step.armed for one in some.commands}
    assert goes or "laundry" not in armed


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_the_switch_of_such_a_circuit_says_is_not_believed(by_hand: bool):
    # given one whose switch is open, and past it current may flow
    off = {wiring.circuit_closed(CircuitId("laundry")): False}
    seen = snapshot(flats(), off | past("laundry", by_hand))
    given = present.counted(Given(flats(), seen, Params(), Instant(0.0)), initial(0.0))
    # then it counts as on
    assert is_on(given.site.circuit(CircuitId("laundry")), initial(0.0), given.snapshot, 0.0) is by_hand
