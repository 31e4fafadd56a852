import json
import os
import random
import shutil
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hems.model.errors import StoreError
from hems.store import reader
from hems.store.store import Store, StoreLimits
from hems.store.writer import AtOnce
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
    assert rows(tmp_path, "history.db", "SELECT count(*) FROM packs") == [(2,)]
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
    store = started(tmp_path, limits=StoreLimits(history_bytes=100_000))
    names = [f"circuits/{number}/power_w" for number in range(50)]

    chance = random.Random(1)

    # when it records for four simulated hours
    for minute in range(240):
        store.record_samples(at(minute * 60), {name: chance.random() for name in names})
        store.drain()

    # then it never failed, has the newest and lost the oldest
    assert store.health.history.ok
    assert store.health.history.dropped == 0
    store.stop()
    kept = reader.series(tmp_path, names[0])
    assert kept[-1].at == at(239 * 60)
    assert kept[0].at.mono_s > 0
    assert (tmp_path / "history.db").stat().st_size <= 100_000


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
def test_a_site_of_thirty_devices_writes_less_than_fifty_megabytes_a_day(tmp_path):
    # given a building with thirty devices: 40 circuits on relay boards and plugs, 12 bays and the building's own powers
    store = Store(tmp_path, boot_id="boot-a", writer=AtOnce())
    store.start(at(0))
    names = [f"circuits/circuit_{number}/power_w" for number in range(60)]
    chance = random.Random(1)
    store.record_samples(at(0), dict.fromkeys(names, 0.0))
    store.drain()

    # when it runs for two hours, each flush forced to the disk as it is on a site
    before = written_bytes()
    for second in range(1, 7200):
        store.record_samples(at(second), {name: 100.0 * chance.random() for name in names})
        if second % 150 == 0:
            store.save_state(json.dumps([chance.random() for _ in range(1500)]), at(second))
    written = written_bytes() - before
    store.stop()

    # then a day of it spares the card
    assert written * 12 < 50_000_000


def test_what_was_flushed_survives_a_power_cut_before_it_is_among_the_samples(tmp_path):
    # given a daemon that is gone without a word, ten seconds after its last flush
    store = Store(_made(tmp_path), boot_id="boot-a", writer=AtOnce())
    store.start(at(0))
    for second in range(90):
        store.record_samples(at(second), {"grid_w": float(second), "pv_w": None})
    cut = shutil.copytree(tmp_path / "live", tmp_path / "cut")

    # when the next one has run for a moment
    store = Store(cut, boot_id="boot-b", writer=AtOnce())
    store.start(at(200))
    store.record_samples(at(200), {"grid_w": 0.0})
    store.stop()

    # then all but the last ten seconds are there
    first, second, _ = reader.series(cut, "grid_w")
    assert (first.n, first.mean, first.high) == (60, 29.5, 59.0)
    assert (second.at, second.n, second.high) == (at(60), 21, 80.0)
    assert reader.series(cut, "pv_w")[0].mean is None


def test_the_newest_minutes_of_another_database_are_left_out(tmp_path):
    # given newest minutes whose database was damaged and begun anew, so that it numbers otherwise
    store = Store(_made(tmp_path), boot_id="boot-a", writer=AtOnce())
    store.start(at(0))
    for second in range(90):
        store.record_samples(at(second), {"a": 1.0, "b": 2.0})
    cut = shutil.copytree(tmp_path / "live", tmp_path / "cut")
    (cut / "history.db").write_bytes(b"\xa5" * 9000)
    (cut / "history.db-wal").unlink()

    # when
    store = Store(cut, boot_id="boot-b", writer=AtOnce())
    store.start(at(200))
    store.record_samples(at(200), {"b": 7.0})
    store.stop()

    # then nothing of one series stands among another
    assert [one.mean for one in reader.series(cut, "b")] == [7.0]


def _made(tmp_path: Path) -> Path:
    (tmp_path / "live").mkdir()
    return tmp_path / "live"
