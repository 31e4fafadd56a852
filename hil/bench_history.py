"""What the history writes to the disk for each value that it is given, with at most ten seconds lost by a power cut.

Beside it the same values as rows of a table without an index, in append order, committed as often: what storing takes.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from hems.model.instant import Instant
from hems.store.store import Store
from hems.store.writer import AtOnce
from hil.bench_row import Row, unmeasured

SERIES = 500
HOURS = 2
ROWS_S = 600
FLUSH_S = 10
BEGAN = datetime(2026, 1, 15, 8, tzinfo=UTC)


WHAT = f"history, {SERIES} values a second, at most 10 s lost"


def rows() -> Iterator[Row]:
    """Written beside stored, and what is kept of it in the end."""
    if not Path("/proc/self/io").exists():
        yield unmeasured(WHAT, "the kernel does not count what is written")
        return
    with tempfile.TemporaryDirectory(prefix="hems-bench-", dir="/var/tmp") as name:
        written, kept = _history(Path(name))
        stored = _rows(Path(name) / "rows.db")
    figure = f"{written:.2f} B written for each value"
    beside = f"rows of the same values as stored, {stored:.1f} B each"
    yield Row(what=WHAT, yardstick=beside, figure=figure, value=written / stored, least=4.0, aim=2.5)
    yield Row(what=WHAT, yardstick=f"the minutes kept of them, {kept:.2f} B", figure=figure, value=written / kept)


def _history(directory: Path) -> tuple[float, float]:
    """Bytes written and bytes kept for each value."""
    store, chance = Store(directory, boot_id="bench", writer=AtOnce()), Random(1)
    names = [f"circuits/circuit_{number}/power_w" for number in range(SERIES)]
    store.start(_at(0))
    store.record_samples(_at(0), dict.fromkeys(names, 0.0))
    store.drain()
    before, size = bytes_written(), (directory / "history.db").stat().st_size
    for second in range(1, HOURS * 3600 + 1):
        store.record_samples(_at(second), {name: 100.0 * chance.random() for name in names})
    store.drain()
    written, points = bytes_written() - before, SERIES * HOURS * 3600
    store.stop()
    return written / points, ((directory / "history.db").stat().st_size - size) / points


def _rows(path: Path) -> float:
    """Bytes that one value takes as a row."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE points (at REAL, series INTEGER, value REAL)")
        empty, chance = path.stat().st_size, Random(1)
        for begins in range(0, ROWS_S, FLUSH_S):
            rows = [
                (float(second), one, 100.0 * chance.random())
                for second in range(begins, begins + FLUSH_S)
                for one in range(SERIES)
            ]
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO points VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")
    return (path.stat().st_size - empty) / (ROWS_S * SERIES)


def _at(second: int) -> Instant:
    return Instant(float(second), BEGAN + timedelta(seconds=second))


def bytes_written() -> int:
    """What this process has given to disks so far, as the kernel counts it."""
    told = (line.split(": ") for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines())
    return {name: int(value) for name, value in told}["write_bytes"]
