"""Killed at any moment, back with what was saved."""

import json
import os
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.cars.memory import BayMemory, PhaseMemory
from hems.control.memory.acting import Alarm, ReconnectMemory, Sent
from hems.control.memory.seeing import ModeMemory
from hems.control.memory.using import LoadMemory
from hems.control.params import Params
from hems.control.resume import resumed, surviving
from hems.control.sending import is_switch
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.codec import from_plain, to_plain
from hems.model.mode import Mode
from hems.model.request import Override, Want
from hems.model.units import CircuitId, SourceId
from hems.sim.start import Car
from tests.control.panel import GRID_DEAD, TIE_CLOSED, TIE_OPEN, UNMETERED, car, on_an_island, panel, utility
from tests.given import Building, building, flats, forces

SITE, PARAMS = flats(), Params()
BAY_1, BAY_2 = SourceId("bay_1"), SourceId("bay_2")
LOST_S, BACK_S, END_S = 10.0, 70.0, 160.0
"""The story: the grid fails after ten seconds and comes back a minute later."""


def story() -> Building:
    return building(cars={"bay_1": Car(soc_pct=80.0), "bay_2": Car(soc_pct=70.0)})


def play(made: Building, until_s: float) -> Building:
    """Go on with the story from wherever it stands."""
    for t_s, verb in ((LOST_S, Building.grid_lost), (BACK_S, Building.grid_back)):
        if made.plant.t_s < t_s <= until_s or (made.plant.t_s == t_s < until_s):
            made.advance(t_s - made.plant.t_s)
            verb(made)
    return made.advance(until_s - made.plant.t_s)


@lru_cache(maxsize=1)
def uninterrupted() -> Building:
    return play(story(), END_S)


def closings(made: Building, after_s: float) -> dict[str, float]:
    """When each circuit was first switched on after a time."""
    found: dict[str, float] = {}
    for circuit in SITE.circuits:
        times = [t_s for t_s, on in made.switched(circuit.id) if on and t_s > after_s]
        if times:
            found[circuit.id] = times[0]
    return found


def on_the_grid_s(made: Building) -> float:
    """When hems saw that the switch to the grid had closed again."""
    return next(
        one.t_s for one in made.ticks if one.t_s > BACK_S and one.step.state.mode.mode is Mode.RECONNECTED_RESTORING
    )


def permitted_s(made: Building) -> float:
    """When hems first permitted it to."""
    return next(
        one.t_s
        for one in made.ticks
        for command in one.step.commands
        if one.t_s > BACK_S and command.role == wiring.TIE_PERMIT and command.value
    )


def test_the_story_itself_ends_well():
    made = uninterrupted()
    assert (made.mode, made.off(), made.plant.former_trips) == (Mode.GRID_CONNECTED, set(), 0)
    assert Mode.ISLANDED in made.modes


@pytest.mark.long
@given(st.floats(LOST_S + 0.05, END_S - 1.0), st.floats(0.1, 8.0))
@settings(max_examples=8)
def test_uca4_killed_at_any_moment_the_story_ends_as_it_would_have(kill_s: float, down_s: float):
    killed(kill_s, down_s)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(40))
def test_xa_killed_a_thousand_times_the_story_ends_each_time_as_it_would_have(seed: int) -> None:
    # 25 times with each seed, so that it can be shared out: the story is told once, and goes on from each in a fork
    rng, made = Random(seed), story()
    uninterrupted()  # told here, or each fork would tell it anew
    for kill_s, down_s in sorted((rng.uniform(LOST_S + 0.05, END_S - 1.0), rng.uniform(0.1, 8.0)) for _ in range(25)):
        play(made, kill_s)
        assert held_in_a_fork(lambda: comes_back(made, kill_s, down_s)), f"killed at {kill_s} for {down_s} s"  # noqa: B023


def held_in_a_fork(does: Callable[[], None]) -> bool:
    """Whether nothing is raised; what it changes is forgotten."""
    child = os.fork()
    if child == 0:
        try:
            does()
        except BaseException:  # noqa: BLE001  told on the terminal, and by the code that the fork ends with
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def killed(kill_s: float, down_s: float) -> None:
    """The story with a daemon that dies at one time and comes back a while later."""
    # given an outage in the middle of which the daemon is killed
    comes_back(play(story(), kill_s), kill_s, down_s)


