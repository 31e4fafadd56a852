"""`hems config`: a new site file is taken as a whole or not at all, and there is a way back."""

from pathlib import Path

import pytest

from hems.cli import EX_CONFIG, main

ROOT = Path(__file__).parents[1]
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
    assert "kept as version 1" in capsys.readouterr().out
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
