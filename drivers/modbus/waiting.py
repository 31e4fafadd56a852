"""The requests that wait for their turn on a link, in order, and whose turn it is."""

from bisect import insort
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter

from drivers.modbus.frame import ReadFrame
from drivers.modbus.job import Job, Rank
from drivers.modbus.unit import Unit

ORDER = attrgetter("rank", "due_s")


@dataclass(slots=True)
class Waiting:
    """All that wait, by rank and due time, and what is known of the units that they are for."""

    jobs: list[Job] = field(default_factory=list)
    units: defaultdict[int, Unit] = field(default_factory=lambda: defaultdict(Unit))
    spare: bool = False
    """While an island stabilises: units known to be dead are let be."""

    @property
    def for_commands(self) -> bool:
        """Whether any of it is more urgent than what a person asks."""
        return any(job.rank < Rank.PERSON for job in self.jobs)

    @property
    def gap_ends_s(self) -> float:
        """When the first unit with a request may be spoken to again."""
        return min(self.units[job.unit].ready_s for job in self.jobs)

    def has(self, unit: int) -> bool:
        """Whether anything waits for a unit."""
        return bool(self.jobs) and any(job.unit == unit for job in self.jobs)

    def add(self, job: Job) -> None:
        """Behind what is as urgent."""
        insort(self.jobs, job, key=ORDER)

    def read(self, frame: ReadFrame, rank: Rank, due_s: float) -> Job | None:
        """The same read that waits already, from now on at least as urgent as this."""
        for job in self.jobs:
            if job.unit == frame.unit and job.frame == frame:
                self._urge(job, rank, due_s)
                return job
        return None

    def coils(self, unit: int, allowed: Callable[[], bool], rank: Rank) -> Job | None:
        """The coils of a unit that wait already, from now on at least as urgent as this."""
        for job in self.jobs:
            if job.frame is None and job.unit == unit and job.allowed == allowed:
                self._urge(job, rank, job.due_s)
                return job
        return None

    def hurry(self, unit: int, rank: Rank) -> None:
        """What waits for `unit` is waited for by something more urgent."""
        for job in tuple(self.jobs):
            if job.unit == unit:
                self._urge(job, rank, job.due_s)

    def withdraw(self, job: Job) -> None:
        """A write whose sender has changed its mind must not leave after what took its place."""
        if job in self.jobs:
            self.jobs.remove(job)

    def next(self, now_s: float) -> Job | None:
        """The most urgent request whose unit may be spoken to; of the same rank, live units before silent ones."""
        silent = None
        for job in self.jobs:
            unit = self.units[job.unit]
            if unit.ready_s > now_s:
                continue
            if silent is not None and job.rank > silent.rank:
                break
            if not unit.silent:
                return job
            silent = silent or job
        return silent

    def lets_be(self, job: Job, now_s: float) -> bool:
        """Whether a poll is for a unit that is known to be silent, and not worth its time-out now."""
        unit = self.units[job.unit]
        return unit.silent and job.rank is Rank.POLL and unit.let_be(now_s, spare=self.spare)

    def _urge(self, job: Job, rank: Rank, due_s: float) -> None:
        job.rank, job.due_s = min(job.rank, rank), min(job.due_s, due_s)
        self.jobs.sort(key=ORDER)
