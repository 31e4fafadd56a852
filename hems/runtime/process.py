"""The daemon as a process of this machine: the only one of its site, and gone when it was told to go."""

import contextlib
import ctypes
import fcntl
import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from hems.model.errors import HemsError

log = logging.getLogger(__name__)

_ARENA_MAX = -8
"""`M_ARENA_MAX` of malloc.h."""


@contextlib.contextmanager
def sole_instance(run_dir: Path, taken: str = "") -> Iterator[None]:
    """Hold the lock that says "a daemon runs this site"; `taken` is what to say where another one holds it.

    Raises: HemsError when another one holds it, or when the directory cannot be used.
    """
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        lock = _opened(run_dir / "hems.lock")
    except OSError as error:
        raise HemsError(
            f"{run_dir} cannot be used: {error.strerror}. Make it writable for this user, or set another run_dir."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            held = f"Another hems already runs in {run_dir}. Stop it first, or use another run_dir."
            raise HemsError(taken or held) from error
        yield


def _opened(path: Path) -> IO[bytes]:
    """The file of the lock, which the daemon can open whoever has made it: root, looking for devices, for one."""
    file = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
        os.fchmod(file, 0o644)
    return os.fdopen(file, "rb")


def gone_within(seconds: float, what: str) -> None:
    """End the process then, if it still lives: a thread may wait for a name server, a driver may hang.

    The exit code is 0, or 1 when an exception is on its way, which is logged before it is lost.
    """
    error = sys.exception()

    def end() -> None:
        """Too late for good manners."""
        log.error("Ended by force: %s did not come to an end.", what, exc_info=error)
        logging.shutdown()
        os._exit(0 if error is None else 1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def one_heap() -> bool:
    """Have all threads share one heap; False where the C library knows no other way.  To be called before any begins.

    The thread that writes would get one of its own, of which it uses little and keeps a megabyte.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_ARENA_MAX, 1))
    except (AttributeError, OSError):
        return False
