"""Twenty sheds at once, each on a connection of its own, while fifty meters are read: beside C, one after the other.

From handing them to the engine to the last acknowledgement, as the server in C notes it; told beside it is when the
engine has judged the last of them.  They are handed over as the daemon does it: relays are opened, and then their
commands are given.  The yardstick is as many round trips of libmodbus in C on the same server, over one connection that
is open already.
"""

import asyncio
from asyncio import StreamReader
from contextlib import AsyncExitStack
from dataclasses import dataclass
from random import Random
from statistics import median

from drivers.modbus.driver import BusDriver
from hems.model.units import DeviceId
from hems.ports.device import DriverContext
from hems.runtime.clock import SystemClock
from hil import foreign
from hil.bench_apart import among_devices, at_the_gateway
from hil.bench_lines import device, relay
from hil.bench_row import Row, noisy, unmeasured

SHEDS, METERS, PER_LINK = 20, 50, 10
TURNS = 30
SETTLE_S = 2.5
PAUSE_S = 0.037
"""Between two turns; out of step with the meters' second."""


WHAT = f"{SHEDS} sheds at once, engine busy with {METERS} meters"


def rows() -> list[Row]:
    """The figure, or why there is none."""
    reason = foreign.missing()
    return [unmeasured(WHAT, reason)] if reason else asyncio.run(_measured())


@dataclass(frozen=True, slots=True)
class Shed:
    """One turn, in s from handing over."""

    acknowledged_s: float
    """The last relay, by the server."""
    judged_s: float
    """The last command, by the engine."""


async def _measured() -> list[Row]:
    async with AsyncExitStack() as stack:
        with among_devices():
            ports, told = await stack.enter_async_context(foreign.told(1 + SHEDS + METERS // PER_LINK))
        stack.enter_context(at_the_gateway())
        driver = _driver(ports[1:])
        running = asyncio.create_task(driver.run())
        await asyncio.sleep(SETTLE_S)
        ours, in_c_s = [], []
        for _ in range(TURNS):
            ours.append(await _all_shed(driver, told))
            in_c_s.append((await foreign.polled(ports[1], 1, SHEDS))[0])
            await asyncio.sleep(PAUSE_S)
            await _all_back(driver, told)
            await asyncio.sleep(PAUSE_S)
        running.cancel()
        await asyncio.wait({running})
    took_s = [one.acknowledged_s for one in ours]
    judged_s = median(one.judged_s for one in ours)
    return [
        Row(
            what=WHAT,
            yardstick=f"{SHEDS} round trips of libmodbus, one after the other",
            figure=f"{1000 * median(took_s):.1f} ms, slowest of {TURNS} {1000 * max(took_s):.1f} ms; "
            f"judged after {1000 * judged_s:.1f} ms",
            value=median(took_s) / median(in_c_s),
            least=1.5,
            aim=0.6,
            invalid=noisy(typical(in_c_s)),
        )
    ]


def typical(turns_s: list[float]) -> list[float]:
    """Without the slowest and fastest tenth: single turns of a millisecond are any system's to lose."""
    tenth = len(turns_s) // 10
    return sorted(turns_s)[tenth : len(turns_s) - tenth]


async def _all_shed(driver: BusDriver, told: StreamReader) -> Shed:
    """Open all relays, and then give the commands for it."""
    openers = [driver.opener(name, ["closed"]) for name in _relays()]  # as they are armed with each tick
    began_s = asyncio.get_running_loop().time()
    for open_now in openers:
        open_now()
    await _all_told(driver, False)
    judged_s = asyncio.get_running_loop().time() - began_s
    return Shed(await _last_s(told, b"off") - began_s, judged_s)


async def _all_back(driver: BusDriver, told: StreamReader) -> None:
    await _all_told(driver, True)
    await _last_s(told, b"on")


async def _all_told(driver: BusDriver, closed: bool) -> None:
    commands = (driver.write(name, "closed", closed, urgent=True, islanded=True) for name in _relays())
    replies = await asyncio.gather(*commands)
    assert not any(reply.fate.value in ("refused", "unreachable", "observing") for reply in replies)


async def _last_s(told: StreamReader, wanted: bytes) -> float:
    """When the last relay was acknowledged, by the clock that both share."""
    last_s: dict[bytes, float] = {}
    while len(last_s) < SHEDS:
        what, which, when = (await told.readline()).split()
        if what == wanted:
            last_s[which] = float(when)
    return max(last_s.values())


def _driver(ports: list[int]) -> BusDriver:
    meters = [
        device(
            f"meter_{number}",
            f"tcp://127.0.0.1:{ports[SHEDS + number // PER_LINK]}",
            1 + number,
            {"read": {f"value_{at}": {"at": at} for at in range(40)}, "poll": {"normal": {"every_ms": 1000}}},
        )
        for number in range(METERS)
    ]
    relays = [
        device(name, f"tcp://127.0.0.1:{port}", 1, relay()) for name, port in zip(_relays(), ports[:SHEDS], strict=True)
    ]
    driver = BusDriver([*meters, *relays], DriverContext(clock=SystemClock(), sink=_nowhere, rng=Random(1)))
    for name in _relays():
        driver.arm(name, True)
    return driver


def _relays() -> list[DeviceId]:
    return [DeviceId(f"relay_{number}") for number in range(SHEDS)]


def _nowhere(device: DeviceId, readings: object) -> None:
    """Nobody looks at what is read here."""
