import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hems.model.errors import StoreError
from hems.store import reader
from hems.store.store import StoreLimits
from tests.store.given import EPOCH_S, at, event, rows, started
from tests.store.test_journal import no_file_grows_beyond


def test_samples_become_the_mean_and_extremes_of_their_minute(tmp_path):
    # given a minute of rising power and the first second of the next
    store = started(tmp_path)
    for second in range(61):
        store.record_samples(at(second), {"grid/power_w": float(second), "grid/hz": None})
    store.stop()

    # when it is read
    first, second_minute = reader.series(tmp_path, "grid/power_w")
    unknown = reader.series(tmp_path, "grid/hz")[0]

    # then
    assert (first.at, first.n, first.mean, first.low, first.high) == (at(0), 60, 29.5, 0.0, 59.0)
    assert second_minute.mean == 60.0
    assert (unknown.n, unknown.mean) == (0, None)


def test_a_running_minute_is_replaced_not_repeated_and_both_halves_count_after_a_restart(tmp_path):
    # given a daemon that stops in mid-minute and another that goes on
    for seconds in (range(30), range(30, 60)):
        store = started(tmp_path)
        for second in seconds:
            store.record_samples(at(second), {"grid/power_w": float(second)})
        store.stop()

    # then there are two rows, and the reader makes one minute of them
    assert rows(tmp_path, "history.db", "SELECT count(*) FROM samples") == [(2,)]
    (minute,) = reader.series(tmp_path, "grid/power_w")
    assert (minute.n, minute.mean, minute.low, minute.high) == (60, 29.5, 0.0, 59.0)


def test_samples_of_a_boot_without_a_clock_get_their_time_once_the_clock_is_good(tmp_path):
    store = started(tmp_path)
    store.record_samples(at(0, clock=False), {"grid/hz": 50.0})
    store.record_events([event(5, "blackout", clock=False)])
    store.record_samples(at(600), {"grid/hz": 50.0})
    store.stop()
    assert [sample.at for sample in reader.series(tmp_path, "grid/hz")] == [at(0), at(600)]
    assert reader.events(tmp_path)[0].at == at(5)


def test_events_come_back_as_they_went_in_and_in_order(tmp_path):
    store = started(tmp_path)
    story = [event(1, "grid_disturbed"), event(2, "islanded"), event(300, "grid_connected")]
    for part in story:
        store.record_events([part])
    store.stop()
    assert reader.events(tmp_path) == story
    assert reader.events(tmp_path, since=datetime.fromtimestamp(EPOCH_S + 2, UTC)) == story[1:]
    assert reader.events(tmp_path, since=datetime.fromtimestamp(EPOCH_S + 9999, UTC)) == []


def test_full_inputs_are_kept_from_a_minute_before_a_trigger(tmp_path):
    # given ten minutes of ticks, then an event, then half a minute
    store = started(tmp_path)
    for second in range(600):
        store.ring.add(second, f'{{"t": {second}}}')
    store.ring.trigger(600)
    for second in range(600, 630):
        store.ring.add(second, f'{{"t": {second}}}')
        store.record_samples(at(second), {})
    store.stop()

    # then the file has them from 540 s on, each once
    assert reader.frames(tmp_path) == [f'{{"t": {second}}}' for second in range(541, 630)]


def test_a_locked_history_stops_and_goes_on_by_itself_without_losing_an_event(tmp_path):
    # given another program that holds history.db
    store = started(tmp_path)
    store.drain()
    store.record_samples(at(0), {"grid/hz": 50.0})
    store.drain()
    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        # when an outage begins
        began = time.perf_counter()
        store.record_events([event(15)])
        store.record_samples(at(15), {"grid/hz": 0.0})
        took_s = time.perf_counter() - began
        store.drain()

        # then nobody waits for the lock
        assert took_s < 0.02

        # and the store says since when and why, and the journal is not concerned
        health = store.health
        assert health.history.failed_since_s == 15
        assert "locked" in health.history.why
        assert health.state.ok
        other.execute("ROLLBACK")

    # and the next flush writes what waited
    store.record_samples(at(30), {"grid/hz": 0.0})
    store.drain()
    assert store.health.history.ok
    store.stop()
    assert reader.events(tmp_path) == [event(15)]


def test_a_full_file_stops_history_and_a_higher_limit_makes_it_go_on(tmp_path):
    # given a history that may not grow beyond 200 kB
    store = started(tmp_path, limits=StoreLimits(history_bytes=200_000))
    store.record_events([event(1)])
    store.drain()
    assert store.health.history.ok

    # when more comes than fits
    store.record_events([event(2, text=os.urandom(150_000).hex())])
    store.drain()
    assert store.health.history.failed_since_s == 2
    assert "full" in store.health.history.why

    store.stop()

    # then the file is whole, and a higher limit is all it needs
    store = started(tmp_path, limits=StoreLimits(history_bytes=2_000_000))
    store.record_events([event(21)])
    store.drain()
    assert store.health.history.ok
    store.stop()
    assert reader.events(tmp_path) == [event(1), event(21)]


