"""Silence, order and patience of a link, measured to the millisecond in virtual time."""

import asyncio
import itertools
from contextlib import suppress

import pytest

from drivers.modbus.errors import LinkDown, LinkError, Refusal
from drivers.modbus.frame import Frame, ReadFrame, Space, WriteFrame
from drivers.modbus.job import Manners, Rank
from drivers.modbus.queue import LinkQueue
from drivers.modbus.reconnect import BACKOFF_MAX_S
from hil.vloop import VirtualLoop, run
from tests.drivers import given
from tests.drivers.bench import Bench, Fault, Request, Site, Unit, on_tcp
from tests.drivers.modbus.paper import PaperLink, queue_on

MANNERS = Manners(timeout_s=0.4, quiet_s=1.0)


def read(unit: int, at: int = 0) -> ReadFrame:
    return ReadFrame(unit, Space.HOLDING, at, 1)


def yes() -> bool:
    return True


@pytest.mark.parametrize(("baud", "silence_s"), [(1200, 0.0321), (9600, 0.00401), (115200, 0.00175)])
def test_each_request_on_a_line_waits_for_three_and_a_half_characters_of_silence(baud, silence_s):
    async def story(_loop: VirtualLoop) -> list[float]:
        link = PaperLink(takes_s=0.01)
        queue = queue_on(link, f"rtu:///dev/ttyUSB0?baud={baud}")
        serving = asyncio.create_task(queue.serve())
        await asyncio.gather(*(queue.read(read(unit), MANNERS) for unit in (1, 2, 1, 2, 3)))
        serving.cancel()
        return [at_s for at_s, _ in link.asked]

    times = run(story)
    gaps = [later - earlier - 0.01 for earlier, later in itertools.pairwise(times)]
    assert all(gap == pytest.approx(silence_s, rel=0.02) for gap in gaps)


def test_a_shed_that_comes_in_the_silence_before_a_poll_goes_before_it():
    async def story(_loop: VirtualLoop) -> list[Frame]:
        link = PaperLink(takes_s=0.1)
        queue = queue_on(link)
        serving = asyncio.create_task(queue.serve())
        # given two polls of which the first has just been answered
        polls = [asyncio.create_task(queue.read(read(1, at), MANNERS)) for at in (0, 1)]
        await polls[0]
        # when a relay has to open while the line must be silent for 4 ms
        await asyncio.sleep(0.001)
        await queue.write_coil(2, 0, False, MANNERS, allowed=yes, urgent=True)
        await polls[1]
        serving.cancel()
        return [frame for _, frame in link.asked]

    assert [type(frame) for frame in run(story)] == [ReadFrame, WriteFrame, ReadFrame]


def test_a_shed_to_another_unit_does_not_wait_for_a_quiet_time():
    async def story(_loop: VirtualLoop) -> float:
        link = PaperLink()
        link.silent = lambda unit: unit == 1
        queue = queue_on(link)
        serving = asyncio.create_task(queue.serve())
        # given unit 1 in its quiet time, with more waiting for it
        with suppress(LinkError):
            await queue.read(read(1), MANNERS)
        more = asyncio.create_task(queue.read(read(1, 5), MANNERS))
        await asyncio.sleep(0.01)
        # when a relay of unit 2 has to open
        started_s = asyncio.get_running_loop().time()
        await queue.write_coil(2, 0, False, MANNERS, allowed=yes, urgent=True)
        more.cancel()
        serving.cancel()
        return asyncio.get_running_loop().time() - started_s

    assert run(story) < 0.02


class DeafLink(PaperLink):
    """Takes no connection."""

    async def open(self, timeout_s: float) -> None:
        self.opened += 1
        self.tries = [*getattr(self, "tries", []), asyncio.get_running_loop().time()]
        raise LinkDown("nobody there")


def test_reconnections_are_spaced_out_to_at_most_ten_seconds_and_never_in_step():
    async def story(_loop: VirtualLoop) -> list[float]:
        link = DeafLink()
        link.is_open = False
        queue = queue_on(link, "tcp://192.0.2.1")
        serving = asyncio.create_task(queue.serve())
        for _ in range(3000):
            with suppress(LinkDown):
                await queue.read(read(1), MANNERS)
            await asyncio.sleep(0.1)
        serving.cancel()
        return link.tries

    tries = run(story)
    pauses = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert pauses[0] <= 0.6
    assert max(pauses) <= BACKOFF_MAX_S + 0.11
    settled = pauses[8:]
    assert min(settled) >= BACKOFF_MAX_S / 2 - 0.01
    assert len({round(pause, 1) for pause in settled}) > len(settled) / 3


