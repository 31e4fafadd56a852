"""A register map that is shorter than its profile says costs what is not there, and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from drivers.modbus.driver import BusDriver
from hems.model.command import Fate
from hems.model.reading import Quality
from tests.drivers import given
from tests.drivers.bench import Bench, Fault, Request, Site, Unit, on_gateway, on_tcp

LACKING = 20
Story = Callable[[BusDriver, Bench, Unit, Site], Awaitable[None]]


def played(story: Story, wire: Any = on_tcp, read: Any = None) -> None:
    product = given.profile(
        poll={"normal": {"every_ms": 1000, "stale_ms": 3500}},
        read=read or {"first": {"at": 10}, "lacking": {"at": LACKING}, "last": {"at": 30}},
        write={"power_w": {"steps": [{"at": 40, "to": "{value}"}], "lapses_to": "zero"}},
        control={"acquire": [{"at": 50, "to": 1}]},
    )

    unit = Unit()
    for address in (10, LACKING, 30, 40, 50):
        unit.put("holding", address, 7)
    given.played(product, unit, lambda driver, bench, site: story(driver, bench, unit, site), wire)


def lacks(fault: Fault, at: int = LACKING) -> Callable[[Request], Fault | None]:
    return lambda request: fault if request.address == at and not request.writes else None


NO_ANSWERS = [Fault(exception=1), Fault(exception=4), Fault(exception=6), Fault(exception=11), Fault(silent=True)]


@pytest.mark.parametrize("fault", NO_ANSWERS)
@pytest.mark.parametrize("wire", [on_tcp, on_gateway])
@pytest.mark.parametrize("at", [10, LACKING, 30])
def test_a_request_that_a_firmware_does_not_answer_well_keeps_nothing_else_from_being_read(
    wire: Any, fault: Fault, at: int
):
    async def story(driver: BusDriver, bench: Bench, unit: Unit, site: Site) -> None:
        # given a device in control, when an update takes away a register, and the device does not say so properly
        await driver.write("box", "power_w", 500.0, urgent=False, islanded=False)
        unit.fault = lacks(fault, at)
        await asyncio.sleep(20.0)
        told = len(site.history)
        await asyncio.sleep(30.0)
        # then what it has is read as ever, what it lacks is not known, and the device is neither lost nor taken anew
        fresh = [name for name, reading in site.history[told:] if reading.value is not None]
        gone = {10: "box/first", LACKING: "box/lacking", 30: "box/last"}[at]
        for name in {"box/first", "box/lacking", "box/last"} - {gone}:
            assert fresh.count(name) >= 28
        assert gone not in fresh
        assert site.latest[gone].quality is Quality.INVALID
        assert driver.health()["box"].lost_since_s is None
        assert len([request for request in bench.writes() if request.address == 50]) == 1

    played(story, wire)


def test_a_gap_that_costs_a_time_out_is_asked_less_and_less_and_found_again():
    async def story(driver: BusDriver, bench: Bench, unit: Unit, site: Site) -> None:
        unit.fault = lacks(Fault(silent=True))
        await asyncio.sleep(120.0)
        asked = [request for request in bench.asked(1) if request.address == LACKING][3:]
        assert len(asked) <= 12
        # when it answers again
        unit.fault = lambda _request: None
        await asyncio.sleep(35.0)
        # then it is read again in every round
        told = len(site.history)
        await asyncio.sleep(10.0)
        assert [name for name, _ in site.history[told:]].count("box/lacking") >= 9

    played(story)


def test_one_missed_answer_among_others_leaves_what_was_known_before():
    async def story(driver: BusDriver, bench: Bench, unit: Unit, site: Site) -> None:
        unit.fault = lacks(Fault(silent=True))
        await asyncio.sleep(1.0)
        unit.fault = lambda _request: None
        assert [reading.value for reading in site.told("box/lacking")].count(None) == 0

    played(story)


def test_a_device_that_falls_silent_as_a_whole_is_lost_as_soon_as_ever():
    async def story(driver: BusDriver, bench: Bench, unit: Unit, site: Site) -> None:
        unit.fault = lambda _request: Fault(silent=True)
        silent_s = asyncio.get_running_loop().time()
        await asyncio.sleep(2.0)
        lost_s = driver.health()["box"].lost_since_s
        assert lost_s is not None
        assert lost_s - silent_s < 1.3
        assert (await driver.write("box", "power_w", 500.0, urgent=False, islanded=False)).fate is Fate.UNREACHABLE

    played(story)
