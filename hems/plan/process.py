"""The daemon's end of the plan: when to ask, how long to wait, and what to do without.

The cycle only leaves the present here and takes what has come back.  A process that is too slow, ends or talks rubbish
is killed; the last plan grows old, and the closed form decides.
"""

import asyncio
import json
import logging
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from math import isfinite

from hems.control.dispatch.flows import flows
from hems.control.given import Given
from hems.model.codec import from_plain, to_plain
from hems.model.errors import HemsError
from hems.model.plan import Plan
from hems.plan.problem import Problem, Solved, problem
from hems.runtime.companion import companion
from hems.runtime.scene import Scene

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "hems.plan")
EVERY_S = 900.0
ANSWER_WITHIN_S = 60.0
RETRY_S = 60.0
"""After one that failed; after each more in a row twice as long, up to `EVERY_S`: what is not installed stays so."""
SOON_S = 120.0
"""No sooner after the last time because something has come differently."""
SURPRISE_W, SURPRISE = 2000.0, 0.5
"""So far off, and so large a part of what was expected, is a surprise."""


class PlanLost(HemsError):
    """The process has not answered as it should."""


class PlanProcess:
    """Asks for a plan every quarter of an hour, when prices are told, cars come or go, and the building surprises."""

    def __init__(
        self,
        command: Sequence[str] = COMMAND,
        *,
        every_s: float = EVERY_S,
        answer_within_s: float = ANSWER_WITHIN_S,
        retry_s: float = RETRY_S,
    ) -> None:
        self._command = tuple(command)
        self._every_s, self._answer_within_s, self._retry_s = every_s, answer_within_s, retry_s
        self._present: Scene | None = None
        self._asked_s = float("-inf")
        self._asked_with: object = None
        """The prices and the cars that the last plan was made with."""
        self._due = asyncio.Event()
        self._found: Plan | None = None
        self._said = ""
        self.starts = 0
        """How often a process was started."""

    def follow(self, scene: Scene) -> None:
        """Note the present; new prices and cars ask at once, a surprise soon."""
        self._present = scene
        if scene.site.tariff is None:
            return
        late = scene.now_s >= self._asked_s + self._every_s
        told = _told(scene) != self._asked_with
        if late or told or (scene.now_s >= self._asked_s + SOON_S and surprised(scene)):
            self._due.set()

    def take(self) -> tuple[Plan, ...]:
        """The plan that has come in since this was last asked."""
        found, self._found = self._found, None
        return () if found is None else (found,)

    async def run(self) -> None:
        """Ask whenever it is due, until cancelled."""
        wait_s = self._retry_s
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._plan()
                self._said, wait_s = "", self._retry_s
            except (PlanLost, OSError, ValueError) as error:
                if str(error) != self._said:
                    log.warning("No new plan; batteries go by the closed form: %s", error)
                self._said = str(error)
                await self._due_within(wait_s)
                wait_s = max(self._retry_s, min(2.0 * wait_s, self._every_s))

    async def _due_within(self, wait_s: float) -> None:
        """Once it is due anyway, for new prices and cars, or after so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._due.wait()
        self._due.set()

    async def _plan(self) -> None:
        """One question and its answer.  Raises: PlanLost; OSError when the process cannot be started."""
        scene = self._present
        if scene is None:
            return
        self._asked_s, self._asked_with = scene.now_s, _told(scene)
        asked = await asyncio.to_thread(_problem, scene)
        if asked is None:
            return
        answer = await self._solved(asked)
        if answer.plan is None:
            raise PlanLost(answer.why_not)
        if not _answers(answer.plan, asked):
            raise PlanLost("The solver has answered something else.")
        self._found = answer.plan

    async def _solved(self, asked: Problem) -> Solved:
        line = json.dumps(to_plain(asked)).encode() + b"\n"
        try:
            async with companion(self._command) as child, asyncio.timeout(self._answer_within_s):
                self.starts += 1
                told = await _reply(child, line)
        except TimeoutError as error:
            raise PlanLost("The solver takes too long.") from error
        if not told.strip():
            raise PlanLost("The solver has ended without an answer.")
        return from_plain(Solved, json.loads(told))


async def _reply(child: Process, line: bytes) -> bytes:
    """What it says to that, in one line; however much it talks, no more of it is kept."""
    if child.stdin is None or child.stdout is None:
        return b""
    child.stdin.write(line)
    await child.stdin.drain()
    return await child.stdout.readline()


def _answers(plan: Plan, asked: Problem) -> bool:
    """Whether it is a plan for that time, in numbers: what control is given must not be what ends it."""
    numbers = (
        number
        for step in plan.steps
        for number in (step.worth, step.battery_w, step.net_w, step.cars_w, *step.cars.values())
    )
    timely = (plan.begins_s, plan.step_s) == (asked.begins_s, asked.step_s)
    return timely and isfinite(plan.target_w or 0.0) and all(map(isfinite, numbers))


def _problem(scene: Scene) -> Problem | None:
    return problem(Given(scene.site, scene.snapshot, scene.params, scene.now), scene.state)


def _told(scene: Scene) -> tuple[object, object]:
    """The prices that somebody has told, and the cars whose departure is known: each time they are others."""
    return id(scene.state.prices), scene.state.connection.market.seen_cars


def surprised(scene: Scene) -> bool:
    """Whether the building draws, or feeds, something quite different from what the plan expects now."""
    plan = scene.state.connection.market.plan
    step = None if plan is None or scene.now.utc is None else plan.at(scene.now.utc.timestamp())
    flow = flows(scene.site, scene.snapshot, scene.now_s)
    if step is None or flow is None:
        return False
    off_w = abs(flow.house_w - step.net_w)
    return off_w > max(SURPRISE_W, SURPRISE * abs(step.net_w))
