"""A real MQTT broker for tests: mosquitto when this machine has it, otherwise the embedded one, each as a process.

A fixture module: `from tests.brokers import broker` in a conftest makes the fixture known there.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
KINDS = ("mosquitto", "amqtt")
READY_S = 10.0

EMBEDDED = """
import asyncio, logging, sys
from amqtt.broker import Broker

logging.disable(logging.CRITICAL)

async def serve(port):
    broker = Broker({
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    })
    await broker.start()
    await asyncio.Event().wait()

asyncio.run(serve(int(sys.argv[1])))
"""


class Broker:
    """One broker on one port of this machine; keeps its port over restarts, and forgets all it retained."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As a site file writes it."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and return when it takes connections."""
        self._process = subprocess.Popen(self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + READY_S
        while not answers(self.port):
            assert self._process.poll() is None, f"{self.kind} has ended"
            assert time.monotonic() < until, f"{self.kind} does not take connections"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it stand with all its connections open."""
        assert self._process is not None
        self._process.send_signal(19)  # SIGSTOP

    def _command(self) -> list[str]:
        if self.kind == "amqtt":
            return [sys.executable, "-c", EMBEDDED, str(self.port)]
        assert MOSQUITTO is not None
        config = self._folder / f"mosquitto-{self.port}.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n")
        return [MOSQUITTO, "-c", str(config)]


def free_port() -> int:
    """A TCP port nobody uses at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _started(kind: str, folder: Path) -> Iterator[Broker]:
    if kind == "mosquitto" and MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    started = Broker(kind, folder)
    started.start()
    yield started
    started.kill()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """The broker of a production machine if it is there, else the embedded one."""
    yield from _started("mosquitto" if MOSQUITTO else "amqtt", tmp_path)


@pytest.fixture(params=KINDS)
def each_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """Both, one after the other: nothing may depend on which it is."""
    yield from _started(request.param, tmp_path)
