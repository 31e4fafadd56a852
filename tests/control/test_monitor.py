"""The last look at each command: what breaks an invariant is not sent, and a person is called."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control import conditions, mode, monitor, sending, wanting
from hems.control.arbitrate import Proposal, Rank
from hems.control.memory.seeing import ModeMemory
from hems.control.params import Params
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.mode import Mode
from hems.model.request import Acknowledge
from hems.model.site import Generator
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role
from tests.control.panel import (
    GRID_DEAD,
    TIE_CLOSED,
    TIE_OPEN,
    Panel,
    on_an_island,
    on_the_grid,
    snapshot,
    tie,
    utility,
)
from tests.given import flats

SITE = replace(flats(), former=replace(flats().former, startable=True))
PARAMS = Params()
LAUNDRY = wiring.circuit_closed(CircuitId("laundry"))


def command(role: Role, value: Any) -> Command:
    gives = bool(value) if sending.is_switch(role) else abs(value) > 0
    return Command(role=role, value=value, cause=Cause(Why.GRID_RESTORED), energises=gives)


def broken(made: Panel, one: Command, during: Mode | None = None) -> str | None:
    state: ControlState = made.state if during is None else replace(made.state, mode=ModeMemory(mode=during))
    seen = snapshot(made.site, made.values, made.now_s)
    return monitor.breaks(monitor.Look(made.site, state, seen, made.params, made.now_s), one)


@pytest.mark.parametrize(
    "role",
    [
        "tie/closed_contact",
        "circuits/lift/closed",
        "circuits/network_room/closed",
        "circuits/nothing/closed",
        "grid/power_w",
        "former/l1_w",
        "pvs/roof/power_w",
    ],
)
def test_i1_whatever_is_no_actuator_of_hems_is_not_commanded(role: str):
    assert broken(on_the_grid(), command(Role(role), True)) == "I1"
    assert broken(on_the_grid(), command(Role(role), False)) == "I1"


def test_i2_the_former_is_asked_for_voltage_on_an_open_tie_only():
    made = on_the_grid(site=SITE)
    start = command(wiring.FORMER_START, True)
    assert broken(made, start, Mode.BLACK_START) == "I2"
    made.says(GRID_DEAD, TIE_OPEN)
    assert broken(made, start, Mode.BLACK_START) is None
    assert broken(made, start, Mode.BLACKOUT) == "I2"
    assert broken(made, command(wiring.FORMER_START, False)) is None


def test_i3_a_permit_needs_the_whole_wait():
    made = on_an_island().says(utility(230.0)).advance(59.9)
    permit = command(wiring.TIE_PERMIT, True)
    assert broken(made, permit) == "I3"
    assert broken(made.advance(0.2), permit) is None
    assert broken(made, command(wiring.TIE_PERMIT, False)) is None


def test_i3_a_circuit_on_the_grid_needs_one_that_has_stood():
    made = on_the_grid()
    assert broken(made, command(LAUNDRY, True)) is None
    made.says(utility(170.0)).advance(1.0)
    assert broken(made, command(LAUNDRY, True)) == "I3 grid"
    made.says(utility(230.0)).advance(20.0)
    assert broken(made, command(LAUNDRY, True), Mode.GRID_CONNECTED) == "I3 grid"


def test_uca13_a_running_generator_keeps_the_permit_and_a_closed_tie_the_generator():
    site = replace(SITE, generator=Generator(name="Generator", rated_w=20_000.0))
    run, permit = command(wiring.GENERATOR_RUN, True), command(wiring.TIE_PERMIT, True)
    made = on_an_island(site=site).says({wiring.GENERATOR_RUNNING: True}, utility(230.0)).advance(61.0)
    assert broken(made, permit) == "generator"
    assert broken(made, run) is None
    # nothing of it holds for what takes power away, or for anything else
    assert broken(made, command(wiring.TIE_PERMIT, False)) is None
    assert broken(made, command(LAUNDRY, True), Mode.ISLANDED) is None
    assert broken(made.says({wiring.GENERATOR_RUNNING: False}).advance(1.0), permit) is None
    made.says(TIE_CLOSED).advance(1.0)
    assert broken(made, run) == "generator"
    assert broken(made, command(wiring.GENERATOR_RUN, False)) is None


def test_i5_the_modes_are_those_of_the_reference():
    island = {Mode.ISLANDED_STABILIZING, Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING, Mode.RECONNECTING}
    dark = {Mode.BLACK_START}
    assert island | dark | {Mode.GRID_CONNECTED, Mode.ISLANDING_PLANNED} == monitor.GIVING_MODES
    resting = {Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING}
    assert resting | dark | {Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED} == monitor.CLOSING_MODES
    assert island | {Mode.ISLANDING_PLANNED} == monitor.LEAVING_MODES


def test_with_the_grid_nothing_leaves_what_is_kept_for_power_cuts():
    # given a car that nobody lets give on the grid, and a battery at its reserve
    made = on_the_grid()
    kept = replace(made.site.batteries[0], controllable=True, reserve_pct=100.0)
    made.site = replace(made.site, batteries=(kept,))
    battery = wiring.battery_power(kept.id)
    # then neither is told to, whoever wishes it
    assert broken(made, command(wiring.bay_power(SourceId("bay_1")), 3_000)) == "reserve"
    assert broken(made, command(battery, 3_000)) == "reserve"
    assert broken(made, command(battery, -3_000)) is None
    # nor does it matter on an island, for which it is kept
    assert broken(made, command(battery, 3_000), Mode.ISLANDED) is None
    made.site = replace(made.site, batteries=(replace(kept, reserve_pct=10.0),))
    assert broken(made, command(battery, 3_000)) is None


@pytest.mark.parametrize("during", Mode)
def test_i5_what_is_given_power_in_which_mode(during: Mode):
    made = on_an_island()
    made.state = replace(made.state, grid_solid_since_s=0.0)
    closing = broken(made, command(LAUNDRY, True), during)
    assert (closing is None) is (during in monitor.CLOSING_MODES)
    giving = broken(made, command(wiring.bay_power(SourceId("bay_1")), 3_000), during)
    assert (giving == "I5") is (during not in monitor.GIVING_MODES)
    holding = broken(made, command(wiring.battery_power(SourceId("main")), 3_000), during)
    assert (holding == "I5") is (during not in monitor.GIVING_MODES | monitor.HOLDING_MODES)
    least = broken(made, command(wiring.bay_power(SourceId("bay_1")), 1), during)
    assert least == giving
    apart = broken(made, command(wiring.TIE_ISLAND, True), during)
    assert (apart is None) is (during in monitor.LEAVING_MODES)
    # and what takes power away may always go
    for role in (LAUNDRY, wiring.TIE_ISLAND, wiring.TIE_PERMIT):
        assert broken(made, command(role, False), during) is None


def test_i4_a_mistaken_rule_does_not_lead_out_of_doubt(monkeypatch: pytest.MonkeyPatch):
    # given a rule by which doubt ends as soon as the grid looks good
    wrong = mode.Rule(mode.FAULT_SAFE, conditions.connected, "", Mode.GRID_CONNECTED, Why.GRID_GOOD)
    monkeypatch.setattr(mode, "RULES", (wrong, *mode.RULES))
    made = on_the_grid().says(tie(True, True, None)).advance(5.0)
    assert made.mode is Mode.FAULT_SAFE
    # when it does, then hems goes on doubting, and a person is called
    made.says(TIE_CLOSED).advance(5.0)
    assert made.mode is Mode.FAULT_SAFE
    assert made.state.alarms["invariant/I4"].priority == "HIGH"
    # without that rule it looks around afresh once somebody has looked
    monkeypatch.undo()
    made.ask(Acknowledge(who="Alex", role="operator")).advance(62.0)
    assert [entered for _, entered in made.modes][-2:] == [Mode.INIT, Mode.RECONNECTED_RESTORING]
    assert made.state.alarms == {}


def test_i6_nothing_is_given_power_in_the_first_moments():
    made = on_the_grid()
    made.state = replace(made.state, boot_s=made.now_s - 30.0)
    assert broken(made, command(LAUNDRY, True)) is None
    made.state = replace(made.state, boot_s=made.now_s - 29.99)
    assert broken(made, command(LAUNDRY, True)) == "I6"
    assert broken(made, command(wiring.bay_power(SourceId("bay_1")), -3_000)) == "I6"
    assert broken(made, command(LAUNDRY, False)) is None


def test_a_mistake_in_a_decision_is_not_sent_and_a_person_is_called(monkeypatch: pytest.MonkeyPatch):
    # given a decision that gives the permit for no reason
    def mistaken(*_: object) -> list[Proposal]:
        return [Proposal(role=wiring.TIE_PERMIT, rank=Rank.GRID, cause=Cause(Why.PERMIT_RECONNECT), prefer=1.0)]

    monkeypatch.setattr(wanting, "tie", mistaken)
    made = on_an_island()
    made.steps.clear()
    made.advance(30.0)
    # then no permit leaves, and that is told until somebody has looked
    assert made.commands(wiring.TIE_PERMIT) == []
    assert made.state.alarms["invariant/I3"].priority == "HIGH"
    monkeypatch.undo()
    made.advance(5.0)
    assert "invariant/I3" in made.state.alarms
    made.ask(Acknowledge(who="Alex", role="operator")).advance(5.0)
    assert "invariant/I3" not in made.state.alarms
