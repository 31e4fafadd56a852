"""`hems config`: a new site file is taken as a whole or not at all, and there is a way back."""

import asyncio
from pathlib import Path

import pytest

from hems.cli import EX_CONFIG, main
from hems.config.versions import Versions
from tests.runtime.test_desk import ask, desk, laundry

ROOT = Path(__file__).parents[2]
HOME = (ROOT / "examples" / "home.toml").read_text(encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(HOME)
    return path


def config(site: Path, *words: str) -> int:
    return main(["config", *words, "--site", str(site), "--run-dir", str(site.parent / "nobody")])


def test_a_good_file_takes_the_place_of_the_old_one_which_is_kept_and_can_be_had_back(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a file that differs
    new = site.parent / "new.toml"
    new.write_text(HOME.replace("service_a = ", "service_a =  "))

    # when it is looked at, then applied
    assert config(site, "diff", str(new)) == 0
    assert "+service_a =  " in capsys.readouterr().out
    assert config(site, "apply", str(new)) == 0

    # then it is in force and the old one is kept
    assert site.read_text() == new.read_text()
    told = capsys.readouterr().out
    assert "kept as version 1" in told
    assert "HEMS reads it when it starts." in told
    assert config(site, "rollback") == 0
    assert site.read_text() == HOME
    assert config(site, "versions") == 0
    assert capsys.readouterr().out.count("in force until") == 2


def test_a_file_with_a_mistake_changes_nothing(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = site.parent / "new.toml"
    new.write_text(HOME.replace("service_a", "service_amps"))
    assert config(site, "apply", str(new)) == EX_CONFIG
    assert "service_amps" in capsys.readouterr().err
    assert site.read_text() == HOME
    assert not (site.parent / "versions").exists()


def test_the_very_same_file_is_no_change(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert config(site, "apply", str(site)) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert not (site.parent / "versions").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["apply"], "Say which file"),
        (["rollback"], "No earlier version"),
        (["rollback", "soon"], "soon is no number of a version"),
        (["diff", "none.toml"], "none.toml cannot be read (No such file or directory)"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_one_sentence(
    site: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert config(site, *words) == 1
    err = capsys.readouterr().err
    assert says in err
    assert len(err.splitlines()) == 1


async def test_nothing_is_changed_while_hems_must_not_be_interrupted(
    site: Path, run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a daemon in which somebody keeps the laundry by hand
    new = site.parent / "new.toml"
    new.write_text(HOME.replace("service_a = ", "service_a =  "))
    async with desk(run_dir) as house:
        await ask(run_dir, "operate", "override", **laundry())
        await house.cycle()

        # when a new file is put in force
        words = ("config", "apply", str(new), "--site", str(site), "--run-dir", str(run_dir))
        code = await asyncio.to_thread(main, words)

    # then it says why not, and the file is as it was
    assert code == 1
    assert "Somebody keeps Laundry by hand" in capsys.readouterr().err
    assert (Versions(site).text(), Versions(site).kept()) == (HOME.encode(), [])


async def test_a_file_that_stands_there_and_is_not_in_force_is_put_in_force(
    site: Path, run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a file that an apply which was cut short, or an editor, has left, and a daemon that runs with another
    async with desk(run_dir) as house:
        # when it is put in force
        words = ("config", "apply", str(site), "--site", str(site), "--run-dir", str(run_dir))
        code = await asyncio.to_thread(main, words)

        # then the daemon is told to start anew while every device stays as it is; this one has not, and that is said
        assert house.stops == [True]
    assert code == 1
    assert "HEMS does not use it; journalctl -u hems says why." in capsys.readouterr().err
    assert (Versions(site).text(), Versions(site).kept()) == (HOME.encode(), [])
