"""How fast a power cut is answered: the real daemon on the emulated building, beside who looks once a second."""

import asyncio
import os
import tempfile
import time
import tomllib
from pathlib import Path
from statistics import median
from typing import Any

from hems.model.mode import Mode
from hil import bench_poller
from hil.bench_poller import Pollers
from hil.bench_row import Row
from hil.bench_run import BenchRun, begin
from hil.emulate.remote import Remote
from hil.places import place

OUTAGES = 5
BEAT_S = 0.1
"""The contacts are read so often.  Each outage begins at another moment of it: all at one and the same would tell only
how lucky that one was."""
CPU_WINDOW_S = 10.0
READ_ONE_COIL = bytes.fromhex("000100000006010100000001")
"""A whole Modbus TCP request: transaction 1, unit 1, function 1, coil 0, count 1."""


async def rows() -> list[Row]:
    """Its share of a processor at rest, and from the contacts to the last shed, in some outages."""
    with tempfile.TemporaryDirectory(prefix="hems-bench-") as name:
        async with begin(place("apartments"), Path(name), gateways=True) as run, Remote(run.plant_socket) as bench:
            began = _used(run.daemon.pid)
            await asyncio.sleep(CPU_WINDOW_S)
            share = (_used(run.daemon.pid) - began) / CPU_WINDOW_S
            ours, polled = list[float](), list[float]()
            async with bench_poller.polling(_link(run, "tie_io")) as pollers:
                for turn in range(OUTAGES):
                    await asyncio.sleep(BEAT_S * turn / OUTAGES)
                    ours.append(await _reaction(run, bench, pollers, polled))
            trip_ms = await _round_trip_ms(run)
    told = f"{median(ours):.0f} ms, slowest of {OUTAGES} {max(ours):.0f} ms; a bare round trip takes {trip_ms:.1f} ms"
    yardstick = "who looks at the same contacts once a second and only sees it"
    return [
        Row(what="the daemon at rest, 12 devices", figure=f"{100 * share:.1f} % of one core"),
        Row(
            what="polled outage to the last shed, median",
            yardstick=yardstick,
            figure=told,
            value=median(ours) / median(polled),
            least=0.15,
            aim=0.1,
        ),
        Row(
            what="  slowest",
            yardstick="the slowest of them",
            figure=f"{max(ours):.0f} ms, theirs {max(polled):.0f} ms",
            value=max(ours) / max(polled),
            least=0.25,
            aim=0.1,
        ),
    ]


async def _reaction(run: BenchRun, bench: Remote, pollers: Pollers, polled: list[float]) -> float:
    """From the contacts changing to the last relay coil or plug told to open, in ms, in one outage.

    Adds to `polled` how late those saw it who look once a second.
    """
    pollers.seen_s.clear()
    before = (await bench.status())["next"]
    await bench.do("fail_grid")
    await run.settled(Mode.ISLANDED_STABILIZING, Mode.ISLANDED)
    await asyncio.sleep(1.5)
    history: list[dict[str, Any]] = (await bench.status(since=before))["history"]
    opened_s = next(entry["at_s"] for entry in history if entry["what"] == "contact")
    coils = [entry["at_s"] for entry in history if entry["what"] == "coil" and entry["value"] is False]
    polled += [delay_s * 1000.0 for delay_s in pollers.delays_s(opened_s)]
    await bench.do("return_grid")
    await run.settled(Mode.GRID_CONNECTED, within_s=60.0)
    return float(max(coils) - opened_s) * 1000.0


async def _round_trip_ms(run: BenchRun) -> float:
    """The median of reading one coil over a bare socket, with nothing of hems in between."""
    host, port = _link(run, "relays").removeprefix("tcp://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    took_ms = []
    for _ in range(50):
        began_s = time.perf_counter()
        writer.write(READ_ONE_COIL)
        await reader.read(64)
        took_ms.append((time.perf_counter() - began_s) * 1000.0)
    writer.close()
    return median(took_ms)


def _link(run: BenchRun, device: str) -> str:
    link: str = tomllib.loads(run.site.read_text(encoding="utf-8"))["devices"][device]["link"]
    return link


def _used(pid: int) -> float:
    """Processor seconds so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
