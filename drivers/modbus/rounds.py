"""One poll class of a device, read again and again without a task for as long as all goes well.

Whatever does not is handed to the task that awaits `run`: it deals with it, and begins the rounds anew.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from drivers.modbus.batches import Batch
from drivers.modbus.errors import LinkError
from drivers.modbus.hearing import Words
from drivers.modbus.poll import Reader
from hems.model.contained import contained

Rest = Callable[[], Awaitable[None]]
"""What is left of a round that has gone otherwise.  Raises: what has gone wrong."""


class Rounds:
    """The rounds of one poll class."""

    def __init__(
        self, reader: Reader, kind: str, every_s: float, *, usual: Callable[[], bool], answered: Callable[[], None]
    ) -> None:
        """`usual` is asked at the beginning of each round: whether there is nothing else to see to.

        `answered` is called at the end of each.
        """
        self._reader = reader
        self._kind = kind
        self._every_s = every_s
        self._usual = usual
        self._answered = answered
        self._loop = asyncio.get_running_loop()
        self._next_s = 0.0
        self._left: Iterator[Batch] = iter(())
        self._batch: Batch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._over: asyncio.Future[Rest | None] = self._loop.create_future()

    async def run(self, next_s: float) -> tuple[float, Rest | None]:
        """From `next_s` on, until one is not as usual: when it was due, and its rest if it had begun."""
        self._next_s, self._over = next_s, self._loop.create_future()
        self._wait()
        try:
            rest = await self._over
            return self._next_s, rest
        finally:
            self._batch = None
            if self._timer is not None:
                self._timer.cancel()

    def _wait(self) -> None:
        self._timer = self._loop.call_at(self._next_s, self._begin)

    def _begin(self) -> None:
        if self._over.done():
            return
        with contained() as asked:
            self._ask()
        if asked.fault is not None:
            self._end(partial(_raised, asked.fault))

    def _ask(self) -> None:
        if self._usual():
            self._left = iter(self._reader.batches(self._kind))
            self._go_on()
        else:
            self._end(None)

    def _go_on(self) -> None:
        batch = self._batch = next(self._left, None)
        if batch is not None:
            self._reader.ask_soon(self._kind, batch, self._heard)
            return
        self._answered()
        now_s = self._loop.time()
        self._next_s = max(self._next_s + self._every_s, now_s)
        if self._next_s > now_s:
            self._wait()
        else:
            self._ask()

    def _heard(self, answer: Words | LinkError) -> None:
        batch = self._batch
        if batch is None:  # whoever ran these rounds has gone
            return
        if isinstance(answer, LinkError):
            self._end(partial(self._reader.rest, self._kind, batch, answer, tuple(self._left)))
            return
        with contained() as taken:
            self._reader.take(self._kind, batch, answer)
            self._go_on()
        if taken.fault is not None:
            self._end(partial(_raised, taken.fault))

    def _end(self, rest: Rest | None) -> None:
        self._batch = None
        if not self._over.done():
            self._over.set_result(rest)


async def _raised(fault: Exception) -> None:
    raise fault
