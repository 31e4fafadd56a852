"""Devices that answer with what is no answer, as they look on the wire."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from hems.sim.faults import Says
from hems.sim.rig import load_rig
from hil import vloop
from hil.emulate.bench import Bench
from hil.emulate.devices.waveshare import waveshare
from hil.emulate.ear import LATE_S, OCTET_S, SLOW_S
from hil.emulate.lines import TcpLine
from hil.places import place

pytestmark = pytest.mark.wire
T = TypeVar("T")
ASKED = bytes.fromhex("00070000000601010000 0008")
TRUE = bytes.fromhex("0007000000040101017f")
"""Seven circuits of the apartments are on."""
FAILURE = bytes.fromhex("000700000003018104")
FIRST_VOLTAGE = bytes.fromhex("010400000002 71cb")
"""Asked of a meter on a serial line; a true answer has nine octets."""


@asynccontextmanager
async def line(says: Says, where: Path) -> AsyncIterator[TcpLine]:
    rig = load_rig(place("apartments").rig)
    simulated, _ = waveshare(Bench(rig.plant(), {}, where, None).building, "relays", rig.devices["relays"])
    line = TcpLine(simulated, port=0, speech=lambda _: says)
    await line.open()
    try:
        yield line
    finally:
        await line.close()


async def answered(says: Says, where: Path) -> bytes:
    async with line(says, where) as wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(ASKED)
        async with asyncio.timeout(2.0):
            answer = await reader.read(64)
        writer.close()
        return answer


def in_virtual_time(main: Callable[[], Coroutine[object, object, T]]) -> tuple[T, float]:
    """What comes of it, and how long it took."""

    async def timed(loop: vloop.VirtualLoop) -> tuple[T, float]:
        began_s = loop.time()
        return await main(), loop.time() - began_s

    return vloop.run(timed)


async def test_the_truth_is_left_as_it_is(tmp_path: Path) -> None:
    assert await answered(Says.TRUTH, tmp_path) == TRUE


async def test_noise_is_as_long_as_the_answer_and_nothing_like_it(tmp_path: Path) -> None:
    noise = await answered(Says.GARBAGE, tmp_path)
    assert len(noise) == len(TRUE)
    assert noise[:6] != TRUE[:6]
    assert noise == await answered(Says.GARBAGE, tmp_path)  # by a seed


async def test_noise_from_behind_a_gateway_arrives_whatever_device_it_seems_to_name(tmp_path: Path) -> None:
    # given a meter on a shared line, whose noise begins with numbers that no device there has
    rig = load_rig(place("apartments").rig)
    bench = Bench(rig.plant(), {"utility_meter": rig.devices["utility_meter"]}, tmp_path, None, serial=False)
    await bench.open()
    try:
        bench.say("utility_meter", Says.GARBAGE)
        port = bench.links["utility_meter"].rpartition(":")[2].split("?")[0]
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        for _ in range(4):
            writer.write(FIRST_VOLTAGE)
            async with asyncio.timeout(2.0):
                assert len(await reader.read(64)) == 9
        writer.close()
    finally:
        await bench.close()


async def test_half_an_answer_is_its_first_half(tmp_path: Path) -> None:
    assert await answered(Says.CUT, tmp_path) == TRUE[: len(TRUE) // 2]


async def test_somebody_elses_answer_has_another_number(tmp_path: Path) -> None:
    mixed = await answered(Says.MIXED, tmp_path)
    assert mixed[:2] != TRUE[:2]
    assert mixed[2:] == TRUE[2:]


async def test_a_refusal_is_an_exception_of_the_device(tmp_path: Path) -> None:
    assert await answered(Says.REFUSES, tmp_path) == FAILURE


@pytest.mark.parametrize(("says", "after_s"), [(Says.SLOW, SLOW_S), (Says.LATE, LATE_S)])
def test_a_delayed_answer_is_true_and_comes_later(says: Says, after_s: float, tmp_path: Path) -> None:
    async def main() -> bytes:
        async with line(says, tmp_path) as wire:
            reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
            writer.write(ASKED)
            answer = await reader.read(64)
            writer.close()
            return answer

    answer, took_s = in_virtual_time(main)
    assert answer == TRUE
    assert took_s == pytest.approx(after_s, abs=0.001)


def test_an_answer_may_come_octet_by_octet(tmp_path: Path) -> None:
    async def main() -> list[bytes]:
        async with line(Says.OCTETS, tmp_path) as wire:
            reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
            writer.write(ASKED)
            octets = [await reader.read(64) for _ in TRUE]
            writer.close()
            return octets

    octets, took_s = in_virtual_time(main)
    assert octets == [bytes((octet,)) for octet in TRUE]
    assert took_s == pytest.approx((len(TRUE) - 1) * OCTET_S, abs=0.001)


async def test_a_half_open_connection_takes_everything_and_answers_nothing_and_a_new_one_is_well(
    tmp_path: Path,
) -> None:
    async with line(Says.TRUTH, tmp_path) as wire:
        # given a connection that works
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(ASKED)
        assert await reader.read(64) == TRUE
        # when its other end forgets it
        for connection in wire.connections:
            connection.dead = True
        # then it is not closed, and nobody answers
        writer.write(ASKED)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(64), 0.1)
        # and another one works
        fresh, other = await asyncio.open_connection("127.0.0.1", wire.port)
        other.write(ASKED)
        assert await fresh.read(64) == TRUE
        writer.close()
        other.close()


async def test_a_reset_ends_a_connection_without_a_farewell(tmp_path: Path) -> None:
    async with line(Says.TRUTH, tmp_path) as wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        writer.write(ASKED)
        await reader.read(64)
        (connection,) = wire.connections
        connection.reset()
        with pytest.raises(ConnectionResetError):
            await reader.read(64)
        writer.close()
