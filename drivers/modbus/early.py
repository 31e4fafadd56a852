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
    return Job(unit, Rank.SHED, -inf, manners, None, allowed, {coil: CoilWish(False) for coil in coils})


@dataclass(slots=True)
class Begun:
    """An opening on its way, and until when somebody may ask for it in full."""

    job: Job
    until_s: float

    async def answered(self) -> None:
        """Until it has come to an end; whoever waits for that may ask for it in full then."""
        self.until_s = inf
        try:
            await self.job.answer()
        except LinkError:
            pass  # as whoever asks will hear
        finally:
            self.until_s = _now_s() + ASKED_WITHIN_S


@dataclass(slots=True)
class Early:
    """What has been begun so on one link, for as long as whoever had it begun may still ask for it in full."""

    _begun: dict[tuple[int, int], Begun] = field(default_factory=dict)
    """By unit and coil."""

    def begins(self, job: Job) -> None:
        """From now on somebody may ask for it in full."""
        begun = Begun(job, _now_s() + ASKED_WITHIN_S)
        for coil in job.coils:
            self._begun[job.unit, coil] = begun

    def opens(self, unit: int, coil: int) -> Begun | None:
        """What has been begun and opens this coil."""
        begun = self._begun.get((unit, coil))
        return begun if begun is not None and _now_s() <= begun.until_s else None

    def asked(self, unit: int, coil: int, on: bool, allowed: Callable[[], bool]) -> Job | None:
        """What has been begun to do just this; its answer is that of the first who asks.

        Whatever else a coil is told meanwhile must be followed by a request of its own.
        """
        begun = self.opens(unit, coil)
        self._begun.pop((unit, coil), None)
        return begun.job if begun is not None and not on and begun.job.allowed == allowed else None


def _now_s() -> float:
    return asyncio.get_running_loop().time()
