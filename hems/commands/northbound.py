"""`hems northbound`: the processes that lead out of the building, one command each, and what is wrong with them."""

import argparse
import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hems.config.outward import load_outward
from hems.config.tables.outward import OutwardTable, outward_schema
from hems.model.errors import HemsError
from hems.runtime import log
from hems.wording.language import use

FILE = Path("/etc/hems/northbound.toml")
Serve = Callable[[OutwardTable], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Command:
    """`hems northbound`."""

    help: str = "Home Assistant, metrics, messages to people, prices, journal: what leads out of the building"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        what = "; ".join(f"{name}: {told}" for name, told in HELP.items())
        parser.add_argument("what", choices=tuple(HELP), help=what)
        parser.add_argument("--file", type=Path, default=FILE, metavar="FILE", help=f"default: {FILE}")
        parser.add_argument("--run-dir", type=Path, metavar="DIR", help="where the daemon's sockets are, if not there")

    def run(self, args: argparse.Namespace) -> int:
        """Serve until stopped, or answer and end."""
        if args.what in PRINTS:
            print(PRINTS[args.what]())
            return 0
        table = load_outward(args.file)
        if args.run_dir is not None:
            table = table.model_copy(update={"run_dir": str(args.run_dir)})
        use(table.language or "")
        log.begin()
        asyncio.run(SERVES[args.what](table))
        return 0


HELP: Mapping[str, str] = {
    "check": "try everything that the file asks for, and name each fault in a sentence",
    "ha": "show the building in Home Assistant",
    "alarms": "send messages to people",
    "test": "send one message to everybody, now",
    "prices": "tell the daemon what energy costs",
    "metrics": "serve numbers for Prometheus",
    "journal": "write every event into systemd's journal",
    "dashboard": "print the dashboard for Grafana",
    "schema": "print the JSON Schema of the file, for editors",
}


def needed(table: object, name: str) -> None:
    """Raises: HemsError when the file does not ask for that process."""
    if not table:
        raise HemsError(f"The file has no [{name}], so there is nothing to do. Add it, or disable the service.")


async def _ha(table: OutwardTable) -> None:
    from hems.northbound.ha.service import Bridge

    needed(table.home_assistant, "home_assistant")
    assert table.home_assistant is not None
    await Bridge(table.home_assistant, Path(table.run_dir)).run()


async def _check(table: OutwardTable) -> None:
    from hems.northbound.check import findings, line
    from hems.runtime.clock import SystemClock

    faults = 0
    logging.getLogger("hems.northbound").setLevel(logging.ERROR)  # each fault is told once, by what is found
    async for finding in findings(table, SystemClock()):
        print(line(finding), flush=True)
        faults += bool(finding.fault)
    if faults:
        raise HemsError(f"{faults} {'thing does' if faults == 1 else 'things do'} not work yet.")


async def _alarms(table: OutwardTable) -> None:
    from hems.northbound.alarms.service import Messenger
    from hems.runtime.clock import SystemClock

    await Messenger(table, SystemClock()).run()


async def _test(table: OutwardTable) -> None:
    from hems.northbound.alarms.service import try_all
    from hems.runtime.clock import SystemClock

    if not await try_all(table, SystemClock(), print):
        raise HemsError("Not every way to people works.")


async def _prices(table: OutwardTable) -> None:
    from hems.northbound.prices.service import serve
    from hems.runtime.clock import SystemClock

    needed(table.prices, "prices")
    assert table.prices is not None
    await serve(table.prices, Path(table.run_dir), SystemClock())


async def _metrics(table: OutwardTable) -> None:
    needed(table.metrics, "metrics")
    assert table.metrics is not None
    try:
        from hems.northbound.metrics.service import serve
    except ImportError as error:
        raise HemsError("Metrics need the extra metrics: pip install 'hems[metrics]'.") from error
    await serve(Path(table.run_dir), table.metrics.host, table.metrics.port)


async def _journal(table: OutwardTable) -> None:
    from hems.northbound.journal import serve

    await serve(Path(table.run_dir))


def _dashboard() -> str:
    from importlib.resources import files

    return files("hems.northbound.metrics").joinpath("dashboard.json").read_text(encoding="utf-8").rstrip()


def _schema() -> str:
    import json

    return json.dumps(outward_schema(), indent=2, ensure_ascii=False)


SERVES: Mapping[str, Serve] = {
    "check": _check,
    "ha": _ha,
    "alarms": _alarms,
    "test": _test,
    "prices": _prices,
    "metrics": _metrics,
    "journal": _journal,
}
PRINTS: Mapping[str, Callable[[], str]] = {"dashboard": _dashboard, "schema": _schema}
COMMAND = Command()