def comes_back(made: Building, kill_s: float, down_s: float) -> None:
    """The rest of the story, with another daemon."""
    opened = made.off()
    # when it comes back with what it had saved
    made.restart(down_s=down_s)
    back_s, began = made.plant.t_s, len(made.ticks)
    hold_s = made.params.boot.hold_energise_s
    if back_s >= BACK_S > kill_s:
        made.grid_back()
    play(made, END_S)
    if made.mode is not Mode.GRID_CONNECTED or made.off():
        play(made, END_S + 60.0)
    # then nothing is given power before it knows how things stand, and for as long as it must hold back
    for ticked in made.ticks[began:]:
        for one in ticked.step.commands:
            looking = ticked.step.state.mode.mode is Mode.INIT or ticked.t_s < back_s + hold_s
            assert not (one.energises and looking)
            assert not (is_switch(one.role) and one.value and looking)
    # and the switch is permitted to close after a whole wait, and closes in its own time; no circuit comes back earlier
    # than it would have, on the grid as seen from that instant, but for the second between two looks
    assert permitted_s(made) >= BACK_S + made.params.grid.qualify_s
    sooner_s = on_the_grid_s(uninterrupted()) - on_the_grid_s(made)
    later = closings(made, back_s)
    for circuit, t_s in closings(uninterrupted(), kill_s - 1.0).items():
        if circuit in opened:
            would_s = t_s - sooner_s if t_s > on_the_grid_s(uninterrupted()) else t_s
            assert later[circuit] >= min(t_s, would_s) - 1.0
    # and the end is the same
    assert (made.mode, made.off(), made.plant.former_trips) == (Mode.GRID_CONNECTED, set(), 0)


def test_killed_between_the_reflex_and_saving_the_journal_knows_what_went_off():
    # given a daemon that dies in the instant after the reflex has switched circuits off, with nothing of it saved
    made = story()
    saved = made.forward.state
    made.grid_lost().advance(0.3)
    opened = made.off()
    assert opened
    # when it comes back
    journal = {wiring.circuit_closed(CircuitId(name)): False for name in opened}
    made.forward.armed = ()
    made.plant.step(3.0)
    made.forward.state = resumed(saved, shift_s=0.0, now_s=made.plant.t_s, told=journal)
    made.advance(30.0)
    assert made.mode is Mode.ISLANDED
    # then everything comes back in the end
    made.grid_back().advance(60.0)
    assert (made.mode, made.off()) == (Mode.GRID_CONNECTED, set())


def test_what_should_be_on_and_is_found_off_waits_for_its_turn_instead_of_closing_at_once():
    # given circuits that had come back before, and went off unnoticed while the daemon was dead on an overfull island
    made = on_an_island().advance(200.0)
    assert "gym" not in made.off()
    saved = made.state
    gone = ("gym", "laundry", "ventilation")
    made.says({wiring.circuit_closed(CircuitId(name)): False for name in gone})
    made.says({wiring.former_phase_w(index): 7_900.0 for index in range(3)})
    made.state = resumed(saved, shift_s=0.0, now_s=made.now_s)
    made.advance(300.0)
    # then nobody closes them into an island that has no room
    assert set(gone) <= made.off()
    # and they come back one by one when there is
    made.says({wiring.former_phase_w(index): 1_000.0 for index in range(3)}).advance(200.0)
    assert not set(gone) & made.off()


def test_what_was_off_is_told_so_again_at_once_and_may_be_found_deaf():
    made = on_an_island()
    made.state = resumed(made.state, shift_s=0.0, now_s=made.now_s)
    made.deaf.add(wiring.circuit_closed(CircuitId("laundry")))
    made.says({wiring.circuit_closed(CircuitId("laundry")): None})
    made.steps.clear()
    made.tick()
    again = {str(one.role).split("/")[1] for _, one in made.commands() if one.role.endswith("closed")}
    assert again == {"laundry"}  # the others are seen to be off
    assert not any(one.energises for _, one in made.commands())
    made.advance(1.5)
    assert made.mode is Mode.INIT
    assert "circuits/laundry/closed/deaf" in made.state.alarms


def test_a_car_gives_again_only_after_its_minute_and_never_below_its_floor():
    made = on_an_island().says(UNMETERED, car("bay_1", 80.0), {wiring.former_phase_w(0): 6000.0}).advance(70.0)
    made.state = resumed(made.state, shift_s=0.0, now_s=made.now_s)
    began_s = made.now_s
    made.steps.clear()
    made.advance(100.0)
    gives = [t_s for t_s, one in made.commands(wiring.bay_power(SourceId("bay_1"))) if one.value > 0]
    assert gives[0] >= began_s + 60.0


# The state alone -----------------------------------------------------------------------------------------------------


