"""Circuits that are found off although hems had switched them on: a board lost power, or somebody else switches."""

from itertools import pairwise
from typing import Any

from hems.model import wiring
from hems.model.cause import Why
from hems.model.mode import Mode
from hems.model.request import Acknowledge, Want
from hems.model.units import CircuitId
from hems.model.wiring import Role
from tests.control.panel import GRID_DEAD, TIE_CLOSED, TIE_OPEN, Panel, on_the_grid, utility
from tests.given import forces

BOARD = ("laundry", "gym", "ventilation", "hot_water", "heat_pump")
LAUNDRY = wiring.circuit_closed(CircuitId("laundry"))


def switches(closed: bool | None) -> dict[Role, Any]:
    return {wiring.circuit_closed(CircuitId(name)): closed for name in BOARD}


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
    # given a board whose circuits hems has all switched on
    made = back_on_the_grid()
    told = [name for name in BOARD if wiring.circuit_closed(CircuitId(name)) in made.state.sent]
    assert len(told) >= 3
    # when it loses power and comes back with everything off
    made.says(switches(None)).advance(60.0).says(switches(False))
    began_s = made.now_s
    made.advance(1500.0)
    # then they come back in their order, never two at once, and none before its pause
    ons = [(t_s, str(one.role).split("/")[1]) for t_s, one in made.commands() if one.value and "closed" in one.role]
    assert {name for _, name in ons} == set(told)
    assert len(ons) == len(told)
    assert all(later - earlier >= made.params.restore.step_grid_s for (earlier, _), (later, _) in pairwise(ons))
    assert all(t_s >= began_s + made.site.circuit(CircuitId(name)).min_off_s for t_s, name in ons)
    # and nobody was told to go off for it
    assert not [one for _, one in made.commands() if not one.value and "closed" in one.role]


def test_somebody_is_told_while_it_is_so():
    made = back_on_the_grid().says({LAUNDRY: False}).advance(11.0)
    assert made.state.alarms["circuits/laundry/closed/contradicts"].cause.why is Why.UNEXPECTED_CLOSE
    made.advance(200.0)
    assert "circuits/laundry/closed/contradicts" not in made.state.alarms


def test_a_switch_that_reads_off_for_a_moment_is_left_alone():
    made = back_on_the_grid().says({LAUNDRY: False}).advance(9.0).says({LAUNDRY: True}).advance(300.0)
    assert made.commands(LAUNDRY) == []


def test_xc_with_a_second_master_there_is_no_fight():
    # given somebody else who switches the laundry off whenever it comes on
    made = back_on_the_grid().says({LAUNDRY: False})
    for _ in range(20):
        made.advance(120.0).says({LAUNDRY: False})
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
