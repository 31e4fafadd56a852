"""Circuits that are found off although hems had switched them on: a board lost power, or somebody else switches."""

from itertools import pairwise
from typing import Any

from hems.model import wiring
from hems.model.cause import Why
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.request import Acknowledge, Want
from hems.model.units import CircuitId
from hems.model.wiring import Role
from tests.control.panel import GRID_DEAD, TIE_CLOSED, TIE_OPEN, Panel, kept, on_the_grid, utility
from tests.given import forces

BOARD = ("laundry", "gym", "ventilation", "hot_water", "heat_pump")
LAUNDRY = wiring.circuit_closed(CircuitId("laundry"))


def switches(closed: bool | None) -> dict[Role, Any]:
    return {wiring.circuit_closed(CircuitId(name)): closed for name in BOARD}


@kept
def back_on_the_grid() -> Panel:
    """A building that has had an outage, so that hems has switched circuits off and on again."""
    made = on_the_grid()
    made.load = 1.0
    made.says(GRID_DEAD, TIE_OPEN).advance(60.0)
    made.says(utility(230.0), TIE_CLOSED).advance(1500.0, every_s=10.0)
    assert (made.mode, made.off()) == (Mode.GRID_CONNECTED, set())
    made.steps.clear()
    return made


def test_what_a_board_without_power_let_go_comes_back_one_by_one():
    # given a board some of whose circuits hems has switched in a power cut, and others never
    made = back_on_the_grid()
    assert 3 <= sum(wiring.circuit_closed(CircuitId(name)) in made.state.sent for name in BOARD) < len(BOARD)
    # when it loses power and comes back with everything off
    made.says(switches(None)).advance(60.0).says(switches(False))
    began_s = made.now_s
    made.advance(1500.0, every_s=5.0)
    # then they come back in their order, never two at once, and none before its pause
    ons = [(t_s, str(one.role).split("/")[1]) for t_s, one in made.commands() if one.value and "closed" in one.role]
    assert {name for _, name in ons} == set(BOARD)
    assert len(ons) == len(BOARD)
    assert all(later - earlier >= made.params.restore.step_grid_s for (earlier, _), (later, _) in pairwise(ons))
    assert all(t_s >= began_s + made.site.circuit(CircuitId(name)).min_off_s for t_s, name in ons)
    # and nobody was told to go off for it
    assert not [one for _, one in made.commands() if not one.value and "closed" in one.role]


@kept
def steady_island() -> Panel:
    """Ten minutes after the grid has failed, with all on that there is room for."""
    made = on_the_grid()
    made.load = 0.5
    return made.says(GRID_DEAD, TIE_OPEN).advance(600.0, every_s=5.0)


def silent(*names: str) -> dict[Role, Any]:
    """Switches that were heard as on, and are not heard any more."""
    return {wiring.circuit_closed(CircuitId(name)): Reading(True, -100.0) for name in names}


def test_what_a_board_lets_go_when_it_starts_anew_comes_back_though_hems_had_never_moved_it():
    # given an island whose medical sockets and freezers hems has never switched
    made = steady_island()
    board = [CircuitId("medical_sockets"), CircuitId("freezers")]
    assert not [one for one in board if wiring.circuit_closed(one) in made.state.sent]
    # when their board is silent for a moment and is heard again with everything off
    made.says(silent(*board)).advance(10.0)
    made.says({wiring.circuit_closed(one): False for one in board}).advance(600.0, every_s=5.0)
    # then both have been switched on, and it was told why they were off
    on = {one.role for _, one in made.commands() if one.value}
    assert {wiring.circuit_closed(one) for one in board} <= on
    told = [one.subject for _, step in made.steps for one in step.events if one.cause.why is Why.LET_GO]
    assert set(told) == {wiring.circuit_closed(one) for one in board}


def test_what_goes_off_before_its_eyes_was_opened_by_a_person_and_stays_off():
    made = steady_island()
    made.says({wiring.circuit_closed(CircuitId("freezers")): False}).advance(600.0, every_s=5.0)
    assert made.commands(wiring.circuit_closed(CircuitId("freezers"))) == []


def test_somebody_is_told_while_it_is_so():
    made = back_on_the_grid().says({LAUNDRY: False}).advance(11.0)
    assert made.state.alarms["circuits/laundry/closed/contradicts"].cause.why is Why.UNEXPECTED_CLOSE
    made.advance(200.0, every_s=5.0)
    assert "circuits/laundry/closed/contradicts" not in made.state.alarms


def test_a_switch_that_reads_off_for_a_moment_is_left_alone():
    made = back_on_the_grid().says({LAUNDRY: False}).advance(9.0).says({LAUNDRY: True}).advance(300.0, every_s=5.0)
    assert made.commands(LAUNDRY) == []


def test_xc_with_a_second_master_there_is_no_fight():
    # given somebody else who switches the laundry off whenever it comes on
    made = back_on_the_grid().says({LAUNDRY: False})
    for _ in range(20):
        made.advance(120.0, every_s=5.0).says({LAUNDRY: False})
    # then it is switched on three times at most, and then left to people
    assert 1 <= len([one for _, one in made.commands(LAUNDRY) if one.value]) <= 3
    assert "circuits/laundry/closed/locked_out" in made.state.alarms
    # who may say that they have looked
    made.ask(Acknowledge(who="Alex", role="operator")).advance(120.0)
    assert [one.value for _, one in made.commands(LAUNDRY)][-1] is True


def test_what_a_person_keeps_on_is_switched_on_again_without_waiting_for_its_turn():
    made = back_on_the_grid().ask(forces("laundry", Want.ON)).advance(2.0).says({LAUNDRY: False}).advance(120.0)
    assert [one.value for _, one in made.commands(LAUNDRY)][-1] is True
    assert made.state.loads[CircuitId("laundry")].shed_because is None
