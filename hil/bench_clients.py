"""What clients that hang, crawl and die cost the tick: its lateness without and with them, in turn, in one run."""

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from pathlib import Path
from statistics import median, quantiles

from hems.api.client import follow
from hems.model.picture import Picture
from hil.bench_row import Row, text
from hil.bench_run import BenchRun, begin
from hil.places import place

ROUNDS = 4
TICKS = 12
"""Of each turn; the turns go alone, crowded, crowded, alone, so that a machine that slows down meets both."""
AFFORDABLE = 1.2
HUNG, DYING = 8, 3
HANGS = """
import os, signal, socket, sys
for _ in range(int(sys.argv[2])):
    one = socket.socket(socket.AF_UNIX)
    one.connect(sys.argv[1])
    one.sendall(b'{"subscribe": true}\\n')
    os.dup(one.fileno())
print("there", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


@contextmanager
def crowd(run: BenchRun) -> Iterator[None]:
    """Connections of a stopped process, one that asks for much and reads nothing, and some that die in mid-sentence."""
    with ExitStack() as there:
        command = [sys.executable, "-c", HANGS, os.fspath(run.view_socket), str(HUNG)]
        hanging = there.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
        there.callback(hanging.send_signal, signal.SIGKILL)
        assert hanging.stdout is not None
        hanging.stdout.readline()
        crawling = there.enter_context(socket.socket(socket.AF_UNIX))
        crawling.connect(os.fspath(run.operate_socket))
        crawling.sendall(b'{"subscribe": true}\n' + b"".join(b'{"id": %d, "do": "status"}\n' % n for n in range(200)))
        for _ in range(DYING):
            with socket.socket(socket.AF_UNIX) as dying:
                dying.connect(os.fspath(run.operate_socket))
                dying.sendall(b'{"id": 1, "do": "st')
        yield


async def _ticks(messages: AsyncGenerator[object, None], count: int) -> list[float]:
    """When the next ticks began, by the daemon's own clock."""
    seen: list[float] = []
    async for message in messages:
        if isinstance(message, Picture):
            seen.append(message.mono_s)
            if len(seen) == count:
                break
    return seen


def lateness_s(begun_s: list[float], phase_s: float) -> list[float]:
    """How far each tick is from its second."""
    return [abs((one - phase_s + 0.5) % 1.0 - 0.5) for one in begun_s]


async def row() -> Row:
    """The figure."""
    begun: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory(prefix="hems-bench-") as name:
        async with begin(place("apartments"), Path(name)) as run, aclosing(follow(run.view_socket)) as messages:
            await _ticks(messages, TICKS)  # what belongs to the start is through
            for number in range(ROUNDS):
                for crowded in (False, True) if number % 2 else (True, False):
                    with ExitStack() as there:
                        if crowded:
                            await asyncio.to_thread(there.enter_context, crowd(run))
                        begun[crowded] += await _ticks(messages, TICKS)
    phase_s = median(one % 1.0 for one in begun[False])
    alone, crowded_s = (lateness_s(begun[which], phase_s) for which in (False, True))
    rare = [quantiles(those, n=10, method="inclusive")[-1] for those in (alone, crowded_s)]
    return Row(
        what="the tick's lateness among bad clients",
        yardstick="the same alone, in turn",
        figure=f"{1000 * median(alone):.2f} ms; with {HUNG} hung, a slow and {DYING} dying clients "
        f"{1000 * median(crowded_s):.2f} ms; one in ten {1000 * rare[0]:.1f} and {1000 * rare[1]:.1f} ms",
        value=median(crowded_s) / median(alone),
        least=AFFORDABLE,
    )


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    del args
    print(text(asyncio.run(row())))
    return 0
