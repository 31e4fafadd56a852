"""What a start knows of the building when the file that holds it cannot be written, is held, or has turned bad."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hems.model.units import CircuitId, DeviceId
from hems.model.wiring import circuit_closed
from hems.store.store import Store
from hil.small_disk import mounted
from tests.store.given import at, rows, started, switch

FRIDGE = circuit_closed(CircuitId("fridge"))
RELAYS = DeviceId("relays")
SAVED = '{"mode": "islanded"}'


async def left_in(directory: Path) -> None:
    """A run that armed the relays, by which a copy is made, switched off the fridge, and ended in good order."""
    store = started(directory)
    await store.arming.arm(RELAYS, "set-up", who="Kim", at=at(1))
    store.journal.note([switch("fridge", False)], at(2))
    store.save_state(SAVED, at(3), at_once=True)
    store.stop()


def knows_all(store: Store) -> bool:
    saved, told = store.load_state(), store.journal.last_positions()
    armed = dict(store.arming.armed()) == {RELAYS: "set-up"}
    return armed and saved is not None and saved.blob == SAVED and told[FRIDGE].value is False


async def test_a_file_that_nobody_can_write_is_read_all_the_same(tmp_path: Path):
    # given a place where the file beside the database cannot be made, as on a disk that has become read-only
    await left_in(tmp_path)
    (tmp_path / "state.db-shm").mkdir()

    # when hems starts
    store = started(tmp_path)

    # then it knows what is armed, off and saved, and that it cannot write
    assert knows_all(store)
    store.drain()
    assert not store.health.state.ok

    # and once the way is free it writes on, without forgetting
    (tmp_path / "state.db-shm").rmdir()
    store.journal.note([switch("laundry", False)], at(20))
    store.drain()
    assert store.health.state.ok
    assert knows_all(store)
    store.stop()
    assert len(rows(tmp_path, "state.db", "SELECT id FROM intents")) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="a file system may be mounted by root only")
async def test_a_start_on_a_full_disk_forgets_nothing(tmp_path: Path):
    with mounted(tmp_path / "state", wanted=True) as disk:
        if disk is None:
            pytest.skip("nothing may be mounted here")
        # given a disk that is full to the last octet
        await left_in(tmp_path / "state")
        disk.fill(True)

        # when hems starts
        store = started(tmp_path / "state")

        # then it knows what is armed, off and saved
        assert knows_all(store)
        store.drain()
        assert not store.health.state.ok
        store.stop()


async def test_a_start_while_another_program_holds_the_file_forgets_nothing(tmp_path: Path):
    # given somebody who has begun to change something by hand
    await left_in(tmp_path)
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        # when hems starts beside it
        store = started(tmp_path)

        # then it knows everything
        assert knows_all(store)
        other.execute("ROLLBACK")
    store.stop()


@pytest.mark.parametrize(
    "rot",
    [
        "UPDATE intents SET value = 'falsu'",
        "UPDATE intents SET role = CAST(x'ff6672' AS TEXT)",
        "UPDATE intents SET utc_s = 1e300",
        "UPDATE saved SET utc_s = 'noon'",
    ],
)
async def test_contents_that_have_rotted_are_damage_like_any_other(tmp_path: Path, rot: str):
    # given a card on which some bits have turned over in a file that is whole as such
    await left_in(tmp_path)
    with closing(sqlite3.connect(tmp_path / "state.db")) as card:
        card.execute(rot)
        card.commit()

    # when hems starts
    store = started(tmp_path)

    # then its last copy stands in its place, it is said, and hems can write
    assert dict(store.arming.armed()) == {RELAYS: "set-up"}
    assert store.load_state() is None
    assert "its last copy put in its place" in store.health.state.set_aside
    assert store.health.state.ok
    store.stop()
    assert (tmp_path / "state.db.set-aside-1").exists()


async def test_a_copy_that_has_rotted_too_is_not_believed(tmp_path: Path):
    # given a copy that was made after the bits had turned over
    await left_in(tmp_path)
    with closing(sqlite3.connect(tmp_path / "state.db")) as card:
        card.execute("UPDATE intents SET value = 'falsu'")
        card.commit()
    shutil.copy(tmp_path / "state.db", tmp_path / "state.nightly.db")

    # when hems starts
    store = started(tmp_path)

    # then it begins with nothing, rather than not at all
    assert store.journal.last_positions() == {}
    assert dict(store.arming.armed()) == {}
    assert "an empty one begun" in store.health.state.set_aside
    store.stop()
