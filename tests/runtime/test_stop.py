"""Leaving: on the grid everything is handed back, off it first the circuits go and then the cars."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hems.control.memory.acting import Sent
from hems.control.memory.seeing import ModeMemory
from hems.control.params import Params
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.site import Former, Site
from hems.model.units import SourceId
from hems.model.wiring import Role
from hems.runtime.stop import leave
from tests.control.panel import TIE_OPEN, car
from tests.given import flats
from tests.runtime.parts import CHARGERS, LAUNDRY, METERS, SWITCHES, House, house, settled, soon, switch

HEAVY = {wiring.former_phase_w(index): 7_000.0 for index in range(3)}
CARS_CARRY = TIE_OPEN | HEAVY | car("bay_1", 80.0, 8_000.0) | car("bay_2", 80.0, 8_000.0)
BAY_1, BAY_2 = wiring.bay_power(SourceId("bay_1")), wiring.bay_power(SourceId("bay_2"))


async def left(made: House, mode: Mode, values: dict[Any, Any], told: Mapping[Role, bool] | None = None) -> None:
    """Told to stop in that mode, with these readings, after having told such requests."""
    made.deliver(values)
    now = made.clock.now()
    sent = {role: said(value, now.mono_s) for role, value in (told or {}).items()}
    state = replace(made.loop.state, mode=ModeMemory(mode=mode), sent=sent)
    await leave(made.site, Params(), state, made.loop.look(now), now, made.fleet, made.actuators)


@pytest.mark.parametrize(
    "mode", [Mode.GRID_CONNECTED, Mode.GRID_DISTURBED, Mode.GRID_CONNECTED_DEGRADED, Mode.RECONNECTED_RESTORING]
)
async def test_on_the_grid_every_device_is_handed_back_and_nothing_is_switched(run_dir: Path, mode: Mode):
    async with house(run_dir) as made:
        await left(made, mode, car("bay_1", 80.0, -7_000.0))
        assert sorted(made.machines.released) == sorted([SWITCHES, CHARGERS, METERS])
        assert made.machines.written == []


@pytest.mark.parametrize("mode", [Mode.ISLANDED, Mode.ISLANDED_STABILIZING, Mode.GRID_RETURN_QUALIFYING])
async def test_on_an_island_what_the_cars_carry_is_shed_before_they_stop(run_dir: Path, mode: Mode):
    async with house(run_dir) as made:
        await left(made, mode, CARS_CARRY)
        told = [(one.point, one.value) for one in made.machines.written]
        # then circuits went off first, then the cars to rest, and nothing else was told anything
        cars = [(BAY_1, 0), (BAY_2, 0)]
        assert told[-2:] == cars
        assert len(told) > 2
        assert all(point.endswith("/closed") and value is False for point, value in told[:-2])
        assert made.machines.released == []


async def test_cars_are_released_only_after_the_sheds_have_arrived(run_dir: Path):
    async with house(run_dir) as made:
        # given switches on a slow link
        made.machines.open.clear()
        leaving = asyncio.create_task(left(made, Mode.ISLANDED, CARS_CARRY))
        await asyncio.sleep(0.1)
        # then nothing is asked of the cars while the sheds are on their way
        assert made.machines.handed_over
        assert not any(point in (BAY_1, BAY_2) for point in made.machines.handed_over)
        made.machines.open.set()
        await leaving
        assert made.machines.handed_over[-2:] == [BAY_1, BAY_2]


async def test_the_charger_that_forms_the_island_is_never_told_to_stop(run_dir: Path):
    async with house(run_dir, site=formed_by("bay_1")) as made:
        await left(made, Mode.ISLANDED, CARS_CARRY)
        assert [one.value for one in made.machines.written if one.point == BAY_2] == [0]
        assert [one for one in made.machines.written if one.point == BAY_1] == []
        assert made.machines.released == []


def formed_by(bay: str) -> Site:
    return flats(former=Former(source=SourceId(bay), name="A charger", phase_va=(10_000.0, 10_000.0, 10_000.0)))


@pytest.mark.parametrize("mode", [Mode.FAULT_SAFE, Mode.INIT, Mode.BLACKOUT])
async def test_in_doubt_nothing_is_handed_back_since_it_may_be_what_carries_the_building(run_dir: Path, mode: Mode):
    async with house(run_dir, site=formed_by("bay_1")) as made:
        await left(made, mode, TIE_OPEN | car("bay_1", 80.0, 8_000.0))
        assert (made.machines.released, made.machines.written) == ([], [])


def said(value: bool, now_s: float) -> Sent:
    return Sent(value=value, cause=Cause(Why.PERMIT_RECONNECT), sent_s=now_s, last_s=now_s, acknowledged_s=now_s)


@pytest.mark.parametrize("mode", [Mode.RECONNECTING, Mode.BLACKOUT_GRID_AVAILABLE, Mode.RECONNECTED_RESTORING])
async def test_a_permit_ends_since_nobody_is_left_to_take_it_back(run_dir: Path, mode: Mode):
    async with house(run_dir) as made:
        # given a relay that lets the tie close, and that holds what it was told
        await left(made, mode, {}, told={wiring.TIE_PERMIT: True})
        assert made.machines.values(wiring.TIE_PERMIT) == [False]


async def test_a_permit_that_is_withheld_is_not_told_again(run_dir: Path):
    async with house(run_dir) as made:
        await left(made, Mode.ISLANDED, TIE_OPEN, told={wiring.TIE_PERMIT: False})
        assert made.machines.written == []


async def test_a_permit_is_withdrawn_before_its_board_is_handed_back(run_dir: Path):
    async with house(run_dir) as made:
        told: list[str] = []
        made.machines.meets = lambda one: told.append(one.point)
        made.machines.on_release = lambda device: told.append(device)
        await left(made, Mode.RECONNECTED_RESTORING, {}, told={wiring.TIE_PERMIT: True})
        assert told[0] == wiring.TIE_PERMIT


async def test_what_was_about_to_give_power_is_called_off(run_dir: Path):
    async with house(run_dir) as made:
        # given a circuit that is about to be closed, on a slow link
        made.machines.open.clear()
        made.actuators.send([switch(LAUNDRY, True)])
        await soon(lambda: made.machines.handed_over)
        # when the daemon leaves and the link is free again
        await left(made, Mode.GRID_CONNECTED, {})
        made.machines.open.set()
        await settled()
        # then it stays as it is
        assert made.machines.written == []
