"""The store as the daemon holds it: two files, one writer, started and stopped together."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from hems.model.errors import StoreError
from hems.model.event import Event
from hems.model.instant import Instant
from hems.model.left import Left
from hems.store.archive import FOLDER as EXPORTS
from hems.store.arming import Arming
from hems.store.audit import Audit
from hems.store.boot import machine_boot_id
from hems.store.database import Database
from hems.store.forget import drop_exports
from hems.store.health import StoreHealth
from hems.store.history import History
from hems.store.journal import Journal
from hems.store.keeping import Keep
from hems.store.kind import HISTORY, STATE
from hems.store.people import People
from hems.store.ring import Ring
from hems.store.saved import SavedState, Saving
from hems.store.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLimits:
    """How often and how much is written."""

    flush_s: float = 10.0
    """Samples lost at most by a crash."""
    commit_time_out_s: float = 2.0
    """How long an energising command waits for its journal entry."""
    save_every_s: float = 600.0
    """Spacing of control states that are not urgent: of forty circuits each costs some 50 kB on the card."""
    history_bytes: int = 2_000_000_000
    """`history.db` grows no further than this, so that it cannot take the disk from `state.db`."""
    keep: Keep = field(default_factory=Keep)


class Store:
    """Everything that outlives the daemon.

    Only `journal.commit`, `arming.arm` and the writing of `people` raise for a fault of the disk; the rest shows in
    `health` and goes on trying.
    """

    def __init__(
        self,
        directory: Path,
        *,
        limits: StoreLimits | None = None,
        boot_id: str | None = None,
        writer: Writer | None = None,
    ) -> None:
        """`writer` replaces the thread that writes, where time is not the machine's."""
        limits = limits or StoreLimits()
        boot_id = machine_boot_id() if boot_id is None else boot_id
        self._writer = writer or Writer()
        self._state = Database(directory, STATE)
        self._history_file = Database(directory, HISTORY, max_bytes=limits.history_bytes)
        self._history = History(
            self._history_file, self._writer, boot_id=boot_id, flush_s=limits.flush_s, keep=limits.keep
        )
        self._saving = Saving(self._state, self._writer, boot_id=boot_id, every_s=limits.save_every_s)
        self.journal = Journal(self._state, self._writer, boot_id=boot_id, time_out_s=limits.commit_time_out_s)
        self.arming = Arming(self._state, self._writer, boot_id=boot_id)
        self.audit = Audit(self._state, self._writer, boot_id=boot_id)
        self.people = People(self._state, self._writer)

    @property
    def ring(self) -> Ring:
        """Full inputs of the last minute; `ring.trigger` keeps those around an event."""
        return self._history.ring

    @property
    def health(self) -> StoreHealth:
        """How both files are doing; cheap."""
        state = self._state.health
        if state.ok and not self._writer.alive:
            state = replace(state, failed_since_s=0.0, why="The store is not running.")
        return StoreHealth(state=state, history=self._history_file.health)

    def start(self, at: Instant) -> None:
        """Read what earlier runs left and begin writing.  Never raises for a fault of the disk: see `health`."""
        self._state.take_up(self._read, now_s=at.mono_s)
        self._writer.submit(self.journal.shorten)
        self._writer.start()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Write what waits and close; False when that took too long and the rest is lost."""
        self._writer.submit(self._write_all)
        finished = self._writer.stop(timeout_s)
        if finished:
            self._state.close()
            self._history_file.close()
        return finished

    def drain(self, timeout_s: float = 5.0) -> bool:
        """Wait until all that was handed over is written or has failed to be, also what its flush was not due for."""
        self._writer.submit(self._write_all)
        return self._writer.drain(timeout_s)

    def record_samples(self, at: Instant, values: Mapping[str, float | None]) -> None:
        """Add one tick's values, by series name, to their minute.  None says that nothing was known."""
        if self._history.record_samples(at, values):
            self._writer.submit(self._write_state)  # the flush is also when failed writes are tried again

    def record_events(self, events: Sequence[Event]) -> None:
        """Write events at once, in order."""
        self._history.record_events(events)

    def save_state(self, blob: str, at: Instant, *, at_once: bool = False) -> None:
        """Keep the control state for the next start; `at_once` for a change of mode or an override."""
        self._saving.save(blob, at, at_once=at_once)

    def load_state(self) -> SavedState | None:
        """The control state that the file held at the start."""
        return self._saving.loaded

    def left(self, now: Instant) -> Left:
        """What an earlier run has left, with its times on the present clock."""
        told = {role: position.value for role, position in self.journal.last_positions().items()}
        saved = self.load_state()
        return Left(told=told) if saved is None else Left(blob=saved.blob, shift_s=saved.shift_s(now), told=told)

    def flush(self, then: Callable[[], None]) -> None:
        """Write all that waits, in the writer's own time, and do `then` after it; it must not raise."""
        self._writer.submit(self._write_all)
        self._writer.submit(then)

    def beside(self, job: Callable[[], None]) -> None:
        """Do some other writing in the writer's own time; it must not raise."""
        self._writer.submit(job)

    async def forget_bay(self, bay: str) -> None:
        """Take out of the history what tells of the cars of a bay.  Raises: StoreError when it cannot be done."""
        done: Future[None] = Future()
        if not self._writer.submit(lambda: self._history.forget(bay, done)):
            raise StoreError("Nothing can be changed: hems is stopping.")
        await asyncio.wrap_future(done)
        drop_exports(self._state.path.parent / EXPORTS)

    def keep_copy(self, at: Instant) -> None:
        """Copy the small file aside, in the writer's own time; a failure shows in `health`."""
        self._writer.submit(lambda: self._copy(at))

    def _copy(self, at: Instant) -> None:
        with suppress(StoreError):  # shows in the health
            self._state.copy(at.mono_s)

    def _read(self, connection: sqlite3.Connection) -> None:
        self.journal.read(connection)
        self._saving.read(connection)
        self.arming.read(connection)
        self.audit.read(connection)
        self.people.read(connection)

    def _write_state(self) -> None:
        self.journal.write_noted()
        self.arming.write()
        self.audit.write()
        self._saving.write_due()

    def _write_all(self) -> None:
        self._write_state()
        self._saving.write()
        self._history.end()
