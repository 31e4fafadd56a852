"""How long a shed takes on a serial line that is never idle, and on one with a dead slave, beside what it must take.

The line is two pseudo-terminals, as slow as their baud rate; the slave on it is libmodbus in C.  A meter of forty
registers is read without a pause, and a relay of the same slave is switched at moments drawn by lot.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from drivers.modbus.address import parse_address
from drivers.modbus.check import Declared
from drivers.modbus.driver import BusDriver
from drivers.modbus.factory import address_for, product_of
from drivers.modbus.schema import ModbusProfile
from drivers.profile.load import parse
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverContext
from hems.runtime.clock import SystemClock
from hil import foreign
from hil.bench_row import Row, unmeasured
from hil.emulate.lines import BITS_PER_BYTE, Bridge

BAUD = 9600
REGISTERS = 40
SHEDS, FIRST_SHEDS = 40, 4
LIVE, DEAD = 1, 9
RELAY = DeviceId("relay")
READ_OCTETS, WRITE_OCTETS = 8 + 5 + 2 * REGISTERS, 8 + 8
"""Request and answer together."""
TIME_OUT_S = 1.0
SETTLE_S = 0.5
ASKED_S = 0.06
"""After so long, the dead slave has just been asked."""


def rows() -> list[Row]:
    """The figures, or why there are none."""
    reason = foreign.missing()
    return [unmeasured("sheds on a serial line", reason)] if reason else asyncio.run(_measured())


async def _measured() -> list[Row]:
    busy_s = await _beside_polls()
    dead_s = max([await _beside_dead() for _ in range(FIRST_SHEDS)])
    return [
        Row(
            what=f"shed on a busy line, {BAUD} baud",
            yardstick="one read, a silence and the write, reckoned",
            figure=f"{busy_s * 1000:.0f} ms, slowest of {SHEDS}",
            value=busy_s / must_s(READ_OCTETS),
            least=1.10,
            aim=1.03,
        ),
        Row(
            what="shed beside a slave that has just died",
            yardstick=f"its time-out of {TIME_OUT_S:g} s and the frames take {TIME_OUT_S + must_s(0):.2f} s",
            figure=f"{dead_s * 1000:.0f} ms, slowest of {FIRST_SHEDS}",
            value=dead_s,
            unit="s",
            least=2.0,
            aim=1.0,
        ),
    ]


def must_s(octets_before: int) -> float:
    """What a write takes that has to wait for so many octets of others first: they, 3.5 characters, and itself."""
    silence_s = parse_address(f"rtu:///dev/none?baud={BAUD}").serial.silence_s
    return (octets_before + WRITE_OCTETS) * BITS_PER_BYTE / BAUD + silence_s


async def _beside_polls() -> float:
    """The slowest of many sheds while the line is never idle."""
    rng, took_s = Random(1), []
    async with _driver(LIVE) as driver:
        await asyncio.sleep(SETTLE_S)
        for number in range(SHEDS):
            await asyncio.sleep(rng.uniform(0.0, must_s(READ_OCTETS)))
            took_s.append(await _shed(driver, number % 2 == 1))
    return max(took_s)


async def _beside_dead() -> float:
    """One shed just while a slave is asked that does not answer, and is not known yet to be dead."""
    async with _driver(DEAD) as driver:
        await asyncio.sleep(ASKED_S)
        return await _shed(driver, False)


async def _shed(driver: BusDriver, closed: bool) -> float:
    """Until the slave has acknowledged it."""
    began_s = asyncio.get_running_loop().time()
    await driver.write(RELAY, "closed", closed, urgent=True, islanded=True)
    return asyncio.get_running_loop().time() - began_s


@asynccontextmanager
async def _driver(meter_unit: int) -> AsyncIterator[BusDriver]:
    """A meter that is read without a pause and a relay, on one line with one living slave."""
    bridge = Bridge(BAUD)
    link = f"rtu://{bridge.open()}?baud={BAUD}&parity=N&stop_bits=1"
    meter = {"read": {f"value_{at}": {"at": at} for at in range(REGISTERS)}, "poll": {"normal": {"every_ms": 1}}}
    devices = [device("meter", link, meter_unit, meter), device(RELAY, link, LIVE, relay())]
    try:
        async with foreign.on_rtu(bridge.far_end, BAUD, unit=LIVE):
            driver = BusDriver(devices, DriverContext(clock=SystemClock(), sink=_nowhere, rng=Random(1)))
            driver.arm(RELAY, True)
            running = asyncio.create_task(driver.run())
            try:
                yield driver
            finally:
                running.cancel()
                await asyncio.wait({running})
    finally:
        bridge.close()


def relay() -> dict[str, Any]:
    """A coil that is written and hardly ever read."""
    closed = {"kind": "bool", "lapses_to": "held", "steps": [{"space": "coil", "at": 20, "to": "{value}"}]}
    return {
        "read": {"closed": {"at": 20, "space": "coil", "type": "bool"}},
        "poll": {"normal": {"every_ms": 600_000}},
        "write": {"closed": closed},
    }


def device(name: str, link: str, unit: int, sections: dict[str, Any]) -> Declared:
    """One device of a product made up of these sections."""
    sections["poll"]["normal"]["stale_ms"] = 600_000
    profile = parse(
        ModbusProfile,
        {
            "schema": 1,
            "id": "bench-line",
            "title": "A device on the bench's line",
            "class": "meter",
            "engine": "modbus",
            "status": "draft",
            "sources": ["the bench's own server"],
            "link": {"kinds": ["rtu", "tcp"], "unit_id": unit, "timeout_ms": int(TIME_OUT_S * 1000)},
            "defaults": {"poll": "normal"},
            **sections,
        },
        {},
    )
    spec = DeviceSpec(id=DeviceId(name), driver="modbus", profile="bench-line", link=link, params={})
    return Declared(spec, product_of(profile), address_for(spec, profile.link))


def _nowhere(device: DeviceId, readings: object) -> None:
    """Nobody looks at what is read here."""
