"""The broker of a run ends with it, whatever ends the run."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from hil.emulate.broker import Broker, find_mosquitto
from tests.runtime.parts import soon

pytestmark = [
    pytest.mark.wire,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]


@pytest.mark.parametrize("sent", [signal.SIGHUP, signal.SIGINT])
async def test_a_terminal_that_is_closed_leaves_no_broker_behind(tmp_path: Path, sent: signal.Signals) -> None:
    broker = Broker("mosquitto", tmp_path)
    await broker.start()
    child = broker._child
    assert child is not None
    brokers = [one.pid for one in psutil.Process(child.pid).children()]
    # when the terminal goes, and then the demonstration
    os.kill(child.pid, sent)
    await broker.stop()
    # then everything has gone that was begun for it
    await soon(lambda: not any(psutil.pid_exists(one) for one in brokers))