def test_a_disk_that_fills_up_under_the_file_is_survived(tmp_path):
    # given a disk that refuses to take more
    store = started(tmp_path)
    store.record_events([event(1)])
    store.drain()
    with no_file_grows_beyond(30_000):
        store.record_events([event(2, text="x" * 100_000)])
        store.record_samples(at(2), {"grid/hz": 50.0})
        store.drain()
        assert store.health.history.failed_since_s == 2

    # when there is room again
    store.record_samples(at(12), {"grid/hz": 50.0})
    store.drain()

    # then nothing was lost
    assert store.health.history.ok
    store.stop()
    assert [entry.at.mono_s for entry in reader.events(tmp_path)] == [1, 2]
    assert reader.series(tmp_path, "grid/hz")[0].n == 2


def test_the_oldest_samples_make_room_before_the_file_is_full(tmp_path):
    # given a history with a tight limit
    store = started(tmp_path, limits=StoreLimits(history_bytes=300_000))
    names = [f"circuits/{number}/power_w" for number in range(50)]

    # when it records for four simulated hours
    for minute in range(240):
        store.record_samples(at(minute * 60), dict.fromkeys(names, 1.5))
        store.drain()

    # then it never failed, has the newest and lost the oldest
    assert store.health.history.ok
    assert store.health.history.dropped == 0
    store.stop()
    kept = reader.series(tmp_path, names[0])
    assert kept[-1].at == at(239 * 60)
    assert kept[0].at.mono_s > 0
    assert (tmp_path / "history.db").stat().st_size <= 300_000


def test_a_place_that_cannot_be_written_costs_history_and_nothing_else(tmp_path):
    # given something in the way of the file
    (tmp_path / "history.db").mkdir()
    store = started(tmp_path)

    # when things are recorded
    store.record_events([event(1)])
    store.record_samples(at(1), {"grid/hz": 50.0})
    store.drain()

    # then the journal works and the health says what to do
    assert store.health.state.ok
    assert "writable" in store.health.history.why

    # and once the way is free the event is written
    (tmp_path / "history.db").rmdir()
    store.record_samples(at(15), {"grid/hz": 50.0})
    store.stop()
    assert reader.events(tmp_path) == [event(1)]


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_read_only_directory_costs_records_and_nothing_else(tmp_path):
    tmp_path.chmod(0o500)
    store = started(tmp_path)
    store.record_events([event(1)])
    store.drain()
    assert not store.health.history.ok
    assert not store.health.state.ok
    store.stop()
    tmp_path.chmod(0o700)


def test_what_cannot_be_written_for_too_long_is_given_up_oldest_first_and_counted(tmp_path):
    (tmp_path / "history.db").mkdir()
    store = started(tmp_path)
    for second in range(6):
        store.record_events([event(second * 1000 + number) for number in range(1000)])
    store.drain()
    assert store.health.history.dropped == 1000
    (tmp_path / "history.db").rmdir()
    store.stop()
    assert reader.events(tmp_path)[0] == event(1000)


def test_reading_where_nothing_was_recorded_says_so(tmp_path):
    with pytest.raises(StoreError, match="does not exist"):
        reader.events(tmp_path)


def test_a_day_of_sixty_series_stays_small(tmp_path):
    # given a day of one-minute aggregates, as they would be flushed
    store = started(tmp_path, limits=StoreLimits(flush_s=3600))
    names = [f"circuits/circuit_{number}/power_w" for number in range(60)]
    for minute in range(1440):
        store.record_samples(at(minute * 60), dict.fromkeys(names, 1000.1 + minute % 7))
    store.stop()

    # then it takes less than 5 MB
    assert (tmp_path / "history.db").stat().st_size < 5_000_000


def written_bytes():
    lines = (line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return {name: int(value) for name, value in lines}["write_bytes"]


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the kernel does not count written bytes")
def test_a_quiet_building_writes_less_than_sixty_megabytes_a_day(tmp_path):
    # given the demo building's series and its control state
    store = started(tmp_path)
    names = [f"circuits/circuit_{number}/power_w" for number in range(25)]
    store.drain()
    before = written_bytes()

    # when it runs for an hour, each flush on its own
    for second in range(3600):
        store.record_samples(at(second), {name: 100.1 * index + second % 17 for index, name in enumerate(names)})
        store.save_state(f"{second}".ljust(6000, "x"), at(second))
        if second % 10 == 0:
            store._writer.drain(5)
    store.stop()

    # then a day of it spares the card
    assert (written_bytes() - before) * 24 < 60_000_000
