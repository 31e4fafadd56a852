"""Eight hours in front of the screen: its memory stays where it was after the first minutes.

`HEMS_SOAK_HOURS` bounds the run, `HEMS_SOAK_FLIP_S` sets how fast keys come; the next one waits until the last has
drawn something, so that a slow machine is not buried in them.  What counts is told in the end: pictures and screens.
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from hems.model.codec import to_plain
from hems.model.people import PersonRole
from tests.desk import serving, until
from tests.pictures import power_cut
from tests.tui.test_history import Archivist
from tests.tui.test_lists import happened
from tests.tui.test_terminal import Terminal, program, second

HOURS = float(os.environ.get("HEMS_SOAK_HOURS", "8"))
FLIP_S = float(os.environ.get("HEMS_SOAK_FLIP_S", "1"))
KEYS = "123?4567t8c90p"
"""Every main screen, and some of what opens above one."""
WARM_S = 600.0
"""Until every screen, page and plot has been drawn many times; of a shorter run a third."""
TOLD_S = 600.0
GROWTH_MB = 8.0


class Everything(Archivist):
    """Tells a day and what has happened."""

    async def request(self, name: str, args: Mapping[str, Any], *, role: PersonRole, peer: str) -> Mapping[str, Any]:
        if name == "history":
            return await super().request(name, args, role=role, peer=peer)
        return {"events": [to_plain(event) for event in happened()], "lines": ["THE CARD"]}


async def press(terminal: Terminal, key: str) -> None:
    """Back to the main screen below what is open, and on; until something was drawn."""
    terminal.heard = b""  # what was drawn is not what grows
    terminal.type(f"\x1b{key}")
    await until(lambda: terminal.heard, within_s=60.0)


@pytest.mark.soak
@pytest.mark.timeout(HOURS * 3600.0 + 600.0)
async def test_memory_stays_flat_with_new_pictures_and_another_screen_all_the_time(run_dir: Path) -> None:
    async with serving(run_dir, Everything(power_cut())) as server, program(run_dir) as terminal:
        await until(lambda: "ESSENTIAL POWER LASTS" in terminal.text, within_s=60.0)
        process = psutil.Process(terminal.process.pid)
        loop = asyncio.get_running_loop()
        began_s, warm_mb, number, told_s = loop.time(), 0.0, 0, 0.0
        while (gone_s := loop.time() - began_s) < HOURS * 3600.0:
            number += 1
            server.publish(second(number % 3000))
            await press(terminal, KEYS[number % len(KEYS)])
            await asyncio.sleep(FLIP_S)
            mb = process.memory_info().rss / 1e6
            if not warm_mb and gone_s > min(WARM_S, HOURS * 1200.0):
                warm_mb = mb
            if gone_s - told_s >= TOLD_S:
                told_s = gone_s
                print(f"{gone_s / 60:.0f} min, {number} pictures and screens: {mb:.1f} MB", flush=True)
        grown_mb = process.memory_info().rss / 1e6 - warm_mb
        print(f"{number} pictures and screens: {warm_mb:.1f} MB when warm, {grown_mb:+.1f} MB since")

    assert grown_mb < GROWTH_MB
