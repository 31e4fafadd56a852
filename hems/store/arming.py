"""Which devices hems may write to, for which exact set-up, and who allowed it."""

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
_MOST_WAITING = 1_000
_TIME_OUT_S = 5.0
_PREVAILS = "Something was disarmed meanwhile, and that prevails. Arm again what shall be armed."

_Row = tuple[Any, ...]


class Arming:
    """Arming records in `state.db`.

    Arming counts once it is on disk.  Disarming counts at once and is written as soon as that is possible; it prevails
    over whatever arming was asked for before it and is not done yet.
    """

    def __init__(self, file: Database, writer: Writer, *, boot_id: str) -> None:
        self._file = file
        self._writer = writer
        self._boot_id = boot_id
        self._armed: dict[DeviceId, str] = {}
        self._withdrawn = Backlog[tuple[DeviceId]](_MOST_WAITING)
        self._now_s = 0.0
        self.disarmings = 0
        """How often something was disarmed."""

    def armed(self) -> Mapping[DeviceId, str]:
        """Devices that may be written to, each with the hash of what it was armed for; another hash means not armed."""
        return dict(self._armed)

    async def arm(self, device: DeviceId, hash_: str, *, who: str, at: Instant, disarmings: int | None = None) -> None:
        """Allow writing to `device` as long as `hash_` describes it.

        `disarmings` is how many there were when it was asked for; without it that is now.  Raises: StoreError when it
        cannot be recorded, or something was disarmed since; it is not armed then, after a restart neither.
        """
        done: Future[None] = Future()
        row = (device, self._boot_id, at.mono_s, utc_s(at), hash_, who)
        asked = self.disarmings if disarmings is None else disarmings
        if not self._writer.submit(lambda: self._answer(row, at, asked, done)):
            raise StoreError("Nothing can be recorded: hems is stopping.")
        try:
            async with asyncio.timeout(_TIME_OUT_S):
                await asyncio.wrap_future(done)
        except TimeoutError:
            self._take_back(device, at)  # it may be being written at this moment
            raise StoreError(
                f"{self._file.path} was not written within {_TIME_OUT_S:g} s; {device} stays as it was."
            ) from None
        if asked != self.disarmings:
            self._take_back(device, at)
            raise StoreError(_PREVAILS)
        self._armed[device] = hash_

    def disarm(self, device: DeviceId, *, at: Instant) -> None:
        """Forbid writing to `device`; recorded beside."""
        self.disarmings += 1
        self._armed.pop(device, None)
        self._take_back(device, at)

    def read(self, connection: sqlite3.Connection) -> None:
        """Take up what the file says."""
        self._armed = {
            DeviceId(device): hash_ for device, hash_ in connection.execute("SELECT device, hash FROM arming")
        }

    def write(self) -> None:
        """Job of the writer: write what waits; keeps it for the next time if that fails."""
        if self._withdrawn.waiting()[0]:
            with suppress(StoreError):  # shows in the file's health
                self._write((), self._now_s)

    def _take_back(self, device: DeviceId, at: Instant) -> None:
        """Have the file say what counts, where it may say that the device is armed and it is not."""
        if device not in self._armed:
            self._now_s = at.mono_s
            self._withdrawn.add([(device,)])
            self._writer.submit(self.write)

    def _answer(self, row: _Row, at: Instant, asked: int, done: "Future[None]") -> None:
        if not done.set_running_or_notify_cancel():
            return
        try:
            if asked != self.disarmings:
                raise StoreError(_PREVAILS)
            self._write((row,), at.mono_s)
        except StoreError as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def _write(self, armed: tuple[_Row, ...], now_s: float) -> None:
        withdrawn, mark = self._withdrawn.waiting()

        def work(connection: sqlite3.Connection) -> None:
            """One transaction."""
            connection.executemany(_DISARM, withdrawn)
            connection.executemany(_ARM, armed)

        self._file.transact(work, now_s=now_s)
        self._withdrawn.done(mark)
        with suppress(StoreError):  # the copy that may have to take the file's place must not arm what was disarmed
            self._file.copy(now_s)
