"""How requests leave a link, which is different where answers carry a number and where silence ends a frame."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from drivers.modbus.job import Job


class Way(Protocol):
    """One of the two: [Direct](direct.py) over TCP, [Line](line.py) on a serial line, also one behind a gateway."""

    @property
    def prompt(self) -> bool:
        """Whether what is urgent may leave in the very turn of the event loop in which it is asked for."""

    def arrived(self) -> None:
        """Something new waits."""

    def first(self, job: Job) -> None:
        """Send it now, unless an answer has to come first; only while `prompt`."""

    async def serve(self) -> None:
        """Send what waits, and tell what came of it, until cancelled."""

    def stop(self) -> Sequence[Job]:
        """Nothing is sent any more; what was under way and will not be answered."""


HOPS = 2
"""Turns of the event loop from an answer to the next request of who has waited for it: it must not find a poll under
way instead."""


def after_turns(turns: int, do: Callable[[], None]) -> None:
    """Do it so many turns of the event loop from now."""
    if turns:
        asyncio.get_running_loop().call_soon(after_turns, turns - 1, do)
    else:
        do()
