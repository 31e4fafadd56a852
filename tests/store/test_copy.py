"""The nightly copy of what must not be lost."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from hems.model.instant import Instant
from hems.store.store import Store
from tests.store.given import at, started
from tests.store.test_journal import no_file_grows_beyond


def test_the_nightly_copy_is_a_whole_database_with_what_was_saved(tmp_path: Path) -> None:
    # given a store that has saved a state
    store = Store(tmp_path, boot_id="this boot")
    store.start(Instant(1.0))
    store.save_state('{"mode": "islanded"}', Instant(2.0), at_once=True)
    # when it keeps a copy
    store.keep_copy(Instant(3.0))
    store.stop()
    # then the copy stands by itself, and nothing half-made is left
    copy = sqlite3.connect(tmp_path / "state.nightly.db")
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert copy.execute("SELECT count(*) FROM saved").fetchone() == (1,)
    copy.close()
    assert not (tmp_path / "state.copying").exists()


def test_half_a_copy_does_not_take_the_last_room_on_the_disk(tmp_path: Path) -> None:
    # given a copy of the night before, and a disk that takes no more than the beginning of another one
    store = started(tmp_path)
    store.save_state("\n".join(f"{number * 7919 % 10007}" for number in range(5000)), at(1), at_once=True)
    store.keep_copy(at(2))
    store.drain()
    before = (tmp_path / "state.nightly.db").read_bytes()

    # when it is time for the next
    with no_file_grows_beyond(4096):
        store.keep_copy(at(86_400))
        store.drain()

    # then the older one is there still, and nothing of the new one
    assert not store.health.state.ok
    assert not (tmp_path / "state.copying").exists()
    assert (tmp_path / "state.nightly.db").read_bytes() == before
    store.stop()


def test_what_has_rotted_does_not_take_the_place_of_the_last_whole_copy(tmp_path: Path) -> None:
    # given a store with a copy of the night before
    store = started(tmp_path)
    store.save_state("\n".join(f"{number * 7919 % 10007}" for number in range(5000)), at(1), at_once=True)
    store.keep_copy(at(2))
    store.drain()
    before = (tmp_path / "state.nightly.db").read_bytes()

    # when the card forgets half of the file while hems runs, and the next night comes
    with closing(sqlite3.connect(tmp_path / "state.db")) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (tmp_path / "state.db").open("r+b") as file:
        file.seek(file.seek(0, os.SEEK_END) // 2 // 1024 * 1024)
        file.write(b"\xa5" * 8192)
    store._state.transact(lambda connection: connection.execute("PRAGMA shrink_memory"), now_s=3.0)
    store.keep_copy(at(86_400))
    store.drain()

    # then that is told, and the older copy is there for the next start
    assert not store.health.state.ok
    assert (tmp_path / "state.nightly.db").read_bytes() == before
    store.stop()
    store = started(tmp_path)
    assert "its last copy put in its place" in store.health.state.set_aside
    assert store.load_state() is not None
    store.stop()
