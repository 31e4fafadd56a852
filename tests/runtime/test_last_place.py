"""Processes beside the daemon: it never waits for them."""

import os
import subprocess
import sys

import pytest

CHILD = """
import os
from hems.runtime.last_place import NICENESS, take_last_place
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
except PermissionError:
    raise SystemExit(3)
before = os.nice(0)
take_last_place(memory_bytes=1 << 30)
print(os.sched_getscheduler(0), os.nice(0) >= min(19, before + NICENESS))
"""
NOT_ALLOWED = 3


def test_a_child_of_a_daemon_at_real_time_priority_does_not_keep_that_and_is_last_in_line() -> None:
    # given a process that has inherited real-time priority, when it takes the last place
    child = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=False)
    if child.returncode == NOT_ALLOWED:
        pytest.skip("real-time priority may not be had here")
    # then it is one of many again, and behind them
    assert child.stdout.split() == [str(os.SCHED_OTHER), "True"]
