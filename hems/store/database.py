"""One SQLite file: opened late, checked, migrated, set aside when broken, opened again after every trouble."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TypeVar

from hems.model.errors import StoreError
from hems.store.health import FileHealth
from hems.store.kind import Durability, FileKind
from hems.store.looking import to_look_at
from hems.store.opening import UnusableError, check, opened

T = TypeVar("T")

_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_TEMPORARY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL})
_PRIMARY = 0xFF
"""Low byte of an extended SQLite result code: the primary code."""
_REMEDIES = {
    sqlite3.SQLITE_FULL: "Make room on the disk, or raise the size limit.",
    sqlite3.SQLITE_BUSY: "Another program holds it; close that program.",
    sqlite3.SQLITE_READONLY: "Make the file and its directory writable for the daemon's user.",
    sqlite3.SQLITE_CANTOPEN: "Make the directory exist and writable for the daemon's user.",
    sqlite3.SQLITE_IOERR: "Check the disk: dmesg shows its errors.",
}


_MOST_ASIDE = 3
"""Damaged files kept of each kind: a card that rots must not fill itself with them.

The first ones hold most and stay; the last is replaced."""
_ROTTEN = (ValueError, TypeError, OverflowError)
"""What comes of reading contents in which bits have turned over: the file as such is whole."""


class Database:
    """A file and its health.  All methods belong to one thread at a time; `health` may be read from any."""

    def __init__(self, directory: Path, kind: FileKind, *, max_bytes: int | None = None) -> None:
        self.path = directory / kind.name
        self.kind = kind
        self.health = FileHealth()
        self._max_bytes = max_bytes
        self._connection: sqlite3.Connection | None = None
        self._suspect = False
        self._health_lock = Lock()

    def take_up(self, read: Callable[[sqlite3.Connection], None], *, now_s: float) -> None:
        """Have `read` take up what earlier runs have left, also where nothing can be written.

        Where it cannot make sense of it, that is damage.  Never raises for a fault of the disk: see `health`.
        """
        try:
            self._take_up(read, copied=True)
        except (sqlite3.Error, OSError, UnusableError) as error:
            self._failed(error, now_s)
            with suppress(sqlite3.Error, *_ROTTEN):  # a full disk must not cost what is known of the building
                self._look(read)

    def transact(
        self, work: Callable[[sqlite3.Connection], T], *, now_s: float, durability: Durability | None = None
    ) -> T:
        """Do `work` in one transaction, committed on return as durably as asked, or else as the file's kind promises.

        Raises: StoreError, after which the file is as before and the next call tries anew.
        """
        try:
            connection = self._opened()
            connection.execute(f"PRAGMA synchronous = {durability or self.kind.durability}")
            result = _in_transaction(connection, work)
        except (sqlite3.Error, OSError, UnusableError) as error:
            raise self._failed(error, now_s) from error
        self._worked()
        return result

    def copy(self, now_s: float) -> None:
        """Keep a whole and consistent copy beside the file, replacing the one of the night before.

        Raises: StoreError; the older copy is then still there.
        """
        fresh = self.path.with_suffix(".copying")
        try:
            fresh.unlink(missing_ok=True)
            target = sqlite3.connect(fresh)
            try:
                self._opened().backup(target)
                check(target, self.path)  # damage met in the night must not take the place of what is whole
            finally:
                target.close()
            fresh.replace(self._nightly)
        except (sqlite3.Error, OSError, UnusableError) as error:
            with suppress(OSError):  # half a copy must not take the last room on the disk until the next night
                fresh.unlink(missing_ok=True)
            raise self._failed(error, now_s) from error

    @property
    def _nightly(self) -> Path:
        return self.path.with_suffix(".nightly.db")

    def close(self) -> None:
        """Close the file; the next transaction opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def add_dropped(self, entries: int) -> None:
        """Count entries that were given up."""
        if entries:
            self._change_health(lambda health: replace(health, dropped=health.dropped + entries))

    def _take_up(self, read: Callable[[sqlite3.Connection], None], *, copied: bool) -> None:
        self._opened()
        try:
            self._look(read)
        except _ROTTEN as error:
            self.close()
            self._set_aside(error, copied=copied)
            self._take_up(read, copied=False)

    def _look(self, read: Callable[[sqlite3.Connection], None]) -> None:
        """Apart from the connection that writes, so that another program that holds the file is not waited for."""
        with closing(to_look_at(self.path)) as connection:
            connection.text_factory = bytes.decode  # raises what is no text as what it is
            if connection.execute("PRAGMA user_version").fetchone()[0] == self.kind.version:
                read(connection)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = opened(self.path, self.kind, max_bytes=self._max_bytes, suspect=self._suspect)
            except (sqlite3.DatabaseError, UnusableError) as error:
                if not _is_broken(error):
                    raise
                self._set_aside(error)
                self._connection = opened(self.path, self.kind, max_bytes=self._max_bytes, suspect=self._suspect)
            self._suspect = False
        return self._connection

    def _set_aside(self, error: Exception, *, copied: bool = True) -> None:
        """`copied`: the copy, if there is one, may take its place."""
        names = [self.path.with_name(f"{self.path.name}.set-aside-{number}") for number in range(1, _MOST_ASIDE + 1)]
        aside = next((name for name in names if not name.exists()), names[-1])
        for suffix in ("-wal", "-shm", ""):
            Path(f"{aside}{suffix}").unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").rename(f"{aside}{suffix}")
        restored = copied and self.kind.restored and self._restored()
        begun = "its last copy put in its place" if restored else "an empty one begun"
        lost = "What was armed, asked or saved since that copy is forgotten: look through it. " if restored else ""
        what = (
            f"{self.path} could not be used ({error}). It was moved to {aside} and {begun}. {lost}"
            "Keep the moved file if you want its contents back; delete it otherwise."
        )
        self._change_health(lambda health: replace(health, set_aside=what))

    def _restored(self) -> bool:
        """Whether the copy is whole and stands where the damaged file was; the copy itself stays."""
        try:
            with closing(sqlite3.connect(f"{self._nightly.absolute().as_uri()}?mode=ro", uri=True)) as copy:
                check(copy, self._nightly)
                if not 0 < copy.execute("PRAGMA user_version").fetchone()[0] <= self.kind.version:
                    return False
                with closing(sqlite3.connect(self.path)) as target:
                    copy.backup(target)
        except (sqlite3.Error, OSError, UnusableError):
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
            return False
        return True

    def _failed(self, error: Exception, now_s: float) -> StoreError:
        code = _code(error)
        if code not in _TEMPORARY:
            self.close()
            self._suspect = self._suspect or code in _BROKEN
        remedy = _REMEDIES.get(code, "It is tried again by itself.")
        why = f"{self.path}: {error}. {remedy}"
        since_s = now_s if self.health.failed_since_s is None else self.health.failed_since_s
        self._change_health(lambda health: replace(health, failed_since_s=since_s, why=why))
        return StoreError(why)

    def _worked(self) -> None:
        if not self.health.ok:
            self._change_health(lambda health: replace(health, failed_since_s=None, why=""))

    def _change_health(self, change: Callable[[FileHealth], FileHealth]) -> None:
        with self._health_lock:  # entries may be given up by the loop while the writer reports a failure
            self.health = change(self.health)


def _in_transaction(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
    return result


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & _PRIMARY


def _is_broken(error: Exception) -> bool:
    return isinstance(error, UnusableError) or _code(error) in _BROKEN
