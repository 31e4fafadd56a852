"""The daemon as a process: the only one of its site, and gone in time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hems.model.errors import HemsError
from hems.runtime.process import sole_instance


def test_a_second_one_is_refused_and_the_place_is_free_afterwards(run_dir: Path):
    with sole_instance(run_dir):
        with (
            pytest.raises(HemsError, match=f"Another hems already runs in {run_dir}.") as caught,
            sole_instance(run_dir),
        ):
            pass
        assert "\n" not in str(caught.value)
    with sole_instance(run_dir):
        pass


def test_a_place_that_cannot_be_used_is_named(run_dir: Path):
    (run_dir / "in the way").write_text("")
    with (
        pytest.raises(HemsError, match="in the way/run cannot be used: Not a directory"),
        sole_instance(run_dir / "in the way" / "run"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_what_root_looks_for_does_not_keep_the_daemon_of_another_user_from_starting(run_dir: Path):
    # given a directory of the daemon's user, and root who has held the lock there, as `sudo hems probe` does
    os.chown(run_dir, NOBODY, NOBODY)
    before = os.umask(0o077)
    with sole_instance(run_dir):
        pass
    os.umask(before)

    # then that user can hold it
    os.seteuid(NOBODY)
    try:
        with sole_instance(run_dir):
            pass
    finally:
        os.seteuid(0)


NOBODY = 65534
HANGS = """
import threading
from hems.runtime.process import gone_within
gone_within(0.3, "a thread")
threading.Event().wait()
"""
FAILS = """
import threading
from hems.runtime.process import gone_within
try:
    raise ZeroDivisionError("the real fault")
except ZeroDivisionError:
    gone_within(0.3, "a thread")
    threading.Event().wait()
"""


@pytest.mark.parametrize(("program", "code"), [(HANGS, 0), (FAILS, 1)])
def test_a_process_that_hangs_ends_all_the_same_and_loses_no_exception(program: str, code: int):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=10.0, check=False)
    assert done.returncode == code
    assert ("the real fault" in done.stderr) is bool(code)


HEAPS = """
import sys, threading
from hems.runtime.process import one_heap
if not one_heap():
    sys.exit("there is no other way")
kept = []
thread = threading.Thread(target=lambda: kept.append(bytearray(100_000)))
thread.start()
thread.join()
sizes = [line.split()[0].split("-") for line in open("/proc/self/maps") if " ---p " in line]
print(sum(int(end, 16) - int(begin, 16) > 60 << 20 for begin, end in sizes))
"""


def test_the_thread_that_writes_shares_the_heap_of_all_others():
    done = subprocess.run([sys.executable, "-c", HEAPS], capture_output=True, text=True, timeout=60.0, check=False)
    if "no other way" in done.stderr:
        pytest.skip("this C library has one heap anyway")
    # then it keeps no 64 MB of addresses for a heap of a thread's own
    assert done.stdout == "0\n"
