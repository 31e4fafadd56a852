"""A small Modbus server written from the standard, with a diary and with faults: nothing in it comes from our drivers.

It answers on TCP or, through a pseudo-terminal, as one or more RTU slaves on a line.
"""

import asyncio
import contextlib
import os
import pty
import tty
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace

from hems.model.instant import Instant
from hems.model.reading import Reading
from hems.ports.device import DriverContext

READS = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
WRITES = {5: "coil", 6: "holding", 15: "coil", 16: "holding"}


@dataclass
class Request:
    """One request as it came."""

    at_s: float
    unit: int
    code: int
    address: int
    values: list[int] = field(default_factory=list)
    count: int = 1

    @property
    def writes(self) -> bool:
        return self.code in WRITES


@dataclass
class Fault:
    """What goes wrong with one answer."""

    delay_s: float = 0.0
    silent: bool = False
    exception: int = 0
    transaction: int | None = None
    mangled: bool = False
    """As it is read with another baud rate or parity, or when two talk at the same time."""


@dataclass
class Unit:
    """The tables of one slave; an address that is not there is refused with exception 2."""

    coil: dict[int, int] = field(default_factory=dict)
    discrete: dict[int, int] = field(default_factory=dict)
    holding: dict[int, int] = field(default_factory=dict)
    input: dict[int, int] = field(default_factory=dict)
    fault: Callable[[Request], Fault | None] = lambda _request: None
    wrote: Callable[[Request], None] = lambda _request: None

    def put(self, table: str, address: int, *values: int) -> None:
        getattr(self, table).update({address + place: value for place, value in enumerate(values)})


class Bench:
    """Units behind one link, and everything they were asked."""

    def __init__(self, **units: Unit) -> None:
        self.units = {int(name.lstrip("u")): unit for name, unit in units.items()}
        self.diary: list[Request] = []
        self.link = ""
        self.echoes = False
        """Whether the adapter of a line hears what it sends."""
        self.most_at_once = 0
        """Connections that stood at the same time."""
        self.drop: Callable[[], None] = lambda: None

    def writes(self) -> list[Request]:
        return [request for request in self.diary if request.writes]

    def asked(self, unit: int) -> list[Request]:
        return [request for request in self.diary if request.unit == unit]

    def answer(self, unit: int, pdu: bytes) -> tuple[bytes, Fault] | None:
        request = parsed(unit, pdu)
        self.diary.append(request)
        if unit not in self.units:
            return None
        slave = self.units[unit]
        fault = slave.fault(request) or Fault()
        if fault.silent:
            return None
        code = fault.exception or refusal(slave, request)
        if code:
            return bytes((request.code | 0x80, code)), fault
        if request.writes:
            slave.put(WRITES[request.code], request.address, *request.values)
            slave.wrote(request)
            return pdu[:5], fault
        return read(slave, request), fault


