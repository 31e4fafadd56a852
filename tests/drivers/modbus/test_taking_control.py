"""Control is taken when it has been lost, seen or unseen, and costs a memory that wears nothing while it has not."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from drivers.modbus.driver import BusDriver
from hems.model.command import Fate
from tests.drivers import given
from tests.drivers.bench import Bench, Fault, Unit, on_gateway, on_tcp

MODE, ORDER, REMOTE = 30, 20, 4
READ = {"power_w": {"at": 10, "type": "s16"}, "shown_w": {"at": ORDER, "type": "s16"}}
ORDERS = {
    "battery_w": {
        "steps": [{"at": ORDER, "to": "{value}", "type": "s16"}],
        "verify": {"read": "shown_w", "within": 1, "after_ms": 1500},
        "lapses_to": "zero",
    }
}
Story = Callable[[BusDriver, Bench, Unit], Awaitable[None]]


def played(story: Story, wire: Any = on_tcp, **acquire: Any) -> None:
    product = given.profile(
        poll={"normal": {"every_ms": 1000}},
        read=READ,
        write=ORDERS,
        control={"acquire": [{"at": MODE, "to": REMOTE, **acquire}], "safe": [{"at": ORDER, "to": 0}]},
    )

    unit = Unit()
    for address, holds in ((10, 7), (ORDER, 0), (MODE, 1)):
        unit.put("holding", address, holds)
    given.played(product, unit, lambda driver, bench, _site: story(driver, bench, unit), wire)


async def told(driver: BusDriver, watts: float) -> Fate:
    return (await driver.write("box", "battery_w", watts, urgent=False, islanded=True, lease_s=60.0)).fate


def written(bench: Bench, address: int) -> list[int]:
    return [request.values[0] for request in bench.writes() if request.address == address]


def test_a_link_that_comes_and_goes_wears_no_setting():
    async def story(driver: BusDriver, bench: Bench, unit: Unit) -> None:
        # given control taken and an order given
        assert await told(driver, 500.0) is Fate.CONFIRMED
        # when the link comes and goes every other second
        for _ in range(20):
            await asyncio.sleep(2.0)
            bench.drop()
        await asyncio.sleep(2.0)
        # then the setting is written once, and the order is said each time: the device may have started afresh
        assert written(bench, MODE) == [REMOTE]
        assert len(written(bench, ORDER)) > 10

    played(story, persistent=True)


def test_a_setting_that_is_no_longer_so_is_written_again():
    async def story(driver: BusDriver, bench: Bench, unit: Unit) -> None:
        await told(driver, 500.0)
        bench.drop()
        unit.put("holding", MODE, 1)
        await asyncio.sleep(5.0)
        assert written(bench, MODE) == [REMOTE, REMOTE]

    played(story, persistent=True)


def test_a_setting_that_can_be_written_and_not_read_is_written():
    async def story(driver: BusDriver, bench: Bench, unit: Unit) -> None:
        unit.fault = lambda request: Fault(exception=2) if request.address == MODE and not request.writes else None
        assert await told(driver, 500.0) is Fate.CONFIRMED
        assert written(bench, MODE) == [REMOTE]

    played(story, persistent=True)


def ignores(unit: Unit) -> None:
    """While it is in no remote mode it takes orders and follows none."""
    unit.wrote = lambda _request: unit.put("holding", ORDER, 0) if unit.holding[MODE] != REMOTE else None


def refuses(unit: Unit) -> None:
    unit.fault = lambda request: (
        Fault(exception=4) if request.writes and request.address == ORDER and unit.holding[MODE] != REMOTE else None
    )


@pytest.mark.parametrize("without_control", [ignores, refuses])
@pytest.mark.parametrize("wire", [on_tcp, on_gateway])
def test_a_device_that_started_afresh_between_two_looks_is_taken_control_of_again(
    wire: Any, without_control: Callable[[Unit], None]
):
    async def story(driver: BusDriver, bench: Bench, unit: Unit) -> None:
        # given a device under control for some time
        await told(driver, 500.0)
        await asyncio.sleep(70.0)
        # when an update restarts it so fast that no answer is missed, with the registers it left the factory with
        unit.put("holding", MODE, 1)
        unit.put("holding", ORDER, 0)
        without_control(unit)
        # then it does not follow the next order, and follows the one after that
        assert await told(driver, 500.0) is not Fate.CONFIRMED
        assert await told(driver, 500.0) is Fate.CONFIRMED
        assert unit.holding[MODE] == REMOTE

    played(story, wire)


def test_who_else_takes_control_all_the_time_is_answered_once_a_minute_at_most():
    async def story(driver: BusDriver, bench: Bench, unit: Unit) -> None:
        ignores(unit)
        # when the maker's cloud takes control back half a minute after each time
        for second in range(600):
            if second % 10 == 0:
                await told(driver, 500.0)
            if second % 30 == 25:
                unit.put("holding", MODE, 1)
            await asyncio.sleep(1.0)
        # then it is taken again, and no more often than that
        at_s = [request.at_s for request in bench.writes() if request.address == MODE]
        assert len(at_s) > 5
        assert all(later - earlier >= 60.0 for earlier, later in pairwise(at_s))

    played(story)
