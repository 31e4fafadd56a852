"""X-a: killed at random moments of an outage, with the unmodified daemon over real sockets in virtual time."""

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from hems.sim.record import Record
from hems.sim.scenario import Expectation, Scenario, WorldAct
from hil import stage

FAILS_S, BACK_S = 5.0, 120.0
"""The outage."""
APART_S = 8.0
"""How long each daemon lives at least."""
HOLD_S = 30.0
"""For so long a new daemon gives power to nothing."""
X_A = next(one for one in stage.scenarios("X-a") if one.id == "X-a")


def moments(seed: int, count: int) -> list[float]:
    """Random moments from the grid's failure to a while after its return, none right after another."""
    rng = Random(seed)
    spare_s = BACK_S + 60.0 - FAILS_S - APART_S * count
    drawn = sorted(rng.uniform(0.0, spare_s) for _ in range(count))
    return [FAILS_S + at_s + APART_S * index for index, at_s in enumerate(drawn)]


def expected(check: str, text: str, **params: Any) -> Expectation:
    return Expectation(check=check, text=text, params=params)


def story(kills: list[float], ends_s: float, *more: Expectation) -> Scenario:
    acts = [WorldAct(t_s=FAILS_S, do="fail_grid", args={}), WorldAct(t_s=BACK_S, do="return_grid", args={})]
    acts += [WorldAct(t_s=at_s, do="kill_hems", args={}) for at_s in kills]
    end = {"from_s": ends_s - 1.0, "by_s": ends_s}
    return replace(
        X_A,
        ends_s=ends_s,
        acts=tuple(sorted(acts, key=lambda act: act.t_s)),
        expectations=(
            expected("no_trip", "the inverter never trips"),
            expected("tiers_on", "what is critical is never off", tiers=[0, 1]),
            expected("by", "in the end the grid carries the building", that=["tie_open", "is", False], **end),
            *more,
        ),
    )


def given_too_early(record: Record, kills: list[float]) -> list[tuple[float, frozenset[str]]]:
    """What was switched on although its daemon was younger than it must be."""
    return [
        (after.t_s, before.off - after.off)
        for before, after in pairwise(record.frames)
        if before.off - after.off and any(before.t_s - at_s > 0.5 and after.t_s - at_s < HOLD_S - 0.5 for at_s in kills)
    ]


def judged(kills: list[float], ends_s: float, *more: Expectation) -> None:
    played = stage.on_virtual_wires(story(kills, ends_s, *more))
    assert [f"{one.text}: {one.detail}" for one in played.verdicts if not one.held] == []
    assert given_too_early(played.record, kills) == []
    assert any(frame.off for frame in played.record.frames)  # there was something to give


@pytest.mark.long
@pytest.mark.wire
def test_xa_killed_ten_times_in_one_outage_it_protects_all_through_gives_nothing_too_early_and_comes_back_to_the_grid():
    # after the third time only what protects is left, and circuits that are off wait for a person: so it shall be
    waits = expected("by", "what is off stays off", that=["off", "is_not", []], from_s=309.0, by_s=310.0)
    judged(moments(seed=1, count=10), 310.0, waits)


@pytest.mark.soak
@pytest.mark.wire
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(50))
def test_xa_killed_once_at_any_moment_it_ends_as_if_nothing_had_been(seed: int) -> None:
    whole = expected("by", "and everything is on", that=["off", "is", []], from_s=699.0, by_s=700.0)
    judged(moments(seed, count=1), 700.0, whole)
