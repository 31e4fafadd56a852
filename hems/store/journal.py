"""What hems last asked of each actuator, so that a start after a crash knows it.

Commands that give power are on disk before they are sent (`commit`); those that take it away are written beside
(`note`) and never wait.  Order is kept: what was noted before is written before, or in the same transaction.
"""

import asyncio
import json
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hems.model.command import Command
from hems.model.errors import StoreError
from hems.model.instant import Instant
from hems.model.wiring import Role
from hems.store.backlog import Backlog
from hems.store.database import Database
from hems.store.stamp import instant, utc_s
from hems.store.writer import Writer

_KEEP = 5_000
"""Entries kept; the last of each role always is.  The whole file is copied every night."""
_PRUNE_EVERY = 1_000
"""Entries written between two prunings."""
_MOST_WAITING = 5_000
"""Noted entries held while the file cannot be written; beyond, the oldest is given up."""

_INSERT = (
    "INSERT INTO intents (boot_id, mono_s, utc_s, role, value, energises, lease_s, why, facts) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_LAST = (
    "SELECT role, value, mono_s, utc_s, boot_id, energises FROM intents "
    "WHERE id IN (SELECT max(id) FROM intents GROUP BY role)"
)
_PRUNE = (
    "DELETE FROM intents WHERE id <= (SELECT max(id) FROM intents) - ? "
    "AND id NOT IN (SELECT max(id) FROM intents GROUP BY role)"
)

_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The last value asked of one actuator."""

    value: bool | float
    at: Instant
    """`mono_s` compares with the present clock only when `boot_id` is the present boot's."""
    boot_id: str
    energises: bool


class Journal:
    """The record of intents in `state.db`."""

    def __init__(self, file: Database, writer: Writer, *, boot_id: str, time_out_s: float) -> None:
        self._file = file
        self._writer = writer
        self._boot_id = boot_id
        self._time_out_s = time_out_s
        self._noted = Backlog[_Row](_MOST_WAITING)
        self._noted_s = 0.0
        self._since_pruned = 0
        self._last: dict[Role, Position] = {}

    def last_positions(self) -> Mapping[Role, Position]:
        """What was last asked of each role: as read at the start, and since then as noted and committed."""
        return dict(self._last)

    async def commit(self, commands: Sequence[Command], at: Instant) -> None:
        """Write commands that give power; back when they are on disk.

        Raises: StoreError when they could not be written in time.  Then they must not be taken as journalled, though
        they may still appear in the file.
        """
        rows = [self._row(command, at) for command in commands]
        for command in commands:
            self._last.pop(command.role, None)  # what the file says of it is open until it is written
        done: Future[None] = Future()
        if not self._writer.submit(lambda: self._commit(rows, at, done), urgent=True):
            raise StoreError("The journal is closed: hems is stopping.")
        try:
            async with asyncio.timeout(self._time_out_s):
                await asyncio.wrap_future(done)
        except TimeoutError:
            raise StoreError(
                f"{self._file.path} was not written within {self._time_out_s:g} s. The disk may be failing."
            ) from None
        self._remember(commands, at)

    def note(self, commands: Sequence[Command], at: Instant) -> None:
        """Write commands that take power away, beside; returns at once and never raises.

        A set-point that is only repeated is no news: every twenty seconds that would be half of all writing.
        """
        news = [command for command in commands if not self._is_repeated(command)]
        if not news:
            return
        self._noted_s = at.mono_s
        self._file.add_dropped(self._noted.add([self._row(command, at) for command in news]))
        self._remember(news, at)
        self._writer.submit(self.write_noted, urgent=True)

    def read(self, connection: sqlite3.Connection) -> None:
        """Take up what the file says, before anything is written."""
        self._last = {
            Role(role): Position(
                value=json.loads(value), at=instant(mono_s, epoch_s), boot_id=boot_id, energises=bool(energises)
            )
            for role, value, mono_s, epoch_s, boot_id, energises in connection.execute(_LAST)
        }

    def shorten(self) -> None:
        """Job of the writer, at the start: give up what is too old."""
        with suppress(StoreError):  # shows in the file's health
            self._file.transact(lambda connection: connection.execute(_PRUNE, (_KEEP,)), now_s=self._noted_s)

    def write_noted(self) -> None:
        """Job of the writer: write what was noted; keeps it for the next time if that fails."""
        if self._noted.waiting()[0]:
            with suppress(StoreError):  # shows in the file's health
                self._write((), self._noted_s)

    def _commit(self, rows: Sequence[_Row], at: Instant, done: "Future[None]") -> None:
        if not done.set_running_or_notify_cancel():
            return  # given up meanwhile: writing it now would record what was never sent
        try:
            self._write(rows, at.mono_s)
        except StoreError as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def _write(self, rows: Sequence[_Row], now_s: float) -> None:
        noted, mark = self._noted.waiting()
        entries = [*noted, *rows]
        prune = self._since_pruned >= _PRUNE_EVERY

        def work(connection: sqlite3.Connection) -> None:
            """One transaction."""
            connection.executemany(_INSERT, entries)
            if prune:
                connection.execute(_PRUNE, (_KEEP,))

        self._file.transact(work, now_s=now_s)
        self._noted.done(mark)
        self._since_pruned = 0 if prune else self._since_pruned + len(entries)

    def _is_repeated(self, command: Command) -> bool:
        last = self._last.get(command.role)
        return last is not None and (last.value, last.boot_id) == (command.value, self._boot_id)

    def _row(self, command: Command, at: Instant) -> _Row:
        return (
            self._boot_id,
            at.mono_s,
            utc_s(at),
            command.role,
            json.dumps(command.value),
            command.energises,
            command.lease_s,
            command.cause.why.value,
            json.dumps(dict(command.cause.facts)),
        )

    def _remember(self, commands: Sequence[Command], at: Instant) -> None:
        for command in commands:
            self._last[command.role] = Position(
                value=command.value, at=at, boot_id=self._boot_id, energises=command.energises
            )
