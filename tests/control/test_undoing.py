"""A restore that goes wrong at once: that step is undone, and nothing that matters more is given for it."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control import arming
from hems.control.memory.using import LoadMemory
from hems.control.state import ControlState
from hems.control.step import Armed
from hems.control.undoing import SETTLES_S
from hems.model import wiring
from hems.model.command import Command
from hems.model.mode import Mode
from hems.model.site import Tier
from hems.model.units import CircuitId
from hems.model.wiring import Role
from tests.control.panel import UNMETERED, Panel, kept, on_an_island, snapshot
from tests.control.pencil import BECAUSE, PARAMS, outlook, state
from tests.given import flats

SITE = flats()
NOW_S = 1000.0
WATTS = {one.id: one.typical_w for one in SITE.circuits}
KITCHEN, FREEZERS = CircuitId("kitchen"), CircuitId("freezers")
MANY = ["hot_water", "laundry", "gym", "ventilation", "heat_pump"]


def former(*phase_w: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): watts for index, watts in enumerate(phase_w)}


def armed(known: ControlState) -> dict[str, Armed]:
    looks = outlook(SITE, WATTS, mode=known.mode.mode, phase_w=(9000.0, 9000.0, 9000.0), least=Tier.FLEXIBLE)
    lists, _ = arming.arm(SITE, known, snapshot(SITE, {}, NOW_S), looks, PARAMS, NOW_S)
    return {one.name: one for one in lists}


def off(ready: Armed | None) -> list[str]:
    return [] if ready is None else switched_off(ready.commands)


def switched_off(commands: tuple[Command, ...]) -> list[str]:
    circuits = [(wiring.circuit_of(one.role), one.value) for one in commands]
    return [str(circuit) for circuit, value in circuits if circuit is not None and value is False]


@pytest.mark.parametrize(
    ("ago_s", "opens"), [(0.0, ["kitchen"]), (SETTLES_S - 0.1, ["kitchen"]), (SETTLES_S, MANY), (None, MANY)]
)
def test_for_a_jump_right_after_a_restore_only_that_circuit_is_made_ready(ago_s: float | None, opens: list[str]):
    restored_s = None if ago_s is None else NOW_S - ago_s
    assert off(armed(state(loads={KITCHEN: LoadMemory(restored_s=restored_s)}))["overload L2"]) == opens


def test_on_phases_that_it_does_not_hang_on_a_jump_is_somebody_elses():
    # given freezers that have just come back, and hang on one phase
    (phase,) = SITE.circuit(FREEZERS).phases
    found = armed(state(loads={FREEZERS: LoadMemory(restored_s=NOW_S)}))
    # then only there it goes alone
    alone = {name: off(one) == ["freezers"] for name, one in found.items()}
    assert alone == {f"overload {one}": one is phase for one in SITE.phases}


def test_while_it_is_on_its_way_off_nothing_else_is_ready_there():
    undone = LoadMemory(restored_s=NOW_S - 1.0, shed_because=BECAUSE, shed_since_s=NOW_S)
    found = armed(state(loads={KITCHEN: undone}))
    assert not {f"overload {one}" for one in SITE.circuit(KITCHEN).phases} & set(found)


# Tick by tick ---------------------------------------------------------------------------------------------------------


@kept
def with_the_kitchen_just_back() -> Panel:
    """An island on which nobody can tell what single circuits draw, and the kitchen came back a moment ago."""
    made = on_an_island().says(UNMETERED, former(3_000.0, 3_000.0, 3_000.0))
    made.advance(600.0, every_s=5.0)
    assert made.mode is Mode.ISLANDED
    assert not made.state.loads[KITCHEN].shed_because
    loads = {**made.state.loads, KITCHEN: LoadMemory(restored_s=made.now_s, read_back=True)}
    made.state = replace(made.state, loads=loads, last_restore_s=made.now_s)
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
