"""The machine is looked after beside the cycle, which waits for no card and no battery."""

from collections.abc import Mapping
from threading import Event

import pytest

from hems.runtime.clock import Jumps
from hems.runtime.jobs import Jobs
from hems.runtime.upkeep import LOOK_EVERY_S, Look, Upkeep
from tests.runtime.parts import soon
from tests.store.given import at


def looking(*looks: Look) -> Upkeep:
    return Upkeep(looks, Jumps(lambda: 0.0), Jobs(lambda: None), lambda event: None, lambda: None)


async def turned(upkeep: Upkeep, now_s: float, seen: list[float], times: int) -> None:
    """The cycle turns, with some patience for a thread that is about to end, until so many looks have begun."""

    def looks() -> bool:
        upkeep.turn(at(now_s))
        return len(seen) >= times

    await soon(looks, within_s=20.0)


async def test_a_card_that_does_not_answer_holds_up_no_cycle() -> None:
    # given a card that answers only when it is let
    answers, asked = Event(), list[float]()

    def slow(now_s: float) -> Mapping[str, str]:
        asked.append(now_s)
        answers.wait(30.0)
        return {"disk": "It is slow."}

    upkeep = looking(slow)

    # when the cycle turns and turns
    for turn in range(4):
        upkeep.turn(at(turn * LOOK_EVERY_S))

    # then it goes on, and nothing more is asked of the card
    assert upkeep.faults() == {}
    await soon(lambda: asked, within_s=20.0)
    assert asked == [0.0]

    # and when the card answers, that is known, and it is looked at again
    answers.set()
    await soon(upkeep.faults, within_s=20.0)
    assert upkeep.faults() == {"disk": "It is slow."}
    await turned(upkeep, 100.0, asked, 2)


async def test_a_look_that_fails_is_logged_once_and_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[float] = []

    def broken(now_s: float) -> Mapping[str, str]:
        raise RuntimeError("no such file in sysfs")

    def well(now_s: float) -> Mapping[str, str]:
        seen.append(now_s)
        return {"supply": "Too low."}

    upkeep = looking(broken, well)
    for turn in range(3):
        await turned(upkeep, turn * LOOK_EVERY_S, seen, turn + 1)
    await soon(upkeep.faults, within_s=20.0)
    assert upkeep.faults() == {"supply": "Too low."}
    assert caplog.text.count("The machine cannot be looked at.") == 1
