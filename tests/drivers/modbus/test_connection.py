"""One connection: its waits end in time, what nobody asked for is nobody's answer, and nothing is left behind."""

import asyncio
import gc
import os
import socket
import warnings
from contextlib import ExitStack
from pathlib import Path

import pytest

from drivers.modbus.address import parse_address
from drivers.modbus.connection import Patience
from drivers.modbus.errors import LinkDown, NoAnswer
from drivers.modbus.frame import ReadFrame, Space
from drivers.modbus.link import ModbusLink
from hil.vloop import VirtualLoop, run
from tests.drivers.bench import Bench, Fault, Unit, crc, eventually, on_gateway, on_pty, on_tcp

pytestmark = pytest.mark.wire
each_wire = pytest.mark.parametrize("wire", [on_tcp, on_gateway, on_pty])


def numbered(delay_s: float = 0.0) -> Unit:
    """Registers that hold their own address."""
    unit = Unit(fault=lambda _request: Fault(delay_s=delay_s))
    unit.put("holding", 0, *range(100))
    return unit


def register(at: int) -> ReadFrame:
    return ReadFrame(1, Space.HOLDING, at, 1)


def replied(*values: int) -> bytes:
    """A serial slave's answer to a read of registers."""
    octets = bytes((1, 3, 2 * len(values))) + b"".join(value.to_bytes(2, "big") for value in values)
    return octets + crc(octets)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    ("waits", "ends_s"),
    [
        ([(0.0, 1.0)], 1.0),
        ([(0.0, 1.0), (0.5, 1.0)], 1.5),
        ([(0.0, 1.0), (0.5, 0.1)], 0.6),
        ([(0.0, 5.0), (0.1, 0.2), (0.2, 3.0)], 3.2),
    ],
)
def test_a_wait_ends_when_the_last_one_begun_is_over(waits, ends_s):
    async def story(loop: VirtualLoop) -> list[float]:
        began_s, ends = loop.time(), []
        patience = Patience(lambda: ends.append(loop.time() - began_s))
        for at_s, for_s in waits:
            await asyncio.sleep(began_s + at_s - loop.time())
            patience.begin(for_s)
        await asyncio.sleep(20.0)
        return ends

    assert run(story) == [pytest.approx(ends_s)]


def test_a_wait_that_has_ended_is_never_over():
    async def story(_loop: VirtualLoop) -> list[str]:
        told: list[str] = []
        patience = Patience(lambda: told.append("over"))
        patience.begin(1.0)
        patience.end()
        await asyncio.sleep(5.0)
        patience.begin(1.0)
        patience.close()
        await asyncio.sleep(5.0)
        return told

    assert run(story) == []


@each_wire
async def test_an_answer_to_a_question_that_was_given_up_is_not_taken_for_the_next(wire):
    async with wire(Bench(u1=numbered(0.05))) as bench:
        link = ModbusLink(parse_address(bench.link))
        await link.open(1.0)
        # given a question that is cancelled while its answer is on its way
        given_up = asyncio.create_task(link.ask(register(10), 1.0))
        await eventually(lambda: bool(bench.diary))
        given_up.cancel()
        await asyncio.wait({given_up})
        # when that answer comes while nothing is asked
        await asyncio.sleep(0.1)
        # then the next question gets its own
        assert await link.ask(register(20), 1.0) == (20,)
        link.close()


async def test_the_half_of_an_answer_that_came_in_time_does_not_spoil_the_next():
    long, short = replied(*range(40)), replied(21)

    async def slave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # given a slave behind a gateway that breaks off in a long answer
        for answer in (long[:20], short):
            await reader.readexactly(8)
            writer.write(answer)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(slave, "127.0.0.1", 0) as gateway:
        link = ModbusLink(parse_address(f"rtu-over-tcp://127.0.0.1:{gateway.sockets[0].getsockname()[1]}"))
        await link.open(1.0)
        with pytest.raises(NoAnswer):
            await link.ask(ReadFrame(1, Space.HOLDING, 0, 40), 0.05)
        # when it is asked for less, then the rest of that is not waited for
        assert await link.ask(register(21), 1.0) == (21,)
        link.close()


@each_wire
async def test_whoever_hangs_up_is_not_waited_for(wire):
    async with wire(Bench(u1=numbered(5.0))) as bench:
        link = ModbusLink(parse_address(bench.link))
        await link.open(1.0)
        asking = asyncio.create_task(link.ask(register(1), 30.0))
        await eventually(lambda: bool(bench.diary))
        # when the connection goes, from there or from here
        link.close() if wire is on_pty else bench.drop()
        with pytest.raises(LinkDown, match="closed the connection"):
            await asyncio.wait_for(asking, 1.0)
        assert not link.is_open


async def test_an_adapter_that_is_pulled_out_closes_the_link():
    master, slave = os.openpty()
    link = ModbusLink(parse_address(f"rtu://{os.ttyname(slave)}"))
    os.close(slave)
    await link.open(1.0)
    asking = asyncio.create_task(link.ask(register(1), 30.0))
    await asyncio.sleep(0.05)
    os.close(master)
    with pytest.raises(LinkDown):
        await asyncio.wait_for(asking, 1.0)
    assert not link.is_open


@each_wire
async def test_nothing_is_left_of_connections_that_were_closed(wire):
    async with wire(Bench(u1=numbered())) as bench:
        link = ModbusLink(parse_address(bench.link))
        await link.open(1.0)
        await link.ask(register(1), 1.0)
        link.close()
        await asyncio.sleep(0.02)
        before = open_files()
        with warnings.catch_warnings():
            warnings.simplefilter("error", ResourceWarning)
            for _ in range(20):
                await link.open(1.0)
                assert await link.ask(register(2), 1.0) == (2,)
                with pytest.raises(NoAnswer):
                    await link.ask(ReadFrame(9, Space.HOLDING, 0, 1), 0.001)
            link.close()
            await eventually(lambda: open_files() <= before)
            gc.collect()


async def test_a_connection_that_takes_too_long_is_given_up_and_leaves_nothing():
    # given a port that neither takes nor refuses any more callers
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        place = full.getsockname()
        for _ in range(3):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(place)
        before = open_files()
        # when it is called
        link = ModbusLink(parse_address(f"tcp://127.0.0.1:{place[1]}"))
        with pytest.raises(LinkDown):
            await link.open(0.05)
        # then that is given up in time
        assert not link.is_open
        await eventually(lambda: open_files() <= before)


@pytest.mark.parametrize(
    ("host", "why"), [("127.0.0.1", "does not listen on that port"), ("no..where", "address for that name")]
)
async def test_why_there_is_no_connection_is_told_once_and_without_the_link_that_stands_beside_it(host: str, why: str):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens there
        link = ModbusLink(parse_address(f"tcp://{host}:{taken.getsockname()[1]}"))
        with pytest.raises(LinkDown, match=why) as told:
            await link.open(30.0)
    assert host not in str(told.value)