def saved_state() -> ControlState:
    shed = LoadMemory(shed_because=Cause(Why.ENERGY_BAND), shed_since_s=900.0, demand_w=4000.0, fruitless=3, deaf=True)
    return replace(
        initial(0.0),
        at_s=1000.0,
        mode=ModeMemory(mode=Mode.RECONNECTING, since_s=990.0, outage_since_s=700.0),
        dose=(0.4, 0.0, 0.0),
        band="conserve",
        loads={CircuitId("gym"): shed},
        sent={
            wiring.circuit_closed(CircuitId("gym")): Sent(
                value=False, cause=Cause(Why.OVERLOAD), sent_s=900.0, last_s=900.0
            ),
            wiring.bay_power(SourceId("bay_1")): Sent(value=5000, cause=Cause(Why.OVERLOAD), sent_s=1.0, last_s=1.0),
        },
        overrides=(
            Override(
                circuit=CircuitId("kitchen"),
                want=Want.OFF,
                who="Alex",
                role="operator",
                reason="",
                set_s=950.0,
                expires_s=1100.0,
            ),
        ),
        reconnect=ReconnectMemory(failures=2, not_before_s=1500.0),
        alarms={"a": Alarm(priority="HIGH", since_s=990.0, subject="a", cause=Cause(Why.STARTED))},
    )


def test_times_move_to_the_present_clock_and_remaining_times_remain():
    # given a state saved at 1000 s on a clock that now shows 50 s, ten seconds later
    state = resumed(saved_state(), shift_s=-960.0, now_s=50.0)
    assert (state.at_s, state.boot_s, state.mode.mode, state.mode.since_s) == (50.0, 50.0, Mode.INIT, 50.0)
    assert state.mode.outage_since_s == -260.0
    assert state.overrides[0].expires_s == 140.0
    assert state.reconnect == ReconnectMemory(failures=2, not_before_s=540.0)
    assert state.alarms["a"].since_s == 30.0
    assert (state.dose, state.band) == ((0.4, 0.0, 0.0), "conserve")


def test_a_charger_that_has_used_up_its_switchings_of_the_day_has_none_after_a_restart():
    # given a charger that was switched between its phases at 50 and 90, and is being switched again
    switched = PhaseMemory(moves_s=(50.0, 90.0), to=False, told=True, since_s=95.0)
    bays = {BAY_1: BayMemory(plugged_since_s=10.0, taken_wh=500.0, phases=switched), BAY_2: BayMemory()}
    state = resumed(replace(saved_state(), bays=bays), shift_s=900.0, now_s=1000.0)
    # then the moves are remembered on the present clock, and nothing else of the car: nobody knows which one is here
    assert state.bays == {BAY_1: BayMemory(phases=PhaseMemory(moves_s=(950.0, 990.0)))}


def test_rests_begin_anew_and_nothing_counts_as_deaf_or_answered():
    state = resumed(saved_state(), shift_s=-960.0, now_s=50.0)
    gym = state.loads[CircuitId("gym")]
    assert (gym.shed_since_s, gym.fruitless, gym.deaf, gym.demand_w) == (-60.0, 3, False, 4000.0)
    assert state.sent[wiring.circuit_closed(CircuitId("gym"))].acknowledged_s is None
    assert wiring.bay_power(SourceId("bay_1")) not in state.sent


def test_what_a_person_kept_off_until_a_moment_ago_waits_for_its_turn():
    kept_off = replace(
        saved_state(),
        sent={
            wiring.circuit_closed(CircuitId("kitchen")): Sent(
                value=False, cause=Cause(Why.OVERRIDE), sent_s=950.0, last_s=950.0
            )
        },
    )
    state = resumed(kept_off, shift_s=0.0, now_s=1200.0)
    assert state.overrides == ()
    assert state.loads[CircuitId("kitchen")].shed_because is not None


def test_resuming_survives_being_written_as_json():
    state = resumed(saved_state(), shift_s=-960.0, now_s=50.0)
    assert from_plain(ControlState, json.loads(json.dumps(to_plain(state)))) == state


@pytest.mark.parametrize("position", [True, False])
def test_the_journal_adds_what_is_off_and_nothing_else(position: bool):
    told = {
        wiring.circuit_closed(CircuitId("laundry")): position,
        wiring.bay_power(SourceId("bay_1")): 0.0,
        wiring.TIE_PERMIT: False,
    }
    state = resumed(initial(0.0), shift_s=0.0, now_s=50.0, told=told)
    assert set(state.loads) == (set() if position else {CircuitId("laundry")})


