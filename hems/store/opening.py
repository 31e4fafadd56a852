"""How a file of the store is opened: its settings, its schema, and a look at whether it is whole."""

import sqlite3
import subprocess
import sys
from pathlib import Path

from hems.model.errors import StoreError
from hems.store.kind import FileKind
from hems.store.packed import taught

_PAGE_BYTES = 1024
"""A flush rewrites whole pages, and is smaller than one: small pages halve what is written to the card."""
_CHECK_BELOW_BYTES = 32_000_000
"""A larger file is not read through at every start (an SD card reads some 20 MB/s and the journal waits meanwhile);
damage in it is found when it is met."""

_SCHEMAS = Path(__file__).with_name("schema")
"""What a new file begins with: all that the migrations would lead to, in one transaction.  The tests write it."""


class UnusableError(StoreError):
    """The file is damaged, or of a newer hems; it has to be set aside."""


def opened(path: Path, kind: FileKind, *, max_bytes: int | None = None, suspect: bool = False) -> sqlite3.Connection:
    """A connection to a whole file of the newest schema, for use by whichever thread has it.

    `suspect` has it read through whatever its size.  Raises: UnusableError, sqlite3.Error, OSError.
    """
    connection = _connected(path, kind)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > kind.version:
            raise UnusableError(
                f"{path} has schema {version}, this hems knows {kind.version} (written by a newer hems?)"
            )
        if _is_empty(connection):
            connection.executescript((_SCHEMAS / f"{kind.steps}.sql").read_text(encoding="utf-8"))
        elif version < kind.version:
            _migrate(path, kind)
        if suspect or kind.check_all or path.stat().st_size < _CHECK_BELOW_BYTES:
            check(connection, path)
        if max_bytes is not None:
            _limit(connection, max_bytes)
    except (sqlite3.Error, OSError, UnusableError):
        connection.close()
        raise
    return connection


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT EXISTS (SELECT 1 FROM sqlite_master)").fetchone()[0]


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raises: UnusableError where it is damaged, sqlite3.Error."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise UnusableError(f"{path} is damaged: {found}")


def _migrate(path: Path, kind: FileKind) -> None:
    """In a process of its own, because what it imports would stay in this one's memory for years."""
    child = subprocess.run(
        [sys.executable, "-m", "hems.store.migrations", str(path), kind.steps], capture_output=True, check=False
    )
    if child.returncode != 0:
        from hems.store import migrations  # here, so that the fault shows as what it is

        migrations.migrate(path, getattr(migrations, kind.steps))


def _limit(connection: sqlite3.Connection, max_bytes: int) -> None:
    page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {max(1, max_bytes // page_bytes)}")


def _connected(path: Path, kind: FileKind) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=kind.busy_ms / 1000, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        taught(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
