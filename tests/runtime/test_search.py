"""Looking for devices while hems runs: by the daemon itself, for an engineer, and never in an outage."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from hems.api.client import Client
from hems.model.errors import RequestError
from hems.ports.device import Found
from hems.runtime import search
from tests.control.panel import GRID_DEAD, TIE_OPEN
from tests.runtime.parts import House
from tests.runtime.test_desk import ask, desk, refused

HERE = {"kind": "tcp", "place": "10.0.20.11"}


def meter() -> Found:
    return Found(driver="paper", profile="any", title="A meter", class_="meter", link="here", params={"unit_id": 3})


async def at_once(tell: Callable[[str], None]) -> AsyncIterator[Found]:
    tell("unit 3 answers")
    yield meter()


async def for_ever(tell: Callable[[str], None]) -> AsyncIterator[Found]:
    yield meter()
    tell("unit 4")
    await asyncio.sleep(3600.0)


async def power_cut(house: House) -> None:
    house.deliver(TIE_OPEN, GRID_DEAD)
    for _ in range(5):
        house.clock.advance(1.0)  # type: ignore[attr-defined]
        house.deliver()
        await house.cycle()
    assert house.loop.state.mode.mode.on_island


async def ended(run_dir: Path, number: int) -> Any:
    """How a search ended."""
    async with Client(run_dir / "admin.sock") as client:
        while True:
            told = await client.request("probed", search=number)
            if told["done"]:
                return told
            await asyncio.sleep(0.01)


async def test_a_search_tells_its_progress_and_what_it_found(run_dir: Path):
    async with desk(run_dir) as house:
        house.works.finds = at_once
        number = (await ask(run_dir, "admin", "probe", **HERE))["search"]
        told = await ended(run_dir, number)
    assert told["said"] == ["unit 3 answers"]
    assert [(one["profile"], one["params"]) for one in told["found"]] == [("any", {"unit_id": 3})]
    assert told["trouble"] == ""


async def test_only_an_engineer_may_look_and_only_one_at_a_time(run_dir: Path):
    async with desk(run_dir) as house:
        house.works.finds = for_ever
        with pytest.raises(RequestError, match="needs the role engineer"):
            await ask(run_dir, "operate", "probe", **HERE)
        await ask(run_dir, "admin", "probe", **HERE)
        assert "Somebody is looking for devices at 10.0.20.11" in await refused(run_dir, "admin", "probe", **HERE)


async def test_in_an_outage_nothing_is_looked_for(run_dir: Path):
    async with desk(run_dir) as house:
        await power_cut(house)
        assert await refused(run_dir, "admin", "probe", **HERE) == search.NOT_NOW


async def test_an_outage_ends_a_search_that_is_under_way(run_dir: Path):
    async with desk(run_dir) as house:
        house.works.finds = for_ever
        number = (await ask(run_dir, "admin", "probe", **HERE))["search"]
        # when the tie opens meanwhile
        await power_cut(house)
        told = await ended(run_dir, number)
    # then the lines are free again at once, and whoever looked is told why
    assert told["trouble"].startswith("The search was ended. Nothing is looked for while")


async def test_a_search_that_nobody_waits_for_ends(run_dir: Path, monkeypatch: Any):
    monkeypatch.setattr(search, "FORGOTTEN_S", 0.05)
    async with desk(run_dir) as house:
        house.works.finds = for_ever
        number = (await ask(run_dir, "admin", "probe", **HERE))["search"]
        await asyncio.sleep(0.5)
        assert "nobody waited" in (await ended(run_dir, number))["trouble"]


async def test_a_fault_in_looking_is_said_and_costs_nothing_else(run_dir: Path):
    async def fails(tell: Callable[[str], None]) -> AsyncIterator[Found]:
        raise ZeroDivisionError
        yield meter()

    async with desk(run_dir) as house:
        house.works.finds = fails
        number = (await ask(run_dir, "admin", "probe", **HERE))["search"]
        assert (await ended(run_dir, number))["trouble"] == "The search failed; the log of HEMS says where."
        await house.cycle()


async def test_what_cannot_be_looked_for_is_one_sentence(run_dir: Path):
    async with desk(run_dir):
        for wrong in ({"kind": "sky"}, {"place": ""}, {"port": 0}, {"units": [300]}, {"units": 7}, {"listen_s": 1e9}):
            await refused(run_dir, "admin", "probe", **HERE | wrong)
        assert "There is no driver telepathy" in await refused(run_dir, "admin", "probe", **HERE, driver="telepathy")
        assert "begin it again" in await refused(run_dir, "admin", "probed", search=7)
