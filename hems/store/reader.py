"""What was recorded, for reports and the command line; reads beside a running daemon and never writes."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hems.model.cause import Cause, Why
from hems.model.errors import StoreError
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.store.aggregate import SECONDS
from hems.store.keeping import TABLES
from hems.store.kind import HISTORY, STATE
from hems.store.looking import to_look_at
from hems.store.packed import taught
from hems.store.ring import unpack
from hems.store.saved import unpacked_state
from hems.store.stamp import instant
from hems.wording.language import say

_EVENTS = (
    "SELECT mono_s, coalesce(utc_s, mono_s + utc_offset_s) AS at_s, kind, subject, why, facts "
    "FROM events JOIN boots ON boots.id = boot {where} ORDER BY events.id"
)
_SINCE = (
    "WHERE events.id >= (SELECT min(e.id) FROM events e JOIN boots b ON b.id = e.boot "
    "WHERE coalesce(e.utc_s, e.mono_s + b.utc_offset_s) >= ?)"
)
_COARSEST_FIRST = " UNION ALL ".join(
    f"SELECT {table.size} AS size, id, boot, minute, n, mean, low, high FROM {table.one_by_one} "
    "WHERE (only_series IS NULL OR only_series = :series) AND series = :series"
    for table in reversed(TABLES.values())
)
_SERIES = (
    "SELECT boot, minute, minute * :seconds + utc_offset_s AS at_s, sum(n), sum(mean * n) / nullif(sum(n), 0), "
    f"min(low), max(high) FROM ({_COARSEST_FIRST}) AS kept JOIN boots ON boots.id = boot "
    "GROUP BY size, boot, minute {having} ORDER BY size DESC, min(kept.id), minute"
)
_FRAMES = "SELECT packed FROM frames ORDER BY id"


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteSample:
    """One series in one minute."""

    at: Instant
    """Beginning of the minute; `utc` is None for a boot in which the wall clock never became good."""
    n: int
    """Known values in it; 0 when nothing was known all the minute."""
    mean: float | None
    low: float | None
    high: float | None


def events(directory: Path, since: datetime | None = None) -> list[Event]:
    """What happened, in order; with `since`, from the first event known to be no older.  Raises: StoreError."""
    with opened(directory) as connection:
        sql = _EVENTS.format(where="" if since is None else _SINCE)
        rows = connection.execute(sql, () if since is None else (since.timestamp(),)).fetchall()
    try:
        return [
            Event(instant(mono_s, epoch_s), EventKind(kind), subject, Cause(Why(why), json.loads(facts)))
            for mono_s, epoch_s, kind, subject, why, facts in rows
        ]
    except ValueError as error:
        raise StoreError(f"{directory / HISTORY.name} has an event that this hems does not know: {error}.") from error


def series(directory: Path, name: str, since: datetime | None = None) -> list[MinuteSample]:
    """Samples of one series, in order: by the minute, older ones by the quarter or the day.  Raises: StoreError."""
    with opened(directory) as connection:
        sql = _SERIES.format(having="" if since is None else "HAVING at_s >= :since")
        asked = {"seconds": SECONDS, "since": None if since is None else since.timestamp()}
        number = connection.execute("SELECT id FROM series WHERE name = ?", (name,)).fetchone()
        rows = connection.execute(sql, asked | {"series": number and number[0]}).fetchall()
    return [
        MinuteSample(at=instant(minute * SECONDS, epoch_s), n=n, mean=mean, low=low, high=high)
        for _, minute, epoch_s, n, mean, low, high in rows
    ]


def series_names(directory: Path) -> list[str]:
    """Every series that was ever recorded.  Raises: StoreError."""
    with opened(directory) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM series ORDER BY name")]


def frames(directory: Path) -> list[str]:
    """Full inputs around events, as the JSON texts that were handed over, in order.  Raises: StoreError."""
    with opened(directory) as connection:
        return [text for (packed,) in connection.execute(_FRAMES) for text in unpack(packed)]


@contextmanager
def opened(directory: Path, name: str = HISTORY.name) -> Iterator[sqlite3.Connection]:
    """A file of the store for reading, beside whoever writes it.  Raises: StoreError, also what fails in use."""
    path = directory / name
    if not path.exists():
        told = say("{path} does not exist. Nothing has been recorded there; check the state directory.", path=path)
        raise StoreError(told)
    try:
        with closing(taught(to_look_at(path))) as connection:
            yield connection
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be read: {error}.") from error


def saved_state(directory: Path) -> str:
    """The control state as last saved; empty before the first time.  Raises: StoreError."""
    with opened(directory, STATE.name) as connection:
        row = connection.execute("SELECT blob FROM saved").fetchone()
    return unpacked_state(row[0]) if row is not None else ""
