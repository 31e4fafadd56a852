"""The nightly copy of what must not be lost."""

import sqlite3
from pathlib import Path

from hems.model.instant import Instant
from hems.store.store import Store


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
