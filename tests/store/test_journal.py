import asyncio
import resource
import sqlite3
from contextlib import closing, contextmanager

import pytest

from hems.model.errors import StoreError
from hems.model.units import CircuitId
from hems.model.wiring import circuit_closed
from hems.store.store import StoreLimits
from tests.store.given import at, rows, started, switch

FRIDGE = circuit_closed(CircuitId("fridge"))


@contextmanager
def no_file_grows_beyond(limit_bytes):
    """A disk that refuses to take more, as the kernel tells it to any program: here by the limit on file size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_the_next_start_knows_what_was_last_asked_of_each_switch(tmp_path):
    # given a daemon that closed a circuit, then shed it
    store = started(tmp_path)
    await store.journal.commit([switch("fridge", True), switch("laundry", True)], at(1))
    store.journal.note([switch("fridge", False)], at(2))
    store.stop()

    # when it starts again
    store = started(tmp_path)
    last = store.journal.last_positions()
    store.stop()

    # then the shed is what counts, with its time and boot
    assert (last[FRIDGE].value, last[FRIDGE].at, last[FRIDGE].boot_id) == (False, at(2), "boot-a")
    assert last[circuit_closed(CircuitId("laundry"))].value is True


async def test_a_commit_is_in_the_file_when_it_returns(tmp_path):
    store = started(tmp_path)
    await store.journal.commit([switch("fridge", True)], at(1))
    found = rows(tmp_path, "state.db", "SELECT role, value, energises, why FROM intents")
    store.stop()
    assert found == [("circuits/fridge/closed", "true", 1, "island_capacity")]


async def test_a_commit_waits_no_longer_than_its_time_out_while_another_program_holds_the_file(tmp_path):
    # given somebody who has locked state.db
    store = started(tmp_path, limits=StoreLimits(commit_time_out_s=0.2))
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        # when something is to be energised, then that is refused in time
        began = asyncio.get_running_loop().time()
        with pytest.raises(StoreError, match=r"0\.2 s"):
            await store.journal.commit([switch("fridge", True)], at(1))
        assert asyncio.get_running_loop().time() - began < 0.6
        other.execute("ROLLBACK")

    # and after the lock has gone it works again, by itself
    store.drain()
    await store.journal.commit([switch("fridge", True)], at(2))
    assert store.health.state.ok
    store.stop()


async def test_a_full_disk_refuses_to_energise_but_sheds_are_kept_until_there_is_room(tmp_path):
    # given a disk that takes nothing more
    store = started(tmp_path)
    await store.journal.commit([switch("fridge", True)], at(1))
    with no_file_grows_beyond(8192):
        # when a circuit is shed and another is to be closed
        store.journal.note([switch("fridge", False)], at(2))
        with pytest.raises(StoreError, match=r"state\.db"):
            await store.journal.commit([switch("laundry", True)], at(3))

        # then the health tells since when
        assert store.health.state.failed_since_s == 2

    # and with room again the shed reaches the file, without the refused closing
    store.record_samples(at(20), {})
    store.drain()
    assert store.health.state.ok
    store.stop()
    assert rows(tmp_path, "state.db", "SELECT role, value FROM intents ORDER BY id") == [
        ("circuits/fridge/closed", "true"),
        ("circuits/fridge/closed", "false"),
    ]


async def test_what_is_only_repeated_is_not_written_again(tmp_path):
    # given a charger that is told three times to stand still, as every twenty seconds
    store = started(tmp_path)
    for second in (0, 20, 40):
        store.journal.note([switch("fridge", False)], at(second))
    store.drain()
    assert len(rows(tmp_path, "state.db", "SELECT value FROM intents")) == 1

    # when an entry that gives power fails in between, so that nobody knows whether it has reached the file
    with no_file_grows_beyond(8192), pytest.raises(StoreError):
        await store.journal.commit([switch("fridge", True)], at(50))
    store.journal.note([switch("fridge", False)], at(60))
    store.stop()

    # then the repetition is written after it
    assert rows(tmp_path, "state.db", "SELECT mono_s, value FROM intents ORDER BY id") == [(0, "false"), (60, "false")]


async def test_after_stopping_nothing_can_be_energised(tmp_path):
    store = started(tmp_path)
    store.stop()
    with pytest.raises(StoreError):
        await store.journal.commit([switch("fridge", True)], at(1))
    store.journal.note([switch("fridge", False)], at(1))  # never raises


async def test_the_journal_is_shortened_but_keeps_the_last_of_each_role(tmp_path):
    # given a very long journal that begins with a circuit never touched again
    store = started(tmp_path)
    store.journal.note([switch("gym", False)], at(0))
    for second in range(26):
        store.journal.note([switch("fridge", bool(second % 2))] * 1000, at(second))
        store.drain()
    store.stop()

    # when it is opened
    store = started(tmp_path)
    last = store.journal.last_positions()
    store.stop()

    # then the file is bounded and the old position is still known
    assert rows(tmp_path, "state.db", "SELECT count(*) FROM intents")[0][0] <= 5_001
    assert last[circuit_closed(CircuitId("gym"))].value is False