def test_a_shed_tries_to_connect_although_the_polls_wait():
    async def story(_loop: VirtualLoop) -> tuple[int, int]:
        link = DeafLink()
        link.is_open = False
        queue = queue_on(link, "tcp://192.0.2.1")
        serving = asyncio.create_task(queue.serve())
        for _ in range(300):
            with suppress(LinkDown):
                await queue.read(read(1), MANNERS)
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)
        before = link.opened
        with suppress(LinkDown):
            await queue.write(WriteFrame(1, Space.COIL, 0, (0,), single=True), MANNERS, allowed=yes, urgent=True)
        serving.cancel()
        return before, link.opened

    before, after = run(story)
    assert after > before


class FickleLink(PaperLink):
    """Takes every connection, and hangs up before anything is asked."""

    async def open(self, timeout_s: float) -> None:
        self.opened += 1


@pytest.mark.parametrize(("rank", "opened"), [(Rank.POLL, 1), (Rank.COMMAND, 2)])
def test_who_hangs_up_on_every_connection_is_not_called_again_and_again(rank, opened):
    async def story(_loop: VirtualLoop) -> int:
        link = FickleLink()
        link.is_open = False
        queue = queue_on(link, "tcp://192.0.2.1")
        serving = asyncio.create_task(queue.serve())
        with pytest.raises(LinkDown):
            await queue.read(read(1), MANNERS, rank=rank)
        serving.cancel()
        return link.opened

    assert run(story) == opened


class Gateway(PaperLink):
    """Answers for unit 9, which is dead, with exception 11."""

    async def ask(self, frame: Frame, timeout_s: float) -> tuple[int, ...]:
        values = await super().ask(frame, timeout_s)
        if frame.unit == 9:
            await asyncio.sleep(0.3)
            raise Refusal(11)
        return values


def test_a_unit_for_which_a_gateway_answers_counts_as_silent_too():
    async def polled(queue: LinkQueue) -> None:
        while True:
            with suppress(LinkError):
                await queue.read(read(9), MANNERS)
            await asyncio.sleep(1.0)

    async def story(_loop: VirtualLoop) -> list[float]:
        link = Gateway()
        queue = queue_on(link, "tcp://192.0.2.1")
        tasks = [asyncio.create_task(one) for one in (queue.serve(), polled(queue))]
        await asyncio.sleep(200.0)
        for task in tasks:
            task.cancel()
        return link.times(9)

    assert len(run(story)) < 15


def test_a_shed_does_not_wait_behind_the_polls_of_others_for_its_device_to_say_who_it_is():
    async def main(_loop: VirtualLoop) -> float:
        site, bench_units = Site(), {}
        for number in range(1, 6):
            unit = Unit()
            unit.put("holding", 10, *range(40))
            unit.put("coil", 0, 1)

            def slow(_request: Request) -> Fault:
                return Fault(delay_s=0.1)

            unit.fault = slow
            bench_units[f"u{number}"] = unit
        # given four meters that keep a slow line busy, and a board on it that has just been switched on
        link = {"kinds": ["tcp"], "timeout_ms": 2000}
        meters = [
            given.profile(link={**link, "unit_id": number}, read={f"r{at}": {"at": at} for at in range(10, 50, 2)})
            for number in range(1, 5)
        ]
        closed = {"kind": "bool", "lapses_to": "held", "steps": [{"space": "coil", "at": 0, "to": "{value}"}]}
        board = given.profile(
            link={**link, "unit_id": 5},
            read={"one": {"at": 10}, "two": {"at": 20}, "three": {"at": 30}},
            identify={"one": {"equals": 0}, "two": {"equals": 10}, "three": {"equals": 20}},
            write={"closed": closed},
        )
        async with on_tcp(Bench(**bench_units)) as bench:
            declared = [given.declared(bench, one, f"m{place}") for place, one in enumerate(meters)]
            declared.append(given.declared(bench, board, "board"))
            async with given.driven(site, *declared, armed=["board"]) as driver:
                await asyncio.sleep(0.05)
                started_s = asyncio.get_running_loop().time()
                await driver.write("board", "closed", False, urgent=True, islanded=True)
                assert bench.units[5].coil[0] == 0
                return asyncio.get_running_loop().time() - started_s

    # then one request of another, three questions and the write, of 0.1 s each, are all it takes
    assert run(main) < 0.46
