"""A bench in this process, and plain clients that know nothing of our drivers."""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from hems.sim.rig import load_rig
from hil.emulate.bench import Bench
from hil.emulate.broker import Broker
from hil.emulate.control import Control
from hil.emulate.remote import Remote

RIGS = Path(__file__).resolve().parents[2] / "hil" / "rigs"


@asynccontextmanager
async def bench(
    run_dir: Path, *devices: str, rig: str = "apartments", broker: str | None = None
) -> AsyncIterator[Bench]:
    """The named devices of a rig on the wire; all of them when none is named."""
    loaded = load_rig(RIGS / f"{rig}.toml")
    tables = {name: table for name, table in loaded.devices.items() if not devices or name in devices}
    built = Bench(loaded.plant(), tables, run_dir, Broker(broker, run_dir) if broker else None)
    control = Control(built, run_dir / "plant.sock")
    await control.open()
    await built.open()
    try:
        yield built
    finally:
        await control.close()
        await built.close()


def remote(run_dir: Path) -> Remote:
    return Remote(run_dir / "plant.sock")


@asynccontextmanager
async def tcp(link: str) -> AsyncIterator[AsyncModbusTcpClient]:
    """A client as anybody would write one."""
    host, port = link.removeprefix("tcp://").split(":")
    client = AsyncModbusTcpClient(host, port=int(port), timeout=0.4, retries=0)
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()


@asynccontextmanager
async def rtu(link: str) -> AsyncIterator[AsyncModbusSerialClient]:
    path = link.removeprefix("rtu://").split("?")[0]
    client = AsyncModbusSerialClient(path, baudrate=9600, timeout=0.6, retries=0)
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()


@asynccontextmanager
async def mqtt(link: str) -> AsyncIterator[aiomqtt.Client]:
    host, port = link.removeprefix("mqtt://").split(":")
    async with aiomqtt.Client(host, int(port), identifier="anybody") as client:
        yield client


def f32(words: list[int]) -> float:
    value: float = struct.unpack(">f", struct.pack(">2H", *words))[0]
    return value


def s32(words: list[int]) -> int:
    value: int = struct.unpack(">i", struct.pack(">2H", *words))[0]
    return value


def s32_low_first(words: list[int]) -> int:
    return s32(words[::-1])


def s16(word: int) -> int:
    value: int = struct.unpack(">h", struct.pack(">H", word))[0]
    return value


def two_words(value: int) -> list[int]:
    return list(struct.unpack(">2H", struct.pack(">i", value)))


async def holding(client: Any, at: int, count: int, *, unit: int = 1) -> list[int]:
    reply = await client.read_holding_registers(at, count=count, device_id=unit)
    assert not reply.isError(), reply
    return list(reply.registers)


async def inputs(client: Any, at: int, count: int, *, unit: int = 1) -> list[int]:
    reply = await client.read_input_registers(at, count=count, device_id=unit)
    assert not reply.isError(), reply
    return list(reply.registers)
