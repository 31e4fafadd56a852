"""What reading devices costs: the whole Modbus engine beside libmodbus in C and the bare link, on one server.

A device here is a meter of twenty 32-bit floats in forty registers.  The C client only fetches them; the engine also
turns each into a reading with its time, its quality and its staleness.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import log
from random import Random
from statistics import median

from drivers.modbus.address import parse_address
from drivers.modbus.check import Declared
from drivers.modbus.driver import BusDriver
from drivers.modbus.factory import address_for, product_of
from drivers.modbus.frame import ReadFrame, Space
from drivers.modbus.link import ModbusLink
from drivers.modbus.schema import ModbusProfile
from drivers.profile.load import parse
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverContext
from hems.runtime.clock import SystemClock
from hil import foreign

REGISTERS = 40
READS = 4000
REPEATS = 3
WINDOW_S = 2.0
SETTLE_S = 1.0
SHARING = 24
"""Devices on the one connection, each asked a thousand times a second if it could, so that it is never idle."""
FLEETS = (50, 150, 500)
PER_LINK = 10


def lines() -> list[str]:
    """The figures, or why there are none."""
    reason = foreign.missing()
    if reason is not None:
        return [f"reading devices          not measured: {reason}"]
    return asyncio.run(_measured())


async def _measured() -> list[str]:
    reads = [await _beside_c() for _ in range(REPEATS)]
    rate, used, bare_rate, bare_used = (median(column) for column in zip(*reads, strict=True))
    costs = [await _fleet_s(size) for size in FLEETS]
    growth = log(costs[-1] / costs[0]) / log(FLEETS[-1] / FLEETS[0])
    shares = ", ".join(f"{size}: {100 * cost:.1f} %" for size, cost in zip(FLEETS, costs, strict=True))
    return [
        f"reading 40 registers     {rate:7.2f} times the rate of libmodbus in C, {used:.1f} times its processor time",
        f"  the link alone        {bare_rate:7.2f} times the rate, {bare_used:.1f} times the processor time",
        f"meters read each second  {shares} of one core; grows with the {growth:.2f}th power of their number",
    ]


async def _beside_c() -> tuple[float, float, float, float]:
    """Rate and processor time per read of the engine and of its bare link, each as a multiple of the C client's."""
    async with foreign.on_tcp() as (port,):
        c_s, c_used_s = await foreign.polled(port, REGISTERS, READS)
        bare_s, bare_used_s = await _bare(port)
        count = _Count()
        async with _driver([port] * SHARING, every_ms=1, count=count):
            await asyncio.sleep(SETTLE_S)
            began, began_s, began_used_s = count.values, time.perf_counter(), time.process_time()
            await asyncio.sleep(WINDOW_S)
            reads = (count.values - began) * 2 / REGISTERS
            each_s = (time.perf_counter() - began_s) / reads
            each_used_s = (time.process_time() - began_used_s) / reads
    c_s, c_used_s, bare_s, bare_used_s = (total / READS for total in (c_s, c_used_s, bare_s, bare_used_s))
    return c_s / each_s, each_used_s / c_used_s, c_s / bare_s, bare_used_s / c_used_s


async def _bare(port: int) -> tuple[float, float]:
    """The link alone, without queue, decoding and delivery."""
    link = ModbusLink(parse_address(f"tcp://127.0.0.1:{port}"))
    await link.open(1.0)
    began_s, began_used_s = time.perf_counter(), time.process_time()
    for _ in range(READS):
        await link.ask(ReadFrame(1, Space.HOLDING, 0, REGISTERS), 1.0)
    spent = time.perf_counter() - began_s, time.process_time() - began_used_s
    link.close()
    return spent


async def _fleet_s(size: int) -> float:
    """Processor seconds per second for so many meters, ten to a connection, each read once a second."""
    links = -(-size // PER_LINK)
    async with foreign.on_tcp(links) as ports, _driver(ports * PER_LINK, every_ms=1000, count=_Count()):
        await asyncio.sleep(SETTLE_S * 2)
        began_s, began_used_s = time.perf_counter(), time.process_time()
        await asyncio.sleep(WINDOW_S * 2)
        return (time.process_time() - began_used_s) / (time.perf_counter() - began_s)


class _Count:
    """A sink that counts."""

    def __init__(self) -> None:
        self.values = 0

    def __call__(self, device: DeviceId, point: str, reading: object) -> None:
        """Take one reading."""
        self.values += 1


@asynccontextmanager
async def _driver(ports: list[int], *, every_ms: int, count: Callable[..., None]) -> AsyncIterator[None]:
    declared = [_meter(index, port, every_ms) for index, port in enumerate(ports)]
    driver = BusDriver(declared, DriverContext(clock=SystemClock(), sink=count, rng=Random(1)))
    running = asyncio.create_task(driver.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait({running})


def _meter(index: int, port: int, every_ms: int) -> Declared:
    profile = parse(
        ModbusProfile,
        {
            "schema": 1,
            "id": "bench-meter",
            "title": "A meter of twenty floats",
            "class": "meter",
            "engine": "modbus",
            "status": "draft",
            "sources": ["the bench's own server"],
            "link": {"kinds": ["tcp"], "unit_id": 1 + index % 200},
            "poll": {"normal": {"every_ms": every_ms, "stale_ms": 5000}},
            "defaults": {"poll": "normal", "type": "f32"},
            "read": {f"value_{place}": {"at": 2 * place} for place in range(REGISTERS // 2)},
        },
        {},
    )
    spec = DeviceSpec(
        id=DeviceId(f"meter_{index}"),
        driver="modbus",
        profile="bench-meter",
        link=f"tcp://127.0.0.1:{port}",
        params={},
    )
    return Declared(spec, product_of(profile), address_for(spec, profile.link))
