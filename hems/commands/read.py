"""`hems read DEVICE`: every point of one device with value, unit, age and whether to believe it.

The running daemon is asked; it shows what its own polls have brought, and with `--test` whether and how fast the device
answers a question put to it now.  Without a daemon, and with `--site`, the device is read directly.
"""

import argparse
import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hems.commands.asking import RUN_DIR, ask, print_json
from hems.model.errors import HemsError
from hems.model.point import PointRow, PointState, row_of
from hems.model.units import DeviceId
from hems.model.wiring import Port
from hems.ports.device import Answer
from hems.wording import duration

AGAIN_S = 1.0
FIRST_WITHIN_S = 8.0
"""For a device to be identified and read once, when it is read directly."""


@dataclass(frozen=True, slots=True)
class Command:
    """`hems read`."""

    help: str = "what one device says: every point with unit, age and quality"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("device", help="as named in the site file")
        parser.add_argument("--test", action="store_true", help="let the daemon ask the device now, by reading only")
        parser.add_argument("--watch", action="store_true", help="again each second, until Ctrl-C")
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--site", type=Path, metavar="FILE", help="read the device directly if no daemon runs this site file"
        )
        parser.add_argument(
            "--run-dir", type=Path, metavar="DIR", help=f"where the daemon's sockets are (default: {RUN_DIR})"
        )

    def run(self, args: argparse.Namespace) -> int:
        """Ask, print, and again with `--watch`."""
        from hems.api.client import NoContact

        try:
            return _from_daemon(args, _run_dir(args))
        except NoContact as nobody:
            if args.site is None:
                raise HemsError(f"{nobody} To read the device without it, give --site FILE.") from nobody
        return asyncio.run(_directly(args))


COMMAND = Command()


def _run_dir(args: argparse.Namespace) -> Path:
    if args.run_dir is None and args.site is not None:
        from hems.app import installed_drivers
        from hems.config.load import load

        return load(args.site, installed_drivers()).settings.run_dir
    return args.run_dir or RUN_DIR


def _from_daemon(args: argparse.Namespace, run_dir: Path) -> int:
    if args.test:
        return _tested(args, run_dir)
    while True:
        told = ask(run_dir, "view", "read", device=args.device)
        show(told, as_json=args.json)
        if not args.watch:
            return 0 if told["lost_for_s"] is None else 1
        asyncio.run(asyncio.sleep(AGAIN_S))


def _tested(args: argparse.Namespace, run_dir: Path) -> int:
    """Success if it answered, or speaks by itself."""
    heard = ask(run_dir, "view", "ask", device=args.device)
    if args.json:
        print_json(heard)
    else:
        print(heard["said"])
    return 1 if heard["answer"] == Answer.NONE else 0


async def _directly(args: argparse.Namespace) -> int:
    """Open the device's link for as long as it takes; it is not armed, so nothing is written."""
    from hems.app import installed_drivers
    from hems.commands.direct import first_answers, watched
    from hems.config.load import load
    from hems.model.codec import to_plain
    from hems.runtime.clock import SystemClock

    factories, clock = installed_drivers(), SystemClock(trusted=False)
    site_file = load(args.site, factories)
    spec = next((spec for spec in site_file.wiring.devices if spec.id == args.device), None)
    if spec is None:
        known = ", ".join(sorted(spec.id for spec in site_file.wiring.devices))
        raise HemsError(f"There is no device {args.device[:40]} in {args.site}; there are {known}.")
    names = tuple(factories[spec.driver].points(spec))
    async with watched(site_file, [spec], factories, clock) as watch:
        await first_answers(watch, [Port(spec.id, name) for name in names], within_s=FIRST_WITHIN_S)
        while True:
            now_s, health = clock.mono_s(), watch.drivers[spec.driver].health()[DeviceId(spec.id)]
            rows = [row_of(name, watch.points.get(Port(spec.id, name)), now_s) for name in names]
            lost_s = None if health.lost_since_s is None else now_s - health.lost_since_s
            told = {"device": spec.id, "link": health.link, "detail": health.detail, "armed": False}
            told |= {"reads_only": not factories[spec.driver].commands(spec), "lost_for_s": lost_s}
            show({**told, "points": [to_plain(row) for row in rows]}, as_json=args.json)
            if not args.watch:
                return 0 if any(row.state is PointState.GOOD for row in rows) else 1
            await asyncio.sleep(AGAIN_S)


def show(told: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one answer to `read`."""
    if as_json:
        print_json(told)
    else:
        print("\n".join(_lines(told)), flush=True)


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    from hems.model.codec import from_plain

    lost_s = told["lost_for_s"]
    why = told["detail"].rstrip(".") or ("answers" if lost_s is None else "no answer")
    state = why if lost_s is None else f"{why}; nothing usable for {duration(lost_s)}"
    armed = "HEMS may command it" if told["armed"] else "Only watched"
    hands = "It takes no commands" if told["reads_only"] else armed
    yield f"{told['device']} at {told['link']}: {state}. {hands}."
    rows = [from_plain(PointRow, row) for row in told["points"]]
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        yield f"  {row.name:{width}}  {_value(row):>12} {row.unit:3} {_age(row):>9}  {_belief(row)}".rstrip()
    yield ""


def _value(row: PointRow) -> str:
    if row.value is None:
        return "??"
    if isinstance(row.value, bool):
        return "yes" if row.value else "no"
    if not isinstance(row.value, float):
        return str(row.value)
    size = abs(row.value)
    return f"{row.value:.0f}" if size >= 1000.0 else f"{row.value:.2f}".rstrip("0").rstrip(".")


def _age(row: PointRow) -> str:
    return "never" if row.age_s is None else f"{row.age_s:.1f} s"


def _belief(row: PointRow) -> str:
    reason = f": {row.reason}" if row.reason else ""
    serves = f"  ({', '.join(row.serves)})" if row.serves else ""
    return f"{row.state}{reason}{serves}"
