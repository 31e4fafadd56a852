import asyncio
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from hems.model.errors import StoreError
from hems.model.units import DeviceId
from hems.store import arming, reader
from hems.store.store import Store
from tests.store.given import at, rows, started
from tests.store.test_journal import no_file_grows_beyond

RELAYS = DeviceId("relays")


def test_the_control_state_is_there_after_a_restart(tmp_path):
    store = started(tmp_path)
    assert store.load_state() is None
    store.save_state('{"mode": "islanded"}', at(100))
    store.stop()

    store = started(tmp_path)
    saved = store.load_state()
    store.stop()
    assert saved is not None
    assert saved.blob == '{"mode": "islanded"}'
    assert saved.elapsed_s(at(130)) == 30
    assert reader.saved_state(tmp_path) == saved.blob


@pytest.mark.parametrize(("clock", "elapsed_s"), [(True, 600.0), (False, None)])
def test_after_a_reboot_only_a_good_wall_clock_tells_how_long_it_was(tmp_path, clock, elapsed_s):
    # given a state saved late in one boot
    store = started(tmp_path, boot_id="boot-a")
    store.save_state("{}", at(9000))
    store.stop()

    # when another boot reads it; its monotonic clock has begun anew
    store = started(tmp_path, boot_id="boot-b")
    saved = store.load_state()
    store.stop()
    now = at(9600, clock=clock)

    # then
    assert saved is not None
    assert not saved.same_boot
    assert saved.elapsed_s(now) == elapsed_s


def test_two_machines_without_a_boot_id_never_count_as_the_same_boot(tmp_path):
    store = started(tmp_path, boot_id="")
    store.save_state("{}", at(1))
    store.stop()
    store = started(tmp_path, boot_id="")
    saved = store.load_state()
    store.stop()
    assert saved is not None
    assert not saved.same_boot


def saved(directory: Path) -> str:
    """As it stands in the file."""
    ((blob,),) = rows(directory, "state.db", "SELECT blob FROM saved")
    assert isinstance(blob, bytes)
    return zlib.decompress(blob).decode()


def test_states_are_spaced_out_and_the_last_one_wins_but_an_urgent_one_is_written_at_once(tmp_path):
    store = started(tmp_path)
    store.save_state("first", at(0))
    store.drain()

    # a change one second later waits for its turn
    store.save_state("second", at(1))
    store._writer.drain(1)
    assert saved(tmp_path) == "first"

    # an urgent one does not
    store.save_state("third", at(2), at_once=True)
    store._writer.drain(1)
    assert saved(tmp_path) == "third"
    store.stop()


async def test_arming_is_remembered_with_who_and_for_what(tmp_path):
    store = started(tmp_path)
    await store.arming.arm(RELAYS, "5eed", who="anna", at=at(1))
    store.stop()

    store = started(tmp_path)
    assert store.arming.armed() == {RELAYS: "5eed"}
    store.arming.disarm(RELAYS, at=at(2))
    assert store.arming.armed() == {}
    store.stop()

    store = started(tmp_path)
    assert store.arming.armed() == {}
    store.stop()


async def test_a_device_whose_arming_cannot_be_recorded_stays_unarmed_and_a_disarmed_one_stays_disarmed(tmp_path):
    # given one armed device and a disk that takes nothing more
    store = started(tmp_path)
    await store.arming.arm(RELAYS, "5eed", who="anna", at=at(1))
    with no_file_grows_beyond(8192):
        # when one is armed and the other disarmed
        with pytest.raises(StoreError):
            await store.arming.arm(DeviceId("hybrid"), "cafe", who="anna", at=at(2))
        store.arming.disarm(RELAYS, at=at(3))
        assert store.arming.armed() == {}
        store.drain()

    # then with room again the disarming is on disk, and no arming that was refused
    store.record_samples(at(20), {})
    store.stop()
    assert rows(tmp_path, "state.db", "SELECT device FROM arming") == []


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Another program has the file for itself."""
    with closing(sqlite3.connect(directory / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def armed_after_a_restart(directory: Path, store: Store) -> dict[DeviceId, str]:
    store.drain()
    store.stop()
    again = started(directory)
    again.stop()
    return dict(again.arming.armed())


async def test_who_disarms_while_arming_waits_for_the_disk_prevails(tmp_path):
    # given somebody who arms, on a disk that takes its time
    store = started(tmp_path)
    with held(tmp_path):
        waits = asyncio.create_task(store.arming.arm(RELAYS, "5eed", who="anna", at=at(1)))
        await asyncio.sleep(0)
        # when somebody else disarms before that is done
        store.arming.disarm(RELAYS, at=at(2))
    with pytest.raises(StoreError, match="disarmed meanwhile"):
        await waits
    # then it is not armed, now and after a restart
    assert store.arming.armed() == {}
    assert armed_after_a_restart(tmp_path, store) == {}


async def test_what_was_said_not_to_be_armed_is_not_after_a_restart_either(tmp_path, monkeypatch):
    # given a disk that takes longer than whoever arms waits
    monkeypatch.setattr(arming, "_TIME_OUT_S", 0.05)
    store = started(tmp_path)
    store.drain()
    with held(tmp_path), pytest.raises(StoreError, match="not written within"):
        await store.arming.arm(RELAYS, "5eed", who="anna", at=at(1))
    # when it is written after all
    assert armed_after_a_restart(tmp_path, store) == {}
