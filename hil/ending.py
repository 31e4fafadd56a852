"""How a program that starts others ends: told to, it clears away first; killed, it takes them along."""

import ctypes
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager

TOLD = (signal.SIGTERM, signal.SIGHUP)
TAKES_ALONG = ("setpriv", "--pdeathsig", "KILL")
"""Before a command, from util-linux: it ends at once, even one that stands still, when who started it is gone."""

PARENT_GONE = 1
"""PR_SET_PDEATHSIG of the kernel."""


@contextmanager
def in_good_order() -> Iterator[None]:
    """What tells this program to end does what Ctrl-C does, also in the background, where a shell sets that aside.

    An event loop then cancels what it runs, which ends the processes it has started.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *TOLD)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in TOLD:
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def with_parent() -> None:
    """Have this process end when the one that made it is gone: a pool's workers would wait for work for ever."""
    ctypes.CDLL(None).prctl(PARENT_GONE, signal.SIGKILL)


def taken_along() -> tuple[str, ...]:
    """What stands before a command so that it does not outlive this process; nothing where that cannot be had."""
    return TAKES_ALONG if shutil.which(TAKES_ALONG[0]) else ()
