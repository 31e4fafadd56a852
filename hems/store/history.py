"""The log: minutes in append order, events at once, frames around events.  Expendable, never waited for.

Every flush has the newest minutes on the disk (`fresh`); before they outgrow that they become a pack of all series, and
the packs of an hour one for each series (`hours`).
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from hems.model.errors import StoreError
from hems.model.event import Event
from hems.model.instant import Instant
from hems.store.aggregate import SECONDS, Cell, Minutes
from hems.store.backlog import Backlog
from hems.store.database import Database
from hems.store.forget import pieces
from hems.store.fresh import FRESH, MOST_BLOCKS, Fresh, Left, Numbers, identity
from hems.store.hours import HOUR, add_mixed, gather
from hems.store.keeping import Keep, Now, thin
from hems.store.kind import Durability
from hems.store.ring import Frame, Ring, pack
from hems.store.stamp import utc_s
from hems.store.writer import Writer

_MOST_CELLS = 20_000
"""Finished minutes held while the file cannot be written: some five hours of sixty series."""
_MOST_EVENTS = 5_000
_MOST_FRAMES = 1_800
_OFFSET_STEP_S = 1.0
"""The wall clock's offset is recorded again when it has moved by this much."""
_RESTAMP_S = 2.0
"""A wall clock that moves by more was set, and not only corrected."""
_TELL_S = 3600.0
"""So often it is noted how long this boot lasts by now: the age of what a boot without a clock recorded hangs on it."""
_NEARLY_FULL = 0.9
_GIVE_UP_SHARE = 0.02
"""Of all minutes and frames, each minute that the file is nearly full."""

_ADD_BOOT = (
    "INSERT INTO boots (boot_id, utc_offset_s) VALUES (?, ?) "
    "ON CONFLICT (boot_id) DO UPDATE SET utc_offset_s = coalesce(excluded.utc_offset_s, utc_offset_s)"
)
_ADD_EVENT = "INSERT INTO events (boot, mono_s, utc_s, kind, subject, why, facts) VALUES (?, ?, ?, ?, ?, ?, ?)"
_ADD_FRAMES = "INSERT INTO frames (boot, first_s, last_s, n, packed) VALUES (?, ?, ?, ?, ?)"

_Row = tuple[Any, ...]
_Work = Callable[[sqlite3.Connection], bool]


