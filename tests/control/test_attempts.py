"""Restores that had to be undone: longer pauses, and at last none until a person looks."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.attempts import LONGEST_S, begun, collapsed, failed, given_up, pause_s, well
from hems.control.memory.acting import AttemptsMemory
from hems.control.memory.using import LoadMemory
from hems.control.params import Params
from hems.control.restoring import rested_s
from hems.control.state import initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.request import Acknowledge, Want
from hems.model.units import CircuitId
from hems.model.wiring import Role
from tests.control.panel import METERED, Panel, bus, kept, on_an_island, snapshot, utility
from tests.given import flats, forces

RESTORE = Params().restore


def former(watts: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index in range(3)}


@kept
def with_one_off(name: str) -> Panel:
    """An island with room on which everything is on but one circuit, which may come back at once."""
    made = on_an_island().says(former(1_000.0))
    made.advance(600.0, every_s=5.0)
    assert name not in made.off()
    loads = dict(made.state.loads)
    since_s = made.now_s - 1_000.0
    loads[CircuitId(name)] = replace(
        loads[CircuitId(name)], shed_because=made.steps[0][1].state.mode.because, shed_since_s=since_s
    )
    made.state = replace(made.state, loads=loads, last_shed_s=since_s, last_restore_s=since_s)
    return made


def back_at_s(made: Panel, name: str) -> float:
    since_s = made.now_s
    for _ in range(2_000):
        if made.state.loads[CircuitId(name)].shed_because is None:
            return made.now_s - since_s
        made.advance(1.0)
    raise AssertionError(f"{name} never came back")


def overload_once(made: Panel) -> None:
    """The inverter is driven far above its rating until the circuit is off again."""
    made.advance(1.0).says(former(18_000.0)).advance(2.0).says(former(1_000.0)).advance(1.0)


def test_each_failure_doubles_the_pause_up_to_half_an_hour():
    pauses = [pause_s(LoadMemory(fruitless=times), RESTORE) for times in range(8)]
    assert pauses == [0.0, 120.0, 240.0, 480.0, 960.0, 1800.0, 1800.0, 1800.0]
    assert pauses[-1] == LONGEST_S


def test_a_circuit_that_overloads_the_island_waits_longer_before_it_is_tried_again():
    made = with_one_off("ventilation")
    back_at_s(made, "ventilation")
    overload_once(made)
    assert made.state.loads[CircuitId("ventilation")].fruitless == 1
    again_s = rested_s(flats().circuit(CircuitId("ventilation")), made.state, made.params)
    assert again_s >= made.now_s + 110.0


def test_after_five_failures_in_a_row_nothing_comes_back_until_a_person_looks():
    # given four failures in a row, of whatever circuits, and one more
    made = with_one_off("ventilation")
    made.state = replace(made.state, attempts=AttemptsMemory(failures=4, undone=True))
    back_at_s(made, "ventilation")
    overload_once(made)
    # then nothing comes back, and a person is called
    made.advance(1_900.0, every_s=20.0)
    assert "ventilation" in made.off()
    assert made.state.alarms["restores"].cause.why is Why.RESTORE_GIVEN_UP
    # and once somebody has looked, it does
    made.ask(Acknowledge(who="ana", role="operator")).advance(500.0, every_s=10.0)
    assert "ventilation" not in made.off()


def test_one_that_stays_on_ends_the_row():
    made = with_one_off("ventilation")
    made.state = replace(made.state, attempts=AttemptsMemory(failures=4, undone=False))
    back_at_s(made, "ventilation")
    assert made.state.attempts.failures == 0


def test_a_building_that_goes_dark_when_something_comes_back_blames_that():
    made = with_one_off("ventilation")
    back_at_s(made, "ventilation")
    made.advance(2.0).says(bus(0.0, 0.0), former(0.0), dict.fromkeys(METERED, 0.0)).advance(10.0)
    assert made.mode is Mode.BLACKOUT
    assert made.state.loads[CircuitId("ventilation")].fruitless == 1
    assert made.state.attempts.failures == 1


def test_a_voltage_that_does_not_bear_it_undoes_the_restore_and_holds_the_next():
    made = with_one_off("ventilation")
    back_at_s(made, "ventilation")
    # when the island's voltage stays low after a motor's start is over
    made.says(bus(195.0)).advance(5.0)
    assert made.state.loads[CircuitId("ventilation")].shed_because.why is Why.VOLTAGE_SAGS
    # then it goes again, and nothing is tried while it is low
    made.advance(900.0, every_s=10.0)
    assert "ventilation" in made.off()
    made.says(bus(230.0)).advance(30.0)
    assert "ventilation" not in made.off()


def test_what_a_person_keeps_on_all_the_same_fails_no_more_often_the_longer_it_is_looked_at():
    # given a circuit that has just come back, and that a person wants on
    made = with_one_off("ventilation")
    back_at_s(made, "ventilation")
    made.ask(forces("ventilation", Want.ON))
    # when the voltage stays low
    made.says(bus(195.0)).advance(20.0)
    # then it stays on, and the next restore is not forbidden on its account
    assert "ventilation" not in made.off()
    assert made.state.attempts.failures == 0


@pytest.mark.parametrize(("volts", "fine"), [(230.0, True), (208.0, True), (206.0, False), (254.0, False), (0.0, True)])
def test_the_voltage_is_well_within_a_tenth_and_a_dead_bus_is_no_sag(volts: float, fine: bool):
    assert well(flats(), snapshot(flats(), bus(volts)), Params(), 0.0) is fine


@pytest.mark.parametrize(
    ("after_s", "shed", "restored_s", "blamed"),
    [
        (0.0, False, 100.0, 1),
        (30.0, False, 100.0, 1),
        (30.1, False, 100.0, 0),
        (5.0, True, 100.0, 0),
        (5.0, False, 90.0, 0),
    ],
)
def test_what_came_back_in_the_half_minute_before_it_went_dark_is_blamed_and_nothing_else(
    after_s: float, shed: bool, restored_s: float, blamed: int
):
    name, cause = CircuitId("ventilation"), Cause(Why.OVERLOAD)
    memory = LoadMemory(restored_s=restored_s, fruitless=1, shed_because=cause if shed else None)
    state = replace(initial(0.0), last_restore_s=100.0, loads={name: memory, CircuitId("gym"): LoadMemory()})
    found = collapsed(state, 100.0 + after_s)
    assert (found.loads[name].fruitless, found.attempts.failures) == (1 + blamed, blamed)
    assert found.loads[CircuitId("gym")] == LoadMemory()
    assert collapsed(replace(state, last_restore_s=None), 100.0).attempts.failures == 0


def test_a_row_ends_with_the_first_that_stays_and_after_as_many_failures_as_are_allowed_somebody_must_look():
    state = initial(0.0)
    assert begun(state) is state
    in_a_row = failed(failed(state))
    assert (in_a_row.attempts.failures, begun(in_a_row).attempts) == (2, AttemptsMemory(failures=2))
    assert begun(begun(in_a_row)).attempts == AttemptsMemory()
    allowed = round(RESTORE.failures)
    assert not given_up(replace(state, attempts=AttemptsMemory(failures=allowed - 1)), RESTORE)
    assert given_up(replace(state, attempts=AttemptsMemory(failures=allowed)), RESTORE)


def test_only_points_on_the_bus_tell_of_the_islands_voltage():
    # given a grid outside that sags while the island is well, and the other way round
    assert well(flats(), snapshot(flats(), {**bus(230.0), **utility(190.0)}), Params(), 0.0)
    assert not well(flats(), snapshot(flats(), {**bus(190.0), **utility(230.0)}), Params(), 0.0)
