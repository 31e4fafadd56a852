"""The control state between two runs of the daemon: one row, replaced."""

import sqlite3
import zlib
from dataclasses import dataclass
from threading import Lock

from hems.model.errors import StoreError
from hems.model.instant import Instant
from hems.store.database import Database
from hems.store.stamp import instant, utc_s
from hems.store.writer import Writer

_REPLACE = "INSERT OR REPLACE INTO saved (id, boot_id, mono_s, utc_s, blob) VALUES (1, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedState:
    """What an earlier run left."""

    blob: str
    at: Instant
    """When it was saved."""
    boot_id: str
    same_boot: bool
    """Whether `at.mono_s` is on the clock of the present boot, so that remaining durations go on."""

    def elapsed_s(self, now: Instant) -> float | None:
        """Seconds from saving to `now`; None when nothing can tell: another boot, and no good wall clock."""
        if self.same_boot:
            return now.since_s(self.at.mono_s)
        if now.utc is None or self.at.utc is None:
            return None
        return max(0.0, (now.utc - self.at.utc).total_seconds())

    def shift_s(self, now: Instant) -> float:
        """What to add to saved times to have them on the present clock; where nothing tells, no time has gone by."""
        return now.mono_s - (self.elapsed_s(now) or 0.0) - self.at.mono_s


def unpacked_state(packed: str | bytes) -> str:
    """Text as it is, which earlier releases wrote; what cannot be unpacked is no state, and is told as one later."""
    if isinstance(packed, str):
        return packed
    try:
        return zlib.decompress(packed).decode()
    except (zlib.error, UnicodeDecodeError):
        return ""


class Saving:
    """Keeps the row up to date without writing it at every tick."""

    def __init__(self, file: Database, writer: Writer, *, boot_id: str, every_s: float) -> None:
        self._file = file
        self._writer = writer
        self._boot_id = boot_id
        self._every_s = every_s
        self._lock = Lock()
        self._waiting: tuple[str, Instant] | None = None
        self._due = False
        self._written_blob = ""
        self._written_s = float("-inf")
        self.loaded: SavedState | None = None
        """What the file held at the start."""

    def save(self, blob: str, at: Instant, *, at_once: bool) -> None:
        """Write `blob` soon: now if `at_once`, else when the last was written long enough ago.  The latest wins."""
        with self._lock:
            if blob == self._written_blob:
                self._waiting = None
                return
            self._waiting = (blob, at)
            self._due = self._due or at_once or at.mono_s - self._written_s >= self._every_s
            due = self._due
        if due:
            self._writer.submit(self.write_due, urgent=at_once)

    def read(self, connection: sqlite3.Connection) -> None:
        """Take up what the file says."""
        row = connection.execute("SELECT blob, mono_s, utc_s, boot_id FROM saved").fetchone()
        if row is not None:
            packed, mono_s, epoch_s, boot_id = row
            blob = unpacked_state(packed)
            same_boot = boot_id == self._boot_id != ""
            self.loaded = SavedState(blob=blob, at=instant(mono_s, epoch_s), boot_id=boot_id, same_boot=same_boot)

    def write_due(self) -> None:
        """Job of the writer: write what is due; keeps it for the next time if that fails."""
        if self._due:
            self.write()

    def write(self) -> None:
        """Job of the writer: write what waits, due or not."""
        with self._lock:
            waiting = self._waiting
        if waiting is None:
            return
        blob, at = waiting
        row = (self._boot_id, at.mono_s, utc_s(at), zlib.compress(blob.encode()))
        try:
            self._file.transact(lambda connection: connection.execute(_REPLACE, row), now_s=at.mono_s)
        except StoreError:
            return  # shows in the file's health
        with self._lock:
            self._written_blob, self._written_s = blob, at.mono_s
            if self._waiting is waiting:
                self._waiting, self._due = None, False