class History:
    """Fills `history.db`.  `record_*` are called by the loop and return at once; `write*` are jobs of the writer."""

    def __init__(self, file: Database, writer: Writer, *, boot_id: str, flush_s: float, keep: Keep) -> None:
        self._file = file
        self._writer = writer
        self._boot_id = boot_id
        self._flush_s = flush_s
        self._keep = keep
        self._flushed_s = float("-inf")
        self._now_s = 0.0
        self._room_made_s = float("-inf")
        self._told_s = float("-inf")
        self._minutes = Minutes(_MOST_CELLS)
        self._events = Backlog[_Row](_MOST_EVENTS)
        self._frames = Backlog[Frame](_MOST_FRAMES)
        self._utc_offset_s: float | None = None
        self._written_offset_s: float | None = None
        self._fresh = Fresh(file.path.with_name(FRESH))
        self._left: Left | None = None
        """The minutes in which an earlier run ended, until they are among the packs; None before they are read."""
        self._aside = ""
        self._numbers: Numbers | None = None
        """None while the database has to be asked, and at first."""
        self.ring = Ring(self._frames)

    def record_samples(self, at: Instant, values: Mapping[str, float | None]) -> bool:
        """Take one tick's values; True when a flush came due with it."""
        self._tell_time(at)
        self._file.add_dropped(self._minutes.add(at.mono_s, values))
        if at.mono_s - self._flushed_s < self._flush_s:
            return False
        self._flushed_s = at.mono_s
        self._writer.submit(self.write)
        return True

    def record_events(self, events: Sequence[Event]) -> None:
        """Write events as soon as the writer is free."""
        if events:
            self._tell_time(events[-1].at)
            self._file.add_dropped(self._events.add(_row(event) for event in events))
            self._writer.submit(self.write_events)

    def end(self) -> None:
        """Make packs of everything, also of the minute that has only begun, and write what else waits."""
        self._minutes.end()
        self.write()
        self._fold()

    def write(self) -> None:
        """Write everything that waits, each kind in its own transaction."""
        self.write_events()
        self._make_room()
        self._write_samples()
        self._write_frames()

    def forget(self, bay: str, done: Future[None]) -> None:
        """Job of the writer: take out what tells of a bay, a piece at a time, and let urgent jobs pass in between."""
        self.end()
        self.ring.forget()
        self._forget_on(pieces(bay, self._now_s), None, done)

    def _forget_on(self, works: Iterator[_Work], work: _Work | None, done: Future[None]) -> None:
        work = work or next(works, None)
        if work is None:
            done.set_result(None)
            return
        try:
            more = self._file.transact(work, now_s=self._now_s)
        except StoreError as error:
            done.set_exception(error)
            return
        again = work if more else None
        self._writer.submit(lambda: self._forget_on(works, again, done))

    def write_events(self) -> None:
        """Write events so that they survive a power cut: they are few, and the report hangs on them."""
        rows, mark = self._events.waiting()
        if rows and self._add(_ADD_EVENT, rows, durability=Durability.FULL):
            self._events.done(mark)

    def _make_room(self) -> None:
        # a little at a time: what is old is made fewer, and before the file reaches its limit the oldest goes
        if self._now_s - self._room_made_s >= SECONDS:
            self._room_made_s = self._now_s
            self._transact(self._thin)
            self._transact(_delete_oldest)

    def _thin(self, connection: sqlite3.Connection) -> None:
        boot, offset_s = self._boot(connection), self._utc_offset_s
        if self._now_s - self._told_s >= _TELL_S:
            connection.execute("UPDATE boots SET last_s = ? WHERE id = ?", (self._now_s, boot))
            self._told_s = self._now_s
        utc_s = None if offset_s is None else offset_s + self._now_s
        gather(connection, boot, self._now_s)
        thin(connection, self._keep, Now(boot=boot, mono_s=self._now_s, utc_s=utc_s))

    def _write_samples(self) -> None:
        cells = [*self._minutes.finished(), *self._minutes.running()]
        hours = {cell.minute // HOUR for cell in cells}
        if len(hours) > 1 or (cells and not (self._numbers and self._fresh.keep(self._numbers, cells))):
            self._fold()

    def _fold(self) -> None:
        """Make a pack of the finished minutes and of what was left, and keep none but the running minute fresh."""
        if self._left is None:
            self._left = self._fresh.left()
        finished, present = self._minutes.finished(), self._minutes.running()
        if not (finished or present or self._left.cells):
            return
        if self._transact(lambda connection: self._put(connection, finished, present), durability=Durability.FULL):
            self._left = Left(0, 0, ())
            self._minutes.written(finished)
        if self._numbers:
            self._fresh.keep(self._numbers, present, blocks=MOST_BLOCKS)

    def _write_frames(self) -> None:
        frames, mark = self._frames.waiting()
        if frames:
            row = (frames[0].mono_s, frames[-1].mono_s, len(frames), pack(frames))
            if self._add(_ADD_FRAMES, [row]):
                self._frames.done(mark)

    def _add(self, statement: str, rows: Sequence[_Row], *, durability: Durability = Durability.NORMAL) -> bool:
        def work(connection: sqlite3.Connection) -> None:
            """One transaction."""
            boot = self._boot(connection)
            connection.executemany(statement, [(boot, *row) for row in rows])

        return self._transact(work, durability=durability)

    def _transact(
        self, work: Callable[[sqlite3.Connection], None], *, durability: Durability = Durability.NORMAL
    ) -> bool:
        try:
            self._file.transact(work, now_s=self._now_s, durability=durability)
        except StoreError:  # shows in the file's health; what waits is tried again with the next flush
            self._written_offset_s = self._numbers = None
            return False
        if self._file.health.set_aside != self._aside:  # a new file numbers anew
            self._aside, self._numbers = self._file.health.set_aside, None
        return True

    def _put(self, connection: sqlite3.Connection, finished: Sequence[Cell], present: Sequence[Cell]) -> None:
        boot, series = self._boot(connection), _series(connection, [*finished, *present])
        database = _identity(connection)
        if self._left and self._left.database == database:
            add_mixed(connection, self._left.boot, self._left.cells)
        add_mixed(connection, boot, [(cell.minute, series[cell.name], *cell.figures()) for cell in finished])
        self._numbers = Numbers(database, boot, series)

    def _boot(self, connection: sqlite3.Connection) -> int:
        offset_s, written_s = self._utc_offset_s, self._written_offset_s
        moved = offset_s is not None and (written_s is None or abs(offset_s - written_s) >= _OFFSET_STEP_S)
        found = connection.execute("SELECT id FROM boots WHERE boot_id = ?", (self._boot_id,)).fetchone()
        if found is None or moved:
            connection.execute(_ADD_BOOT, (self._boot_id, offset_s))
            self._written_offset_s = offset_s
            found = connection.execute("SELECT id FROM boots WHERE boot_id = ?", (self._boot_id,)).fetchone()
        if moved and offset_s is not None and written_s is not None and abs(offset_s - written_s) >= _RESTAMP_S:
            # the clock was wrong until now: all that this boot has told of is placed anew by its own seconds
            connection.execute("UPDATE events SET utc_s = NULL WHERE boot = ?", (found[0],))
        return int(found[0])

    def _tell_time(self, at: Instant) -> None:
        self._now_s = at.mono_s
        epoch_s = utc_s(at)
        if epoch_s is not None:
            self._utc_offset_s = epoch_s - at.mono_s


def _delete_oldest(connection: sqlite3.Connection) -> None:
    pages, free, most = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "max_page_count")
    )
    if pages - free > _NEARLY_FULL * most:
        for table in ("packs", "quarters", "frames"):
            connection.execute(
                f"DELETE FROM {table} WHERE id <= (SELECT min(id) + ? * (max(id) - min(id)) FROM {table})",
                (_GIVE_UP_SHARE,),
            )


def _identity(connection: sqlite3.Connection) -> int:
    """A number that this file has for good, and no other."""
    found = identity(connection)
    if not found:
        found = int.from_bytes(os.urandom(3)) + 1
        connection.execute(f"PRAGMA application_id = {found}")
    return found


def _series(connection: sqlite3.Connection, cells: Sequence[Cell]) -> dict[str, int]:
    known: dict[str, int] = dict(connection.execute("SELECT name, id FROM series"))
    new = {cell.name for cell in cells} - known.keys()
    if new:
        connection.executemany("INSERT INTO series (name) VALUES (?)", [(name,) for name in sorted(new)])
        known = dict(connection.execute("SELECT name, id FROM series"))
    return known


def _row(event: Event) -> _Row:
    return (
        event.at.mono_s,
        utc_s(event.at),
        event.kind.value,
        event.subject,
        event.cause.why.value,
        json.dumps(dict(event.cause.facts)),
    )
