"""Devices that answer with what is no answer, as they look on the wire."""

import asyncio
from pathlib import Path

import pytest

from hems.sim.faults import Says
from hems.sim.rig import load_rig
from hil.emulate.bench import Bench
from hil.emulate.devices.waveshare import waveshare
from hil.emulate.lines import TcpLine
from hil.places import place

pytestmark = pytest.mark.wire
ASKED = bytes.fromhex("00070000000601010000 0008")
TRUE = bytes.fromhex("0007000000040101017f")
"""Seven circuits of the apartments are on."""
FAILURE = bytes.fromhex("000700000003018104")


async def answered(says: Says, where: Path) -> bytes:
    rig = load_rig(place("apartments").rig)
    simulated, _ = waveshare(Bench(rig.plant(), {}, where, None).building, "relays", rig.devices["relays"])
    line = TcpLine(simulated, port=0, speech=lambda _: says)
    await line.open()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(ASKED)
        async with asyncio.timeout(2.0):
            answer = await reader.read(64)
        writer.close()
        return answer
    finally:
        await line.close()


async def test_the_truth_is_left_as_it_is(tmp_path: Path) -> None:
    assert await answered(Says.TRUTH, tmp_path) == TRUE


async def test_noise_is_as_long_as_the_answer_and_nothing_like_it(tmp_path: Path) -> None:
    noise = await answered(Says.GARBAGE, tmp_path)
    assert len(noise) == len(TRUE)
    assert noise[:6] != TRUE[:6]
    assert noise == await answered(Says.GARBAGE, tmp_path)  # by a seed


async def test_half_an_answer_is_its_first_half(tmp_path: Path) -> None:
    assert await answered(Says.CUT, tmp_path) == TRUE[: len(TRUE) // 2]


async def test_somebody_elses_answer_has_another_number(tmp_path: Path) -> None:
    mixed = await answered(Says.MIXED, tmp_path)
    assert mixed[:2] != TRUE[:2]
    assert mixed[2:] == TRUE[2:]


async def test_a_refusal_is_an_exception_of_the_device(tmp_path: Path) -> None:
    assert await answered(Says.REFUSES, tmp_path) == FAILURE
