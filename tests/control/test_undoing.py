"""A restore that goes wrong at once: that step is undone, and nothing that matters more is given for it."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from hems.control import arming
from hems.control.memory.using import LoadMemory
from hems.control.state import ControlState
from hems.control.step import Armed
from hems.control.undoing import SETTLES_S
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.mode import Mode
from hems.model.request import Want
from hems.model.site import Tier
from hems.model.units import CircuitId
from hems.model.wiring import Role
from tests.control.panel import UNMETERED, Panel, kept, on_an_island, snapshot
from tests.control.pencil import BECAUSE, PARAMS, outlook, sent, state
from tests.given import flats, forces

SITE = flats()
NOW_S = 1000.0
WATTS = {one.id: one.typical_w for one in SITE.circuits}
KITCHEN, FREEZERS = CircuitId("kitchen"), CircuitId("freezers")
HOT = CircuitId("hot_water")
MANY = ["hot_water", "laundry", "gym", "ventilation", "heat_pump"]


def former(*phase_w: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index, watts in enumerate(phase_w)}


def armed(known: ControlState) -> dict[str, Armed]:
    looks = outlook(SITE, WATTS, mode=known.mode.mode, phase_w=(9000.0, 9000.0, 9000.0), least=Tier.FLEXIBLE)
    lists, _ = arming.arm(SITE, known, snapshot(SITE, {}, NOW_S), looks, PARAMS, NOW_S)
    return {one.name: one for one in lists}


def told_on(circuit: CircuitId, when_s: float) -> ControlState:
    on = {wiring.circuit_closed(circuit): sent(True)}
    return state(loads={circuit: LoadMemory(moves_s=(when_s,))}, sent=on)


def off(ready: Armed | None) -> list[str]:
    return [] if ready is None else switched_off(ready.commands)


def switched_off(commands: tuple[Command, ...]) -> list[str]:
    circuits = [(wiring.circuit_of(one.role), one.value) for one in commands]
    return [str(circuit) for circuit, value in circuits if circuit is not None and value is False]


@pytest.mark.parametrize(
    ("ago_s", "opens"), [(0.0, ["kitchen"]), (SETTLES_S - 0.1, ["kitchen"]), (SETTLES_S, MANY), (None, MANY)]
)
def test_for_a_jump_right_after_a_restore_only_that_circuit_is_made_ready(ago_s: float | None, opens: list[str]):
    # given a kitchen that was told to come on so long ago, by whomever
    known = state() if ago_s is None else told_on(KITCHEN, NOW_S - ago_s)
    assert off(armed(known)["overload L2"]) == opens


def test_on_phases_that_it_does_not_hang_on_a_jump_is_somebody_elses():
    # given freezers that have just come back, and hang on one phase
    (phase,) = SITE.circuit(FREEZERS).phases
    found = armed(told_on(FREEZERS, NOW_S))
    # then only there it goes alone
    alone = {name: off(one) == ["freezers"] for name, one in found.items()}
    assert alone == {f"overload {one}": one is phase for one in SITE.phases}


def test_while_it_is_on_its_way_off_nothing_else_is_ready_there():
    undone = LoadMemory(moves_s=(NOW_S - 1.0, NOW_S), shed_because=BECAUSE, shed_since_s=NOW_S)
    found = armed(state(loads={KITCHEN: undone}, sent={wiring.circuit_closed(KITCHEN): sent(False)}))
    assert not {f"overload {one}" for one in SITE.circuit(KITCHEN).phases} & set(found)


# Tick by tick ---------------------------------------------------------------------------------------------------------


@kept
def with_the_kitchen_just_back() -> Panel:
    """An island on which nobody can tell what single circuits draw, and the kitchen came back a moment ago."""
    made = on_an_island().says(UNMETERED, former(3_000.0, 3_000.0, 3_000.0))
    made.advance(600.0, every_s=5.0)
    assert made.mode is Mode.ISLANDED
    assert not made.state.loads[KITCHEN].shed_because
    loads = {**made.state.loads, KITCHEN: LoadMemory(moves_s=(made.now_s,), read_back=True)}
    on = {**made.state.sent, wiring.circuit_closed(KITCHEN): sent(True)}
    made.state = replace(made.state, loads=loads, sent=on, last_restore_s=made.now_s)
    return made


def test_a_jump_that_a_tick_sees_undoes_the_restore_and_nothing_else():
    # given a jump beyond what the inverter bears for three seconds
    made = with_the_kitchen_just_back()
    made.now_s += 0.5
    made.says(former(19_000.0, 19_000.0, 19_000.0))
    # when a tick sees it, and again before anything could show
    first = switched_off(made.tick().commands)
    made.now_s += 0.05
    again = switched_off(made.tick().commands)
    # then the kitchen goes, alone
    assert (first, again) == (["kitchen"], [])


def test_if_the_jump_still_shows_once_it_is_off_the_others_go():
    # given a restore that was undone, and a meter read well after
    made = with_the_kitchen_just_back()
    made.now_s += 0.5
    made.says(former(19_000.0, 19_000.0, 19_000.0)).tick()
    for _ in range(3):
        made.now_s += 0.2
        later = switched_off(made.tick().commands)
        if later:
            break
    # then whatever works goes at once
    assert {"laundry", "gym", "heat_pump"} <= set(later)


def test_what_a_person_has_just_switched_on_is_undone_alone_too():
    # given an island on which somebody wants the hot water on, which came on a moment ago
    made = on_an_island().says(former(3_000.0, 3_000.0, 3_000.0)).ask(forces("hot_water", Want.ON))
    hot, told = wiring.circuit_closed(HOT), [False]
    while not told[-1]:
        step = made.tick()
        told += [bool(one.value) for one in step.commands if one.role == hot]
        made.now_s += 1.0
    # when the power jumps, and the list that was armed for it has acted
    lists = [one for one in step.armed if one.name.startswith("overload")]
    made.says(former(19_000.0, 19_000.0, 19_000.0))
    after = made.tick(*(command for one in lists for command in one.commands))
    # then it is off, for that reason and against the person's word, and nothing else is
    assert {circuit for one in lists for circuit in off(one)} == {"hot_water"}
    because = made.state.loads[HOT].shed_because
    assert because is not None
    assert because.why is Why.OVERLOAD
    assert not [one for one in after.commands if one.role == hot and one.value]
    assert switched_off(after.commands) in ([], ["hot_water"])


def test_on_an_island_one_start_waits_for_another_whoever_asked_for_it():
    # given an island with room, on which somebody wants hot water and laundry on, and more may come back by itself
    made = on_an_island().says(former(1_000.0, 1_000.0, 1_000.0))
    assert {"hot_water", "laundry", "ventilation"} <= made.off()
    made.steps.clear()
    made.ask(forces("hot_water", Want.ON)).ask(forces("laundry", Want.ON)).advance(300.0)
    # then all come on, each some seconds after the one before
    on_s = sorted(t_s for t_s, one in made.commands() if one.role.endswith("/closed") and one.value is True)
    assert not {"hot_water", "laundry", "ventilation"} & made.off()
    assert all(later_s - first_s >= SETTLES_S for first_s, later_s in pairwise(on_s))


def test_what_a_person_wants_on_and_protection_keeps_off_makes_nobody_else_wait():
    # given a wish for the hot water, which protection has just opened, and one for the laundry
    made = on_an_island().says(former(1_000.0, 1_000.0, 1_000.0)).advance(1.0)
    kept_off = replace(made.state.loads[HOT], shed_because=Cause(Why.OVERLOAD), fruitless=3, shed_since_s=made.now_s)
    made.state = replace(made.state, loads={**made.state.loads, HOT: kept_off})
    made.ask(forces("hot_water", Want.ON)).ask(forces("laundry", Want.ON)).advance(600.0)
    # then everything else comes back, by itself or because it is wanted
    assert made.off() == {"hot_water"}
