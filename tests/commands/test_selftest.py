"""What the installer asks of a version before it takes over, and the copy on another disk."""

import sqlite3
from pathlib import Path

import pytest

from hems.cli import main
from hems.model.instant import Instant
from hems.store.store import Store
from hems.store.writer import AtOnce
from tests.control.panel import GRID_DEAD, TIE_OPEN
from tests.runtime.test_desk import ask, desk, laundry
from tests.runtime.test_search import power_cut

__all__ = ["GRID_DEAD", "TIE_OPEN"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "apartments.toml"


def records(directory: Path) -> Path:
    """The files of a daemon that has run once."""
    directory.mkdir()
    store = Store(directory, boot_id="boot", writer=AtOnce())
    store.start(Instant(100.0))
    store.save_state("{}", Instant(100.0), at_once=True)
    store.stop()
    return directory


def selftest(site: Path, state_dir: Path) -> int:
    return main(("selftest", "--site", str(site), "--state-dir", str(state_dir)))


def test_a_version_is_tried_on_copies_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    state_dir = records(tmp_path / "state")
    before = {path: path.stat().st_mtime_ns for path in state_dir.iterdir()}
    assert selftest(EXAMPLE, state_dir) == 0
    assert capsys.readouterr().out == (
        "selftest: program complete, site file understood, state.db taken over, one cycle done.\n"
    )
    assert {path: path.stat().st_mtime_ns for path in state_dir.iterdir() if path in before} == before


def test_before_there_is_a_site_the_program_alone_is_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert selftest(tmp_path / "site.toml", tmp_path) == 0
    assert "no site file" in capsys.readouterr().out


def test_a_site_file_that_the_new_version_refuses_stops_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    site = tmp_path / "site.toml"
    site.write_text(EXAMPLE.read_text(encoding="utf-8").replace("service_a", "service_amps"), encoding="utf-8")
    assert selftest(site, tmp_path) == 78
    assert "service_amps" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["newer", "broken"])
def test_records_that_it_cannot_take_over_stop_it(tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]):
    state_dir = records(tmp_path / "state")
    if damage == "newer":
        with sqlite3.connect(state_dir / "state.db") as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    else:
        (state_dir / "state.db").write_bytes(b"no database at all" * 100)
    assert selftest(EXAMPLE, state_dir) == 1
    assert "state.db" in capsys.readouterr().err


async def test_it_may_not_be_interrupted_in_an_outage_nor_while_somebody_keeps_something_by_hand(run_dir: Path):
    from hems.commands.selftest import needed_because

    async with desk(run_dir) as house:
        assert needed_because(await ask(run_dir, "view", "status")) == ""
        await ask(run_dir, "operate", "override", **laundry())
        await house.cycle()
        assert needed_because(await ask(run_dir, "view", "status")).startswith("Somebody keeps Laundry by hand")
        await power_cut(house)
        assert "runs on its own power" in needed_because(await ask(run_dir, "view", "status"))


def test_the_copies_are_whole_numbered_and_no_more_than_asked_for(tmp_path: Path):
    state_dir, disk = records(tmp_path / "state"), tmp_path / "disk"
    disk.mkdir()
    words = ("backup", str(disk), "--state-dir", str(state_dir), "--site", str(EXAMPLE), "--keep", "2")
    assert [main(words) for _ in range(3)] == [0, 0, 0]
    assert sorted(path.name for path in disk.iterdir()) == ["hems-000002", "hems-000003"]
    assert {path.name for path in (disk / "hems-000003").iterdir()} >= {"state.db", "history.db", "apartments.toml"}
    with sqlite3.connect(disk / "hems-000003" / "state.db") as copy:
        assert copy.execute("PRAGMA quick_check").fetchone() == ("ok",)
    copy.close()


def test_without_the_disk_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(("backup", str(tmp_path / "none"))) == 1
    assert "is the disk for copies mounted?" in capsys.readouterr().err
