"""The plan's process and the daemon's end of it: it plans, and whatever it does hurts nobody."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from hems.model.plan import Plan, PlanStep
from hems.model.prices import Prices
from hems.plan.process import PlanProcess, surprised
from hems.runtime.scene import Scene
from tests.plan import given
from tests.runtime.parts import soon

SILENT = (sys.executable, "-c", "import time; time.sleep(60)")
RUBBISH = (sys.executable, "-c", "import sys; sys.stdin.readline(); print('what', flush=True)")
GONE = (sys.executable, "-c", "import sys; sys.stdin.readline()")
MISSING = ("/no/such/program",)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return given.scene()


@asynccontextmanager
async def running(command: Sequence[str] | None = None, **times: float) -> AsyncIterator[PlanProcess]:
    made = PlanProcess(**times) if command is None else PlanProcess(command, **times)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_it_plans_a_day_and_a_half_in_a_process_of_its_own(scene):
    pytest.importorskip("scipy", reason="the plan needs scipy: pip install hems[solver]")
    async with running() as made:
        made.follow(scene)
        found: list[Plan] = []
        await soon(lambda: found.extend(made.take()) or found, within_s=90.0)
        # then the plan reaches a day and a half, and the tick gets it once
        assert len(found[0].steps) == 144
        assert made.take() == ()
        # and it is not asked again before it is time, or something surprises
        made.follow(scene)
        await asyncio.sleep(0)
        assert made.starts == 1


@pytest.mark.parametrize("command", [SILENT, RUBBISH, GONE, MISSING], ids=["silent", "rubbish", "gone", "missing"])
async def test_one_that_fails_is_tried_again_and_nobody_waits_for_it(command, scene):
    async with running(command, answer_within_s=0.2, retry_s=0.01, every_s=0.0) as made:
        made.follow(scene)
        for _ in range(200):
            await asyncio.sleep(0.01)
            made.follow(scene)
            if made.starts > 1 or command is MISSING:
                break
        assert made.take() == ()
        assert made.starts > 1 or command is MISSING


def answering(**rubbish: object) -> Sequence[str]:
    """One that answers at once with a plan in which something is as it cannot be."""
    program = (
        "import json, sys\n"
        "asked = json.loads(sys.stdin.readline())\n"
        "step = {'worth': 0.2, 'battery_w': 0.0, 'net_w': 700.0}\n"
        "plan = {'begins_s': asked['begins_s'], 'step_s': asked['step_s'], 'steps': [step]}\n"
        "print(json.dumps({'plan': plan | json.loads(sys.argv[1])}), flush=True)\n"
    )
    return (sys.executable, "-c", program, json.dumps(rubbish))


async def test_a_plan_that_answers_what_was_asked_is_taken(scene):
    async with running(answering(), retry_s=0.01) as made:
        made.follow(scene)
        await soon(made.take, within_s=30.0)


@pytest.mark.parametrize(
    "rubbish",
    [
        {"step_s": 0.0},
        {"begins_s": 0.0},
        {"steps": [{"worth": {"$float": "nan"}, "battery_w": 0.0, "net_w": 700.0}]},
        {"target_w": {"$float": "inf"}},
    ],
    ids=["no length", "another time", "no number", "no end"],
)
async def test_a_plan_that_could_end_control_never_reaches_it(scene, rubbish, caplog):
    async with running(answering(**rubbish), retry_s=0.01) as made:
        made.follow(scene)
        await soon(lambda: "No new plan" in caplog.text, within_s=30.0)
        assert made.take() == ()


async def test_without_a_tariff_no_process_is_started(scene):
    async with running() as made:
        made.follow(replace(scene, site=replace(scene.site, tariff=None)))
        await asyncio.sleep(0.05)
        assert made.starts == 0


async def test_new_prices_ask_at_once(scene):
    async with running(GONE, retry_s=1e9, every_s=1e9) as made:
        made.follow(scene)
        await soon(lambda: made.starts == 1, within_s=30.0)
        told = Prices(source="exchange", told_s=0.0, slots=())
        state = replace(scene.step.state, prices=told)
        made.follow(replace(scene, step=replace(scene.step, state=state)))
        await soon(lambda: made.starts == 2, within_s=30.0)


def test_a_building_that_does_something_else_is_a_surprise(scene):
    assert scene.now.utc is not None
    steps = (PlanStep(worth=0.2, battery_w=0.0, net_w=10_000.0),)
    plan = Plan(begins_s=scene.now.utc.timestamp(), step_s=900.0, steps=steps)

    def planned(net_w: float) -> Scene:
        one = replace(plan, steps=(replace(steps[0], net_w=net_w),))
        market = replace(scene.state.connection.market, plan=one)
        state = replace(scene.state, connection=replace(scene.state.connection, market=market))
        return replace(scene, step=replace(scene.step, state=state))

    assert not surprised(planned(10_500.0))
    assert surprised(planned(2000.0))
    assert not surprised(scene)
