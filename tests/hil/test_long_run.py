"""A day over sockets in virtual time, with a power cut in each hour: nothing gathers in the daemon or in the bench."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from hems.model.mode import Mode
from hil import vloop
from hil.emulate.remote import Remote
from hil.places import place
from hil.virtual import begin

HOURS = int(os.environ.get("HEMS_LONG_RUN_HOURS", "24"))
CUT_S, HOUR_S = 300.0, 3600.0
SETTLED_AFTER = 2
"""Looks after which nothing may grow: by then every buffer has been filled once."""
MORE_HANDLES, MORE_TASKS, MORE_MB = 2, 2, 12.0


@dataclass(frozen=True)
class Look:
    """What daemon and bench hold together; they share a process."""

    hour: int
    rss_mb: float
    handles: int
    tasks: int


def look(hour: int) -> Look:
    """At this process."""
    rss_pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    handles = len(list(Path("/proc/self/fd").iterdir()))
    return Look(hour, rss_pages * os.sysconf("SC_PAGESIZE") / 1e6, handles, len(asyncio.all_tasks()))


@pytest.mark.soak
@pytest.mark.wire
@pytest.mark.timeout(4 * 3600)
def test_a_day_with_a_power_cut_each_hour_leaves_memory_handles_and_tasks_as_they_were(tmp_path: Path) -> None:
    async def main(loop: vloop.VirtualLoop) -> list[Look]:
        looks = []
        async with begin(place("apartments"), tmp_path, loop) as run, Remote(run.plant_socket) as world:
            for hour in range(HOURS):
                began_s = loop.time()
                await world.do("fail_grid")
                await asyncio.sleep(CUT_S)
                await world.do("return_grid")
                await run.settled(Mode.GRID_CONNECTED, within_s=HOUR_S)
                await asyncio.sleep(max(0.0, began_s + HOUR_S - loop.time()))
                looks.append(look(hour + 1))
                print(looks[-1], flush=True)
            assert (await world.status())["former"]["trips"] == 0
        return looks

    # given the building and its daemon, when a day has passed
    looks = vloop.run(main)
    # then there is no more of anything than after two hours
    first, last = looks[min(SETTLED_AFTER, len(looks)) - 1], looks[-1]
    assert last.handles <= first.handles + MORE_HANDLES
    assert last.tasks <= first.tasks + MORE_TASKS
    assert last.rss_mb <= first.rss_mb + MORE_MB
