"""What is kept for how long: minutes become quarters of an hour, and those become days; all else goes in the end.

It is done in small pieces, one now and then, so that nothing waits for it.  How old a row is needs no clock: where the
time of day was not known, the time for which hems has run since then counts, which is never more than the true age.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any, Self

from hems.model.units import DAY_S
from hems.store.aggregate import SECONDS
from hems.store.hours import HOUR
from hems.store.packed import ONE_BY_ONE

YEAR_S = 365.25 * DAY_S
PIECE_MINUTES = 10_000
"""Most rows made fewer or dropped at a time: some 30 ms of a processor."""
QUARTER, DAY = 15, 1440
"""In minutes."""


@dataclass(frozen=True, slots=True)
class Table:
    """One that holds means."""

    size: int
    """Minutes that one mean stands for."""
    covers: int
    """Minutes that one row covers; the column `minute` is the first of them."""
    one_by_one: str
    """Its means as rows, for a FROM; `only_series` is that of all that a row of the table holds, if it is one."""

    @property
    def piece_rows(self) -> int:
        """Most rows to work on at a time."""
        return PIECE_MINUTES * self.size // self.covers


TABLES = {
    "packs": Table(1, HOUR, ONE_BY_ONE),
    "quarters": Table(QUARTER, QUARTER, "(SELECT *, series AS only_series FROM quarters)"),
    "days": Table(DAY, DAY, "(SELECT *, series AS only_series FROM days)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """For how long each kind of record is kept."""

    minutes_s: float = 60 * DAY_S
    quarters_s: float = 3 * YEAR_S
    frames_s: float = 60 * DAY_S
    """Full inputs, second by second, around events."""
    events_s: float = 10 * YEAR_S

    @classmethod
    def days(cls, *, minutes: int, quarters: int, inputs: int, events: int) -> Self:
        """The same in days."""
        return cls(
            minutes_s=minutes * DAY_S, quarters_s=quarters * DAY_S, frames_s=inputs * DAY_S, events_s=events * DAY_S
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The present, by both clocks and as the file names this boot."""

    boot: int
    mono_s: float
    utc_s: float | None


def thin(connection: sqlite3.Connection, keep: Keep, now: Now) -> None:
    """Do a piece of what is due, oldest first; cheap where nothing is."""
    _roll(connection, "packs", "quarters", keep.minutes_s, now)
    _roll(connection, "quarters", "days", keep.quarters_s, now)
    _drop(connection, "frames", "last_s", keep.frames_s, now)
    _drop(connection, "events", "mono_s", keep.events_s, now)


def _roll(connection: sqlite3.Connection, source: str, target: str, kept_s: float, now: Now) -> None:
    """Put the oldest whole stretches of `source` into `target`, once they are old enough."""
    oldest = connection.execute(f"SELECT id, boot, minute FROM {source} ORDER BY id LIMIT 1").fetchone()
    size = TABLES[target].size
    stretch = max(size, TABLES[source].covers)
    if oldest is None or _age_s(connection, oldest[1], (oldest[2] + stretch) * SECONDS, now) <= kept_s:
        return
    first, boot, minute = oldest
    limit = connection.execute(
        f"SELECT max(id) FROM (SELECT id FROM {source} WHERE id >= ? ORDER BY id LIMIT ?)",
        (first, TABLES[source].piece_rows),
    ).fetchone()[0]
    young = (minute // stretch + 1) * stretch
    while _age_s(connection, boot, (young + stretch) * SECONDS, now) > kept_s and young < minute + 96 * stretch:
        young += stretch
    found: Any = {"first": first, "limit": limit, "boot": boot, "young": young, "size": size}
    other = f"SELECT id FROM {source} WHERE id > :first AND (boot != :boot OR minute >= :young) ORDER BY id LIMIT 1"
    ends = connection.execute(other, found).fetchone()
    found["last"] = min(limit + 1, ends[0]) if ends else limit + 1
    connection.execute(
        f"INSERT INTO {target} (boot, minute, series, n, mean, low, high) "
        "SELECT boot, minute - minute % :size, series, sum(n), sum(mean * n) / nullif(sum(n), 0), min(low), max(high) "
        f"FROM {TABLES[source].one_by_one} WHERE id >= :first AND id < :last GROUP BY 2, 3 ORDER BY 2, 3",
        found,
    )
    connection.execute(f"DELETE FROM {source} WHERE id >= :first AND id < :last", found)


def _drop(connection: sqlite3.Connection, table: str, column: str, kept_s: float, now: Now) -> None:
    """Forget the oldest rows of a table that are old enough, a few at a time."""
    rows = connection.execute(f"SELECT id, boot, {column} FROM {table} ORDER BY id LIMIT 100").fetchall()
    old = [row for row in rows if _age_s(connection, row[1], row[2], now) > kept_s]
    connection.executemany(f"DELETE FROM {table} WHERE id = ?", [(row[0],) for row in old])


def _age_s(connection: sqlite3.Connection, boot: int, mono_s: float, now: Now) -> float:
    """How long ago something was in the boot of that number; at least, where the time of day is not known."""
    if boot == now.boot:
        return now.mono_s - mono_s
    offset_s, last_s = connection.execute("SELECT utc_offset_s, last_s FROM boots WHERE id = ?", (boot,)).fetchone()
    if now.utc_s is not None and offset_s is not None:
        return now.utc_s - (mono_s + float(offset_s))
    since = connection.execute(
        "SELECT coalesce(sum(last_s), 0.0) FROM boots WHERE id > ? AND id != ?", (boot, now.boot)
    ).fetchone()[0]
    return max(0.0, (last_s or mono_s) - mono_s) + float(since) + now.mono_s
