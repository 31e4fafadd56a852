"""The plan's process in a story: it works, is killed, hangs, or cannot be started.

Over sockets it is a process that really lives and dies.  While one that works is at work the virtual clock stands, so
that a busy machine plans no later than an idle one; what hangs is waited for as long as hems waits.
"""

import sys
from collections.abc import Callable, Mapping

from hems.control.given import Given
from hems.control.params import Params
from hems.control.state import ControlState
from hems.model.errors import HemsError
from hems.model.instant import Instant
from hems.model.plan import Plan
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.plan.problem import Problem, Solved, problem
from hems.plan.process import COMMAND, EVERY_S, RETRY_S, PlanProcess
from hems.plan.program import solved
from hems.sim.planner import Solver
from hil.vloop import VirtualLoop

OVER_ITS_QUESTION = "import os, signal, sys; sys.stdin.readline(); os.kill(os.getpid(), signal.{})"
COMMANDS: Mapping[Solver, tuple[str, ...]] = {
    Solver.WORKS: COMMAND,
    Solver.DIES: (sys.executable, "-c", OVER_ITS_QUESTION.format("SIGKILL")),
    Solver.HANGS: (sys.executable, "-c", OVER_ITS_QUESTION.format("SIGSTOP")),
    Solver.MISSING: ("/nowhere/solver",),
}


class VirtualPlanProcess(PlanProcess):
    """The daemon's own end of the plan, and a process that fares as the story says."""

    def __init__(self, loop: VirtualLoop, fares: Callable[[], Solver]) -> None:
        super().__init__()
        self._loop, self._fares = loop, fares

    async def _solved(self, asked: Problem) -> Solved:
        solver = self._fares()
        self._command = COMMANDS[solver]
        if solver is Solver.HANGS:
            return await super()._solved(asked)
        with self._loop.standing():
            return await super()._solved(asked)


class PlannerAtOnce:
    """The same program in fast-forward, where an answer takes no time."""

    def __init__(self, site: Site, params: Params) -> None:
        self._site, self._params = site, params
        self._solver = Solver.WORKS
        self._due_s = float("-inf")
        self._wait_s = RETRY_S
        self._asked_with: object = None

    def fares(self, solver: Solver) -> None:
        """From now on."""
        self._solver = solver

    def plan(self, snapshot: Snapshot, state: ControlState, now: Instant) -> Plan | None:
        """Each quarter of an hour, sooner after one that failed, and when other prices or cars are known."""
        told = id(state.prices), state.connection.market.seen_cars
        if now.mono_s < self._due_s and told == self._asked_with:
            return None
        self._due_s, self._asked_with = now.mono_s + EVERY_S, told
        asked = problem(Given(self._site, snapshot, self._params, now), state)
        if asked is None:
            return None
        found = self._solved(asked)
        if found is None:
            self._due_s = now.mono_s + self._wait_s
        self._wait_s = RETRY_S if found is not None else min(2.0 * self._wait_s, EVERY_S)
        return found

    def _solved(self, asked: Problem) -> Plan | None:
        try:
            return solved(asked) if self._solver is Solver.WORKS else None
        except HemsError:
            return None  # without the solver's libraries: as where it is missing
