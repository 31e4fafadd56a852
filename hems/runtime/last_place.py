"""What a process beside the daemon does first: it takes the last place, so that the daemon never waits for it."""

import contextlib
import os
import resource
from pathlib import Path

NICENESS = 15
WORST_FIRST = "1000"
"""For the kernel: end this process before any other when memory is short."""


def step_back(by: int) -> None:
    """This thread alone stands so much further back in line for the processor; it can never come forward again.

    Where the daemon runs at real-time priority a child inherits that, and nobody would get in before it at all.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    with contextlib.suppress(OSError):
        os.nice(by)


def take_last_place(*, memory_bytes: int, cpu_s: int = resource.RLIM_INFINITY, niceness: int = NICENESS) -> None:
    """Last in line for the processor, first to go, bounded in address space and, where told, in processor time.

    What the system does not permit is left as it is.
    """
    step_back(niceness)
    for what, most in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CPU, cpu_s)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(WORST_FIRST, encoding="ascii")
