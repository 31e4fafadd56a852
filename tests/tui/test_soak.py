"""Eight hours in front of the screen: its memory stays where it was after the first minutes."""

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from tests.desk import serving, until
from tests.tui.test_lists import Rememberer, happened
from tests.tui.test_terminal import program, second

HOURS = float(os.environ.get("HEMS_SOAK_HOURS", "8"))
WARM_S = 120.0
GROWTH_MB = 8.0
FLIP_S = 1.0


@pytest.mark.soak
@pytest.mark.timeout(HOURS * 3600.0 + 600.0)
async def test_memory_stays_flat_with_a_new_picture_and_another_screen_each_second(run_dir: Path) -> None:
    async with serving(run_dir, Rememberer(second(0), happened())) as server, program(run_dir) as terminal:
        await until(lambda: "ESSENTIAL POWER LASTS" in terminal.text, within_s=60.0)
        process = psutil.Process(terminal.process.pid)
        loop = asyncio.get_running_loop()
        began_s, warm_mb, number = loop.time(), 0.0, 0
        while loop.time() - began_s < HOURS * 3600.0:
            number += 1
            server.publish(second(number % 3000))
            terminal.type("1234578"[number % 7])
            terminal.heard = b""  # what was drawn is not what grows
            await asyncio.sleep(FLIP_S)
            if not warm_mb and loop.time() - began_s > min(WARM_S, HOURS * 1200.0):
                warm_mb = process.memory_info().rss / 1e6
        grown_mb = process.memory_info().rss / 1e6 - warm_mb
        print(f"{number} pictures and screens: {warm_mb:.1f} MB when warm, {grown_mb:+.1f} MB since")

    assert grown_mb < GROWTH_MB
