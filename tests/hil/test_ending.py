"""Nothing that a bench has started is left running, however the bench ends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hil import ending

pytestmark = pytest.mark.wire

STARTS = """
import asyncio, signal, sys
from contextlib import ExitStack
from pathlib import Path
from hil import bench_run, ending

async def started():
    log = Path(sys.argv[1]) / "log"
    there = await bench_run._process(log, "-c", "import time; print('runs', flush=True); time.sleep(600)")
    try:
        while "runs" not in log.read_text():
            await asyncio.sleep(0.01)  # before that it is setpriv, which may not have said yet that it goes with us
        print(there.pid, flush=True)
        await asyncio.sleep(600)
    finally:
        await bench_run._ended(there)
        print("cleared away", flush=True)

signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell sets it for what runs in the background
with ending.in_good_order():
    asyncio.run(started())
"""
HAS_A_POOL = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from hil import ending

with ProcessPoolExecutor(1, initializer=ending.with_parent) as pool:
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(600)
"""
WITHIN_S = 30.0


@asynccontextmanager
async def a_bench(where: Path, program: str = STARTS) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A program that has started another one, and the other one's number."""
    pipe = asyncio.subprocess.PIPE
    one = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(where), stdout=pipe, stderr=asyncio.subprocess.DEVNULL
    )
    assert one.stdout is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            yield one, int(await one.stdout.readline())
    finally:
        if one.returncode is None:
            one.kill()
        async with asyncio.timeout(WITHIN_S):
            await one.communicate()


async def gone(pid: int) -> None:
    """Waits until a process that is nobody's child here has ended."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watched, ended.set)
    try:
        await ended.wait()
    finally:
        asyncio.get_running_loop().remove_reader(watched)
        os.close(watched)


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_bench_that_is_told_to_end_clears_away_what_it_started(told: signal.Signals, tmp_path: Path) -> None:
    async with a_bench(tmp_path) as (bench, started):
        bench.send_signal(told)
        await gone(started)
        assert bench.stdout is not None
        assert await bench.stdout.read() == b"cleared away\n"


async def test_a_run_of_stories_that_is_killed_takes_along_whoever_plays_them(tmp_path: Path) -> None:
    async with a_bench(tmp_path, HAS_A_POOL) as (run, plays):
        run.kill()
        await gone(plays)


@pytest.mark.skipif(not ending.taken_along(), reason="no setpriv is here")
async def test_a_bench_that_is_killed_takes_along_what_it_started(tmp_path: Path) -> None:
    async with a_bench(tmp_path) as (bench, started):
        bench.kill()
        await gone(started)
