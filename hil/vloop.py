"""An event loop whose clock jumps when no socket is ready: real frames, real parameters, an hour in a minute.

Everything that runs on it must take its time from it: `asyncio.sleep`, `loop.call_at`, a `ports.Clock` over
`loop.time`.  What waits for a thread of another clock would see time fly; work handed to an executor is waited for.
"""

import asyncio
import os
import selectors
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import Context
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, TypeVar

import paho.mqtt.client

from hems.model.instant import Instant

NOON = datetime(2026, 10, 17, 12, tzinfo=UTC)
STARTS_S = 10_000.0
"""A machine that has been up for some hours: no timer may depend on beginning at 0."""
SETTLE_S = 0.0002
"""Real time given to the kernel before a jump that follows traffic, where there is a pseudo-terminal: that hands over
in its own time.  What is sent to a socket of this machine has arrived when the sender goes on."""
TICKS_PER_S = 2.0**20
"""The clock moves in steps of a microsecond.  asyncio calls what is due within a nanosecond; without steps what asks
again whether its time has really come could ask for ever, while the clock stands because somebody is always busy."""
STUCK_S = 10.0
"""Real time after which a loop that waits for nothing but sockets is given up."""
T = TypeVar("T")


class _Jumping(selectors.BaseSelector):
    """Asks the kernel without waiting; if it has nothing, the waiting is done by moving the clock."""

    def __init__(self) -> None:
        self._kernel = selectors.DefaultSelector()
        self.now_s = STARTS_S
        self.busy = 0
        """Pieces of work in other threads and processes, which take real time."""
        self._heard = False
        self._terminals = set[int]()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; else what is ready after a jump of at most `timeout` s, which is nothing."""
        ready = self._kernel.select(0)
        if not ready and self._heard and self._terminals and timeout != 0:
            ready = self._kernel.select(SETTLE_S)
        self._heard = bool(ready)
        if ready or timeout == 0:
            return ready
        if self.busy or timeout is None:
            return self._wait(timeout)
        self.now_s += timeout
        return []

    def _wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """In real time.  Raises: TimeoutError when nothing can ever happen again."""
        ready = self._kernel.select(STUCK_S)
        if not ready and timeout is None:
            raise TimeoutError("nothing is scheduled and no socket speaks: this loop would wait for ever")
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 stdlib
        """As the kernel's."""
        key = self._kernel.register(fileobj, events, data)
        if os.isatty(key.fd):
            self._terminals.add(key.fd)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401 stdlib
        """As the kernel's."""
        key = self._kernel.unregister(fileobj)
        self._terminals.discard(key.fd)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 stdlib
        """As the kernel's."""
        return self._kernel.modify(fileobj, events, data)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401 stdlib
        """As the kernel's."""
        return self._kernel.get_key(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """As the kernel's."""
        return self._kernel.get_map()

    def close(self) -> None:
        """As the kernel's."""
        self._kernel.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs as fast as it can; `time` is what has been slept through."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds; moves only when everybody waits."""
        return self._jumping.now_s

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,  # noqa: ANN401 stdlib
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As ever, at the first step of the clock that is not too early."""
        return super().call_at(ceil(when * TICKS_PER_S) / TICKS_PER_S, callback, *args, context=context)

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Have the clock stand while something outside this process is waited for."""
        self._jumping.busy += 1
        try:
            yield
        finally:
            self._jumping.busy -= 1

    def run_in_executor(  # type: ignore[override]
        self,
        executor: Executor | None,
        func: Callable[..., T],
        *args: Any,  # noqa: ANN401 stdlib
    ) -> "asyncio.Future[T]":
        """As ever, while the clock stands."""
        self._jumping.busy += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._done)
        return future

    def _done(self, _: "asyncio.Future[Any]") -> None:
        self._jumping.busy -= 1


class VirtualClock:
    """`ports.Clock` over a virtual loop, with a wall clock that can be set wrong."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._began = NOON - timedelta(seconds=STARTS_S)  # noon when the machine is handed over, as in fast-forward

    def now(self) -> Instant:
        """The present instant; the wall clock says what it was set to."""
        now_s = self.mono_s()
        return Instant(now_s, self._began + timedelta(seconds=now_s))

    def mono_s(self) -> float:
        """The loop's own time."""
        return self._loop.time()

    def step(self, years: float) -> None:
        """Set the wall clock forwards or back; nothing else moves."""
        self._began += timedelta(days=365.25 * years)


def run(main: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run `main(loop)` to its end in virtual time.  Raises: what `main` raises."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        with _paho_by(loop):
            return runner.run(main(loop))


@contextmanager
def _paho_by(loop: VirtualLoop) -> Iterator[None]:
    """Let paho count its keep-alives on the loop's clock: it has its own and cannot be given another."""
    module: Any = paho.mqtt.client
    own = module.time_func
    module.time_func = loop.time
    try:
        yield
    finally:
        module.time_func = own
