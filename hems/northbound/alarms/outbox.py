"""What is not sent yet, and what was told already: on disk, so that a restart or a dead line loses nothing."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hems.model.errors import HemsError
from hems.northbound.alarms.news import Known
from hems.northbound.alarms.rules import Message

SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (
    number INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, id TEXT NOT NULL, site TEXT NOT NULL, made_s REAL,
    priority TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, refused INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS known (key TEXT PRIMARY KEY, priority TEXT NOT NULL, raised_s REAL, title TEXT NOT NULL);
"""
MOST_WAITING = 500
"""For each way; beyond it the oldest is given up."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message that waits for one way."""

    number: int
    message: Message
    refused: int
    """How often it was refused for good."""


class Outbox:
    """One file, one process."""

    def __init__(self, directory: Path, *, most_waiting: int = MOST_WAITING) -> None:
        """Raises: HemsError when it cannot be written."""
        self._path = directory / "outbox.db"
        self._most = most_waiting
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=DELETE")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise HemsError(
                f"{self._path} cannot be written: {error}. Correct alarms.state_dir, or make room."
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def known(self) -> dict[str, Known]:
        """What was told and is not over."""
        rows = self._db.execute("SELECT key, priority, raised_s, title FROM known")
        return {key: Known(priority, raised_s, title) for key, priority, raised_s, title in rows}

    def put(self, messages: Mapping[str, Message], known: Mapping[str, Known]) -> None:
        """Keep messages, by way, and what is known with them: both or neither.  Raises: HemsError."""
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                for channel, one in messages.items():
                    row = (channel, one.id, one.site, one.made_s, one.priority, one.title, one.text)
                    self._db.execute(
                        "INSERT INTO waiting (channel, id, site, made_s, priority, title, text) VALUES (?,?,?,?,?,?,?)",
                        row,
                    )
                    self._db.execute(
                        "DELETE FROM waiting WHERE channel = ? AND number NOT IN "
                        "(SELECT number FROM waiting WHERE channel = ? ORDER BY number DESC LIMIT ?)",
                        (channel, channel, self._most),
                    )
                self._db.execute("DELETE FROM known")
                rows = [(key, one.priority, one.raised_s, one.title) for key, one in known.items()]
                self._db.executemany("INSERT INTO known VALUES (?,?,?,?)", rows)
        except sqlite3.Error as error:
            raise HemsError(f"{self._path} cannot be written: {error}. Make room on the disk.") from error

    def waiting(self, channel: str) -> list[Waiting]:
        """Oldest first."""
        rows = self._db.execute(
            "SELECT number, refused, id, site, made_s, priority, title, text FROM waiting "
            "WHERE channel = ? ORDER BY number",
            (channel,),
        )
        return [
            Waiting(
                number, Message(id=id_, site=site, made_s=made_s, priority=priority, title=title, text=text), refused
            )
            for number, refused, id_, site, made_s, priority, title, text in rows
        ]

    def refused(self, number: int) -> None:
        """Count a refusal."""
        self._db.execute("UPDATE waiting SET refused = refused + 1 WHERE number = ?", (number,))

    def remove(self, number: int) -> None:
        """It was sent, or is given up."""
        self._db.execute("DELETE FROM waiting WHERE number = ?", (number,))