def parsed(unit: int, pdu: bytes) -> Request:
    code, address, word = pdu[0], int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
    at_s = asyncio.get_running_loop().time()
    if code == 5:
        return Request(at_s, unit, code, address, [int(word == 0xFF00)])
    if code == 6:
        return Request(at_s, unit, code, address, [word])
    if code == 15:
        bits = [pdu[6 + place // 8] >> place % 8 & 1 for place in range(word)]
        return Request(at_s, unit, code, address, bits, word)
    if code == 16:
        words = [int.from_bytes(pdu[6 + 2 * place : 8 + 2 * place], "big") for place in range(word)]
        return Request(at_s, unit, code, address, words, word)
    return Request(at_s, unit, code, address, [], word)


def refusal(slave: Unit, request: Request) -> int:
    table = READS.get(request.code) or WRITES.get(request.code)
    if table is None:
        return 1
    held = getattr(slave, table)
    return 0 if all(request.address + place in held for place in range(request.count)) else 2


def read(slave: Unit, request: Request) -> bytes:
    held = getattr(slave, READS[request.code])
    values = [held[request.address + place] for place in range(request.count)]
    if request.code in (3, 4):
        octets = b"".join(value.to_bytes(2, "big") for value in values)
    else:
        packed = [0] * ((len(values) + 7) // 8)
        for place, value in enumerate(values):
            packed[place // 8] |= value << place % 8
        octets = bytes(packed)
    return bytes((request.code, len(octets))) + octets


@asynccontextmanager
async def on_tcp(bench: Bench, port: int = 0) -> AsyncIterator[Bench]:
    """Serve `bench` on loopback; every request in its own task, so that a late answer delays no other."""
    tasks: set[asyncio.Task[None]] = set()
    writers: set[asyncio.StreamWriter] = set()

    async def reply(writer: asyncio.StreamWriter, header: bytes, pdu: bytes) -> None:
        told = bench.answer(header[6], pdu)
        if told is None:
            return
        octets, fault = told
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        number = header[:2] if fault.transaction is None else fault.transaction.to_bytes(2, "big")
        if not writer.is_closing():
            writer.write(number + b"\0\0" + (len(octets) + 1).to_bytes(2, "big") + header[6:7] + octets)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        bench.most_at_once = max(bench.most_at_once, len(writers))
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                header = await reader.readexactly(7)
                pdu = await reader.readexactly(int.from_bytes(header[4:6], "big") - 1)
                task = asyncio.create_task(reply(writer, header, pdu))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        writers.discard(writer)
        writer.close()

    def drop() -> None:
        for writer in tuple(writers):
            writer.transport.abort()

    server = await asyncio.start_server(client, "127.0.0.1", port)
    bench.link = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    bench.drop = drop
    try:
        yield bench
    finally:
        server.close()
        drop()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.sleep(0)


@asynccontextmanager
async def on_pty(bench: Bench) -> AsyncIterator[Bench]:
    """Serve `bench` as slaves on a serial line; answers never overtake each other there."""
    master, slave = pty.openpty()
    for end in (master, slave):
        tty.setraw(end)
    os.set_blocking(master, False)
    loop = asyncio.get_running_loop()
    pending = bytearray()
    tasks: set[asyncio.Task[None]] = set()

    async def reply(unit: int, pdu: bytes) -> None:
        told = bench.answer(unit, pdu)
        if told is None:
            return
        octets, fault = told
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        frame = bytes((unit,)) + octets
        os.write(master, bytes(octet ^ 0xA5 for octet in frame) if fault.mangled else frame + crc(frame))

    def arrived() -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            pending.extend(os.read(master, 512))
        while (size := frame_size(pending)) and len(pending) >= size:
            frame = bytes(pending[:size])
            del pending[:size]
            if bench.echoes:
                os.write(master, frame)
            if crc(frame[:-2]) == frame[-2:]:
                task = asyncio.create_task(reply(frame[0], frame[1:-2]))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    loop.add_reader(master, arrived)
    bench.link = f"rtu://{os.ttyname(slave)}?baud=115200"
    try:
        yield bench
    finally:
        loop.remove_reader(master)
        for task in tuple(tasks):
            task.cancel()
        await asyncio.sleep(0)
        os.close(master)
        os.close(slave)


@asynccontextmanager
async def on_gateway(bench: Bench) -> AsyncIterator[Bench]:
    """Serve `bench` behind a gateway that passes on serial frames as they are (RTU over TCP)."""
    tasks: set[asyncio.Task[None]] = set()
    writers: set[asyncio.StreamWriter] = set()

    async def reply(writer: asyncio.StreamWriter, unit: int, pdu: bytes) -> None:
        told = bench.answer(unit, pdu)
        if told is None:
            return
        octets, fault = told
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        frame = bytes((unit,)) + octets
        if not writer.is_closing():
            writer.write(frame + crc(frame))

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        pending = bytearray()
        with contextlib.suppress(ConnectionError):
            while octets := await reader.read(512):
                pending.extend(octets)
                while (size := frame_size(pending)) and len(pending) >= size:
                    frame = bytes(pending[:size])
                    del pending[:size]
                    task = asyncio.create_task(reply(writer, frame[0], frame[1:-2]))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
        writers.discard(writer)
        writer.close()

    def drop() -> None:
        for writer in tuple(writers):
            writer.transport.abort()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    bench.link = f"rtu-over-tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    bench.drop = drop
    try:
        yield bench
    finally:
        server.close()
        drop()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.sleep(0)


def frame_size(pending: bytearray) -> int:
    if len(pending) < 7:
        return 0
    return 9 + pending[6] if pending[1] in (15, 16) else 8


def crc(octets: bytes) -> bytes:
    value = 0xFFFF
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


class LoopClock:
    """The event loop's own time as a clock."""

    def now(self) -> Instant:
        return Instant(self.mono_s())

    def mono_s(self) -> float:
        return asyncio.get_running_loop().time()


class Site:
    """Where a driver under test delivers: the latest reading and every one before it."""

    def __init__(self) -> None:
        self.latest: dict[str, Reading] = {}
        self.history: list[tuple[str, Reading]] = []
        self.context = DriverContext(clock=LoopClock(), sink=self._take, rng=Random(1))

    def _take(self, device: str, readings: Mapping[str, Reading]) -> None:
        placed = {f"{device}/{point}": reading for point, reading in readings.items()}
        self.latest.update(placed)
        self.history += placed.items()

    def value(self, name: str):
        return self.latest[name].value

    def told(self, name: str) -> list[Reading]:
        """Every reading of a point, also those that others have followed since."""
        return [reading for told, reading in self.history if told == name]

    async def until(self, *names: str, within_s: float = 3.0) -> None:
        await eventually(lambda: all(name in self.latest for name in names), within_s)


@asynccontextmanager
async def running(driver) -> AsyncIterator[SimpleNamespace]:
    """Run a driver for the length of a test."""
    task = asyncio.create_task(driver.run())
    try:
        yield driver
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def eventually(holds: Callable[[], bool], within_s: float = 3.0) -> None:
    """Wait until something holds; fail if it does not in time."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 anything may make it hold
            await asyncio.sleep(0.005)
