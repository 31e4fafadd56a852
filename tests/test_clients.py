"""Clients that hang, crawl or are killed: the daemon's tick does not notice.  A real process, real sockets."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

DAEMON = """
import sys
from pathlib import Path
from hems.service import run
from hems.runtime.clock import SystemClock
from tests.runtime.parts import Living, site_file

sys.exit(run(site_file(Path(sys.argv[1])), Living().drivers, clock=SystemClock()))
"""
HANGS = """
import os, signal, socket, sys
for _ in range(8):
    one = socket.socket(socket.AF_UNIX)
    one.connect(sys.argv[1])
    one.sendall(b'{"subscribe": true}\\n')
    os.dup(one.fileno())
print("there", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""
TICKS = 3


@contextmanager
def process(script: str, *args: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", script, *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as made:
        try:
            yield made
        finally:
            made.kill()


@contextmanager
def watching(path: Path) -> Iterator[Iterator[float]]:
    """A well-behaved client; the instants of the ticks it is shown."""
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(20.0)
        until_s = time.monotonic() + 30.0
        while one.connect_ex(os.fspath(path)) != 0 and time.monotonic() < until_s:
            time.sleep(0.05)  # the daemon is just starting
        one.sendall(b'{"subscribe": true}\n')
        lines = one.makefile("rb")
        yield (tick["mono_s"] for line in lines if (tick := json.loads(line).get("tick")))


def crawling(path: Path) -> socket.socket:
    """A client that asks for everything and reads a few bytes."""
    one = socket.socket(socket.AF_UNIX)
    one.connect(os.fspath(path))
    one.sendall(b'{"subscribe": true}\n' + b"".join(b'{"id": %d, "do": "status"}\n' % n for n in range(200)))
    one.recv(16)
    return one


def killed_amid_a_request(path: Path) -> None:
    script = (
        "import socket, sys, time; one = socket.socket(socket.AF_UNIX); one.connect(sys.argv[1]); "
        'one.sendall(b\'{"id": 1, "do": "st\'); print(\'there\', flush=True); time.sleep(60)'
    )
    with process(script, os.fspath(path)) as client:
        assert client.stdout is not None
        client.stdout.readline()
        client.send_signal(signal.SIGKILL)


def test_the_tick_does_not_notice_clients_that_hang_crawl_or_are_killed(run_dir: Path):
    with process(DAEMON, os.fspath(run_dir)) as daemon, ExitStack() as clients:
        ticks = clients.enter_context(watching(run_dir / "view.sock"))
        next(ticks)
        # when eight connections of a stopped process, one that crawls, and three that die come
        hanging = clients.enter_context(process(HANGS, os.fspath(run_dir / "view.sock")))
        assert hanging.stdout is not None
        hanging.stdout.readline()
        clients.enter_context(crawling(run_dir / "operate.sock"))
        for _ in range(3):
            killed_amid_a_request(run_dir / "operate.sock")
        # then ticks go on as ever, and the daemon is alive; by how much they are late `hems bench clients` measures
        seen = [next(ticks) for _ in range(TICKS)]
        assert seen == sorted(set(seen))
        assert daemon.poll() is None
