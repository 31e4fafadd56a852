"""A run of many stories: one that breaks or hangs is told as failed, and the others are played all the same."""

import asyncio
import time
from dataclasses import replace

import pytest

from hems.model.errors import ConfigError
from hems.sim.scenario import Scenario, WorldAct
from hil import stage
from hil.page import page
from hil.pool import AGAIN_S, TooLong, limited, play_all
from hil.run import junit

SCENARIOS = {scenario.id: scenario for scenario in stage.scenarios()}


def with_act(scenario: Scenario, do: str, **args: object) -> Scenario:
    return replace(scenario, id=f"{scenario.id}-{do}", acts=(WorldAct(t_s=1.0, do=do, args=args),), ends_s=10.0)


def test_a_story_that_breaks_has_failed_with_its_reason_and_the_others_are_played() -> None:
    # given two stories, one of which names a bay that is not there
    good = replace(SCENARIOS["T1-c"], ends_s=10.0)
    wrong = with_act(good, "unplug", bay="bay_99")
    # when both are played
    broken, held = sorted(play_all([(wrong, "fast"), (good, "fast")], jobs=2), key=lambda one: not one.broken)
    # then one is told as failed, by what ended it, in every report
    assert not broken.held
    assert "bay_99" in broken.verdicts[0].detail
    assert "bay_99" in junit([broken, held])
    assert "bay_99" in page([broken, held])
    # and the other has been judged
    assert held.scenario == good
    assert held.record.frames


def test_a_story_that_hangs_is_ended_even_where_its_loop_always_has_something_to_do() -> None:
    async def for_ever() -> None:
        while True:  # noqa: ASYNC110  that is what hangs here
            await asyncio.sleep(0)

    # then its first alarm ends it, wherever that falls: many times, because it falls where it likes
    for _ in range(20):
        began_s = time.monotonic()
        with pytest.raises(TooLong), limited(0.002):
            asyncio.run(for_ever())
        assert time.monotonic() - began_s < AGAIN_S, "the first alarm did not end it"


def test_what_is_wrong_with_every_story_ends_the_run_at_once() -> None:
    wrong = replace(SCENARIOS["T1-c"], site={"devices": {"hybrid": {"model": "no such thing"}}})
    with pytest.raises(ConfigError):
        list(play_all([(wrong, "fast")], jobs=1))
