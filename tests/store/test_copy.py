"""The nightly copy of what must not be lost."""

import sqlite3
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
