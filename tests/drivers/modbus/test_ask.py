"""A question that a person has put to a device: asked also of a silent one, after every command, by reading only."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from drivers.modbus.driver import BusDriver
from drivers.modbus.errors import LinkError
from drivers.modbus.frame import ReadFrame, Space, WriteFrame
from drivers.modbus.job import Manners, Rank
from hems.ports.device import Answer
from hil.vloop import VirtualLoop, run
from tests.drivers import given
from tests.drivers.bench import Bench, Fault, Site, Unit, eventually, on_tcp, running
from tests.drivers.modbus.paper import PaperLink, queue_on

SELDOM = given.profile(poll={"normal": {"every_ms": 60_000}}, identify={"first": {"equals": 11}})
Story = Callable[[BusDriver, Bench, Unit], Awaitable[None]]


def played(story: Story, *, first: int = 11, product=SELDOM) -> None:
    """With a box that is polled once a minute."""

    async def main(_loop: VirtualLoop) -> None:
        site, unit = Site(), Unit()
        unit.put("holding", 10, first)
        unit.put("holding", 20, 7)
        async with on_tcp(Bench(u1=unit)) as bench:
            driver = BusDriver([given.declared(bench, product)], site.context)
            async with running(driver):
                await eventually(lambda: bool(bench.diary), 10.0)
                await asyncio.sleep(2.0)
                await story(driver, bench, unit)
                assert bench.writes() == []

    run(main)


def test_a_device_that_is_not_due_is_asked_now_and_answers():
    async def story(driver: BusDriver, bench: Bench, unit: Unit) -> None:
        before = len(bench.diary)
        heard = await driver.ask("box")
        assert heard.answer is Answer.GOOD
        assert len(bench.diary) == before + 1

    played(story)


def test_one_that_no_longer_has_the_register_has_answered_all_the_same_and_a_silent_one_has_not():
    async def story(driver: BusDriver, bench: Bench, unit: Unit) -> None:
        unit.fault = lambda _request: Fault(exception=2)
        assert (await driver.ask("box")).answer is Answer.GOOD
        unit.fault = lambda _request: Fault(exception=11)
        assert (await driver.ask("box")).answer is Answer.NONE
        unit.fault = lambda _request: Fault(silent=True)
        heard = await driver.ask("box")
        assert (heard.answer, "no answer" in heard.detail) == (Answer.NONE, True)

    played(story)


def test_another_product_and_what_went_away_with_the_grid_are_not_asked():
    async def story(driver: BusDriver, bench: Bench, unit: Unit) -> None:
        await eventually(lambda: not driver.health()["box"].trusted, 200.0)
        before = len(bench.diary)
        heard = await driver.ask("box")
        assert (heard.answer, "Check the address" in heard.detail) == (Answer.LEFT_ALONE, True)
        assert len(bench.diary) == before

    async def outage(driver: BusDriver, bench: Bench, unit: Unit) -> None:
        driver.islanded(True)
        assert (await driver.ask("box")).answer is Answer.LEFT_ALONE

    played(story, first=5)
    played(outage, product=given.profile(poll={"normal": {"every_ms": 60_000, "islanded": "skip"}}))


def test_nobody_asks_for_himself_while_an_island_stabilises():
    async def story(driver: BusDriver, bench: Bench, unit: Unit) -> None:
        driver.islanded(True, stabilising=True)
        before = len(bench.diary)
        assert (await driver.ask("box")).answer is Answer.BUSY
        assert len(bench.diary) == before
        driver.islanded(True)
        assert (await driver.ask("box")).answer is Answer.GOOD

    played(story)


def test_a_unit_known_to_be_silent_is_asked_at_once_and_a_command_goes_first():
    async def story(_loop: VirtualLoop) -> tuple[int, list[str], bool]:
        link, manners = PaperLink(), Manners(timeout_s=0.4, quiet_s=0.5)
        link.silent = lambda unit: unit == 9
        queue, frame = queue_on(link), ReadFrame(9, Space.HOLDING, 0, 1)
        serving = asyncio.create_task(queue.serve())
        # given a unit that has been silent for so long that polls of it are spaced out
        for _ in range(40):
            with contextlib.suppress(LinkError):
                await queue.read(frame, manners)
            await asyncio.sleep(0.6)
        before = len(link.asked)
        # when a person asks it, and a command to another unit comes while both wait for the line
        line = asyncio.create_task(queue.read(ReadFrame(1, Space.HOLDING, 5, 1), manners))
        await asyncio.sleep(0.001)
        asking = asyncio.create_task(queue.read(frame, manners, rank=Rank.PERSON))
        await asyncio.sleep(0.001)
        write = WriteFrame(1, Space.COIL, 0, (0,), single=True)
        writing = asyncio.create_task(queue.write(write, manners, allowed=lambda: True))
        await asyncio.sleep(0.001)
        busy = queue.busy
        await asyncio.gather(line, asking, writing, return_exceptions=True)
        serving.cancel()
        return before, [type(one).__name__ for _, one in link.asked[before:]], busy

    before, asked, busy = run(story)
    assert before < 15
    assert asked == ["ReadFrame", "WriteFrame", "ReadFrame"]
    assert busy
