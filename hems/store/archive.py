"""The records as others may read them while the daemon writes: curves, and files for a spreadsheet."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from hems.model.errors import StoreError
from hems.model.instant import Instant
from hems.model.trend import Trend
from hems.store.aggregate import SECONDS
from hems.store.trends import MOST_MINUTES, trend

FOLDER = "export"
KEPT = 20
"""Files kept; older ones go, so that nobody fills the disk by pressing a key."""


class FileArchive:
    """One directory of records."""

    def __init__(self, directory: Path, boot_id: str, settle: Callable[[], object] = lambda: None) -> None:
        """`settle` is called first, so that the newest minutes are among the records."""
        self._directory = directory
        self._boot_id = boot_id
        self._settle = settle

    def trend(self, names: Sequence[str], *, at: Instant, span_s: float, steps: int) -> Trend:
        """The last `span_s` seconds before `at` in even steps.  Raises: StoreError."""
        self._settle()
        return trend(self._directory, names, at=at, span_s=span_s, steps=steps, boot_id=self._boot_id)

    def export(self, names: Sequence[str], *, at: Instant, span_s: float) -> Path:
        """A table of means, a line for each minute, or for longer steps beyond a week.  Raises: StoreError."""
        steps = max(1, min(MOST_MINUTES, round(span_s / SECONDS)))
        told = self.trend(names, at=at, span_s=span_s, steps=steps)
        stamp = f"{at.mono_s:.0f}s" if at.utc is None else f"{at.utc:%Y%m%d-%H%M%S}"
        path = self._directory / FOLDER / f"history-{stamp}.csv"
        try:
            path.parent.mkdir(exist_ok=True)
            for old in sorted(path.parent.glob("history-*.csv"), key=lambda one: one.stat().st_mtime)[: 1 - KEPT]:
                old.unlink(missing_ok=True)
            with path.open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows(_lines(told))
        except OSError as error:
            with suppress(OSError):  # half a table is none, and takes room where there is too little
                path.unlink(missing_ok=True)
            raise StoreError(f"{path} cannot be written: {error.strerror}. Look whether the disk is full.") from error
        return path


def _lines(told: Trend) -> Iterator[list[str]]:
    """Times in UTC, or seconds before the end while the clock was not checked."""
    yield ["utc" if told.until else "seconds_before", *(curve.series for curve in told.curves)]
    steps = len(told.curves[0].points) if told.curves else 0
    for number in range(steps):
        before_s = told.span_s - number * told.step_s
        yield [_when(told, before_s), *(_figure(curve.points[number]) for curve in told.curves)]


def _when(told: Trend, before_s: float) -> str:
    if told.until is None:
        return f"{before_s:.0f}"
    return (datetime.fromisoformat(told.until) - timedelta(seconds=before_s)).isoformat(timespec="seconds")


def _figure(value: float | None) -> str:
    """Empty where nothing is known: a spreadsheet then leaves it out of its sums."""
    return "" if value is None else f"{value:.6g}"
