"""Coils opened in the turn of the event loop in which that was decided, before the commands for it are judged."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from drivers.modbus.job import CoilWish, Job, Manners, Rank


@dataclass(slots=True)
class Early:
    """What has been begun so on one link, for as long as whoever had it begun may still ask for it in full."""

    _begun: list[Job] = field(default_factory=list)

    def begin(
        self, unit: int, coils: Iterable[int], manners: Manners, allowed: Callable[[], bool], due_s: float
    ) -> Job:
        """The request that opens them."""
        wishes = {coil: CoilWish(False) for coil in coils}
        job = Job(unit, Rank.SHED, due_s, manners, None, allowed, wishes, frozenset(wishes))
        self._begun.append(job)
        return job

    def forget(self, job: Job) -> None:
        """Whoever had it begun has asked for it by now."""
        self._begun.remove(job)

    def asked(self, unit: int, coil: int, on: bool, allowed: Callable[[], bool]) -> Job | None:
        """What has been begun to do just this and is not answered yet; its answer is that of the first who asks.

        Whatever else a coil is told meanwhile must be followed by a request of its own.
        """
        for job in self._begun:
            if job.unit == unit and coil in job.early:
                job.early -= {coil}
                if not on and not job.over and job.allowed == allowed:
                    return job
        return None
