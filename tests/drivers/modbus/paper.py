"""A link of paper and an event loop whose time passes only by waiting: hours of a line in milliseconds."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from drivers.modbus.address import parse_address
from drivers.modbus.errors import NoAnswer
from drivers.modbus.frame import Frame, ReadFrame
from drivers.modbus.queue import LinkQueue

T = TypeVar("T")


class _Skipping(selectors.SelectSelector):
    """Where others would wait, this one says that the time has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("everybody waits and nothing will ever happen")
            self.passed_s += max(0.0, timeout)
        return ready


class PaperLoop(asyncio.SelectorEventLoop):
    """Begins at 0 s."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.passed_s


def played(story: Coroutine[Any, Any, T]) -> T:
    """What `story` returns, in time that nobody waits for."""
    loop = PaperLoop()
    try:
        return loop.run_until_complete(story)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
            loop.run_until_complete(asyncio.wait({task}))
        loop.close()


class PaperLink:
    """Answers every read with zeroes after `takes_s`, unless `silent` says that the unit does not answer."""

    def __init__(self, *, takes_s: float = 0.01) -> None:
        self.is_open = True
        self.takes_s = takes_s
        self.silent: Callable[[int], bool] = lambda _unit: False
        self.asked: list[tuple[float, Frame]] = []
        """When, and what."""
        self.opened = 0

    async def open(self, timeout_s: float) -> None:
        self.is_open = True
        self.opened += 1

    async def ask(self, frame: Frame, timeout_s: float) -> tuple[int, ...]:
        self.asked.append((asyncio.get_running_loop().time(), frame))
        if self.silent(frame.unit):
            await asyncio.sleep(timeout_s)
            raise NoAnswer("silent")
        await asyncio.sleep(self.takes_s)
        return (0,) * frame.count if isinstance(frame, ReadFrame) else ()

    def close(self) -> None:
        self.is_open = False

    def times(self, unit: int) -> list[float]:
        return [at_s for at_s, frame in self.asked if frame.unit == unit]


def queue_on(link: PaperLink, address: str = "rtu:///dev/ttyUSB0") -> LinkQueue:
    return LinkQueue(parse_address(address), link, Random(1))
