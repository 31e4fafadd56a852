"""How recorded values went, in even steps, read beside the running daemon in a thread of its own.

The rows stand in the order in which they were written and have no index: a stretch is found by halving, and a long
one is read in pieces, one for each step, so that a year costs no more than a week.  What is older than the minutes is
found among the quarters of an hour and the days.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf
from pathlib import Path

from hems.model.instant import Instant
from hems.model.trend import Curve, Trend
from hems.store.aggregate import SECONDS
from hems.store.fresh import FRESH, Fresh, identity
from hems.store.keeping import TABLES
from hems.store.reader import opened
from hems.store.stamp import utc_s

MOST_MINUTES = 10_080
"""Minutes read at most: a week; as many quarters of an hour and days."""
_SLACK_S = 600.0
"""Rows stand in order but for this much, after a small correction of the clock."""

_PLACED = (
    "SELECT kept.id AS id, series, {figures} "
    "minute * :minute + CASE :boot WHEN '' THEN utc_offset_s ELSE 0.0 END AS at_s "
    "FROM {rows} AS kept JOIN boots ON boots.id = boot WHERE CASE :boot WHEN '' THEN utc_offset_s IS NOT NULL "
    "ELSE boot_id = :boot END AND kept.id >= :first AND kept.id < :last"
)
"""Rows that can be placed in time: of every boot whose clock became good, or of one boot by its own clock."""
_PIECE = (
    "SELECT name, cast((at_s - :start) / :step AS INTEGER), sum(n), sum(mean * n), min(low), max(high) "
    "FROM (" + _PLACED.replace("{figures}", "n, mean, low, high,") + " AND (only_series IS NULL OR only_series IN "
    "(SELECT id FROM series WHERE name IN ({names})))) JOIN series ON series.id = series "
    "WHERE at_s >= :from AND at_s < :to AND name IN ({names}) GROUP BY 1, 2"
)
_ONE = _PLACED.replace("{figures}", "") + " ORDER BY kept.id LIMIT 1"


@dataclass(slots=True)
class _Sum:
    """One step of one series while it is added up."""

    n: int = 0
    total: float = 0.0
    low: float = inf
    high: float = -inf


def trend(directory: Path, names: Sequence[str], *, at: Instant, span_s: float, steps: int, boot_id: str = "") -> Trend:
    """The last `span_s` seconds before `at` of the series `names`, in `steps` steps.

    While `at` has no time of day, only what the boot `boot_id` recorded can be placed.  Raises: StoreError.
    """
    step_s, end_s = span_s / steps, utc_s(at)
    share = min(1.0, MOST_MINUTES * SECONDS / span_s)
    cells: dict[str, dict[int, _Sum]] = {name: {} for name in names}
    boot = boot_id if end_s is None else ""
    with opened(directory) as connection:
        start_s = (at.mono_s if end_s is None else end_s) - span_s
        for table, kind in TABLES.items():
            for piece in _pieces(start_s, step_s, steps, share * kind.size, kind.size * SECONDS):
                _add(connection, table, cells, piece, boot, start_s, step_s)
        _add_newest(connection, directory, cells, boot, start_s, step_s)
    until = None if at.utc is None else at.utc.isoformat(timespec="seconds")
    curves = tuple(_curve(name, cells[name], steps) for name in names)
    return Trend(until=until, span_s=span_s, step_s=step_s, one_in=ceil(1.0 / share), curves=curves)


def _pieces(start_s: float, step_s: float, steps: int, share: float, row_s: float) -> list[tuple[float, float]]:
    if share >= 1.0:
        return [(start_s, start_s + steps * step_s)]
    least_s = max(share * step_s, row_s)
    return [(start_s + number * step_s, start_s + number * step_s + least_s) for number in range(steps)]


def _add(
    connection: sqlite3.Connection,
    table: str,
    cells: Mapping[str, dict[int, _Sum]],
    piece: tuple[float, float],
    boot: str,
    start_s: float,
    step_s: float,
) -> None:
    """Add up what was recorded in one piece of time."""
    slack_s = _SLACK_S + 2.0 * TABLES[table].covers * SECONDS  # what is packed comes an hour after what is not yet
    first = _first_at(connection, table, piece[0] - slack_s, boot)
    last = _first_at(connection, table, piece[1] + slack_s, boot)
    if first == last:
        return
    values = {f"name{number}": name for number, name in enumerate(cells)}
    places = {"first": first, "last": last, "from": piece[0], "to": piece[1], "start": start_s, "step": step_s}
    sql = _PIECE.format(rows=TABLES[table].one_by_one, names=",".join(f":{key}" for key in values))
    for name, number, n, total, low, high in connection.execute(
        sql, {**values, **places, "minute": SECONDS, "boot": boot}
    ):
        if n:
            cell = cells[name].setdefault(number, _Sum())
            cell.n, cell.total = cell.n + n, cell.total + total
            cell.low, cell.high = min(cell.low, low), max(cell.high, high)


def _add_newest(
    connection: sqlite3.Connection,
    directory: Path,
    cells: Mapping[str, dict[int, _Sum]],
    boot: str,
    start_s: float,
    step_s: float,
) -> None:
    """Add the minutes that are not in the database yet: who asks right after a power cut asks for these."""
    left = Fresh(directory / FRESH).left()
    of = "SELECT utc_offset_s FROM boots WHERE id = ?", "SELECT 0.0 FROM boots WHERE id = ? AND boot_id = ?"
    placed = connection.execute(of[bool(boot)], (left.boot, boot) if boot else (left.boot,)).fetchone()
    if placed is None or placed[0] is None or left.database != identity(connection):
        return
    names = dict(connection.execute("SELECT id, name FROM series"))
    for minute, series, n, mean, low, high in left.cells:
        into, number = cells.get(names.get(series, "")), int((minute * SECONDS + placed[0] - start_s) // step_s)
        if into is not None and n and mean is not None and low is not None and high is not None:
            cell = into.setdefault(number, _Sum())
            cell.n, cell.total = cell.n + n, cell.total + mean * n
            cell.low, cell.high = min(cell.low, low), max(cell.high, high)


def _first_at(connection: sqlite3.Connection, table: str, moment_s: float, boot: str) -> int:
    """The first row that is no older than a moment, by halving."""
    low, high = connection.execute(f"SELECT coalesce(min(id), 0), coalesce(max(id) + 1, 0) FROM {table}").fetchone()
    while low < high:
        middle = (low + high) // 2
        asked = {"first": middle, "last": high, "boot": boot, "minute": SECONDS}
        row = connection.execute(_ONE.format(rows=table), asked).fetchone()
        if row is None or row[-1] >= moment_s:
            high = middle
        else:
            low = row[0] + 1
    return int(low)


def _curve(name: str, cells: Mapping[int, _Sum], steps: int) -> Curve:
    known = [cells[number] for number in sorted(cells) if 0 <= number < steps]
    n = sum(cell.n for cell in known)
    points = tuple(_mean(cells.get(number)) for number in range(steps))
    return Curve(
        series=name,
        mean=sum(cell.total for cell in known) / n if n else None,
        low=min((cell.low for cell in known), default=None),
        high=max((cell.high for cell in known), default=None),
        last=next((point for point in reversed(points) if point is not None), None),
        points=points,
    )


def _mean(cell: _Sum | None) -> float | None:
    return None if cell is None or not cell.n else cell.total / cell.n
