"""Who may speak next on a shared link: sheds before commands before polls, and nothing that would mislead.

One queue serves all devices behind one host and port or on one tty.  Whoever asks for something enters here; one of two
ways sends it, [Direct](direct.py) over TCP and [Line](line.py) on a serial line.  Together they alone decide

- the order: sheds, commands and their read-back, what a person asks, then polls by due time, so that slow ones never
  starve;
- silence: 3.5 characters on RTU, the device's own gaps, and after a time-out a quiet time for that unit, in which a
  late answer dies without being taken for another; over TCP the connection is dropped instead;
- that no write leaves for a device that is not armed;
- that all coils of one board waiting to be written go out together;
- that a unit known to be silent is asked only now and then, and costs the others nothing in between.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from drivers.modbus.address import Address
from drivers.modbus.direct import Direct
from drivers.modbus.early import Early
from drivers.modbus.errors import LinkDown, Refusal, RefusedTogether
from drivers.modbus.frame import ReadFrame, WriteFrame
from drivers.modbus.hearing import Heard, Words
from drivers.modbus.job import CoilWish, Job, Manners, Rank
from drivers.modbus.line import Line
from drivers.modbus.link import Link
from drivers.modbus.reconnect import Reconnection
from drivers.modbus.waiting import Waiting
from drivers.modbus.way import Way


@dataclass(slots=True)
class LinkQueue:
    """All requests to one link, one at a time, in the right order."""

    address: Address
    link: Link
    rng: Random
    waiting: Waiting = field(default_factory=Waiting)
    _serving: asyncio.Lock = field(default_factory=asyncio.Lock)
    _early: Early = field(default_factory=Early)
    _reach: Reconnection = field(init=False)
    _way: Way = field(init=False)

    def __post_init__(self) -> None:
        self._reach = Reconnection(self.link, self.rng)
        way = Direct if self.address.kind == "tcp" else Line
        self._way = way(self.address, self.link, self.waiting, self._reach)

    @property
    def connections(self) -> int:
        """How often a connection has been made."""
        return self._reach.made

    @property
    def busy(self) -> bool:
        """Whether commands wait for it, or an island that stabilises may need it: nothing for the curious then."""
        return self.waiting.spare or self.waiting.for_commands

    def spare(self, spared: bool) -> None:
        """Let units be that are known to be dead, or no longer: an island stabilises."""
        self.waiting.spare = spared

    async def read(self, frame: ReadFrame, manners: Manners, *, rank: Rank = Rank.POLL, slack_s: float = 0.0) -> Words:
        """Registers or bits.  `slack_s` is how long a poll may give way to later ones.

        Raises:
            LinkError: why there is no answer.
        """
        return await self._wanted(frame, manners, rank, slack_s).answer()

    def poll(self, frame: ReadFrame, manners: Manners, *, slack_s: float, heard: Heard) -> None:
        """The same for one who does not wait for it but wants to be told."""
        self._wanted(frame, manners, Rank.POLL, slack_s).asked_by.append(heard)

    async def write(
        self, frame: WriteFrame, manners: Manners, *, allowed: Callable[[], bool], urgent: bool = False
    ) -> None:
        """Write registers, or coils in a frame of their own.

        Raises:
            Forbidden: `allowed` says no when its turn comes; nothing was sent.
            LinkError: why it is not known to have arrived.
        """
        job = self._entered(Job(frame.unit, _rank(urgent), _now_s(), manners, frame, allowed))
        try:
            await job.answer()
        except asyncio.CancelledError:
            self.waiting.withdraw(job)
            raise

    async def write_coil(
        self, unit: int, coil: int, on: bool, manners: Manners, *, allowed: Callable[[], bool], urgent: bool = False
    ) -> None:
        """Write one coil together with all others of the same unit that are waiting; raises as `write` does.

        Raises:
            RefusedTogether: it may be another coil that the device has refused.
        """
        job = self._early.asked(unit, coil, on, allowed)
        if job is None:
            rank = _rank(urgent)
            job = self.waiting.coils(unit, allowed, rank)
            job = job or self._entered(Job(unit, rank, _now_s(), manners, None, allowed))
            job.coils[coil] = CoilWish(on)
        wish = job.coils[coil]
        try:
            await job.answer()
        except asyncio.CancelledError:
            if job.coils.get(coil) is wish:
                del job.coils[coil]
            if not job.coils:
                self.waiting.withdraw(job)
            raise
        except Refusal as refusal:
            if len(job.coils) > 1:
                raise RefusedTogether(refusal.code) from None
            raise

    def open_early(self, job: Job) -> None:
        """Send an `opening` in this very turn of the event loop, if the link is free and nothing waits for the unit.

        Nobody hears what comes of it unless he asks for the same by `write_coil`, at once or when it was `opened`.
        """
        if self._way.prompt and not self.waiting.has(job.unit):
            self._early.begins(job)
            self._way.first(job)

    def opening(self, unit: int, coil: int) -> Awaitable[None] | None:
        """What ends when a coil that is being opened early has been answered for; None if it is not being opened."""
        begun = self._early.opens(unit, coil)
        return None if begun is None else begun.answered()

    def hurry(self, unit: int, rank: Rank) -> None:
        """What waits for `unit` is waited for by something more urgent."""
        self.waiting.hurry(unit, rank)

    async def serve(self) -> None:
        """Work the queue until cancelled.  Several drivers may await it; one works, the others stand by."""
        async with self._serving:
            try:
                await self._way.serve()
            finally:
                cut = self._way.stop()
                self.link.close()
                for job in (*cut, *self.waiting.jobs):
                    job.end(LinkDown("stopped"))
                self.waiting.jobs.clear()

    def _wanted(self, frame: ReadFrame, manners: Manners, rank: Rank, slack_s: float) -> Job:
        """A read, or the same one that waits already."""
        due_s = _now_s() + slack_s
        return self.waiting.read(frame, rank, due_s) or self._entered(Job(frame.unit, rank, due_s, manners, frame))

    def _entered(self, job: Job) -> Job:
        self.waiting.add(job)
        self._way.arrived()
        return job


def _rank(urgent: bool) -> Rank:
    return Rank.SHED if urgent else Rank.COMMAND


def _now_s() -> float:
    return asyncio.get_running_loop().time()
