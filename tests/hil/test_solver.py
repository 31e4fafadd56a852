"""The plan's process as stories play it: it really lives and dies, and only one that hangs costs time of the story."""

import asyncio
from itertools import pairwise

import pytest

from hems.control.memory.using import Habits
from hems.control.params import Params
from hems.model.plan import Plan
from hems.plan.problem import Problem, Solved
from hems.plan.process import PlanLost, PlanProcess
from hems.runtime.scene import Scene
from hems.sim.planner import Solver, seen
from hil import vloop
from hil.solver import PlannerAtOnce, VirtualPlanProcess
from tests.plan import given

pytestmark = pytest.mark.wire


LOOK_S, ENDS_S = 0.5, 55.0
GIVEN_UP_S = 75.0
"""Hems gives up a process that has not answered within a minute."""


def asked(solver: Solver, scene: Scene, *, ends_s: float = ENDS_S) -> tuple[float | None, int]:
    """After so many seconds of the story there was a plan, if any; and how many processes were really started."""

    async def main(loop: vloop.VirtualLoop) -> tuple[float | None, int]:
        made, begun_s = VirtualPlanProcess(loop, lambda: solver), loop.time()
        task = asyncio.create_task(made.run())
        made.follow(scene)
        found_s = None
        while found_s is None and loop.time() < begun_s + ends_s:
            await asyncio.sleep(LOOK_S)
            found_s = loop.time() - begun_s if made.take() else None
        task.cancel()
        await asyncio.wait({task})
        return found_s, made.starts

    return vloop.run(main)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return given.scene()


def test_one_that_works_takes_no_time_of_the_story_however_busy_the_machine(scene):
    pytest.importorskip("scipy", reason="the plan needs scipy: pip install hems[solver]")
    found_s, starts = asked(Solver.WORKS, scene)
    assert found_s is not None
    assert found_s <= 2.0 * LOOK_S
    assert starts == 1


@pytest.mark.parametrize(("solver", "ends_s"), [(Solver.DIES, ENDS_S), (Solver.HANGS, GIVEN_UP_S)])
def test_one_that_is_killed_or_stopped_over_its_question_was_really_started_and_gives_no_plan(solver, ends_s, scene):
    assert asked(solver, scene, ends_s=ends_s) == (None, 1)


class Failing(PlanProcess):
    """Fails at once."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_s: list[float] = []

    async def _solved(self, asked: Problem) -> Solved:
        self.asked_s.append(asyncio.get_running_loop().time())
        raise PlanLost("It is not installed.")


def test_one_that_fails_is_asked_again_after_a_minute_and_then_ever_more_seldom_up_to_each_quarter_of_an_hour(scene):
    async def main(_: vloop.VirtualLoop) -> list[float]:
        made = Failing()
        task = asyncio.create_task(made.run())
        made.follow(scene)
        await asyncio.sleep(4000.0)
        task.cancel()
        await asyncio.wait({task})
        return made.asked_s

    times_s = vloop.run(main)
    waits_s = [round(after - before) for before, after in pairwise(times_s)]
    assert waits_s == [60, 120, 240, 480, 900, 900, 900]


def test_one_that_cannot_be_started_gives_no_plan(scene):
    assert asked(Solver.MISSING, scene) == (None, 0)


def test_in_fast_forward_it_is_asked_at_first_each_quarter_of_an_hour_and_when_prices_or_cars_are_others(scene):
    pytest.importorskip("scipy", reason="the plan needs scipy: pip install hems[solver]")
    planner = PlannerAtOnce(scene.site, Params())
    assert planner.plan(scene.snapshot, scene.state, scene.now) is not None
    assert planner.plan(scene.snapshot, scene.state, scene.now) is None
    # and when it does not work there is none, though it would be time
    other = PlannerAtOnce(scene.site, Params())
    other.fares(Solver.DIES)
    assert other.plan(scene.snapshot, scene.state, scene.now) is None


def test_in_fast_forward_it_is_asked_again_at_the_same_times(scene):
    pytest.importorskip("scipy", reason="the plan needs scipy: pip install hems[solver]")
    planner = PlannerAtOnce(scene.site, Params())

    def at(s: int) -> Plan | None:
        there = given.scene(10 + s)
        return planner.plan(there.snapshot, there.state, there.now)

    # given two that failed, a minute apart: the third is not asked for before two minutes more
    planner.fares(Solver.DIES)
    assert [at(0), at(60)] == [None, None]
    planner.fares(Solver.WORKS)
    assert at(175) is None
    assert at(185) is not None


def test_a_building_that_was_seen_for_no_day_has_no_habits(scene):
    assert seen(scene.site, 0) == Habits()
    assert len(seen(scene.site, 5).suns_w) == 5
