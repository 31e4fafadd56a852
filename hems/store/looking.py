"""A file opened by somebody who only reads: also where nothing can be written, and without waiting for who writes."""

import sqlite3
from pathlib import Path


def to_look_at(path: Path) -> sqlite3.Connection:
    """A connection that never changes the file.  Raises: sqlite3.Error."""
    uri = path.absolute().as_uri()
    connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=1.0)
    try:
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError:
        # without the right to write, a WAL file opens only while the daemon has it open; otherwise nobody changes it
        connection.close()
        if _holds_something(Path(f"{path}-wal")):
            raise
        connection = sqlite3.connect(f"{uri}?immutable=1", uri=True)
    return connection


def _holds_something(log: Path) -> bool:
    """Whether the file alone is not all: on a full disk somebody may have begun a log and got no further."""
    return log.exists() and log.stat().st_size > 0
