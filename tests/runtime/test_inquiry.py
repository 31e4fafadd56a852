"""T on the devices, seen from the daemon: one question at a time, waited for no longer than a person would."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hems.model.errors import RequestError
from hems.model.units import DeviceId
from hems.ports.device import Answer, Heard
from hems.runtime.inquiry import PAUSE_S, WITHIN_S, Inquiry
from hil.vloop import VirtualLoop, run
from tests.runtime.parts import METERS, SWITCHES, LoopClock
from tests.runtime.test_desk import ask, desk, refused


async def test_a_viewer_sees_a_device_answer_and_no_key_held_down_keeps_its_line_busy(run_dir: Path):
    async with desk(run_dir) as house:
        told = await ask(run_dir, "view", "ask", device=SWITCHES)
        assert (told["answer"], told["said"]) == ("good", "switches was asked just now and answered in 0 ms.")
        # and held down, the key asks no more than once a second
        assert "try again in a second" in await refused(run_dir, "view", "ask", device=METERS)
        house.clock.advance(PAUSE_S)
        assert (await ask(run_dir, "view", "ask", device=METERS))["answer"] == "good"


@pytest.mark.parametrize(
    ("hears", "sentence"),
    [
        (
            Heard(answer=Answer.NONE, detail="no answer in 1 s"),
            "switches was asked just now and gave no good answer in 0.0 s: no answer in 1 s.",
        ),
        (
            Heard(answer=Answer.SPEAKS),
            "switches speaks by itself and cannot be asked. Its last word came 7 s ago.",
        ),
    ],
)
async def test_what_came_of_it_is_told_in_a_sentence(run_dir: Path, hears: Heard, sentence: str):
    async with desk(run_dir) as house:
        house.machines.hears = hears
        house.clock.advance(7.0)
        assert (await ask(run_dir, "view", "ask", device=SWITCHES))["said"] == sentence


@pytest.mark.parametrize(
    ("hears", "word"),
    [
        (Heard(answer=Answer.BUSY), "commands wait for its line"),
        (Heard(answer=Answer.LEFT_ALONE), "went away with the grid"),
        (Heard(answer=Answer.LEFT_ALONE, detail="It is another product."), "switches alone: It is another product."),
    ],
)
async def test_what_is_not_asked_now_is_refused_with_the_reason(run_dir: Path, hears: Heard, word: str):
    async with desk(run_dir) as house:
        house.machines.hears = hears
        assert word in await refused(run_dir, "view", "ask", device=SWITCHES)


@dataclass
class Deaf:
    """A driver that never comes back, in a fleet of one."""

    asked: int = 0
    points: dict[Any, Any] = field(default_factory=dict)

    @property
    def devices(self) -> dict[DeviceId, "Deaf"]:
        return {SWITCHES: self}

    async def ask(self, device: DeviceId) -> Heard:
        self.asked += 1
        await asyncio.Event().wait()
        raise AssertionError


def test_a_device_that_never_answers_is_given_up_and_meanwhile_no_other_is_asked():
    async def story(_loop: VirtualLoop) -> None:
        deaf = Deaf()
        inquiry = Inquiry(deaf, deaf, LoopClock())  # type: ignore[arg-type]
        first = asyncio.create_task(inquiry.ask(SWITCHES))
        await asyncio.sleep(1.0)
        with pytest.raises(RequestError):
            await inquiry.ask(SWITCHES)
        told = await first
        assert (told["answer"], told["took_s"], deaf.asked) == (Answer.NONE, WITHIN_S, 1)

    run(story)
