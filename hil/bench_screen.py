"""What the operator's screen costs beside a bare Textual program with the same table, in one run.

Both start as programs of their own, against the same server, and are timed until the first live picture is drawn; both
then draw the same pictures, as fast as they can.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from hems.api.messages import tick_line
from hems.api.server import Server
from hems.app import installed_drivers
from hems.config.load import load
from hems.model.cause import Cause, Why
from hems.model.errors import RequestError
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.people import PersonRole
from hems.model.picture import CircuitPicture, Picture
from hil.places import place

STARTS = 7
PICTURES = 200
AFFORDABLE_START, AFFORDABLE_REFRESH = 1.5, 1.2


class Desk:
    """Shows one picture after the other, and is asked nothing."""

    site_name = "bench"
    language = ""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    def picture(self) -> Picture | None:
        """The last one."""
        return self._picture

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        """Nothing."""
        raise RequestError("The bench answers nothing.")


def pictures() -> Iterator[Picture]:
    """The demonstration's building, second by second: the load moves, and three circuits of it."""
    site = load(place("apartments").site, installed_drivers()).site
    rows = tuple(
        CircuitPicture(
            id=one.id, name=one.name, tier=one.tier, power_w=one.typical_w, wanted=True, closed=True, sheddable=True
        )
        for one in site.circuits
    )
    begun = Picture(
        site=site.name, mono_s=0.0, utc="2026-11-20T14:32:05+00:00", mode=Mode.GRID_CONNECTED, mode_for_s=1.0,
        mode_because=Cause(Why.ESTIMATES_VALID), outage_for_s=None, grid=Grid.GOOD, tie=TiePosition.CLOSED,
        bus=Bus.LIVE, load_w=18_000.0, armed=True, circuits=rows,
    )  # fmt: skip
    for number in range(10**6):
        moved = [
            replace(one, power_w=(one.power_w or 0.0) + 100.0 * (number % 50)) if at % 5 == 0 else one
            for at, one in enumerate(rows)
        ]
        yield replace(begun, mono_s=float(number), load_w=18_000.0 + 100.0 * (number % 50), circuits=tuple(moved))


def _program(which: str, socket: Path, ticks: Path) -> tuple[float, float]:
    """Seconds to the first live picture, and of processor for each one after it."""
    began_s = time.perf_counter()
    command = [sys.executable, "-m", f"hil.{which}_screen", str(socket), str(ticks)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline().strip() == "drawn"
        start_s = time.perf_counter() - began_s
        return start_s, float(program.stdout.readline())


async def _lines() -> list[str]:
    with tempfile.TemporaryDirectory(prefix="hems-") as name:
        ticks = Path(name) / "ticks"
        ticks.write_bytes(b"".join(tick_line(one) for one in islice(pictures(), PICTURES)))
        server = Server(Path(name), Desk(next(pictures())))
        serving = asyncio.create_task(server.serve())
        await server.listening.wait()
        runs: dict[str, list[tuple[float, float]]] = {"bare": [], "own": []}
        for _ in range(STARTS):
            for which, done in runs.items():  # in turn, so that a busy moment meets both
                done.append(await asyncio.to_thread(_program, which, Path(name) / "view.sock", ticks))
        serving.cancel()
    bare, ours = ([median(column) for column in zip(*runs[which], strict=True)] for which in ("bare", "own"))
    return [
        f"screen, first picture    {1000 * ours[0]:7.0f} ms   {ours[0] / bare[0]:.2f} times a bare Textual program's "
        f"(affordable {AFFORDABLE_START:g})",
        f"screen, each picture     {1000 * ours[1]:7.2f} ms   {ours[1] / bare[1]:.2f} times a bare Textual program's "
        f"(affordable {AFFORDABLE_REFRESH:g})",
    ]


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    del args
    print("\n".join(asyncio.run(_lines())))
    return 0
