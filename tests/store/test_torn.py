"""What a bad card and a power cut do to the two files, and what is lost by it."""

import asyncio
import random
import shutil
from pathlib import Path

import pytest

from hems.model.units import DeviceId
from hems.store import reader
from hems.store.aggregate import Cell
from hems.store.fresh import SLOT_BYTES, Fresh, Numbers
from tests.store.given import at, event, rows, started, switch

RELAYS, CAR = DeviceId("relays"), DeviceId("car")
SEED = 7
LAST_S = 60


async def _armed(directory: Path) -> None:
    """Relays and the car armed, the car disarmed again; a minute recorded; then a copy of all files as a power cut
    would leave them: the log of SQLite not yet taken over."""
    (directory / "live").mkdir()
    store = started(directory / "live")
    await store.arming.arm(RELAYS, "set-up", who="Kim", at=at(1))
    await store.arming.arm(CAR, "set-up", who="Kim", at=at(1))
    store.arming.disarm(CAR, at=at(2))
    for second in range(LAST_S):
        store.record_samples(at(second), {"grid_w": float(second)})
        store.record_events([event(second, text="y" * 150)])
        store.save_state(f'{{"t": {second}}}', at(second), at_once=second % 20 == 0)
        await store.journal.commit([switch("fridge", second % 2 == 0)], at(second))
    store.drain()
    shutil.copytree(directory / "live", directory / "cut")
    store.stop()


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("cut")
    asyncio.run(_armed(directory))
    return directory / "cut"


def after(cut: Path, to: Path) -> Path:
    return shutil.copytree(cut, to / "state")


def goes_on(directory: Path) -> bool:
    """A start there works, and afterwards everything can be written.  Whether something was set aside."""
    store = started(directory, mono_s=1000.0)
    store.record_events([event(1000)])
    store.record_samples(at(1000), {"grid_w": 1.0})
    store.journal.note([switch("fridge", False)], at(1000))
    store.drain()
    health = store.health
    store.stop()
    assert health.state.ok
    assert health.history.ok
    assert reader.events(directory)[-1] == event(1000)
    return bool(health.state.set_aside or health.history.set_aside)


@pytest.mark.parametrize("part", [0.0, 0.35, 0.9, 0.999])
@pytest.mark.parametrize("name", ["state.db", "history.db"])
def test_a_log_that_was_cut_off_anywhere_leaves_a_whole_file(cut: Path, tmp_path: Path, name: str, part: float) -> None:
    # given a write-ahead log of which the card has only the first part
    directory = after(cut, tmp_path)
    log = directory / f"{name}-wal"
    with log.open("r+b") as file:
        file.truncate(int(log.stat().st_size * part))

    # then it is no damage: what was committed up to there is there, and nothing is set aside
    assert not goes_on(directory)
    assert rows(directory, name, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("name", ["state.db", "state.db-wal", "history.db", "history.db-wal"])
def test_flipped_bits_are_mended_or_set_aside_and_never_stop_a_start(cut: Path, tmp_path: Path, name: str) -> None:
    rng = random.Random(SEED)
    for attempt in range(2):
        # given some bytes of a file turned over
        directory = after(cut, tmp_path / str(attempt))
        data = bytearray((directory / name).read_bytes())
        for place in rng.sample(range(len(data)), 40):
            data[place] ^= 1 << rng.randrange(8)
        (directory / name).write_bytes(data)

        # then the daemon starts and records
        goes_on(directory)


def test_a_damaged_state_comes_back_from_its_copy_and_arms_nothing_that_was_disarmed(cut: Path, tmp_path: Path) -> None:
    # given a state that is rubbish, beside the copy that the last disarming made
    directory = after(cut, tmp_path)
    (directory / "state.db").write_bytes(b"\xa5" * 9000)
    (directory / "state.db-wal").unlink()

    # when the daemon starts
    store = started(directory, mono_s=1000.0)

    # then the relays are armed, the car is not, and it is said what happened
    assert dict(store.arming.armed()) == {RELAYS: "set-up"}
    assert "its last copy put in its place" in store.health.state.set_aside
    store.stop()
    assert (directory / "state.db.set-aside-1").exists()


@pytest.mark.parametrize("rubbish", [b"", b"\xa5" * 9000], ids=["empty", "noise"])
def test_a_damaged_copy_is_not_believed_either(cut: Path, tmp_path: Path, rubbish: bytes) -> None:
    directory = after(cut, tmp_path)
    (directory / "state.db").write_bytes(b"\xa5" * 9000)
    (directory / "state.db-wal").unlink()
    (directory / "state.nightly.db").write_bytes(rubbish)
    store = started(directory, mono_s=1000.0)
    assert dict(store.arming.armed()) == {}
    assert "an empty one begun" in store.health.state.set_aside
    store.stop()


def test_a_torn_block_of_the_newest_minutes_leaves_the_one_before(tmp_path: Path) -> None:
    # given two flushes, and a power cut in the middle of the second: the old end of its block still stands
    fresh, numbers = Fresh(tmp_path / "now"), Numbers(5, 1, {"grid_w": 7})
    for minute in (1, 2, 3):
        cell = Cell(minute, "grid_w")
        cell.add(float(minute))
        assert fresh.keep(numbers, [cell])
    whole = (tmp_path / "now").read_bytes()
    torn = bytearray(whole)
    torn[SLOT_BYTES + 30] ^= 0xFF

    # then what is left is the flush before; a whole file has the last
    (tmp_path / "now").write_bytes(torn)
    assert [row[0] for row in Fresh(tmp_path / "now").left().cells] == [2]
    (tmp_path / "now").write_bytes(whole)
    assert [row[0] for row in Fresh(tmp_path / "now").left().cells] == [3]
