"""Old minutes become quarters of an hour and days, with and without a clock; what they say stays the same."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from hems.store import reader
from hems.store.keeping import DAY_S, PIECE_MINUTES, Keep
from hems.store.packed import ONE_BY_ONE, taught
from hems.store.store import Store, StoreLimits
from hems.store.trends import trend
from hems.store.writer import AtOnce
from tests.store.given import at, event, rows

SHORT = Keep(minutes_s=DAY_S, quarters_s=3 * DAY_S, frames_s=DAY_S, events_s=2 * DAY_S)


def recorded(directory: Path, days: float, *, boot: str = "boot-a", clock: bool = True, first_s: float = 0.0) -> float:
    """A value each ten minutes that is the number of the day, an event each day; the last instant."""
    store = Store(directory, boot_id=boot, writer=AtOnce(), limits=StoreLimits(flush_s=3600.0, keep=SHORT))
    store.start(at(first_s, clock=clock))
    moment_s = first_s
    for step in range(int(days * 144)):
        moment_s = first_s + step * 600.0
        store.record_samples(at(moment_s, clock=clock), {"load_w": float(moment_s // DAY_S)})
        if step % 144 == 0:
            store.record_events([event(moment_s, clock=clock)])
    store.stop()
    return moment_s


@pytest.mark.parametrize("clock", [True, False], ids=["with a clock", "a site that never knew the time"])
def test_old_minutes_become_quarters_and_then_days(tmp_path: Path, clock: bool) -> None:
    # given eight days of records of which one is kept by the minute and two more by the quarter
    recorded(tmp_path, 8.0, clock=clock)

    # then
    spans = {
        table: rows(tmp_path, "history.db", f"SELECT min(minute) / 1440, max(minute) / 1440 FROM {table}")[0]
        for table in ("packs", "quarters", "days")
    }
    assert spans == {"packs": (6, 7), "quarters": (4, 6), "days": (0, 3)}
    assert rows(tmp_path, "history.db", "SELECT mean, n FROM days") == [(0, 144), (1, 144), (2, 144), (3, 144)]

    # and all of it is read as one story
    story = reader.series(tmp_path, "load_w")
    assert sum(one.n for one in story) == 8 * 144
    assert [one.mean for one in story] == sorted(one.mean or 0.0 for one in story)
    assert [one.at.mono_s for one in reader.events(tmp_path)] == [day * DAY_S for day in (6, 7)]


def test_a_curve_over_all_of_it_has_no_hole(tmp_path: Path) -> None:
    end_s = recorded(tmp_path, 8.0)
    (load,) = trend(tmp_path, ["load_w"], at=at(end_s), span_s=8 * DAY_S - 600.0, steps=8).curves
    assert load.mean == pytest.approx(3.5, abs=0.1)
    assert [point is not None for point in load.points] == [True] * 8
    assert list(load.points) == sorted(point or 0.0 for point in load.points)


def test_restarts_without_a_clock_count_by_the_time_that_hems_ran(tmp_path: Path) -> None:
    # given a machine that never knew the time and was started anew every day
    for number in range(6):
        recorded(tmp_path, 1.0, boot=f"boot-{number}", clock=False)

    # then what was recorded days of running ago is kept by the day, and nothing is lost
    assert rows(tmp_path, "history.db", "SELECT count(*) FROM days")[0][0] >= 1
    assert sum(one.n for one in reader.series(tmp_path, "load_w")) == 6 * 144


def test_it_is_done_in_small_pieces(tmp_path: Path) -> None:
    # given two days of forty series that were recorded while nothing was made fewer
    store = Store(tmp_path, boot_id="boot-a", writer=AtOnce(), limits=StoreLimits(flush_s=7200.0))
    store.start(at(0))
    names = [f"series/{number}" for number in range(40)]
    for minute in range(2880):
        store.record_samples(at(60.0 * minute), dict.fromkeys(names, 1.0))
    store.stop()
    before = _count(tmp_path)

    # when hems runs for one flush with shorter times to keep
    limits = StoreLimits(keep=replace(SHORT, minutes_s=60.0))
    store = Store(tmp_path, boot_id="boot-a", writer=AtOnce(), limits=limits)
    store.start(at(4 * DAY_S))
    store.record_samples(at(4 * DAY_S), {"series/0": 1.0})
    store.stop()

    # then no more than a piece is gone
    assert before - PIECE_MINUTES - 60 <= _count(tmp_path) < before


def test_once_an_hour_is_over_each_series_has_a_pack_of_its_own(tmp_path: Path) -> None:
    # given two hours and a half of three series, as they are flushed on a site
    store = Store(tmp_path, boot_id="boot-a", writer=AtOnce(), limits=StoreLimits(flush_s=60.0))
    store.start(at(0))
    for minute in range(150):
        store.record_samples(at(60.0 * minute), {"a": float(minute), "b": -float(minute), "c": None})
    store.stop()

    # then the two whole hours are six rows, in the order of time, and nothing is lost
    packs = "SELECT minute, series FROM packs WHERE series IS NOT NULL ORDER BY id"
    assert rows(tmp_path, "history.db", packs) == [(hour, one) for hour in (0, 60) for one in (1, 2, 3)]
    assert [one.mean for one in reader.series(tmp_path, "b")] == [-float(minute) for minute in range(150)]
    assert [(one.n, one.mean) for one in reader.series(tmp_path, "c")] == [(0, None)] * 150


def test_a_site_of_five_hundred_series_loses_no_more_than_a_small_one(tmp_path: Path) -> None:
    # given a very large site whose power is cut in mid-minute
    (tmp_path / "live").mkdir()
    store = Store(tmp_path / "live", boot_id="boot-a", writer=AtOnce())
    store.start(at(0))
    names, chance = [f"series/{number}" for number in range(500)], Random(1)
    for second in range(100):
        store.record_samples(at(second), {name: chance.random() for name in names})
    cut = shutil.copytree(tmp_path / "live", tmp_path / "cut")

    # when hems runs again
    store = Store(cut, boot_id="boot-b", writer=AtOnce())
    store.start(at(0))
    store.record_samples(at(0), dict.fromkeys(names, 0.0))
    store.stop()

    # then the last ten seconds are missing and no more
    assert sum(one.n for one in reader.series(cut, names[499])) == 91 + 1


def _count(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "history.db")) as connection:
        return int(taught(connection).execute(f"SELECT count(*) FROM {ONE_BY_ONE}").fetchone()[0])
