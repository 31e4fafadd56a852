"""Coils opened in the turn of the event loop in which that was decided, before the commands for it are judged."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import inf

from drivers.modbus.errors import LinkError
from drivers.modbus.job import CoilWish, Job, Manners, Rank

ASKED_WITHIN_S = 0.2
"""Whoever has coils opened early asks for it in full within this time, or within it after the answer that he waits for:
later the same is a new wish, which the board must be told."""


def opening(unit: int, coils: Iterable[int], manners: Manners, allowed: Callable[[], bool]) -> Job:
    """The request that opens them, to be sent once."""
    wishes = {coil: CoilWish(False) for coil in coils}
    return Job(unit, Rank.SHED, -inf, manners, None, allowed, wishes, frozenset(wishes))


@dataclass(slots=True)
class Early:
    """What has been begun so on one link, for as long as whoever had it begun may still ask for it in full."""

    _begun: dict[Job, float] = field(default_factory=dict)
    """Until when."""

    def begins(self, job: Job) -> None:
        """From now on somebody may ask for it in full."""
        now_s = _now_s()
        if self._begun:
            self._begun = {one: until_s for one, until_s in self._begun.items() if now_s <= until_s}
        self._begun[job] = now_s + ASKED_WITHIN_S

    def opens(self, unit: int, coil: int) -> Job | None:
        """What has been begun and opens this coil."""
        now_s = _now_s() if self._begun else inf
        for job, until_s in self._begun.items():
            if job.unit == unit and coil in job.early and now_s <= until_s:
                return job
        return None

    async def answered(self, job: Job) -> None:
        """Until it has come to an end; whoever waits for that may ask for it in full then."""
        self._begun[job] = inf
        try:
            await job.answer()
        except LinkError:
            pass  # as whoever asks will hear
        finally:
            self._begun[job] = _now_s() + ASKED_WITHIN_S

    def asked(self, unit: int, coil: int, on: bool, allowed: Callable[[], bool]) -> Job | None:
        """What has been begun to do just this; its answer is that of the first who asks.

        Whatever else a coil is told meanwhile must be followed by a request of its own.
        """
        job = self.opens(unit, coil)
        if job is None:
            return None
        job.early -= {coil}
        return job if not on and job.allowed == allowed else None


def _now_s() -> float:
    return asyncio.get_running_loop().time()
