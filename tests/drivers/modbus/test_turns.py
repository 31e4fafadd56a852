"""What happens in the very turn of the event loop in which an answer arrives: the link is not kept waiting for us."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from drivers.modbus.address import parse_address
from drivers.modbus.connection import Connection
from drivers.modbus.early import ASKED_WITHIN_S, opening
from drivers.modbus.envelope import TcpEnvelope
from drivers.modbus.errors import LinkDown
from drivers.modbus.frame import ReadFrame, Space
from drivers.modbus.hearing import Words
from drivers.modbus.job import Manners
from drivers.modbus.layout import Layout
from drivers.modbus.link import ModbusLink
from drivers.modbus.opener import Opener
from drivers.modbus.queue import LinkQueue
from hil.vloop import VirtualLoop, run

MANNERS = Manners(timeout_s=5.0)
CODE, ADDRESS = 7, 9
"""Where they are in a request over TCP."""


class Wire(asyncio.Transport):
    """A connection of paper: what is written is kept, and answers are given by hand."""

    def __init__(self, protocol: Connection) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self._protocol = protocol
        protocol.connection_made(self)

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def abort(self) -> None:
        """Nothing to hang up."""

    def answer(self, *, number: int | None = None, octets: int | None = None) -> None:
        """Register 7 is in it; of a write the first octets are repeated."""
        asked = self.written[-1]
        body = bytes((0, 0, 0, 5, 1, 3, 2, 0, 7)) if asked[CODE] == 3 else asked[2:4] + bytes((0, 6)) + asked[6:octets]
        told = (asked[:2] if number is None else number.to_bytes(2, "big")) + body
        room = self._protocol.get_buffer(-1)
        room[: len(told)] = told
        self._protocol.buffer_updated(len(told))

    def asked(self) -> list[tuple[int, int]]:
        """Function and address of all requests."""
        return [(one[CODE], int.from_bytes(one[ADDRESS - 1 : ADDRESS + 1], "big")) for one in self.written]


class PaperTcp(ModbusLink):
    """A link over such a connection."""

    wire: Wire

    async def open(self, timeout_s: float) -> None:
        self._connection = Connection(TcpEnvelope())
        self.wire = Wire(self._connection)


@asynccontextmanager
async def served() -> AsyncIterator[tuple[LinkQueue, PaperTcp]]:
    address = parse_address("tcp://192.0.2.1:502")
    link = PaperTcp(address)
    queue = LinkQueue(address, link, Random(1))
    serving = asyncio.create_task(queue.serve())
    await link.open(1.0)
    await asyncio.sleep(0)
    try:
        yield queue, link
    finally:
        serving.cancel()
        await asyncio.wait({serving})


async def turns(count: int = 2) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def poll(queue: LinkQueue, at: int, heard: list[Words]) -> None:
    queue.poll(ReadFrame(1, Space.HOLDING, at, 1), MANNERS, slack_s=float(at), heard=heard.append)  # type: ignore[arg-type]


async def test_the_next_poll_leaves_before_the_answer_to_the_one_before_is_looked_at():
    async with served() as (queue, link):
        order: list[str] = []
        for at in (0, 1):
            frame = ReadFrame(1, Space.HOLDING, at, 1)
            queue.poll(
                frame, MANNERS, slack_s=float(at), heard=lambda _: order.append(f"{len(link.wire.written)} had left")
            )
        await turns()
        # when the answer arrives, and no turn of the event loop passes
        link.wire.answer()
        assert link.wire.asked() == [(3, 0), (3, 1)]
    assert order[0] == "2 had left"


async def test_a_shed_that_came_meanwhile_leaves_in_the_turn_of_the_answer_and_before_the_polls():
    async with served() as (queue, link):
        heard: list[Words] = []
        for at in (0, 1, 2):
            poll(queue, at, heard)
        await turns()
        shed = asyncio.create_task(queue.write_coil(1, 9, False, MANNERS, allowed=lambda: True, urgent=True))
        await turns()
        link.wire.answer()
        assert link.wire.asked() == [(3, 0), (5, 9)]
        link.wire.answer()
        await shed


async def test_what_is_not_allowed_when_the_answer_arrives_is_not_sent_and_the_polls_go_on():
    async with served() as (queue, link):
        heard: list[Words] = []
        for at in (0, 1):
            poll(queue, at, heard)
        await turns()
        armed = True
        shed = asyncio.create_task(queue.write_coil(1, 9, False, MANNERS, allowed=lambda: armed, urgent=True))
        await turns()
        armed = False
        link.wire.answer()
        await asyncio.wait({shed})
        await turns(4)
        assert link.wire.asked() == [(3, 0), (3, 1)]


async def test_a_late_answer_is_not_taken_for_the_answer_and_costs_nothing():
    async with served() as (queue, link):
        heard: list[Words] = []
        poll(queue, 0, heard)
        await turns()
        link.wire.answer(number=4711)
        assert heard == []
        link.wire.answer()
        assert heard == [(7,)]


async def test_when_the_queue_stops_whoever_waits_for_an_answer_is_told():
    async with served() as (queue, _):
        told: list[Words | Exception] = []
        queue.poll(ReadFrame(1, Space.HOLDING, 0, 1), MANNERS, slack_s=0.0, heard=told.append)
        await turns()
    assert [type(one) for one in told] == [LinkDown]


@pytest.mark.parametrize("count", [1, 3])
async def test_nobody_waits_twice_for_the_same_answer(count):
    async with served() as (queue, link):
        heard: list[Words] = []
        for _ in range(count):
            poll(queue, 0, heard)
        await turns()
        link.wire.answer()
        assert (heard, len(link.wire.written)) == ([(7,)] * count, 1)


def yes() -> bool:
    return True


async def test_coils_that_are_opened_early_leave_at_once_in_one_frame_and_whoever_asks_next_hears_of_that():
    async with served() as (queue, link):
        # when two coils are opened early, and then asked for as ever
        queue.open_early(opening(1, [3, 4], MANNERS, yes))
        assert link.wire.asked() == [(15, 3)]
        sheds = [
            asyncio.create_task(queue.write_coil(1, coil, False, MANNERS, allowed=yes, urgent=True)) for coil in (3, 4)
        ]
        await turns()
        # then there is one frame, and its acknowledgement is that of both
        assert not any(shed.done() for shed in sheds)
        link.wire.answer(octets=12)
        await asyncio.gather(*sheds)
        assert link.wire.asked() == [(15, 3)]


async def test_what_a_coil_is_told_after_it_was_opened_early_counts_and_the_next_off_is_sent_again():
    async with served() as (queue, link):
        queue.open_early(opening(1, [3], MANNERS, yes))
        told = [asyncio.create_task(queue.write_coil(1, 3, on, MANNERS, allowed=yes)) for on in (True, False)]
        await turns()
        link.wire.answer()
        await turns(4)
        link.wire.answer()
        await asyncio.gather(*told)
        assert [one[CODE:] for one in link.wire.written] == [bytes.fromhex("0500030000")] * 2


async def test_nothing_is_opened_early_beside_something_that_waits_for_the_same_board():
    async with served() as (queue, link):
        waits = asyncio.create_task(queue.write_coil(1, 5, True, MANNERS, allowed=yes))
        await asyncio.sleep(0)
        queue.open_early(opening(1, [3], MANNERS, yes))
        assert link.wire.written == []
        await turns()
        link.wire.answer()
        await waits
        assert link.wire.asked() == [(5, 5)]


def test_an_early_opening_that_was_not_answered_for_long_is_not_taken_for_a_later_one():
    async def story(_loop: VirtualLoop) -> None:
        async with served() as (queue, link):
            queue.open_early(opening(1, [3], MANNERS, yes))
            await asyncio.sleep(ASKED_WITHIN_S + 0.01)
            later = asyncio.create_task(queue.write_coil(1, 3, False, MANNERS, allowed=yes, urgent=True))
            await turns()
            for _ in range(2):
                link.wire.answer()
                await turns(4)
            await later
            assert link.wire.asked() == [(5, 3)] * 2

    run(story)


def test_whoever_has_waited_until_a_coil_was_opened_early_has_its_answer_and_sends_nothing():
    async def told(queue: LinkQueue) -> None:
        opened = queue.opening(1, 3)
        assert opened is not None
        await opened
        await queue.write_coil(1, 3, False, MANNERS, allowed=yes, urgent=True)

    async def story(_loop: VirtualLoop) -> None:
        async with served() as (queue, link):
            queue.open_early(opening(1, [3], MANNERS, yes))
            waits = asyncio.create_task(told(queue))
            # given a board that takes its time
            await asyncio.sleep(1.0)
            link.wire.answer()
            await waits
            assert link.wire.asked() == [(5, 3)]
            # when it is told the same a while later, then that is a request of its own
            await asyncio.sleep(ASKED_WITHIN_S + 0.01)
            assert queue.opening(1, 3) is None
            later = asyncio.create_task(queue.write_coil(1, 3, False, MANNERS, allowed=yes, urgent=True))
            await turns()
            link.wire.answer()
            await later
            assert link.wire.asked() == [(5, 3)] * 2

    run(story)


async def test_what_is_not_armed_is_not_opened_early():
    async with served() as (queue, link):
        queue.open_early(opening(1, [3], MANNERS, lambda: False))
        await turns(4)
        assert link.wire.written == []


class Board:
    """A board of which somebody else knows where its relay is, and whether it may be told."""

    def __init__(self, queue: LinkQueue) -> None:
        self.layout: Layout | None = None
        self.coil = 3
        self.open_now = Opener(queue, lambda: self.layout, lambda: opening(1, [self.coil], MANNERS, yes))


async def test_what_was_made_ready_before_a_device_started_afresh_opens_the_coil_that_it_has_now():
    async with served() as (queue, link):
        # given a relay that cannot be told yet
        board = Board(queue)
        board.open_now()
        assert link.wire.asked() == []
        # when it is found, and then found anew elsewhere
        board.layout, board.coil = Layout(points={}), 4
        board.open_now()
        await turns()
        link.wire.answer()
        await turns(4)
        board.layout, board.coil = Layout(points={}), 5
        board.open_now()
        # then it is opened where it is
        assert link.wire.asked() == [(5, 4), (5, 5)]


async def test_what_has_been_opened_once_can_be_opened_in_the_same_way_again():
    async with served() as (queue, link):
        board = Board(queue)
        board.layout = Layout(points={})
        for _ in range(2):
            board.open_now()
            await turns()
            link.wire.answer()
            await turns(4)
        assert link.wire.asked() == [(5, 3)] * 2
