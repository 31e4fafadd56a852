"""Units that do not answer: asked less and less, at most every 30 s, and not at all while an island stabilises."""

import asyncio
import contextlib
import itertools

from drivers.modbus.errors import LinkError
from drivers.modbus.frame import ReadFrame, Space, WriteFrame
from drivers.modbus.job import Manners
from drivers.modbus.queue import LinkQueue
from drivers.modbus.unit import PROBE_MAX_S
from hil.vloop import VirtualLoop, run
from tests.drivers.modbus.paper import PaperLink, queue_on

MANNERS = Manners(timeout_s=0.4, quiet_s=0.5)
DEAD, LIVE = 9, 1


async def polled(queue: LinkQueue, unit: int, *, every_s: float = 1.0) -> None:
    """As a device does: ask each second, whatever came of it."""
    while True:
        with contextlib.suppress(LinkError):
            await queue.read(ReadFrame(unit, Space.HOLDING, 0, 1), MANNERS)
        await asyncio.sleep(every_s)


def pauses(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def test_a_unit_that_stays_silent_is_asked_less_and_less_and_at_last_every_30_s():
    async def story(_loop: VirtualLoop) -> list[float]:
        link = PaperLink()
        link.silent = lambda unit: unit == DEAD
        queue = queue_on(link)
        tasks = [asyncio.create_task(one) for one in (queue.serve(), polled(queue, DEAD), polled(queue, LIVE))]
        await asyncio.sleep(300.0)
        del tasks
        return pauses(link.times(DEAD))

    asked = run(story)
    # then it was asked three times as ever, soon again in case it was only noise, and at last every half minute
    assert all(pause < 3.0 for pause in asked[:3])
    assert sum(asked[:7]) < 45.0
    assert all(PROBE_MAX_S <= pause < PROBE_MAX_S + 2.5 for pause in asked[8:])
    assert len(asked) > 12


def test_a_unit_known_to_be_dead_costs_a_stabilising_island_nothing_and_is_asked_again_afterwards():
    async def story(_loop: VirtualLoop) -> tuple[list[float], list[float]]:
        link = PaperLink()
        link.silent = lambda unit: unit == DEAD
        queue = queue_on(link)
        tasks = [asyncio.create_task(one) for one in (queue.serve(), polled(queue, DEAD), polled(queue, LIVE))]
        await asyncio.sleep(100.0)
        # when an island stabilises for two minutes
        queue.spare(True)
        await asyncio.sleep(120.0)
        queue.spare(False)
        await asyncio.sleep(60.0)
        del tasks
        return link.times(DEAD), link.times(LIVE)

    dead, live = run(story)
    assert not [at_s for at_s in dead if 100.0 < at_s < 220.0]
    assert [at_s for at_s in dead if at_s > 220.0]
    assert len([at_s for at_s in live if 100.0 < at_s < 220.0]) > 110


def test_a_contact_that_noise_has_silenced_for_a_moment_is_seen_again_within_two_seconds_of_a_stabilising_island():
    async def story(_loop: VirtualLoop) -> float:
        link = PaperLink()
        queue = queue_on(link)
        tasks = [asyncio.create_task(one) for one in (queue.serve(), polled(queue, LIVE, every_s=0.1))]
        await asyncio.sleep(10.0)
        # given a burst of noise just as the tie opens, long enough for three time-outs
        link.silent = lambda _unit: True
        queue.spare(True)
        await asyncio.sleep(4.0)
        link.silent = lambda _unit: False
        await asyncio.sleep(10.0)
        del tasks
        return next(at_s for at_s in link.times(LIVE) if at_s > 14.0)

    assert run(story) < 16.0


def test_a_command_to_a_dead_unit_is_sent_even_while_the_island_stabilises():
    async def story(_loop: VirtualLoop) -> list[float]:
        link = PaperLink()
        link.silent = lambda unit: unit == DEAD
        queue = queue_on(link)
        tasks = [asyncio.create_task(one) for one in (queue.serve(), polled(queue, DEAD))]
        await asyncio.sleep(100.0)
        queue.spare(True)
        frame = WriteFrame(DEAD, Space.COIL, 0, (0,), single=True)
        before = len(link.asked)
        with contextlib.suppress(LinkError):
            await queue.write(frame, MANNERS, allowed=lambda: True, urgent=True)
        del tasks
        return link.times(DEAD)[before:]

    assert len(run(story)) == 1


def test_a_living_unit_is_asked_before_one_known_to_be_silent_although_that_was_due_before():
    async def story(_loop: VirtualLoop) -> list[int]:
        link = PaperLink()
        link.silent = lambda unit: unit == DEAD
        queue = queue_on(link)
        serving = asyncio.create_task(queue.serve())

        async def poll(unit: int, at: int) -> None:
            with contextlib.suppress(LinkError):
                await queue.read(ReadFrame(unit, Space.HOLDING, at, 1), MANNERS)

        # given a unit known to be silent, which has not been asked for a minute
        for _ in range(3):
            await poll(DEAD, 0)
        await asyncio.sleep(60.0)
        before = len(link.asked)
        # when it and a living one wait behind another request
        await asyncio.gather(poll(LIVE, 0), poll(DEAD, 0), poll(LIVE, 1))
        serving.cancel()
        return [frame.unit for _, frame in link.asked[before:]]

    assert run(story) == [LIVE, LIVE, DEAD]
