"""Coils opened in the turn of the event loop in which that was decided, before the commands for it are judged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from math import inf

from drivers.modbus.errors import LinkError
from drivers.modbus.job import CoilWish, Job, Manners, Rank
from drivers.modbus.way import after_turns

TURNS = 2
"""Of the event loop, until whoever has coils opened early has asked for it in full, or is waiting for the answer."""


@dataclass(slots=True)
class Early:
    """What has been begun so on one link, for as long as whoever had it begun may still ask for it in full."""

    _begun: list[Job] = field(default_factory=list)
    """Once for each who may still do so."""

    def begin(self, unit: int, coils: Iterable[int], manners: Manners, allowed: Callable[[], bool]) -> Job:
        """The request that opens them."""
        wishes = {coil: CoilWish(False) for coil in coils}
        job = Job(unit, Rank.SHED, -inf, manners, None, allowed, wishes, frozenset(wishes))
        self._begun.append(job)
        after_turns(TURNS, partial(self._begun.remove, job))
        return job

    def opens(self, unit: int, coil: int) -> Job | None:
        """What has been begun and opens this coil."""
        for job in self._begun:
            if job.unit == unit and coil in job.early:
                return job
        return None

    async def answered(self, job: Job) -> None:
        """Until it has come to an end; whoever waits for that may ask for it in full in the next turn."""
        self._begun.append(job)
        try:
            await job.answer()
        except LinkError:
            pass  # as whoever asks will hear
        finally:
            after_turns(TURNS, partial(self._begun.remove, job))

    def asked(self, unit: int, coil: int, on: bool, allowed: Callable[[], bool]) -> Job | None:
        """What has been begun to do just this; its answer is that of the first who asks.

        Whatever else a coil is told meanwhile must be followed by a request of its own.
        """
        job = self.opens(unit, coil)
        if job is None:
            return None
        job.early -= {coil}
        return job if not on and job.allowed == allowed else None
