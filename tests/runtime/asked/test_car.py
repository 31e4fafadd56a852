"""Who may say what of a car: over real sockets."""

from math import ceil
from pathlib import Path
from typing import Any

import pytest

from hems.model.errors import PinNeeded, RequestError
from hems.model.units import SourceId
from hems.runtime.secrets import TRIES
from tests.runtime.parts import House
from tests.runtime.test_desk import ask, desk, refused
from tests.store.given import rows

BAY, CODE, PIN = "bay_1", "2580", "4711"
CAR_WH = 50_000.0


async def said(made: House) -> Any:
    await made.cycle()
    return made.loop.state.drivers.get(SourceId(BAY))


async def test_leaving_early_needs_no_pin_no_code_and_no_reason(run_dir: Path):
    async with desk(run_dir) as made:
        await ask(run_dir, "admin", "person", name="Ana", secret=PIN)
        await ask(run_dir, "operate", "car", bay=BAY, leaving=True)
        assert (await said(made)).leaving_since_s is not None
        picture = await ask(run_dir, "view", "status")
        assert picture["cars"][0]["leaving"] is True
        await ask(run_dir, "operate", "car", bay=BAY, leaving=False)
        assert await said(made) is None


async def test_whoever_only_looks_says_nothing_for_a_driver(run_dir: Path):
    async with desk(run_dir):
        with pytest.raises(RequestError, match="car needs the role operator"):
            await ask(run_dir, "view", "car", bay=BAY, leaving=True)


async def test_an_operator_may_have_a_car_keep_more_and_only_the_bays_code_lets_it_keep_less(run_dir: Path):
    async with desk(run_dir) as made:
        await ask(run_dir, "admin", "person", name="Ana", secret=PIN)
        with pytest.raises(PinNeeded):
            await ask(run_dir, "operate", "car", bay=BAY, keeps_pct=70.0)
        await ask(run_dir, "operate", "car", bay=BAY, keeps_pct=70.0, pin=PIN)
        assert (await said(made)).keeps_pct == 70.0
        told = await refused(run_dir, "operate", "car", bay=BAY, keeps_pct=60.0, pin=PIN)
        assert told == f"Only the driver may let {made.site.bays[0].name} keep less than 70%: with the bay's code."
        # when the bay has a code, its driver may
        await ask(run_dir, "operate", "code", bay=BAY, secret=CODE, pin=PIN)
        await ask(run_dir, "operate", "car", bay=BAY, keeps_pct=45.0, code=CODE)
        assert (await said(made)).keeps_pct == 45.0
        made.store.drain()
        [kept] = rows(run_dir, "state.db", "SELECT known_by, subject, detail FROM audit ORDER BY id DESC LIMIT 1")
        assert kept[:2] == ("bay code", BAY)
        assert not any(
            CODE in str(row) for row in rows(run_dir, "state.db", "SELECT detail, reason, result FROM audit")
        )


async def test_an_operator_may_say_never_and_only_the_driver_takes_it_back(run_dir: Path):
    async with desk(run_dir) as made:
        await ask(run_dir, "operate", "car", bay=BAY, never=True)
        assert (await said(made)).never
        assert "with the bay's code" in await refused(run_dir, "operate", "car", bay=BAY, never=False)
        await ask(run_dir, "operate", "code", bay=BAY, secret=CODE)
        await ask(run_dir, "operate", "car", bay=BAY, never=False, code=CODE)
        assert await said(made) is None


async def test_the_code_of_one_bay_opens_no_other_and_cannot_be_tried_for_ever(run_dir: Path):
    async with desk(run_dir):
        await ask(run_dir, "operate", "code", bay=BAY, secret=CODE)
        told = await refused(run_dir, "operate", "car", bay="bay_2", leaves_in_s=60.0, code=CODE)
        assert told.startswith("This bay has no code yet")
        for _ in range(TRIES):
            assert "Code not right" in await refused(run_dir, "operate", "car", bay=BAY, leaves_in_s=60.0, code="0000")
        assert "Too many wrong tries" in await refused(run_dir, "operate", "car", bay=BAY, leaves_in_s=60.0, code=CODE)


async def test_a_way_in_kilometres_is_what_that_takes_in_the_cold_and_a_little_to_arrive_with(
    run_dir: Path,
):
    async with desk(run_dir) as made:
        await ask(run_dir, "operate", "car", bay=BAY, target_km=100.0, first=True)
        # 100 km at 0.2 kWh in the cold, with 1.3, and 2 kWh to arrive with: 28 kWh
        memory = await said(made)
        assert memory.target_pct == ceil(100.0 * 28_000.0 / CAR_WH)
        assert memory.first
        picture = await ask(run_dir, "view", "status")
        assert (picture["cars"][0]["target_pct"], picture["cars"][0]["first"]) == (memory.target_pct, True)


async def test_what_would_come_of_it_is_told_to_whoever_asks_and_nothing_is_done(run_dir: Path):
    async with desk(run_dir) as made:
        told = await ask(run_dir, "operate", "consider", bay=BAY, target_pct=90.0, leaves_in_s=7200.0)
        assert (told["consequence"]["target_pct"], told["consequence"]["leaves_in_s"]) == (90.0, 7200.0)
        assert told["consequence"]["looked_ahead"] is False
        assert await said(made) is None


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"bay": "bay_9", "leaving": True}, "There is no bay bay_9; there are bay_1"),
        ({}, "Say what: leaving, leaves_in_s, keeps_pct, target_pct, target_km, first or never."),
        ({"target_km": 0.0}, "Give target_km as a number from 1 to 1000."),
        ({"target_km": 300.0}, "Farther than this car goes: 300 km. Write 100% if it shall be full."),
        ({"first": "yes"}, "Give first as true or false."),
        ({"keeps_pct": 101.0}, "Give keeps_pct as a number from 0 to 100."),
        ({"keeps_pct": "all"}, "Give keeps_pct as a number from 0 to 100."),
        ({"keeps_pct": 5.0}, "The car's maker allows no less than 20% to be kept."),
        ({"leaving": 1}, "Give leaving as true or false."),
        ({"leaves_in_s": 1e9}, "Give leaves_in_s as a number from -1 to"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_one_sentence(run_dir: Path, args: dict[str, Any], says: str):
    async with desk(run_dir):
        assert (await refused(run_dir, "operate", "car", **({"bay": BAY} | args))).startswith(says)


@pytest.mark.parametrize("code", ["12", "12345", "12a4", ""])
async def test_a_code_is_four_digits(run_dir: Path, code: str):
    async with desk(run_dir):
        assert await refused(run_dir, "operate", "code", bay=BAY, secret=code) == "The code of a bay is four digits."
