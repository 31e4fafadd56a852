"""`hems bench`: what the controller costs and how fast it reacts, on this machine, in one run.

Absolute times are this machine's; what carries over to another one are the ratios, each taken within the same run.
"""

import argparse
import asyncio
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

from hems.app import installed_drivers
from hems.commands.numbers import number
from hems.config.load import load
from hems.model.contained import contained
from hems.model.errors import HemsError
from hems.sim.play import play
from hems.sim.rig import load_rig
from hems.sim.run import FastForward
from hems.sim.scenario import plain_day
from hil import (
    bench_daemon,
    bench_dispatch,
    bench_dispatch_outages,
    bench_drivers,
    bench_history,
    bench_lines,
    bench_mqtt,
    bench_outage,
    bench_reaction,
    bench_sheds,
    bench_tick,
    bench_whole,
    ending,
)
from hil.bench_row import Row, failed, html, markdown, plain, text
from hil.places import place
from hil.policy_bench import PolicyBench

SECONDS = 3600.0
"""Simulated in steps of one second."""
MINUTES = 10.0
BEGINS, ENDS = "<!-- the bench writes from here -->\n", "<!-- to here -->"
"""Marks on a page that has a table of its own."""


def _tick(_: float) -> Iterable[Row]:
    chosen = place("apartments")
    return bench_tick.rows(load(chosen.site, installed_drivers()), chosen)


def _simulated(_minutes: float) -> Iterator[Row]:
    """The demonstration's building in fast-forward."""
    chosen = place("apartments")
    file = load(chosen.site, installed_drivers())
    rig = replace(load_rig(chosen.rig), load_w=None)
    forward = FastForward(file.site, file.params, rig.plant(), near_s=inf)
    began_s = time.perf_counter()
    for _ in forward.run(SECONDS):
        pass
    yield _speed("in steps of 1 s", SECONDS, time.perf_counter() - began_s, 1500.0, 4000.0)
    began_s = time.perf_counter()
    play(file.site, file.params, rig.plant(), plain_day(24.0))
    yield _speed("by the step rule", 86_400.0, time.perf_counter() - began_s, 10_000.0, 50_000.0)


def _speed(how: str, simulated_s: float, took_s: float, least: float, aim: float) -> Row:
    return Row(
        what=f"simulated time, 14 circuits, {how}",
        yardstick="real time",
        figure=f"{simulated_s / 3600.0:g} h in {took_s:.1f} s",
        value=simulated_s / took_s,
        least=least,
        aim=aim,
        more=True,
    )


WITHOUT_WIRES = ("tick", "simulation", "history")
GROUPS: Mapping[str, Callable[[float], Iterable[Row]]] = {
    "tick": _tick,
    "simulation": _simulated,
    "history": lambda _: bench_history.rows(),
    "reading": lambda _: bench_drivers.rows(),
    "sheds": lambda _: bench_sheds.rows(),
    "whole": lambda _: bench_whole.rows(),
    "lines": lambda _: bench_lines.rows(),
    "mqtt": lambda _: bench_mqtt.rows(),
    "reaction": lambda _: asyncio.run(bench_reaction.rows()),
    "daemon": lambda minutes: bench_daemon.rows(minutes),
}


POLICIES: dict[str, tuple[str, PolicyBench[Any]]] = {
    "outage": ("how well power cuts are got through, by policy", bench_outage.BENCH),
    "dispatch": ("what weeks on the grid cost, by policy", bench_dispatch.BENCH),
    "dispatch-cars": ("the same with two cars that come and go", bench_dispatch.WITH_CARS),
    "dispatch-outages": ("the same with power cuts that nobody announced", bench_dispatch_outages.BENCH),
}


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand of `hems`."""

    help: str = "measure cost and reaction on this machine, as ratios in one run"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """The options of `hems bench`."""
        parser.add_argument("--no-wires", action="store_true", help="only what needs no sockets")
        parser.add_argument("--only", action="append", choices=tuple(GROUPS), help="again for several; default: all")
        watched = f"how long memory is watched (default {MINUTES:g})"
        parser.add_argument("--minutes", type=number(0.1), default=MINUTES, help=watched)
        parser.add_argument(
            "--table", type=Path, metavar="FILE", help="write a table, on a page with marks between them"
        )
        parser.add_argument("--html", type=Path, metavar="FILE", help="write them as a page, complete in one file")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write them for programs")
        verbs = parser.add_subparsers(dest="verb", metavar="VERB")
        for verb, (about, bench) in POLICIES.items():
            bench.add_arguments(verbs.add_parser(verb, help=about))
        verbs.add_parser("clients", help="what clients that hang, crawl and die cost the daemon's tick")
        verbs.add_parser("screen", help="what the operator's screen costs, beside a bare one")

    def run(self, args: argparse.Namespace) -> int:
        """Measure and print; whatever ends it ends what it has started."""
        with ending.in_good_order():
            return self._run(args)

    def _run(self, args: argparse.Namespace) -> int:
        if args.verb in POLICIES:
            return POLICIES[args.verb][1].run(args)
        if args.verb == "clients":
            from hil import bench_clients

            return bench_clients.run(args)
        if args.verb == "screen":
            from hil import bench_screen

            return bench_screen.run(args)
        chosen = args.only or (WITHOUT_WIRES if args.no_wires else tuple(GROUPS))
        done = list[Row]()
        for row in measured(chosen, args.minutes):
            done.append(row)
            print(text(row), flush=True)
            _write(done, args, about())  # whatever ends it, what was measured is there
        return 0


COMMAND = Command()


def measured(groups: Iterable[str], minutes: float) -> Iterator[Row]:
    """Row by row; a group that fails is told, and the others are measured."""
    for name in groups:
        with contained() as group:  # one figure that cannot be had must not cost the others
            yield from GROUPS[name](minutes)
        if group.fault is not None:
            yield failed(name, group.fault)


def about() -> str:
    """Where and on what."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    system = f"{platform.system()} {platform.release()} on {platform.machine()}"
    return f"Python {platform.python_version()}, {system}, {cores} processors, load {load:.1f} at the end."


def placed(table: str, page: Path) -> str:
    """The page with the table between its two marks; the table alone where there is no such page yet."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    before, mark, rest = text.partition(BEGINS)
    _, end, after = rest.partition(ENDS)
    return f"{before}{mark}\n{table}{end}{after}" if mark and end else table


def _write(rows: list[Row], args: argparse.Namespace, where: str) -> None:
    told = f"{markdown(rows)}\n{where}\n"
    for path, content in ((args.table, told), (args.html, html(rows, where)), (args.json, plain(rows, where))):
        if path is None:
            continue
        try:
            path.write_text(placed(content, path) if path == args.table else content, encoding="utf-8")
        except OSError as error:
            raise HemsError(f"{path} cannot be written: {error.strerror}. Name another file.") from error
