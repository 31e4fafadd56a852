"""Every command of the installer's manual is one that exists, with options that exist."""

import argparse
import shlex
from pathlib import Path

import pytest

from hems.cli import _parser
from tests.manual import commands

TOLD = list(commands())


def test_the_manual_has_commands() -> None:
    assert len(TOLD) > 25


@pytest.mark.parametrize("command", [one for one in TOLD if one.startswith("hems ")])
def test_hems_understands_it(command: str) -> None:
    words = shlex.split(command)[1:]
    assert isinstance(_parser(words).parse_args(words), argparse.Namespace)


@pytest.mark.parametrize("command", [one for one in TOLD if one.startswith("./install.sh")])
def test_the_installer_knows_its_options(command: str, checkout: Path) -> None:
    script = (checkout / "install.sh").read_text() + (checkout / "systemd" / "setup").read_text()
    for option in (word for word in shlex.split(command)[1:] if word.startswith("--")):
        assert option in script
