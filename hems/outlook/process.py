"""The daemon's end of the outlook process: it starts it, asks it, and does without it.

The cycle only leaves the present here.  Whatever happens to the process, an answer too late, rubbish, its end, it is
killed and started again after a growing pause, and meanwhile the closed form has to do.
"""

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Sequence
from itertools import count

from hems.model.codec import from_plain, to_plain
from hems.model.errors import HemsError
from hems.model.foresight import Foresight, WhatIf
from hems.model.mode import Mode
from hems.model.request import Asked, Request
from hems.model.units import CircuitId
from hems.outlook.question import Answer, Question, Wish
from hems.runtime.companion import companion
from hems.runtime.scene import Scene

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "hems.outlook")
EVERY_S = 60.0
REST = 4.0
"""Times as long as a look took nothing is asked for: a small gateway would do little else, and be hot by it."""
SELDOM_S = 280.0
"""From one answer to the next, however slow it is: what was seen last is shown for five minutes."""
SOON_S = 15.0
"""No sooner after the last look because circuits have gone or come back: on a young island they do so in a row."""
ANSWER_WITHIN_S = 180.0
"""It has the last place: on a busy machine it is slow, and one that is started anew for it is slower yet.  What was
seen last is shown for five minutes, so that one that hangs is missed no sooner."""
WHAT_IF_WITHIN_S = 2.0
"""A person waits for it before a form; then the closed form has to do."""
ORDER_WITHIN_S = 10.0
"""An order has no closed form, its question can be left at any time, and this process is last in line: it may wait."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0


class OutlookLost(HemsError):
    """The process does not answer as it should."""


class OutlookProcess:
    """Fulfils `hems.runtime.outlook.Outlook`.  `run` keeps the process; everything else returns at once."""

    def __init__(
        self,
        command: Sequence[str] = COMMAND,
        *,
        every_s: float = EVERY_S,
        answer_within_s: float = ANSWER_WITHIN_S,
        what_if_within_s: float = WHAT_IF_WITHIN_S,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self._command = tuple(command)
        self._every_s = every_s
        self._answer_within_s = answer_within_s
        self._what_if_within_s = what_if_within_s
        self._first_pause_s = first_pause_s
        self._present: Scene | None = None
        self._asked_in: Mode | None = None
        self._asked_off: frozenset[CircuitId] = frozenset()
        self._asked_s = 0.0
        self._rest_s = every_s
        self._due = asyncio.Event()
        self._latest: Foresight | None = None
        self._numbers = count(1)
        self._child: asyncio.subprocess.Process | None = None
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self.starts = 0
        """How often the process has been started."""

    def follow(self, scene: Scene) -> None:
        """Note the present; another mode asks at once, another set of circuits that are off soon."""
        self._present = scene
        moved = scene.now_s >= self._asked_s + SOON_S and _off(scene) != self._asked_off
        if moved or scene.state.mode.mode is not self._asked_in:
            self._due.set()

    def latest(self) -> Foresight | None:
        """What was answered last."""
        return self._latest

    async def what_if(self, request: Wish) -> WhatIf | None:
        """Ask the process and wait a moment for its answer; None when it is not there or too slow."""
        if self._child is None or self._present is None:
            return None
        within_s = self._what_if_within_s if isinstance(request, Request) else ORDER_WITHIN_S
        with contextlib.suppress(OutlookLost, OSError, TimeoutError):
            return (await self._ask(request, within_s)).what_if
        return None

    def take(self) -> tuple[Asked, ...]:
        """Nothing: it only looks."""
        return ()

    async def run(self) -> None:
        """Keep a process and ask it, every so often and whenever the mode changes, until cancelled."""
        pause_s = self._first_pause_s
        while True:
            before = self._latest
            try:
                await self._live()
            except* (OutlookLost, OSError, ValueError) as lost:
                log.info("The outlook process is started again in %.0f s: %s", pause_s, lost.exceptions[0])
            pause_s = self._first_pause_s if self._latest is not before else min(2.0 * pause_s, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    async def _live(self) -> None:
        """One process, until it fails.  Raises: OutlookLost; OSError when it cannot be started."""
        async with companion(self._command) as child:
            self._child = child
            self.starts += 1
            try:
                async with asyncio.TaskGroup() as both:  # neither ends but by failing, and takes the other along
                    both.create_task(self._hear(child), name="outlook answers")
                    both.create_task(self._look_regularly(), name="outlook questions")
            finally:
                self._child = None
                self._give_up()

    async def _look_regularly(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._rest_s if self._latest is not None or self._asked_in else None):
                    await self._due.wait()
            self._due.clear()
            if self._present is None:
                continue
            self._asked_in, self._asked_off = self._present.state.mode.mode, _off(self._present)
            self._asked_s, began_s = self._present.now_s, asyncio.get_running_loop().time()
            try:
                answer = await self._ask(None, self._answer_within_s)
            except TimeoutError as error:
                raise OutlookLost("It takes too long.") from error
            self._latest = answer.foresight
            self._rest_s = rest_s(self._every_s, asyncio.get_running_loop().time() - began_s)

    async def _ask(self, request: Wish | None, within_s: float) -> Answer:
        """Raises: TimeoutError; OutlookLost when the process has gone."""
        present, child = self._present, self._child
        if present is None or child is None or child.stdin is None:
            raise OutlookLost("It does not run.")
        number = next(self._numbers)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(within_s):
                line = await asyncio.to_thread(_line, number, present, request)  # the cycle must not wait for it
                child.stdin.write(line)
                await child.stdin.drain()
                return await answer
        finally:
            self._waiting.pop(number, None)

    async def _hear(self, child: asyncio.subprocess.Process) -> None:
        """Raises: OutlookLost when it ends; ValueError when it says what nobody understands."""
        if child.stdout is None:
            raise OutlookLost("It has no output.")
        async for line in child.stdout:
            answer = from_plain(Answer, json.loads(line))
            asked = self._waiting.get(answer.number)
            if asked is not None and not asked.done():
                asked.set_result(answer)
        raise OutlookLost("It has ended.")

    def _give_up(self) -> None:
        for asked in self._waiting.values():
            if not asked.done():
                asked.set_exception(OutlookLost("It has ended."))


def rest_s(every_s: float, took_s: float) -> float:
    """Seconds until the next look, after one that took so long."""
    return max(every_s, min(SELDOM_S - took_s, REST * took_s))


def _off(scene: Scene) -> frozenset[CircuitId]:
    """What hems has switched off."""
    return frozenset(name for name, one in scene.state.loads.items() if one.shed_because is not None)


def _line(number: int, present: Scene, request: Wish | None) -> bytes:
    question = Question(
        number=number,
        site=present.site,
        params=present.params,
        state=present.state,
        snapshot=present.snapshot,
        now=present.now,
        request=request,
    )
    return json.dumps(to_plain(question)).encode() + b"\n"
