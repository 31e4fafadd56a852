"""Rounds without a task: in step as long as all goes well, and handed over with what is left when it does not."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.modbus.errors import LinkDown, NoAnswer
from drivers.modbus.hearing import Heard, Words
from drivers.modbus.rounds import Rounds
from hil.vloop import STARTS_S, VirtualLoop, run

EVERY_S, TAKES_S = 1.0, 0.1


class PaperReader:
    """Two batches; what each round brings is told by the test."""

    def __init__(self, brings: Sequence[Words | Exception]) -> None:
        self.brings = list(brings)
        self.asked_s: list[float] = []
        self.took: list[Words] = []
        self.rests: list[Any] = []

    def batches(self, kind: str) -> tuple[str, ...]:
        return ("one", "two")

    def ask_soon(self, kind: str, batch: str, heard: Heard) -> None:
        loop = asyncio.get_running_loop()
        self.asked_s.append(round(loop.time() - STARTS_S, 3))
        loop.call_later(TAKES_S, heard, self.brings.pop(0))

    def take(self, kind: str, batch: str, answer: Words) -> None:
        if answer == (13,):
            raise ValueError("a fault of its profile")
        self.took.append(answer)

    async def rest(self, kind: str, batch: str, trouble: Exception, left: Sequence[str]) -> None:
        self.rests.append((batch, trouble, left))


def rounds_of(
    brings: Sequence[Words | Exception], usual: Sequence[bool] = ()
) -> tuple[PaperReader, float, SimpleNamespace]:
    """What became of rounds: their reader, when the last one was due, what was raised and counted."""
    reader, look = PaperReader(brings), list(usual)
    told = SimpleNamespace(raised=None, answered=0)

    def answered() -> None:
        told.answered += 1

    async def story(loop: VirtualLoop) -> float:
        rounds = Rounds(reader, "normal", EVERY_S, usual=lambda: look.pop(0) if look else True, answered=answered)  # type: ignore[arg-type]
        due_s, rest = await rounds.run(loop.time())
        if rest is not None:
            try:
                await rest()
            except ValueError as raised:
                told.raised = raised
        return due_s - STARTS_S

    return reader, run(story), told


def test_rounds_begin_on_their_beat_and_not_so_long_after_the_last_answer():
    reader, _, told = rounds_of([(1,)] * 6, usual=[True] * 3 + [False])
    assert reader.asked_s == [0.0, 0.1, 1.0, 1.1, 2.0, 2.1]
    assert told.answered == 3


@pytest.mark.parametrize("trouble", [NoAnswer("silent"), LinkDown("gone")])
def test_trouble_is_handed_over_with_what_is_left_and_the_beat_of_its_own_round(trouble):
    # when in the third round the first batch is not answered
    reader, due_s, _ = rounds_of([*[(1,)] * 4, trouble])
    # then the next is counted from when that one was due, and not from the first
    assert due_s == pytest.approx(2.0)
    assert reader.rests == [("one", trouble, ("two",))]


def test_what_is_not_as_usual_is_handed_over_before_anything_is_asked():
    reader, due_s, _ = rounds_of([(1,)] * 2, usual=[True, False])
    assert (due_s, len(reader.asked_s), reader.rests) == (pytest.approx(1.0), 2, [])


def test_a_fault_in_taking_an_answer_ends_the_rounds_and_is_raised_for_whoever_runs_them():
    reader, _, told = rounds_of([(1,), (13,)])
    assert "a fault of its profile" in str(told.raised)
    assert reader.took == [(1,)]


def test_rounds_that_take_longer_than_their_beat_follow_one_another_at_once():
    class Slow(PaperReader):
        def batches(self, kind: str) -> tuple[str, ...]:
            return tuple("abcdefghijklmno")

    reader = Slow([(1,)] * 30)
    look = [True, True, False]

    async def story(loop: VirtualLoop) -> None:
        rounds = Rounds(reader, "normal", EVERY_S, usual=lambda: look.pop(0), answered=lambda: None)  # type: ignore[arg-type]
        await rounds.run(loop.time())

    run(story)
    assert reader.asked_s[15] == pytest.approx(1.5)
