"""Which devices hems may write to, for which exact set-up, and who allowed it; with the audit of such acts."""

import asyncio
import sqlite3
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from hems.model.errors import StoreError
from hems.model.instant import Instant
from hems.model.units import DeviceId
from hems.store.backlog import Backlog
from hems.store.database import Database
from hems.store.stamp import utc_s
from hems.store.writer import Writer

_ARM = "INSERT OR REPLACE INTO arming (device, boot_id, mono_s, utc_s, hash, who) VALUES (?, ?, ?, ?, ?, ?)"
_DISARM = "DELETE FROM arming WHERE device = ?"
_AUDIT = "INSERT INTO audit (boot_id, mono_s, utc_s, who, action, subject, detail) VALUES (?, ?, ?, ?, ?, ?, ?)"
_MOST_WAITING = 1_000
_TIME_OUT_S = 5.0

_Entry = tuple[Any, ...]


class Arming:
    """Arming records and audit in `state.db`.

    Arming counts once it is on disk.  Disarming counts at once and is written as soon as that is possible.
    """

    def __init__(self, file: Database, writer: Writer, *, boot_id: str) -> None:
        self._file = file
        self._writer = writer
        self._boot_id = boot_id
        self._armed: dict[DeviceId, str] = {}
        self._withdrawn = Backlog[tuple[DeviceId]](_MOST_WAITING)
        self._entries = Backlog[_Entry](_MOST_WAITING)
        self._now_s = 0.0

    def armed(self) -> Mapping[DeviceId, str]:
        """Devices that may be written to, each with the hash of what it was armed for; another hash means not armed."""
        return dict(self._armed)

    async def arm(self, device: DeviceId, hash_: str, *, who: str, at: Instant) -> None:
        """Allow writing to `device` as long as `hash_` describes it.  Raises: StoreError when it cannot be recorded."""
        done: Future[None] = Future()
        row = (device, self._boot_id, at.mono_s, utc_s(at), hash_, who)
        entry = self._entry(who, "arm", device, hash_, at)
        if not self._writer.submit(lambda: self._answer(row, entry, at, done)):
            raise StoreError("Nothing can be recorded: hems is stopping.")
        try:
            async with asyncio.timeout(_TIME_OUT_S):
                await asyncio.wrap_future(done)
        except TimeoutError:
            raise StoreError(
                f"{self._file.path} was not written within {_TIME_OUT_S:g} s; {device} stays as it was."
            ) from None
        self._armed[device] = hash_

    def disarm(self, device: DeviceId, *, who: str, at: Instant, because: str = "") -> None:
        """Forbid writing to `device`; recorded beside."""
        self._armed.pop(device, None)
        self._withdrawn.add([(device,)])
        self.audit(who, "disarm", device, because, at)

    def audit(self, who: str, action: str, subject: str, detail: str, at: Instant) -> None:
        """Record what a person did; beside."""
        self._now_s = at.mono_s
        self._file.add_dropped(self._entries.add([self._entry(who, action, subject, detail, at)]))
        self._writer.submit(self.write)

    def read(self, connection: sqlite3.Connection) -> None:
        """Take up what the file says."""
        self._armed = {
            DeviceId(device): hash_ for device, hash_ in connection.execute("SELECT device, hash FROM arming")
        }

    def write(self) -> None:
        """Job of the writer: write what waits; keeps it for the next time if that fails."""
        if self._entries.waiting()[0]:
            with suppress(StoreError):  # shows in the file's health
                self._write((), (), self._now_s)

    def _answer(self, row: _Entry, entry: _Entry, at: Instant, done: "Future[None]") -> None:
        if not done.set_running_or_notify_cancel():
            return
        try:
            self._write((row,), (entry,), at.mono_s)
        except StoreError as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def _write(self, armed: tuple[_Entry, ...], because: tuple[_Entry, ...], now_s: float) -> None:
        withdrawn, withdrawn_mark = self._withdrawn.waiting()
        entries, entries_mark = self._entries.waiting()

        def work(connection: sqlite3.Connection) -> None:
            """One transaction."""
            connection.executemany(_DISARM, withdrawn)
            connection.executemany(_ARM, armed)
            connection.executemany(_AUDIT, (*entries, *because))

        self._file.transact(work, now_s=now_s)
        self._withdrawn.done(withdrawn_mark)
        self._entries.done(entries_mark)

    def _entry(self, who: str, action: str, subject: str, detail: str, at: Instant) -> _Entry:
        return self._boot_id, at.mono_s, utc_s(at), who, action, subject, detail
