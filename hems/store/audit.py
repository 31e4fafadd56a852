"""Who did what: appended to `state.db`, each entry chained to the one before it, never changed again.

An act is rare, so each is written at once, those that wait together in one transaction.  The card is spared elsewhere:
refusals are kept only so often (`hems.runtime.auditing`).
"""

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple

from hems.model.audit import Entry
from hems.model.errors import StoreError
from hems.model.instant import Instant
from hems.store.backlog import Backlog
from hems.store.chain import FIELDS, FIRST, link
from hems.store.database import Database
from hems.store.stamp import utc_s
from hems.store.writer import Writer

log = logging.getLogger(__name__)

_INSERT = f"INSERT INTO audit ({', '.join(FIELDS)}, prev, hash) VALUES ({', '.join('?' * (len(FIELDS) + 2))})"
_HEAD = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1"
_LAST_OF = "SELECT subject FROM audit WHERE action = ? ORDER BY id DESC LIMIT 1"
_MOST_WAITING = 1_000

_Waiting = tuple[Instant, Entry]


class Audit:
    """The audit in `state.db`; adding to it never waits and never raises."""

    def __init__(self, file: Database, writer: Writer, *, boot_id: str) -> None:
        self._file = file
        self._writer = writer
        self._boot_id = boot_id
        self._entries = Backlog[_Waiting](_MOST_WAITING)
        self._now_s = 0.0
        self.configuration = ""
        """The site file's digest that was recorded last, as found at the start."""

    def add(self, entry: Entry, at: Instant) -> None:
        """Keep an entry, beside; it also goes to the log, so that the system's journal has a copy."""
        self._now_s = at.mono_s
        log.info("HEMS_AUDIT=1 %s %s %s: %s", entry.who, entry.action, entry.subject, entry.result)
        self._file.add_dropped(self._entries.add([(at, entry)]))
        self._writer.submit(self.write)

    def read(self, connection: sqlite3.Connection) -> None:
        """Take up what the file says."""
        row = connection.execute(_LAST_OF, ("configuration",)).fetchone()
        self.configuration = row[0] if row is not None else ""

    def write(self) -> None:
        """Job of the writer: write what waits; keeps it for the next time if that fails."""
        waiting, mark = self._entries.waiting()
        if not waiting:
            return
        with suppress(StoreError):  # shows in the file's health
            self._file.transact(lambda connection: self._append(connection, waiting), now_s=self._now_s)
            self._entries.done(mark)

    def _append(self, connection: sqlite3.Connection, waiting: Sequence[_Waiting]) -> None:
        number, before = connection.execute(_HEAD).fetchone() or (0, FIRST)
        for at, entry in waiting:
            number += 1
            row = (number, self._boot_id, float(at.mono_s), utc_s(at), *map(_storable, astuple(entry)))
            hash_ = link(before, row)
            connection.execute(_INSERT, (*row, before, hash_))
            before = hash_


def _storable(text: str) -> str:
    """JSON can carry half a character, which no file of text can: a question mark in its place."""
    return text.encode(errors="replace").decode()
