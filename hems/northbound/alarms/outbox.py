"""What is not sent yet, and what was told already: in memory, and on disk for the next start.

A restart or a dead line loses nothing.  A disk that takes nothing costs the next start what it would have known, and no
message: that the disk is full is one of them.
"""

import logging
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from hems.northbound.alarms.news import Known
from hems.northbound.alarms.rules import Message

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (
    number INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, id TEXT NOT NULL, site TEXT NOT NULL, made_s REAL,
    priority TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, refused INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS known (key TEXT PRIMARY KEY, priority TEXT NOT NULL, raised_s REAL, title TEXT NOT NULL);
"""
_ALL = "SELECT number, refused, channel, id, site, made_s, priority, title, text FROM waiting ORDER BY number"
_ADD = (
    "INSERT INTO waiting (number, refused, channel, id, site, made_s, priority, title, text) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
MOST_WAITING = 500
"""For each way; beyond it the oldest is given up."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that waits for one way."""

    number: int
    message: Message
    refused: int
    """How often it was refused for good."""
    channel: str


class Outbox:
    """One file, one process."""

    def __init__(self, directory: Path, *, most_waiting: int = MOST_WAITING) -> None:
        self._path = directory / "outbox.db"
        self._most = most_waiting
        self._db: sqlite3.Connection | None = None
        self._waiting: list[Waiting] = []
        self._known: dict[str, Known] = {}
        self._told = False
        """Whether it was said that the file cannot be written."""
        try:
            self._db = self._opened()
        except (OSError, sqlite3.Error) as error:
            self._tell(error)
        with suppress(sqlite3.Error):  # told above, or at the first message
            self._read(self._db or sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True))
        self._numbers = count(max((one.number for one in self._waiting), default=0) + 1)

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def known(self) -> dict[str, Known]:
        """What was told and is not over."""
        return dict(self._known)

    def put(self, messages: Mapping[str, Message], known: Mapping[str, Known]) -> None:
        """Keep messages, by way, and what is known with them."""
        for channel, one in messages.items():
            self._waiting.append(Waiting(next(self._numbers), one, 0, channel))
            late = self.waiting(channel)[: -self._most]
            self._waiting = [one for one in self._waiting if one not in late]
        self._known = dict(known)
        self._write()

    def waiting(self, channel: str) -> list[Waiting]:
        """Oldest first."""
        return [one for one in self._waiting if one.channel == channel]

    def refused(self, number: int) -> None:
        """Count a refusal."""
        self._waiting = [
            replace(one, refused=one.refused + 1) if one.number == number else one for one in self._waiting
        ]
        self._write()

    def remove(self, number: int) -> None:
        """It was sent, or is given up."""
        self._waiting = [one for one in self._waiting if one.number != number]
        self._write()

    def _opened(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode=DELETE")
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(SCHEMA)
        except sqlite3.Error as error:
            db.close()
            if getattr(error, "sqlite_errorcode", None) in _BROKEN:  # what still stands is told once more
                self._path.unlink()
                return self._opened()
            raise
        return db

    def _read(self, db: sqlite3.Connection) -> None:
        rows = db.execute("SELECT key, priority, raised_s, title FROM known")
        self._known = {key: Known(priority, raised_s, title) for key, priority, raised_s, title in rows}
        for number, refused, channel, id_, site, made_s, priority, title, text in db.execute(_ALL):
            one = Message(id=id_, site=site, made_s=made_s, priority=priority, title=title, text=text)
            self._waiting.append(Waiting(number, one, refused, channel))

    def _write(self) -> None:
        """All of it, which is little: so that a write that failed is made good by the next."""
        try:
            self._db = self._db or self._opened()
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.execute("DELETE FROM waiting")
                self._db.executemany(_ADD, [_row(one) for one in self._waiting])
                self._db.execute("DELETE FROM known")
                rows = [(key, one.priority, one.raised_s, one.title) for key, one in self._known.items()]
                self._db.executemany("INSERT INTO known VALUES (?,?,?,?)", rows)
        except (OSError, sqlite3.Error) as error:
            self._tell(error)
        else:
            self._told = False

    def _tell(self, error: Exception) -> None:
        if not self._told:
            log.error("%s cannot be written: %s. Correct alarms.state_dir, or make room.", self._path, error)
        self._told = True


def _row(one: Waiting) -> tuple[object, ...]:
    said = one.message
    return one.number, one.refused, one.channel, said.id, said.site, said.made_s, said.priority, said.title, said.text
