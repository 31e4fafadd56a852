"""Whose PIN, passphrase or bay code is known, as hashes in `state.db`."""

import asyncio
import sqlite3
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress

from hems.model.errors import StoreError
from hems.model.instant import Instant
from hems.model.people import Person
from hems.store.database import Database
from hems.store.stamp import utc_s
from hems.store.writer import Writer

_ALL = "SELECT name, role, hash FROM people"
_SET = "INSERT OR REPLACE INTO people (name, role, hash, set_by, utc_s) VALUES (?, ?, ?, ?, ?)"
_REMOVE = "DELETE FROM people WHERE name = ?"
_TIME_OUT_S = 5.0

_Statement = tuple[str, tuple[object, ...]]


class People:
    """The records; a change counts once it is on disk."""

    def __init__(self, file: Database, writer: Writer) -> None:
        self._file = file
        self._writer = writer
        self._known: dict[str, Person] = {}

    def known(self) -> Mapping[str, Person]:
        """Everybody by name."""
        return self._known

    async def set(self, person: Person, *, set_by: str, at: Instant) -> None:
        """Keep a person, in place of an older record of that name.  Raises: StoreError when it cannot be recorded."""
        await self._do((_SET, (person.name, person.role, person.hash, set_by, utc_s(at))), at)
        self._known = {**self._known, person.name: person}

    async def remove(self, name: str, *, at: Instant) -> None:
        """Forget a person.  Raises: StoreError when that cannot be recorded."""
        await self._do((_REMOVE, (name,)), at)
        self._known = {key: one for key, one in self._known.items() if key != name}

    def read(self, connection: sqlite3.Connection) -> None:
        """Take up what the file says."""
        self._known = {name: Person(name=name, role=role, hash=hash_) for name, role, hash_ in connection.execute(_ALL)}

    async def _do(self, statement: _Statement, at: Instant) -> None:
        done: Future[None] = Future()
        if not self._writer.submit(lambda: self._write(statement, at.mono_s, done)):
            raise StoreError("Nothing can be recorded: hems is stopping.")
        try:
            async with asyncio.timeout(_TIME_OUT_S):
                await asyncio.wrap_future(done)
        except TimeoutError:
            raise StoreError(f"{self._file.path} was not written within {_TIME_OUT_S:g} s.") from None

    def _write(self, statement: _Statement, now_s: float, done: "Future[None]") -> None:
        if not done.set_running_or_notify_cancel():
            return
        try:
            self._file.transact(lambda connection: connection.execute(*statement), now_s=now_s)
        except StoreError as error:
            done.set_exception(error)
        else:
            with suppress(StoreError):  # the copy that may have to take the file's place must not bring anybody back
                self._file.copy(now_s)
            done.set_result(None)
