"""Forgetting a bay: everything that the history tells of the car that stood there, taken out piece by piece."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from hems.store.hours import gather
from hems.store.keeping import TABLES


def pieces(bay: str, now_s: float) -> Iterator[Callable[[sqlite3.Connection], bool]]:
    """Works to do one after another, each again until it returns False.

    Means, events and full inputs go; the audit stays, in which a bay's id stands and nothing of its car.
    """
    yield lambda connection: _separate(connection, now_s)
    for table in TABLES:
        yield _Means(table, f"bays/{bay}/%").work
    yield lambda connection: _events(connection, bay)
    yield _frames


def _separate(connection: sqlite3.Connection, now_s: float) -> bool:
    """What is mixed tells of all series: each gets packs of its own."""
    _overwriting(connection)
    gather(connection, 0, now_s, unfinished=True)
    return connection.execute("SELECT 1 FROM packs WHERE series IS NULL LIMIT 1").fetchone() is not None


class _Means:
    """Rows of one table that belong to series of a name, found in the order in which they were written."""

    def __init__(self, table: str, like: str) -> None:
        self._table = table
        self._like = like
        self._first = 0

    def work(self, connection: sqlite3.Connection) -> bool:
        """Look through a piece."""
        ids = f"SELECT id FROM {self._table} WHERE id >= ? ORDER BY id LIMIT ?"
        last = connection.execute(
            f"SELECT max(id) FROM ({ids})", (self._first, TABLES[self._table].piece_rows)
        ).fetchone()[0]
        if last is None:
            return False
        _overwriting(connection)
        connection.execute(
            f"DELETE FROM {self._table} WHERE id >= ? AND id <= ? "
            "AND series IN (SELECT id FROM series WHERE name LIKE ?)",
            (self._first, last, self._like),
        )
        self._first = last + 1
        return True


def _events(connection: sqlite3.Connection, bay: str) -> bool:
    _overwriting(connection)
    connection.execute(
        "DELETE FROM events WHERE subject = ? OR subject LIKE ? OR facts LIKE ?", (bay, f"bays/{bay}/%", f'%"{bay}"%')
    )
    return False


def _frames(connection: sqlite3.Connection) -> bool:
    """Full inputs tell of everything at once; the oldest first, until none is left."""
    _overwriting(connection)
    connection.execute("DELETE FROM frames WHERE id IN (SELECT id FROM frames ORDER BY id LIMIT 100)")
    return connection.execute("SELECT 1 FROM frames LIMIT 1").fetchone() is not None


def _overwriting(connection: sqlite3.Connection) -> None:
    """What is deleted is also overwritten in the file."""
    connection.execute("PRAGMA secure_delete = ON")


def drop_exports(folder: Path) -> None:
    """Files for spreadsheets may tell of any bay."""
    for path in folder.glob("history-*.csv"):
        path.unlink(missing_ok=True)
