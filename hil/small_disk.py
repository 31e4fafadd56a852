"""A disk that really fills: a small file system of its own, where that may be mounted."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_MB = 64
BLOCK = b"\0" * 65_536
BALLAST = "ballast"


class SmallDisk:
    """At `where`, in memory; only root may mount one."""

    def __init__(self, where: Path) -> None:
        self._where = where

    def mount(self) -> bool:
        """False where it is not allowed after all, as in most containers."""
        self._where.mkdir(parents=True, exist_ok=True)
        words = ("mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0755", "tmpfs", str(self._where))
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def fill(self, full: bool) -> None:
        """To the last octet, or make room again."""
        ballast = self._where / BALLAST
        if not full:
            ballast.unlink(missing_ok=True)
            return
        with ballast.open("ab", buffering=0) as file:
            for block in (BLOCK, b"\0"):
                try:
                    while True:
                        file.write(block)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def unmount(self) -> None:
        """Whoever still has a file open in it keeps that until it ends."""
        subprocess.run(("umount", "-l", str(self._where)), capture_output=True, check=False)


@contextmanager
def mounted(where: Path, *, wanted: bool) -> Iterator[SmallDisk | None]:
    """One at `where` for as long as this lasts; None where it is not wanted or may not be."""
    disk = SmallDisk(where)
    if not wanted or os.geteuid() != 0 or not disk.mount():
        yield None
        return
    try:
        yield disk
    finally:
        disk.unmount()
