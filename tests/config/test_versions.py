"""A site file is put in force as a whole, earlier ones are kept, and a bad one never stops a start."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from hems.config.changed import LOOK_EVERY_S, Changed
from hems.config.keepgood import keep_good
from hems.config.lastgood import load_or_last_good
from hems.config.load import load
from hems.config.versions import KEPT, Versions
from hems.model.errors import ConfigError, HemsError
from tests.config.given import example, factories


def test_what_stood_there_is_kept_and_twenty_of_it(tmp_path: Path) -> None:
    # given
    versions = Versions(tmp_path / "site.toml")

    # when more versions are put there than are kept
    numbers = [versions.put(f"# {number}\n".encode()) for number in range(KEPT + 5)]

    # then the last twenty are there, the newest last, and each is what it was
    assert numbers[:3] == [None, 1, 2]
    assert [one.number for one in versions.kept()] == list(range(5, KEPT + 5))
    assert versions.version(None).path.read_text() == f"# {KEPT + 3}\n"
    assert versions.text() == f"# {KEPT + 4}\n".encode()


def test_a_version_that_is_not_kept_is_one_sentence(tmp_path: Path) -> None:
    versions = Versions(tmp_path / "site.toml")
    with pytest.raises(HemsError, match="No earlier version"):
        versions.version(None)
    versions.put(b"a")
    versions.put(b"b")
    with pytest.raises(HemsError, match=r"Version 7 is not kept; there are 1\."):
        versions.version(7)


def test_the_new_file_has_the_mode_of_the_old_one(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text("old")
    site.chmod(0o644)
    Versions(site).put(b"new")
    assert site.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/dev/full").exists(), reason="needs a full disk")
def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    # given a directory in which the draft cannot be written
    site = tmp_path / "site.toml"
    site.write_text("old")
    (tmp_path / ".site.toml.new").symlink_to("/dev/full")

    # when, then
    with pytest.raises(HemsError, match="cannot be written"):
        Versions(site).put(b"new" * 10000)
    assert site.read_text() == "old"


BAD = {"not TOML": "name = ", "mistaken": "nome = 5\n", "empty": "", "cut off": example()[:700]}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_bad_site_file_does_not_stop_a_start(tmp_path: Path, text: str) -> None:
    # given a site file that has run
    site, good = tmp_path / "site.toml", tmp_path / "site.good.toml"
    site.write_text(example())
    ran = load(site, factories())
    keep_good(ran, good)

    # when it is spoilt
    site.write_text(text)
    again = load_or_last_good(site, good, factories())

    # then the one that ran is in force, byte for byte, so that what was armed stays armed; and it is said why
    assert again.digest == ran.digest
    assert again.refused.startswith(str(site))
    assert "hems config apply" in again.refused


def test_a_site_file_that_cannot_be_opened_does_not_stop_a_start(tmp_path: Path) -> None:
    # given one that ran, and is gone
    site, good = tmp_path / "site.toml", tmp_path / "site.good.toml"
    site.write_text(example())
    keep_good(load(site, factories()), good)
    site.unlink()
    site.mkdir()

    # then
    assert "is a directory" in load_or_last_good(site, good, factories()).refused


def test_without_a_file_that_ran_the_mistakes_are_told(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text("name = ")
    for good in (None, tmp_path / "none.toml"):
        with pytest.raises(ConfigError, match=r"site\.toml"):
            load_or_last_good(site, good, factories())


def test_a_file_that_was_changed_while_it_ran_is_not_kept_as_good(tmp_path: Path) -> None:
    site, good = tmp_path / "site.toml", tmp_path / "site.good.toml"
    site.write_text(example())
    ran = load(site, factories())
    site.write_text("name = ")
    keep_good(ran, good)
    assert not good.exists()


def test_a_file_that_was_edited_and_is_not_in_force_is_told_until_it_is_as_it_was(tmp_path: Path) -> None:
    # given a file that is in force
    site = tmp_path / "site.toml"
    site.write_text("right")
    watched = Changed(site, sha256(b"right").hexdigest())
    assert watched.faults(0.0) == {}

    # when somebody edits it, or takes it away
    site.write_text("edited")
    assert watched.faults(LOOK_EVERY_S - 1.0) == {}
    assert "was changed and is not in force" in watched.faults(LOOK_EVERY_S)["site file changed"]
    site.unlink()
    assert "can no longer be read" in watched.faults(2 * LOOK_EVERY_S)["site file changed"]

    # then it is said until it is put back
    site.write_text("right")
    assert watched.faults(3 * LOOK_EVERY_S) == {}
