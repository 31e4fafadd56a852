"""What must go on for as long as the daemon does: drivers and sockets.

One that falls over is started again; it must not take the others, or the cycle, with it.  At the end all are told to
stop, and whatever will not is left behind.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from hems.model.contained import contained
from hems.model.errors import HemsError

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
STEADY_S = 30.0
"""After running for this long it counts as well again."""
AGAIN_S = 1.0
"""Pause between two cancellations of a task: libraries that wait with `asyncio.wait_for` swallow one now and then."""


class Running:
    """Everything that is kept running."""

    def __init__(self) -> None:
        self.troubles: dict[str, str] = {}
        """What has failed and is not steady again, by name; one sentence each."""
        self._tasks: list[asyncio.Task[None]] = []

    def keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run from now until `end`; after any fault, log it once in full and try again with growing pauses."""
        self._tasks.append(asyncio.create_task(self._kept(name, run), name=name))

    async def end(self, *, within_s: float) -> list[str]:
        """Stop everything.  What has not ended by then is returned by name and runs on."""
        loop = asyncio.get_running_loop()
        until_s, pending = loop.time() + within_s, set(self._tasks)
        while pending and loop.time() < until_s:
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=min(AGAIN_S, until_s - loop.time()))
        return sorted(task.get_name() for task in pending)

    async def _kept(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        pause_s = FIRST_PAUSE_S
        while True:
            began_s = loop.time()
            steady = loop.call_later(STEADY_S, self._steady, name)
            try:
                self._failed(name, await self._ended(name, run))
            finally:
                steady.cancel()
            pause_s = FIRST_PAUSE_S if loop.time() - began_s >= STEADY_S else pause_s
            await asyncio.sleep(pause_s)
            pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)

    async def _ended(self, name: str, run: Callable[[], Awaitable[None]]) -> str:
        """Runs it, and says why it has ended."""
        try:
            with contained() as task:  # a fault in one protocol must never end the control of all others
                await run()
        except asyncio.CancelledError:
            if _told_to_stop():
                raise
            return "something in it was cancelled"
        if task.fault is None:
            return "it ended by itself"
        if isinstance(task.fault, HemsError):  # says in words what is wrong, the trace would not help
            return str(task.fault)
        if name not in self.troubles:
            log.error("A fault in %s:", name, exc_info=task.fault)
        return _in_short(task.fault)

    def _failed(self, name: str, why: str) -> None:
        level = logging.DEBUG if name in self.troubles else logging.ERROR
        named = name[:1].upper() + name[1:]
        self.troubles[name] = f"{named} has failed and is started again by itself: {why.rstrip('.')}."
        log.log(level, "%s", self.troubles[name])

    def _steady(self, name: str) -> None:
        if self.troubles.pop(name, None):
            log.info("%s runs again.", name)


def _told_to_stop() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _in_short(error: BaseException) -> str:
    """The fault itself, without the group that a task group makes of it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