def test_uca4_a_switch_that_is_silent_after_a_start_is_not_closed_before_it_has_been_read_and_nobody_waits_for_it():
    # given an outage with circuits off, and a relay board that does not answer after the restart
    kitchen = wiring.circuit_closed(CircuitId("kitchen"))
    made = on_an_island().says(UNMETERED, {wiring.former_phase_w(index): 19_000.0 for index in range(3)}).advance(3.0)
    assert {"kitchen", "ventilation"} <= made.off()
    made.state = replace(resumed(made.state, shift_s=0.0, now_s=made.now_s), dose=(0.0, 0.0, 0.0))
    made.steps.clear()
    made.deaf.add(kitchen)
    # when the grid is back
    made.says({kitchen: None}, utility(230.0), TIE_CLOSED).advance(1500.0, every_s=30.0)
    # then all others come back, and that one not
    assert made.mode is Mode.GRID_CONNECTED
    assert not [one for one in made.off() if one != "kitchen"]
    assert not [one for _, one in made.commands(kitchen) if one.value]
    # until it has been read once
    made.says({kitchen: False}).advance(400.0)
    assert [one for _, one in made.commands(kitchen) if one.value]


def test_in_survival_an_outage_is_got_through_with_what_protects_and_nothing_comes_back_by_itself():
    # given an outage in which the daemon has fallen over again and again, with circuits off and a car that may give
    made = building(load=1.0, cars={"bay_1": Car(soc_pct=80.0)}).grid_lost().advance(60.0)
    off = made.off()
    assert off
    made.restart(down_s=2.0)
    made.forward.state = surviving(made.forward.state)
    assert made.plant.bays[SourceId("bay_1")].power_w > 0.0
    began = len(made.ticks)
    # when nobody decides about cars, then none goes on giving by itself
    assert made.advance(40.0).plant.bays[SourceId("bay_1")].power_w == 0.0
    # and when it is overloaded, and when energy gets short, then circuits go as ever
    made.wants("lift", 22_000.0).advance(60.0)
    assert made.plant.former_trips == 0
    assert off < made.off()
    made.wants("lift", 500.0).plant.batteries[SourceId("main")].soc_pct = 9.0
    made.advance(10.0)
    assert "kitchen" in made.off()
    # and the tie is permitted to close on a good grid, with nothing switched on and no car giving before or after
    made.grid_back().advance(200.0)
    assert made.mode is Mode.RECONNECTED_RESTORING
    told = [one for ticked in made.ticks[began:] for one in ticked.step.commands if one.energises]
    assert {one.role for one in told} == {wiring.TIE_PERMIT}


def test_survival_leaves_out_restoring_and_cars_and_keeps_what_protects():
    made = panel().says(GRID_DEAD, TIE_OPEN, car("bay_1", 80.0), {wiring.former_phase_w(0): 5000.0})
    made.state = surviving(made.state)
    made.advance(200.0, every_s=10.0)
    assert made.mode is Mode.ISLANDED
    assert [one for _, one in made.commands() if one.energises] == []
    made.says({wiring.former_phase_w(0): 19_000.0}).advance(1.0)
    assert "heat_pump" in made.off()
    made.says({wiring.battery_soc(SourceId("main")): 9.0}).advance(1.0)
    assert "door_entry" in made.off()


def test_an_override_goes_on_with_what_remains_of_it():
    made = on_an_island().ask(forces("kitchen", Want.OFF, duration_s=600.0)).advance(10.0)
    made.state = resumed(made.state, shift_s=0.0, now_s=made.now_s)
    made.says(utility(230.0)).advance(580.0, every_s=60.0)
    assert "kitchen" in made.off()
    made.advance(200.0, every_s=10.0)
    assert "kitchen" not in made.off()


def test_of_what_was_told_before_only_switches_stay_as_they_were():
    # given a switch, a request of the building's, a power of a battery and of a car, and its phases
    laundry, running = wiring.circuit_closed(CircuitId("laundry")), wiring.GENERATOR_RUN
    bay = SourceId("bay_1")
    told: dict[wiring.Role, bool | float] = {
        laundry: False,
        running: True,
        wiring.battery_power(SourceId("main")): 900.0,
    }
    told |= {wiring.bay_power(bay): -3000.0, wiring.bay_three_phases(bay): True}
    sent = {role: Sent(value=value, cause=Cause(Why.OVERLOAD), sent_s=1.0, last_s=1.0) for role, value in told.items()}
    # then after a restart hems knows only of what holds without it
    after = resumed(replace(initial(0.0), sent=sent), shift_s=0.0, now_s=50.0).sent
    assert {role: one.value for role, one in after.items()} == {laundry: False, running: True}
