"""Servers that answer wrongly in every way a wire allows: each gives an error with a reason, none gives a value."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from random import Random

import pytest

from drivers.modbus.address import parse_address
from drivers.modbus.errors import LinkError, Refusal
from drivers.modbus.frame import ReadFrame, Space, WriteFrame
from drivers.modbus.job import Manners
from drivers.modbus.link import ModbusLink
from drivers.modbus.queue import LinkQueue

pytestmark = pytest.mark.wire

FRAME = ReadFrame(1, Space.HOLDING, 10, 2)
RIGHT = bytes((3, 4, 0, 10, 0, 11))
MANNERS = Manners(timeout_s=0.15)
Answer = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


def framed(header: bytes, pdu: bytes, *, transaction: bytes | None = None, unit: int | None = None) -> bytes:
    who = header[6:7] if unit is None else bytes((unit,))
    return (transaction or header[:2]) + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + who + pdu


async def right(writer: asyncio.StreamWriter, header: bytes) -> None:
    writer.write(framed(header, RIGHT))


async def byte_by_byte(writer: asyncio.StreamWriter, header: bytes) -> None:
    for octet in framed(header, RIGHT):
        writer.write(bytes((octet,)))
        await writer.drain()
        await asyncio.sleep(0)


async def too_few(writer: asyncio.StreamWriter, header: bytes) -> None:
    writer.write(framed(header, bytes((3, 2, 0, 10))))


async def too_many(writer: asyncio.StreamWriter, header: bytes) -> None:
    writer.write(framed(header, bytes((3, 6, 0, 10, 0, 11, 0, 12))))


async def another_function(writer: asyncio.StreamWriter, header: bytes) -> None:
    writer.write(framed(header, bytes((4, 4, 0, 10, 0, 11))))


async def another_transaction(writer: asyncio.StreamWriter, header: bytes) -> None:
    writer.write(framed(header, RIGHT, transaction=b"\x7f\x7f"))


async def another_unit(writer: asyncio.StreamWriter, header: bytes) -> None:
    writer.write(framed(header, RIGHT, unit=9))


async def half(writer: asyncio.StreamWriter, header: bytes) -> None:
    writer.write(framed(header, RIGHT)[:7])


async def garbage(writer: asyncio.StreamWriter, header: bytes) -> None:
    writer.write(bytes(range(200, 256)) * 5)


async def nothing(writer: asyncio.StreamWriter, header: bytes) -> None:
    return None


async def hangs_up(writer: asyncio.StreamWriter, header: bytes) -> None:
    writer.transport.abort()


async def refuses(writer: asyncio.StreamWriter, header: bytes) -> None:
    writer.write(framed(header, bytes((0x83, 2))))


@asynccontextmanager
async def server(answers: list[Answer]) -> AsyncIterator[LinkQueue]:
    """A queue to a server that gives these answers in turn, and right ones after them."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await reader.readexactly(7)
                await reader.readexactly(int.from_bytes(header[4:6], "big") - 1)
                await (answers.pop(0) if answers else right)(writer, header)
        writer.close()

    listener = await asyncio.start_server(client, "127.0.0.1", 0)
    address = parse_address(f"tcp://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
    queue = LinkQueue(address, ModbusLink(address), Random(1))
    serving = asyncio.create_task(queue.serve())
    try:
        yield queue
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
        listener.close()


@pytest.mark.parametrize("answer", [right, byte_by_byte])
async def test_a_right_answer_is_taken_however_it_arrives(answer: Answer) -> None:
    async with server([answer]) as queue:
        assert await queue.read(FRAME, MANNERS) == (10, 11)


WRONG = [too_few, too_many, another_function, another_transaction, another_unit, half, garbage, nothing, hangs_up]


@pytest.mark.parametrize("answer", WRONG)
async def test_a_wrong_answer_is_an_error_and_the_next_right_one_is_taken(answer: Answer) -> None:
    async with server([answer]) as queue:
        # given a server that answers wrongly once, when it is asked
        with pytest.raises(LinkError):
            await queue.read(FRAME, MANNERS)
        # then it is asked again, on a fresh connection if need be, and believed
        values: tuple[int, ...] = ()
        async with asyncio.timeout(3.0):
            while not values:
                with suppress(LinkError):
                    values = await queue.read(FRAME, MANNERS)
        assert values == (10, 11)


async def test_an_exception_tells_its_reason_and_costs_no_connection() -> None:
    async with server([refuses]) as queue:
        with pytest.raises(Refusal) as told:
            await queue.read(FRAME, MANNERS)
        assert told.value.about_addresses
        assert await queue.read(FRAME, MANNERS) == (10, 11)
        assert queue.connections == 1


@pytest.mark.parametrize("answer", WRONG)
async def test_no_wrong_answer_is_ever_taken_for_a_value(answer: Answer) -> None:
    got: list[tuple[int, ...]] = []
    async with server([answer] * 3) as queue:
        for _ in range(3):
            with suppress(LinkError):
                got.append(await queue.read(FRAME, MANNERS))
    assert all(values == (10, 11) for values in got)


COIL = WriteFrame(1, Space.COIL, 10, (1,), single=True)
COILS = WriteFrame(1, Space.COIL, 10, (1, 0), single=False)
REGISTER = WriteFrame(1, Space.HOLDING, 10, (7,), single=True)
REGISTERS = WriteFrame(1, Space.HOLDING, 10, (7, 8), single=False)


@pytest.mark.parametrize(
    ("frame", "echo", "taken"),
    [
        (COIL, (5, 0, 10, 0xFF, 0), True),
        (COIL, (5, 0, 11, 0xFF, 0), False),
        (COIL, (5, 0, 10, 0, 0), False),
        (COILS, (15, 0, 10, 0, 2), True),
        (COILS, (15, 0, 11, 0, 2), False),
        (COILS, (15, 0, 10, 0, 1), False),
        (REGISTER, (6, 0, 10, 0, 7), True),
        (REGISTER, (6, 0, 11, 0, 7), False),
        (REGISTER, (6, 0, 10, 0, 8), False),
        (REGISTERS, (16, 0, 10, 0, 2), True),
        (REGISTERS, (16, 0, 11, 0, 2), False),
        (REGISTERS, (16, 0, 10, 0, 3), False),
        (REGISTERS, (6, 0, 10, 0, 2), False),
    ],
)
async def test_a_write_counts_only_if_the_device_repeats_where_and_what(
    frame: WriteFrame, echo: tuple[int, ...], taken: bool
) -> None:
    async def acknowledges(writer: asyncio.StreamWriter, header: bytes) -> None:
        writer.write(framed(header, bytes(echo)))

    # given a server that acknowledges, rightly or not, when it is written to
    told: LinkError | None = None
    async with server([acknowledges]) as queue:
        try:
            await queue.write(frame, MANNERS, allowed=lambda: True)
        except LinkError as trouble:
            told = trouble
    # then only the right acknowledgement is one
    assert (told is None) == taken, told
