"""Twenty sheds at once, each on a connection of its own, while fifty meters are read: beside C, one after the other.

From handing them to the engine to the last acknowledgement; the yardstick is as many round trips of libmodbus in C on
the same server, over one connection that is open already.
"""

import asyncio
from random import Random
from statistics import median

from drivers.modbus.driver import BusDriver
from hems.model.units import DeviceId
from hems.ports.device import DriverContext
from hems.runtime.clock import SystemClock
from hil import foreign
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


async def _measured() -> list[Row]:
    async with foreign.on_tcp(SHEDS + METERS // PER_LINK) as ports:
        driver = _driver(ports)
        running = asyncio.create_task(driver.run())
        await asyncio.sleep(SETTLE_S)
        ours_s, in_c_s = [], []
        for turn in range(TURNS):
            ours_s.append(await _all_shed(driver, turn % 2 == 1))
            in_c_s.append((await foreign.polled(ports[0], 1, SHEDS))[0])
            await asyncio.sleep(PAUSE_S)
        running.cancel()
        await asyncio.wait({running})
    return [
        Row(
            what=WHAT,
            yardstick=f"{SHEDS} round trips of libmodbus, one after the other",
            figure=f"{1000 * median(ours_s):.1f} ms, slowest of {TURNS} {1000 * max(ours_s):.1f} ms",
            value=median(ours_s) / median(in_c_s),
            least=1.5,
            aim=0.6,
            invalid=noisy(typical(in_c_s)),
        )
    ]


def typical(turns_s: list[float]) -> list[float]:
    """Without the slowest and fastest tenth: single turns of a millisecond are any system's to lose."""
    tenth = len(turns_s) // 10
    return sorted(turns_s)[tenth : len(turns_s) - tenth]


async def _all_shed(driver: BusDriver, closed: bool) -> float:
    """Until the last is acknowledged."""
    began_s = asyncio.get_running_loop().time()
    sheds = (driver.write(name, "closed", closed, urgent=True, islanded=True) for name in _relays())
    replies = await asyncio.gather(*sheds)
    assert not any(reply.fate.value in ("refused", "unreachable", "observing") for reply in replies)
    return asyncio.get_running_loop().time() - began_s


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
