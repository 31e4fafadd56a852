"""`hems demo`: an emulated building on loopback, the real daemon on it, and the operator's screen in front.

Without a terminal it plays a scenario instead, tells what happens as it happens, and prints a one-page report; the
exit code is 0 only if every expectation held.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hems.model.errors import HemsError
from hil import ending
from hil.bench_run import BenchRun, begin
from hil.perform import perform
from hil.places import Place, place

WIDTH = 80


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand of `hems`."""

    help: str = "a simulated building on this machine, with the real daemon and screen"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """The options of `hems demo`."""
        parser.add_argument("site", nargs="?", default="apartments", choices=("apartments", "home"))
        parser.add_argument("--headless", action="store_true", help="play the scenario and print a report")
        parser.add_argument("--keep", type=Path, metavar="DIR", help="work in DIR and leave everything there")
        parser.add_argument("--data", type=Path, metavar="DIR", help="loads and sun from measured data")

    def run(self, args: argparse.Namespace) -> int:
        """Play the demonstration."""
        from hems.tui.app import terminal_fits

        if args.data is not None and not args.data.is_dir():
            raise HemsError(f"--data {args.data}: there is no such directory. Name the one with the measured traces.")
        where = args.keep or Path(tempfile.mkdtemp(prefix="hems-demo-"))
        where.mkdir(parents=True, exist_ok=True)
        with ending.in_good_order():  # a closed terminal ends building and daemon too
            done = _demo(place(args.site), where, args.data, interactive=not args.headless and terminal_fits())
        if args.keep is None:  # after a failure it stays, because the message points there
            shutil.rmtree(where, ignore_errors=True)
        return done


COMMAND = Command()


def _demo(chosen: Place, where: Path, data: Path | None, *, interactive: bool) -> int:
    try:
        return asyncio.run(_headless(chosen, where, data)) if not interactive else _with_screen(chosen, where, data)
    except TimeoutError as error:
        raise HemsError(f"The demonstration did not start in time. What it said is in {where}.") from error


async def _headless(chosen: Place, where: Path, data: Path | None) -> int:
    print(f"{chosen.title}: starting the building, its devices and HEMS ...", flush=True)
    async with begin(chosen, where, data=data) as run:
        return await perform(run, chosen)


def _with_screen(chosen: Place, where: Path, data: Path | None) -> int:
    """The screen runs in this thread's own loop; building and daemon are processes of their own."""
    from hil.demo_screen import DemoApp

    print(f"{chosen.title}: starting the building, its devices and HEMS ...", flush=True)
    loop = asyncio.new_event_loop()
    run: BenchRun = loop.run_until_complete(begin(chosen, where, data=data).__aenter__())
    try:
        DemoApp(run.operate_socket, run.plant_socket).run()
    finally:
        loop.run_until_complete(run.end())
        loop.close()
    sys.stdout.write("The demonstration has ended; nothing of it is left running.\n")
    return 0
