"""SunSpec products commanded on the wire: what is written, in which order, and what is left when hems falls silent."""

from contextlib import asynccontextmanager

import pytest

from drivers.sunspec import FACTORY
from hems.model.command import Fate
from tests.drivers import given
from tests.drivers.bench import Bench, Site, Unit, eventually, on_tcp, running
from tests.drivers.sunspec import chain
from tests.drivers.sunspec import inverters as made
from tests.drivers.test_images import IMAGES, image

pytestmark = pytest.mark.wire


def device(name: str) -> Unit:
    told = image(next(path for path in IMAGES if path.stem == name))
    unit = Unit()
    unit.put("holding", 40000, *chain.registers(told["models"]))
    for address, words in told.get("words", {}).get("holding", {}).items():
        unit.put("holding", int(address), *words)
    return unit


@asynccontextmanager
async def commanded(name: str, unit: Unit, *known: str, **params):
    """An armed driver whose device has told what it is and what it can."""
    site = Site()
    async with on_tcp(Bench(u1=unit)) as bench:
        driver = FACTORY.open([given.spec(bench, "box", engine="sunspec", product=name, **params)], site.context)
        driver.arm("box", True)
        async with running(driver):
            await eventually(lambda: all(f"box/{point}" in site.latest for point in known))
            yield site, bench, driver


def written(bench: Bench, unit: Unit, *places: tuple[int, int]) -> list[tuple[tuple[int, int], list[int]]]:
    """Writes by model and offset."""
    names = {made.place(unit, *place): place for place in places}
    return [(names.get(request.address, (0, request.address)), request.values) for request in bench.writes()]


async def test_a_gen24_is_told_how_long_before_how_much_before_that_it_shall():
    unit = device("fronius-gen24")
    async with commanded("fronius-gen24", unit, "battery_max_w", "soc_pct") as (_, bench, driver):
        # when it shall charge with half of what the battery takes, from the grid if need be
        reply = await driver.write("box", "battery_w", -5120.0, urgent=False, islanded=False)
    assert reply.fate is Fate.CONFIRMED
    minus_fifty, fifty = [0x10000 - 5000], [5000]
    assert written(bench, unit, (124, 15), (124, 17), (124, 12), (124, 13), (124, 5)) == [
        ((124, 15), [60]),
        ((124, 17), [1]),
        ((124, 12), minus_fifty),
        ((124, 13), fifty),
        ((124, 5), [3]),
    ]


async def test_a_gen24_is_never_told_more_than_its_battery_takes():
    unit = device("fronius-gen24")
    async with commanded("fronius-gen24", unit, "battery_max_w", "soc_pct") as (_, bench, driver):
        reply = await driver.write("box", "battery_w", 20000.0, urgent=False, islanded=False)
    assert "clamped from 20000 to 10240" in reply.detail
    assert ((124, 12), [10000]) in written(bench, unit, (124, 12))


async def test_a_gen24_is_handed_back_without_a_window():
    unit = device("fronius-gen24")
    async with commanded("fronius-gen24", unit, "battery_max_w", "soc_pct") as (_, bench, driver):
        await driver.write("box", "battery_w", 1000.0, urgent=False, islanded=False)
        bench.diary.clear()
        await driver.release("box")
    assert written(bench, unit, (124, 5))[0] == ((124, 5), [0])


@pytest.mark.parametrize(
    ("power_w", "steps"),
    [
        # 1500 W out of the battery, then into it: the low word first, positive limits, mode 4 or 3
        (1500.0, [(57355, [60, 0]), (57360, [0x8000, 0x44BB]), (57357, [4])]),
        (-1500.0, [(57355, [60, 0]), (57358, [0x8000, 0x44BB]), (57357, [3])]),
        (0.0, [(57355, [60, 0]), (57357, [0])]),
    ],
)
async def test_a_storedge_is_put_under_remote_control_once_and_then_told_a_mode_with_its_limit(power_w, steps):
    unit = device("solaredge-storedge")
    async with commanded("solaredge-storedge", unit, "battery_w", "setpoint_w") as (_, bench, driver):
        reply = await driver.write("box", "battery_w", power_w, urgent=False, islanded=False)
        first = [(request.address, request.values) for request in bench.writes()]
        bench.diary.clear()
        await driver.release("box")
    assert reply.fate is Fate.CONFIRMED
    assert first == [(57354, [7]), (57349, [1]), (57348, [4]), *steps]
    assert [(request.address, request.values) for request in bench.writes()] == [(57357, [7]), (57348, [1])]


async def test_a_charger_knows_what_it_falls_back_to_before_it_gives():
    unit = device("sunspec-der-v2x")
    async with commanded("sunspec-der-v2x", unit, "discharge_ready", "discharge_max_w") as (site, bench, driver):
        await eventually(lambda: site.value("box/discharge_ready") is True)
        reply = await driver.write("box", "power_w", 3300.0, urgent=False, islanded=True)
        # and its heartbeat goes on by itself
        await eventually(lambda: sum(r.address == made.place(unit, 715, 5) for r in bench.writes()) >= 2)
    assert reply.fate is Fate.CONFIRMED
    names = [(704, offset) for offset in (26, 30, 31, 23, 24, 22)]
    said = [entry for entry in written(bench, unit, *names) if entry[0][0] == 704]
    assert said == [
        ((704, 26), [0, 0]),
        ((704, 30), [1]),
        ((704, 31), [0, 60]),
        ((704, 23), [1]),
        ((704, 24), [0, 3300]),
        ((704, 22), [1]),
    ]


async def test_a_charger_that_does_not_offer_it_is_not_told_to_discharge():
    unit = device("fermata-fe20")
    async with commanded("fermata-fe20", unit, "soc_pct", "charge_max_w") as (_, bench, driver):
        reply = await driver.write("box", "power_w", 3300.0, urgent=False, islanded=True)
    assert reply.fate is Fate.REFUSED
    assert "discharge_ready" in reply.detail
    assert bench.writes() == []


async def test_a_firmware_that_numbers_its_states_from_one_is_chosen_by_a_parameter():
    unit = device("fermata-fe20")
    unit.holding[made.place(unit, 701, 4)] = 10
    async with commanded("fermata-fe20", unit, "state", states="from_one") as (site, _, _driver):
        assert site.value("box/state") == "discharging"
