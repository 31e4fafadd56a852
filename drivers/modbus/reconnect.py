"""When a link is connected anew: soon for a command, with growing pauses for polls, and never in step with others."""

import asyncio
from dataclasses import dataclass
from random import Random

from drivers.modbus.errors import LinkDown
from drivers.modbus.job import Job, Rank
from drivers.modbus.link import Link

CONNECT_S = 3.0
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 10.0
COMMAND_RETRY_S = 0.5
"""A command tries to connect even between two attempts of the polls, but not more often than this."""


@dataclass(slots=True)
class Reconnection:
    """The connections of one link."""

    link: Link
    rng: Random
    made: int = 0
    """How many there have been."""
    _why: str = ""
    _failed_s: float = float("-inf")
    _retry_s: float = float("-inf")
    _backoff_s: float = BACKOFF_FIRST_S

    async def make_for(self, job: Job) -> None:
        """Connect, and leave the device alone for as long as it wants after that.

        Raises:
            LinkDown: there is none, or it is too early to try again.
        """
        if _now_s() < (self._retry_s if job.rank is Rank.POLL else self._failed_s + COMMAND_RETRY_S):
            raise LinkDown(self._why)
        try:
            await self.link.open(min(CONNECT_S, job.manners.timeout_s))
        except LinkDown as trouble:
            self._why, self._failed_s = str(trouble), _now_s()
            self._retry_s = self._failed_s + self._backoff_s * self.rng.uniform(0.5, 1.0)
            self._backoff_s = min(BACKOFF_MAX_S, self._backoff_s * 2)
            raise
        self._backoff_s = BACKOFF_FIRST_S
        self.made += 1
        if job.manners.connect_wait_s:
            await asyncio.sleep(job.manners.connect_wait_s)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
