"""A two-wire adapter that hears what it sends: its echo is neither noise nor the word of a relay."""

import asyncio
from random import Random

import pytest

from drivers.modbus.address import parse_address
from drivers.modbus.envelope import RtuEnvelope
from drivers.modbus.errors import NoAnswer
from drivers.modbus.frame import ReadFrame, Space, WriteFrame
from drivers.modbus.job import Manners
from drivers.modbus.link import ModbusLink
from drivers.modbus.queue import LinkQueue
from tests.drivers.bench import Bench, Fault, Unit, on_pty
from tests.ending import end

MANNERS = Manners(timeout_s=0.3, quiet_s=0.0)
FAR = 0x9C40
"""A register whose address, taken for the length of an answer, would make hems wait for more than ever comes."""


class Line:
    """A line with an adapter that echoes, a board on it, and hems' side of it."""

    def __init__(self) -> None:
        self.dead = False
        self.board = Unit(fault=lambda _: Fault(silent=self.dead))
        self.board.put("holding", FAR, 7, 8)
        self.board.put("coil", 0, 1)
        self.bench = Bench(u1=self.board)
        self.bench.echoes = True

    async def __aenter__(self) -> "Line":
        self._pty = on_pty(self.bench)
        address = parse_address((await self._pty.__aenter__()).link)
        self.queue = LinkQueue(address, ModbusLink(address), Random(1))
        self._serving = asyncio.create_task(self.queue.serve())
        return self

    async def __aexit__(self, *why) -> None:
        await end(self._serving)
        await self._pty.__aexit__(*why)

    async def read(self, space: Space, at: int, count: int) -> tuple[int, ...]:
        return await self.queue.read(ReadFrame(1, space, at, count), MANNERS)

    async def switch(self, on: bool) -> None:
        frame = WriteFrame(1, Space.COIL, 0, (int(on),), single=True)
        await self.queue.write(frame, MANNERS, urgent=True, allowed=lambda: True)


@pytest.mark.wire
async def test_what_is_read_is_read_whatever_its_address():
    async with Line() as line:
        assert await line.read(Space.HOLDING, FAR, 2) == (7, 8)
        assert await line.read(Space.COIL, 0, 1) == (1,)


@pytest.mark.wire
async def test_a_relay_is_switched_and_its_own_word_awaited():
    async with Line() as line:
        assert await line.read(Space.COIL, 0, 1) == (1,)
        await line.switch(False)
        assert await line.read(Space.COIL, 0, 1) == (0,)


@pytest.mark.wire
async def test_the_echo_to_a_board_without_power_is_no_acknowledgement():
    async with Line() as line:
        await line.read(Space.COIL, 0, 1)
        line.dead = True
        with pytest.raises(NoAnswer, match=r"within 0\.3 s$"):  # and no noise either
            await line.switch(False)


def test_an_echo_in_pieces_is_waited_for_and_an_answer_is_never_taken_for_one():
    read, write, answer = bytes.fromhex("01039c400002eb8f"), bytes.fromhex("0105000000004dca"[:16]), b"\x01\x03\x04"
    line = RtuEnvelope()
    # without an echo everything is heard as it comes
    assert line.unechoed(write, write) == (write, b"")
    assert line.unechoed(answer, read) == (answer, b"")
    # a piece of an echo is kept until it is whole, and cut off then
    assert line.unechoed(read[:5], read) == (read[:5], read)
    assert line.unechoed(read + answer, read) == (answer, b"")
    # from then on one value is acknowledged by the second of two, until a read has no echo any more
    assert line.unechoed(write, write) == (b"", b"")
    assert line.unechoed(answer, read) == (answer, b"")
    assert line.unechoed(write, write) == (write, b"")
