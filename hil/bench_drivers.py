"""What reading devices costs: the whole Modbus engine beside libmodbus in C and the bare link, on one server.

A device here is a meter of twenty 32-bit floats in forty registers.  The C client only fetches them; the engine also
turns each into a reading with its time, its quality and its staleness.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sized
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
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
from hil.bench_apart import among_devices, at_the_gateway
from hil.bench_row import Row, noisy, paired, unmeasured

REGISTERS = 40
READS = 2000
REPEATS = 5
WINDOW_S = 0.5
SETTLE_S = 0.3
FLEET_SETTLE_S, FLEET_WINDOW_S = 2.0, 4.0
SHARING = 24
"""Devices on the one connection, each asked a thousand times a second if it could, so that it is never idle."""
FLEETS = (50, 150, 500)
PER_LINK = 10


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one read, in s."""

    took_s: float
    used_s: float


@dataclass(frozen=True, slots=True)
class Turn:
    """One of each, one right after the other."""

    in_c: Cost
    link: Cost
    engine: Cost


def rows() -> list[Row]:
    """The figures, or why there are none."""
    reason = foreign.missing()
    if reason is not None:
        return [unmeasured("reading devices", reason)]
    told = asyncio.run(_reading(""))
    if (accelerated := _uvloop()) is not None:
        with asyncio.Runner(loop_factory=accelerated) as runner:
            told += runner.run(_reading(" on uvloop"))
    return [*told, asyncio.run(_fleets())]


def _uvloop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = new_event_loop
    return factory


async def _reading(loop: str) -> list[Row]:
    """The engine and its bare link beside libmodbus in C: medians of the ratios of single turns."""
    turns = [await _turn() for _ in range(REPEATS)]
    invalid = noisy([turn.in_c.took_s for turn in turns])
    told = []
    costs = {"the engine": [turn.engine for turn in turns], "the link alone": [turn.link for turn in turns]}
    for name, ours in costs.items():
        bounded = name == "the engine" and not loop
        rate = paired([turn.in_c.took_s for turn in turns], [cost.took_s for cost in ours])
        used = paired([cost.used_s for cost in ours], [turn.in_c.used_s for turn in turns])
        told += [
            Row(
                what=f"reads of {REGISTERS} registers, {name}{loop}",
                yardstick="libmodbus in C",
                figure=f"{1.0 / median(cost.took_s for cost in ours):.0f} a second",
                value=rate,
                least=0.5 if bounded else None,
                aim=0.75 if bounded else None,
                more=True,
                invalid=invalid,
            ),
            Row(
                what=f"  their processor time, {name}{loop}",
                yardstick="libmodbus in C",
                figure=f"{1e6 * median(cost.used_s for cost in ours):.0f} us a read",
                value=used,
                least=4.0 if bounded else None,
                aim=2.0 if bounded else None,
                invalid=invalid,
            ),
        ]
    return told


async def _fleets() -> Row:
    costs = [await _fleet_s(size) for size in FLEETS]
    growth = log(costs[-1] / costs[0]) / log(FLEETS[-1] / FLEETS[0])
    shares = ", ".join(f"{size}: {100 * cost:.1f} %" for size, cost in zip(FLEETS, costs, strict=True))
    return Row(what="meters read each second", figure=f"{shares} of one core", value=growth, unit="exponent")


async def _turn() -> Turn:
    async with AsyncExitStack() as stack:
        with among_devices():
            [port] = await stack.enter_async_context(foreign.on_tcp())
        stack.enter_context(at_the_gateway())
        in_c = await foreign.polled(port, REGISTERS, READS)
        link = await _bare(port)
        count = _Count()
        async with _driver([port] * SHARING, every_ms=1, count=count):
            await asyncio.sleep(SETTLE_S)
            before, watch = count.values, _Watch()
            await asyncio.sleep(WINDOW_S)
            engine = watch.each((count.values - before) * 2 // REGISTERS)
    return Turn(Cost(in_c[0] / READS, in_c[1] / READS), link, engine)


class _Watch:
    """Time and processor time from now on."""

    def __init__(self) -> None:
        self._began_s, self._used_s = time.perf_counter(), time.process_time()

    def each(self, reads: int) -> Cost:
        """For so many reads."""
        return Cost((time.perf_counter() - self._began_s) / reads, (time.process_time() - self._used_s) / reads)


async def _bare(port: int) -> Cost:
    """The link alone, without queue, decoding and delivery."""
    link = ModbusLink(parse_address(f"tcp://127.0.0.1:{port}"))
    await link.open(1.0)
    watch = _Watch()
    for _ in range(READS):
        await link.ask(ReadFrame(1, Space.HOLDING, 0, REGISTERS), 1.0)
    cost = watch.each(READS)
    link.close()
    return cost


async def _fleet_s(size: int) -> float:
    """Processor seconds per second for so many meters, ten to a connection, each read once a second."""
    links = -(-size // PER_LINK)
    async with foreign.on_tcp(links) as ports, _driver(ports * PER_LINK, every_ms=1000, count=_Count()):
        await asyncio.sleep(FLEET_SETTLE_S)
        began_s, began_used_s = time.perf_counter(), time.process_time()
        await asyncio.sleep(FLEET_WINDOW_S)
        return (time.process_time() - began_used_s) / (time.perf_counter() - began_s)


class _Count:
    """A sink that counts."""

    def __init__(self) -> None:
        self.values = 0

    def __call__(self, device: DeviceId, readings: Sized) -> None:
        """Take what one answer held."""
        self.values += len(readings)


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
