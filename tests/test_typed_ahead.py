"""Questions on a terminal: what was typed before one was asked is no answer to it."""

import asyncio
import os
import sys
from collections.abc import Iterator

import pytest

from hems.commands.asking import agree
from hems.commands.commission import Terminal
from hems.model.errors import HemsError

ANSWERS = {"y": "yes", "n": "no"}


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """What is written here is typed."""
    master, slave = os.openpty()
    with os.fdopen(slave) as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        yield master
    os.close(master)


async def test_a_key_that_was_pressed_twice_does_not_prove_that_the_right_circuit_went_off(
    keyboard: int, capsys: pytest.CaptureFixture[str]
):
    # given a person who pressed y once too often before hems asked what went off
    os.write(keyboard, b"y\n")
    asked = asyncio.create_task(Terminal().ask("Did Laundry go OFF, and nothing else?", ANSWERS))
    told = ""
    while "q stop]" not in told:
        await asyncio.sleep(0)
        told += capsys.readouterr().out
    # when that person has looked, and says no
    os.write(keyboard, b"n\n")
    # then it is the no that counts
    assert await asked == "n"


def test_nor_does_it_agree_to_anything(
    keyboard: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    os.write(keyboard, b"y\n")

    def typed_then(question: str) -> str:
        """As `input`, for a person who answers n once the question stands there."""
        os.write(keyboard, b"n\n")
        return sys.stdin.readline()

    monkeypatch.setattr("builtins.input", typed_then)
    with pytest.raises(HemsError, match="Nothing was done"):
        agree("Sure? ")
