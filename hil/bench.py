"""`hems bench`: what the controller costs and how fast it reacts, on this machine, in one run.

Absolute times are this machine's; what carries over to another one are the ratios, each taken within the same run.
"""

import argparse
import asyncio
import os
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from hems.app import installed_drivers
from hems.config import SiteFile, load
from hems.model.mode import Mode
from hems.sim.play import play
from hems.sim.rig import load_rig
from hems.sim.scenario import plain_day
from hil import bench_dispatch, bench_drivers, bench_lines, bench_outage, bench_poller, bench_sheds, bench_tick
from hil.bench_poller import Pollers
from hil.bench_run import BenchRun, begin
from hil.emulate.remote import Remote
from hil.places import Place, place

OUTAGES = 5
CPU_WINDOW_S = 10.0
READ_ONE_COIL = bytes.fromhex("000100000006010100000001")
"""A whole Modbus TCP request: transaction 1, unit 1, function 1, coil 0, count 1."""


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand of `hems`."""

    help: str = "measure cost and reaction on this machine, as ratios in one run"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """The options of `hems bench`."""
        parser.add_argument("--no-wires", action="store_true", help="only what needs no sockets")
        verbs = parser.add_subparsers(dest="verb", metavar="VERB")
        bench_outage.BENCH.add_arguments(
            verbs.add_parser("outage", help="how well power cuts are got through, by policy")
        )
        bench_dispatch.BENCH.add_arguments(verbs.add_parser("dispatch", help="what weeks on the grid cost, by policy"))
        verbs.add_parser("clients", help="what clients that hang, crawl and die cost the daemon's tick")
        verbs.add_parser("screen", help="what the operator's screen costs, beside a bare one")

    def run(self, args: argparse.Namespace) -> int:
        """Measure and print."""
        if args.verb == "outage":
            return bench_outage.BENCH.run(args)
        if args.verb == "dispatch":
            return bench_dispatch.BENCH.run(args)
        if args.verb == "clients":
            from hil import bench_clients

            return bench_clients.run(args)
        if args.verb == "screen":
            from hil import bench_screen

            return bench_screen.run(args)
        chosen = place("apartments")
        site_file = load(chosen.site, installed_drivers())
        for line in (*bench_tick.lines(site_file, chosen), *_day(site_file, chosen)):
            print(line, flush=True)
        if not args.no_wires:
            print(*bench_drivers.lines(), *bench_sheds.lines(), *bench_lines.lines(), sep="\n", flush=True)
            asyncio.run(_wires(chosen))
        return 0


COMMAND = Command()


def _day(site_file: SiteFile, chosen: Place) -> Iterator[str]:
    """A day of the demonstration's building in fast-forward."""
    rig = replace(load_rig(chosen.rig), load_w=None)
    began_s = time.perf_counter()
    play(site_file.site, site_file.params, rig.plant(), plain_day(24.0))
    used_s = time.perf_counter() - began_s
    speed = 86_400 / used_s
    yield f"a simulated day          {used_s:7.1f} s    {speed:.0f} times real time"


async def _wires(chosen: Place) -> None:
    """The real daemon on the emulated building: memory, processor, reaction."""
    with tempfile.TemporaryDirectory(prefix="hems-bench-") as name:
        async with begin(chosen, Path(name)) as run, Remote(run.plant_socket) as bench:
            began = _used(run.daemon.pid)
            await asyncio.sleep(CPU_WINDOW_S)
            share = (_used(run.daemon.pid) - began) / CPU_WINDOW_S
            print(f"daemon, 12 devices       {_rss_mb(run.daemon.pid):7.0f} MB   {100 * share:.1f} % of one core")
            reactions: list[float] = []
            polled: list[float] = []
            async with bench_poller.polling(_link(run, "tie_io")) as pollers:
                for _ in range(OUTAGES):
                    reactions.append(await _reaction(run, bench, pollers, polled))
            trip_ms = await _round_trip_ms(run)
        slowest = max(reactions)
        print(
            f"tie open to all shed     {median(reactions):7.0f} ms   slowest of {OUTAGES}: {slowest:.0f} ms; "
            f"a bare Modbus round trip takes {trip_ms:.1f} ms here"
        )
        print(
            f"  beside a look a second {median(reactions) / median(polled):7.2f} times the median, "
            f"{slowest / max(polled):.2f} times the slowest of one that only sees it, at the same contacts"
        )


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


def _rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def _used(pid: int) -> float:
    """Processor seconds so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
