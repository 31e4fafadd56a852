"""Which device it is: another product is never commanded nor believed, and looked at again later."""

import asyncio
from collections.abc import Awaitable, Callable

from drivers.modbus.driver import BusDriver
from hems.model.command import Fate
from hil.vloop import VirtualLoop, run
from tests.drivers import given
from tests.drivers.bench import Bench, Fault, Site, Unit, eventually, on_tcp, running

RIGHT, WRONG = 4711, 11
PRODUCT = given.profile(
    read={"model": {"at": 10}, "shown": {"at": 11}},
    write={"power_w": {"steps": [{"at": 11, "to": "{value}"}], "lapses_to": "zero"}},
    identify={"model": {"equals": RIGHT}},
    poll={"normal": {"every_ms": 1000}},
)

Story = Callable[[BusDriver, Bench, Site], Awaitable[None]]


def played(story: Story) -> None:
    """With a box that is another product at first."""

    async def main(_loop: VirtualLoop) -> None:
        site, unit = Site(), Unit()
        unit.put("holding", 10, WRONG, 5)
        async with on_tcp(Bench(u1=unit)) as bench:
            driver = BusDriver([given.declared(bench, PRODUCT)], site.context)
            driver.arm("box", True)
            async with running(driver):
                await eventually(lambda: "Check the address" in driver.health()["box"].detail, 10.0)
                await asyncio.sleep(5.0)
                await story(driver, bench, site)

    run(main)


async def asked(driver: BusDriver) -> Fate:
    return (await driver.write("box", "power_w", 7.0, urgent=True, islanded=False)).fate


def test_another_product_is_neither_commanded_nor_believed():
    async def story(driver: BusDriver, bench: Bench, site: Site) -> None:
        assert await asked(driver) is Fate.REFUSED
        assert bench.writes() == []
        # then none of its values has reached anybody, and it is hardly asked any more
        assert site.latest == {}
        before = len(bench.diary)
        await asyncio.sleep(40.0)
        assert len(bench.diary) == before

    played(story)


def test_the_right_device_is_found_again_within_a_minute():
    async def story(driver: BusDriver, bench: Bench, site: Site) -> None:
        bench.units[1].put("holding", 10, RIGHT)
        await eventually(lambda: driver.health()["box"].detail == "", within_s=61.0)
        await site.until("box/shown")
        assert await asked(driver) is Fate.UNVERIFIED
        assert bench.units[1].holding[11] == 7

    played(story)


def test_arming_asks_again_at_once():
    async def story(driver: BusDriver, bench: Bench, site: Site) -> None:
        bench.units[1].put("holding", 10, RIGHT)
        driver.arm("box", True)
        await eventually(lambda: driver.health()["box"].detail == "", within_s=2.0)

    played(story)


def test_a_new_connection_of_the_link_is_a_reason_to_ask_again():
    async def main(_loop: VirtualLoop) -> None:
        # given a wrong device and a right one behind one gateway
        site, wrong, right = Site(), Unit(), Unit()
        wrong.put("holding", 10, WRONG, 5)
        right.put("holding", 10, 1, 2, *range(20))
        other = given.profile(link={"kinds": ["tcp"], "unit_id": 2}, read={"first": {"at": 10}})
        async with on_tcp(Bench(u1=wrong, u2=right)) as bench:
            declared = [given.declared(bench, PRODUCT), given.declared(bench, other, "other")]
            async with given.driven(site, *declared) as driver:
                await eventually(lambda: "Check the address" in driver.health()["box"].detail, 10.0)
                await asyncio.sleep(5.0)
                # when the gateway is rewired, which breaks its connection
                wrong.put("holding", 10, RIGHT)
                bench.drop()
                await eventually(lambda: driver.health()["box"].detail == "", within_s=3.0)

    run(main)


def test_a_device_that_was_exchanged_for_another_product_is_not_commanded_any_more():
    async def main(_loop: VirtualLoop) -> None:
        site, unit = Site(), Unit()
        unit.put("holding", 10, RIGHT, 5)
        async with (
            on_tcp(Bench(u1=unit)) as bench,
            given.driven(site, given.declared(bench, PRODUCT), armed=["box"]) as driver,
        ):
            await site.until("box/shown")
            assert await asked(driver) is Fate.UNVERIFIED
            # when it is gone for a while and something else answers in its place
            unit.fault = lambda _request: Fault(silent=True)
            await asyncio.sleep(10.0)
            unit.put("holding", 10, WRONG, 0)
            unit.fault = lambda _request: None
            await eventually(lambda: "Check the address" in driver.health()["box"].detail, 60.0)
            told = len(bench.writes())
            assert await asked(driver) is Fate.REFUSED
            await asyncio.sleep(100.0)
            # then not even the dead-man writes to it
            assert len(bench.writes()) == told

    run(main)


def test_a_device_that_does_not_say_who_it_is_is_not_commanded_and_what_to_check_is_told():
    async def main(_loop: VirtualLoop) -> None:
        site, unit = Site(), Unit()
        unit.put("holding", 11, 5)
        async with on_tcp(Bench(u1=unit)) as bench:
            driver = BusDriver([given.declared(bench, PRODUCT)], site.context)
            driver.arm("box", True)
            async with running(driver):
                # given a device that refuses the register by which it would be known, when it is commanded
                await asyncio.sleep(5.0)
                fate = await asked(driver)
                # then nothing is written or believed
                assert (fate, bench.writes(), site.latest) == (Fate.UNREACHABLE, [], {})
                assert driver.health()["box"].detail == (
                    "does not tell model (exception 2: illegal address), so it may be another product: "
                    "check profile and address in the site file"
                )

    run(main)
