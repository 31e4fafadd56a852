"""Leaving: on the grid everything is handed back, off it first the circuits go and then the cars."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hems.control.memory.seeing import ModeMemory
from hems.control.params import Params
from hems.model import wiring
from hems.model.mode import Mode
from hems.model.site import Former, Site
from hems.model.units import SourceId
from hems.runtime.stop import leave
from tests.control.panel import TIE_OPEN, car
from tests.given import flats
from tests.runtime.parts import CHARGERS, LAUNDRY, METERS, SWITCHES, House, house, settled, soon, switch

HEAVY = {wiring.former_phase_w(index): 7_000.0 for index in range(3)}
CARS_CARRY = TIE_OPEN | HEAVY | car("bay_1", 80.0, 8_000.0) | car("bay_2", 80.0, 8_000.0)
BAY_1, BAY_2 = wiring.bay_power(SourceId("bay_1")), wiring.bay_power(SourceId("bay_2"))


async def left(made: House, mode: Mode, values: dict[Any, Any]) -> None:
    """Told to stop in that mode, with these readings."""
    made.deliver(values)
    now = made.clock.now()
    state = replace(made.loop.state, mode=ModeMemory(mode=mode))
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
