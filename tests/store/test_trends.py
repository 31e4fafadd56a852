"""Curves of what was recorded: right in every step, also over restarts, years and a clock that is not good."""

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hems.model.errors import StoreError
from hems.store import trends
from hems.store.aggregate import Cell
from hems.store.archive import KEPT, FileArchive
from hems.store.fresh import FRESH, Fresh, Numbers, identity
from hems.store.trends import trend
from tests.store.given import at, started
from tests.store.test_journal import no_file_grows_beyond


def recorded(directory: Path, minutes: int, *, boot: str = "boot-a", first: int = 0, clock: bool = True) -> None:
    """One value a minute that is the number of the minute, and another series that is always 7."""
    store = started(directory, boot_id=boot, mono_s=60.0 * first)
    for minute in range(first, first + minutes):
        store.record_samples(at(60.0 * minute, clock=clock), {"load_w": float(minute), "pv_w": 7.0, "grid_w": None})
    store.stop()


def test_a_stretch_is_told_in_even_steps_with_its_mean_and_extremes(tmp_path: Path) -> None:
    recorded(tmp_path, 240)

    told = trend(tmp_path, ["load_w", "grid_w"], at=at(60.0 * 240), span_s=7200.0, steps=4)

    load, grid = told.curves
    assert load.points == (134.5, 164.5, 194.5, 224.5)
    assert (load.mean, load.low, load.high, load.last) == (179.5, 120.0, 239.0, 224.5)
    assert (grid.mean, grid.points) == (None, (None,) * 4)
    assert (told.one_in, told.step_s) == (1, 1800.0)


def test_a_gap_is_a_gap_and_a_restart_goes_on(tmp_path: Path) -> None:
    recorded(tmp_path, 60)
    recorded(tmp_path, 60, boot="boot-b", first=120)

    (load,) = trend(tmp_path, ["load_w"], at=at(60.0 * 180), span_s=10800.0, steps=3).curves

    assert load.points == (29.5, None, 149.5)


def test_the_newest_minutes_that_are_not_in_the_database_yet_count_as_well(tmp_path: Path) -> None:
    # given ten minutes in the database, and two after them beside it
    recorded(tmp_path, 10)
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection:
        database, series = identity(connection), dict(connection.execute("SELECT name, id FROM series"))
    newest = [Cell(minute, "load_w", 1, float(minute), float(minute), float(minute)) for minute in (10, 11)]
    fresh = Fresh(tmp_path / FRESH)
    fresh.left()  # as every run does: what it writes then is newer
    assert fresh.keep(Numbers(database, 1, series), newest)

    # when somebody asks right then
    (load,) = trend(tmp_path, ["load_w"], at=at(720.0), span_s=240.0, steps=4).curves

    # then nothing is missing, unless they belong to another database
    assert load.points == (8.0, 9.0, 10.0, 11.0)
    assert fresh.keep(Numbers(database + 1, 1, series), newest)
    (load,) = trend(tmp_path, ["load_w"], at=at(720.0), span_s=240.0, steps=4).curves
    assert load.points == (8.0, 9.0, None, None)
    fresh.close()


def test_without_a_checked_clock_this_boot_is_placed_by_its_own_clock_and_others_are_left_out(tmp_path: Path) -> None:
    recorded(tmp_path, 60, clock=False)
    recorded(tmp_path, 60, boot="boot-b", clock=False)

    now = at(3600.0, clock=False)
    (load,) = trend(tmp_path, ["load_w"], at=now, span_s=3600.0, steps=1, boot_id="boot-b").curves
    assert (load.mean, load.points) == (29.5, (29.5,))

    # and when the clock is good but was not in that boot, nothing of it is placed anywhere
    (load,) = trend(tmp_path, ["load_w"], at=at(3600.0), span_s=3600.0, steps=1).curves
    assert load.mean is None


def test_a_long_stretch_is_read_in_pieces_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends, "MOST_MINUTES", 30)
    recorded(tmp_path, 300)

    told = trend(tmp_path, ["load_w"], at=at(60.0 * 300), span_s=18000.0, steps=10)

    # of each half hour its first three minutes are read
    assert told.one_in == 10
    assert told.curves[0].points == tuple(30.0 * number + 1.0 for number in range(10))


def test_an_export_has_a_line_a_minute_and_old_ones_go(tmp_path: Path) -> None:
    recorded(tmp_path, 10)
    archive = FileArchive(tmp_path, "boot-a")

    path = archive.export(["load_w", "grid_w"], at=at(600.0), span_s=300.0)

    told = list(csv.reader(path.read_text().splitlines()))
    assert told[0] == ["utc", "load_w", "grid_w"]
    assert [line[1:] for line in told[1:]] == [[str(minute), ""] for minute in range(5, 10)]
    assert told[1][0] == "2027-01-15T08:05:00+00:00"
    for second in range(KEPT + 5):
        newest = archive.export(["load_w"], at=at(601.0 + second), span_s=300.0)
    kept = sorted(path.parent.glob("*.csv"))
    assert len(kept) == KEPT
    assert newest in kept


def test_an_export_for_which_there_is_no_room_leaves_nothing_behind(tmp_path: Path) -> None:
    # given as many tables as are kept, and a disk that takes no more than a line
    recorded(tmp_path, 10)
    archive = FileArchive(tmp_path, "boot-a")
    for second in range(KEPT):
        path = archive.export(["load_w"], at=at(600.0 + second), span_s=300.0)

    # when another one is asked for
    with no_file_grows_beyond(20), pytest.raises(StoreError, match="disk is full"):
        archive.export(["load_w"], at=at(700.0), span_s=300.0)

    # then nothing of it is there, and the oldest has made room
    assert len(list(path.parent.glob("*.csv"))) == KEPT - 1
