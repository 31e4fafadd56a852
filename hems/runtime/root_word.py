"""The way back in for root, where nobody knows the engineer's passphrase any more.

Root leaves a word in a file beside the sockets, and says it with the request.  That the file is root's, and nobody else
can have written it, is what the daemon goes by: whoever is at the other end of a socket it cannot see from inside its
user namespace.  The daemon goes on running meanwhile, also in a power cut.
"""

import os
import secrets as chance
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = 0
"""The user whose file it must be; inside the daemon's user namespace root is root as well."""
FILE = "root.word"
LONGEST = 100


class RootWord:
    """Whether root stands behind a request."""

    def __init__(self, run_dir: Path, *, owner: int = ROOT) -> None:
        self._path = run_dir / FILE
        self._owner = owner

    def is_said(self, word: str) -> bool:
        """Whether that is the word root has left just now.  Reads a file."""
        left = self._left()
        return bool(left) and chance.compare_digest(left, word.encode())

    def _left(self) -> bytes:
        """Nothing, where there is no file, or one that somebody else may have had a hand in."""
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return b""
        with os.fdopen(file, "rb") as opened:
            told = os.fstat(file)
            of_root = told.st_uid == self._owner and told.st_nlink == 1 and not told.st_mode & (stat.S_IWGRP | 0o007)
            return opened.read(LONGEST) if of_root and stat.S_ISREG(told.st_mode) else b""


@contextmanager
def left_by_root(run_dir: Path) -> Iterator[str]:
    """A word that counts for as long as the context lasts; the daemon's group may read it, nobody else.

    Raises: OSError where the directory is not there or not ours to write.
    """
    path, word = run_dir / FILE, chance.token_urlsafe(24)
    path.unlink(missing_ok=True)  # of one that was killed
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(file, "wb") as opened:
            os.fchown(file, -1, run_dir.stat().st_gid)
            os.fchmod(file, 0o640)
            opened.write(word.encode())
        yield word
    finally:
        path.unlink(missing_ok=True)
