"""A device that is taken out of service is handed back where that is safe, and what it goes on with is said."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from hems.control.memory.acting import Sent
from hems.control.mode import ON_GRID
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.units import DeviceId
from hems.model.wiring import Role
from tests.control.panel import GRID_DEAD, TIE_OPEN
from tests.runtime.parts import CAR, CHARGERS, LAUNDRY, SWITCHES, House
from tests.runtime.test_desk import ask, desk

ORDERS = {CAR: 3300.0, LAUNDRY: False, wiring.TIE_PERMIT: True}


def follows(made: House, orders: Mapping[Role, bool | float], *, age_s: float = 0.0) -> None:
    """Everything in `orders` was told and taken so long ago."""
    at_s = made.clock.mono_s() - age_s
    sent = {
        role: Sent(value=value, cause=Cause(Why.SUN_FREE), sent_s=at_s, last_s=at_s) for role, value in orders.items()
    }
    made.loop.state = replace(made.loop.state, sent=sent)


async def runs(made: House, times: int) -> None:
    for _ in range(times):
        made.clock.advance(1.0)
        made.deliver()
        await made.cycle()


@asynccontextmanager
async def on_the_grid(run_dir: Path) -> AsyncIterator[House]:
    async with desk(run_dir) as made:
        await runs(made, 5)
        assert made.loop.state.mode.mode in ON_GRID
        yield made


async def test_on_the_grid_a_device_is_handed_back_before_it_is_sent_nothing_more(run_dir: Path):
    async with on_the_grid(run_dir) as made:
        follows(made, ORDERS)
        armed_then = []
        made.machines.on_release = lambda device: armed_then.append(made.machines.armed[device])
        told = await ask(run_dir, "admin", "disarm", devices=[CHARGERS], who="Kim")
        # then the order of the car is taken back, and nobody has to be told of it
        assert made.machines.released == [CHARGERS]
        assert armed_then == [True]
        assert not made.machines.armed[CHARGERS]
        assert told["goes_on"] == []


async def test_what_handing_back_leaves_as_it_is_is_said(run_dir: Path):
    async with on_the_grid(run_dir) as made:
        follows(made, ORDERS)
        told = await ask(run_dir, "admin", "disarm", devices=[SWITCHES])
        orders = "Laundry off, permission to reconnect given"
        assert told["goes_on"] == [f"switches goes on with what it was told last: {orders}."]


async def test_what_could_not_be_handed_back_is_said_with_its_order(run_dir: Path):
    async with on_the_grid(run_dir) as made:
        follows(made, ORDERS)
        made.machines.on_release = lambda _device: "no answer from unit 3 within 1 s"
        told = await ask(run_dir, "admin", "disarm", devices=[CHARGERS])
        why = "chargers could not be handed back (no answer from unit 3 within 1 s)"
        assert told["goes_on"] == [f"{why} and goes on with what it was told last: bay_1 3.3 kW."]
        assert not made.machines.armed[CHARGERS]


async def test_whoever_wants_nothing_sent_any_more_is_obeyed_and_told_what_stands(run_dir: Path):
    async with on_the_grid(run_dir) as made:
        follows(made, ORDERS)
        told = await ask(run_dir, "admin", "disarm", devices=[CHARGERS], as_it_is=True)
        assert made.machines.released == []
        assert told["goes_on"] == ["chargers goes on with what it was told last: bay_1 3.3 kW."]


async def test_in_a_power_cut_nothing_is_handed_back_and_that_is_said(run_dir: Path):
    async with desk(run_dir) as made:
        made.deliver(GRID_DEAD, TIE_OPEN)
        await runs(made, 5)
        assert made.loop.state.mode.mode.on_island
        follows(made, ORDERS)
        told = await ask(run_dir, "admin", "disarm", devices=[CHARGERS])
        assert made.machines.released == []
        assert told["goes_on"] == ["chargers goes on with what it was told last: bay_1 3.3 kW."]


async def test_a_power_whose_lease_is_over_and_what_was_never_sent_stand_no_longer(run_dir: Path):
    async with on_the_grid(run_dir) as made:
        follows(made, ORDERS, age_s=100.0)
        told = await ask(run_dir, "admin", "disarm", devices=[CHARGERS, SWITCHES], as_it_is=True)
        assert told["goes_on"] == ["switches goes on with what it was told last: Laundry off."]


async def test_a_device_that_hangs_is_sent_nothing_all_the_same(run_dir: Path):
    async with on_the_grid(run_dir) as made:
        made.machines.on_release = lambda _device: asyncio.Event().wait()
        failed = await made.fleet.dismiss([DeviceId(CHARGERS)], at=made.clock.now(), hand_back=True, within_s=0.05)
        assert failed == {CHARGERS: "it does not answer in time"}
        assert not made.machines.armed[CHARGERS]
