"""Who may speak next on a shared link: sheds before commands before polls, and nothing that would mislead.

One queue serves all devices behind one host and port or on one tty.  It alone decides

- the order: sheds, commands and their read-back, what a person asks, then polls by due time, so that slow ones never
  starve;
- silence: 3.5 characters on RTU, the device's own gaps, and after a time-out a quiet time for that unit, in which a
  late answer dies without being taken for another; over TCP the connection is dropped instead;
- that no write leaves for a device that is not armed;
- that all coils of one board waiting to be written go out together;
- that a unit known to be silent is asked only now and then, and costs the others nothing in between.
"""

import asyncio
import logging
from bisect import insort
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from operator import attrgetter
from random import Random

from drivers.modbus.address import Address
from drivers.modbus.errors import Forbidden, Garbled, LinkDown, LinkError, NoAnswer, Refusal
from drivers.modbus.frame import Frame, ReadFrame, WriteFrame
from drivers.modbus.job import CoilWish, Job, Manners, Rank
from drivers.modbus.link import Link
from drivers.modbus.reconnect import Reconnection
from drivers.modbus.unit import Unit
from hems.model.contained import contained

ILLEGAL_FUNCTION = 1
HOPS = 2
"""Turns of the event loop from an answer to the next request of who has waited for it."""
ORDER = attrgetter("rank", "due_s")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class LinkQueue:
    """All requests to one link, one at a time, in the right order."""

    address: Address
    link: Link
    rng: Random
    spare: bool = False
    """While an island stabilises: units known to be dead are let be."""
    _jobs: list[Job] = field(default_factory=list)
    """Those that wait, by rank and due time."""
    _units: defaultdict[int, Unit] = field(default_factory=lambda: defaultdict(Unit))
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _serving: asyncio.Lock = field(default_factory=asyncio.Lock)
    _free_s: float = -inf
    """Until then nothing may be sent on the line."""
    _reach: Reconnection = field(init=False)
    _serial: bool = field(init=False)

    def __post_init__(self) -> None:
        self._reach = Reconnection(self.link, self.rng)
        self._serial = self.address.kind != "tcp"

    @property
    def connections(self) -> int:
        """How often a connection has been made."""
        return self._reach.made

    @property
    def busy(self) -> bool:
        """Whether commands wait for it, or an island that stabilises may need it: nothing for the curious then."""
        return self.spare or any(job.rank < Rank.PERSON for job in self._jobs)

    async def read(
        self, frame: ReadFrame, manners: Manners, *, rank: Rank = Rank.POLL, slack_s: float = 0.0
    ) -> tuple[int, ...]:
        """Registers or bits.  `slack_s` is how long a poll may give way to later ones.

        Raises:
            LinkError: why there is no answer.
        """
        due_s = _now_s() + slack_s
        for job in self._jobs:
            if job.unit == frame.unit and job.frame == frame:
                self._urge(job, rank, due_s)
                return await job.answer()
        return await self._entered(Job(frame.unit, rank, due_s, manners, frame)).answer()

    async def write(
        self, frame: WriteFrame, manners: Manners, *, allowed: Callable[[], bool], urgent: bool = False
    ) -> None:
        """Write registers, or coils in a frame of their own.

        Raises:
            Forbidden: `allowed` says no when its turn comes; nothing was sent.
            LinkError: why it is not known to have arrived.
        """
        rank = Rank.SHED if urgent else Rank.COMMAND
        job = self._entered(Job(frame.unit, rank, _now_s(), manners, frame, allowed))
        try:
            await job.answer()
        except asyncio.CancelledError:
            self._withdraw(job)
            raise

    async def write_coil(
        self, unit: int, coil: int, on: bool, manners: Manners, *, allowed: Callable[[], bool], urgent: bool = False
    ) -> None:
        """Write one coil together with all others of the same unit that are waiting; raises as `write` does."""
        rank = Rank.SHED if urgent else Rank.COMMAND
        for job in self._jobs:
            if job.frame is None and job.unit == unit and job.allowed == allowed:
                self._urge(job, rank, job.due_s)
                break
        else:
            job = self._entered(Job(unit, rank, _now_s(), manners, None, allowed))
        job.coils[coil] = wish = CoilWish(on)
        try:
            await job.answer()
        except asyncio.CancelledError:
            if job.coils.get(coil) is wish:
                del job.coils[coil]
            if not job.coils:
                self._withdraw(job)
            raise

    def hurry(self, unit: int, rank: Rank) -> None:
        """What waits for `unit` is waited for by something more urgent."""
        for job in tuple(self._jobs):
            if job.unit == unit:
                self._urge(job, rank, job.due_s)

    async def serve(self) -> None:
        """Work the queue until cancelled.  Several drivers may await it; one works, the others stand by."""
        async with self._serving:
            me = asyncio.current_task()
            try:
                while True:
                    # Before it is decided who is next: something more urgent may come meanwhile.
                    if self._serial:
                        await self._silence()
                    job = self._next()
                    if job is None:
                        await self._pause()
                    else:
                        self._jobs.remove(job)
                        await self._settle(job)
                    if me is not None and me.cancelling():
                        # A link's library may swallow a cancellation that comes with the answer, as 3.11's `wait_for`.
                        raise asyncio.CancelledError
            finally:
                self.link.close()
                for job in self._jobs:
                    job.fail(LinkDown("stopped"))
                self._jobs.clear()

    def _entered(self, job: Job) -> Job:
        insort(self._jobs, job, key=ORDER)
        self._arrived.set()
        return job

    def _urge(self, job: Job, rank: Rank, due_s: float) -> None:
        job.rank, job.due_s = min(job.rank, rank), min(job.due_s, due_s)
        self._jobs.sort(key=ORDER)

    def _withdraw(self, job: Job) -> None:
        """A write whose sender has changed its mind must not leave after what took its place."""
        if job in self._jobs:
            self._jobs.remove(job)

    def _next(self) -> Job | None:
        """The most urgent request whose unit may be spoken to; of the same rank, live units before silent ones."""
        now_s, silent = _now_s(), None
        for job in self._jobs:
            unit = self._units[job.unit]
            if unit.ready_s > now_s:
                continue
            if silent is not None and job.rank > silent.rank:
                break
            if not unit.silent:
                return job
            silent = silent or job
        return silent

    async def _pause(self) -> None:
        """Until a request arrives or a unit's gap ends."""
        self._arrived.clear()
        if self._jobs:
            try:
                async with asyncio.timeout_at(min(self._units[job.unit].ready_s for job in self._jobs)):
                    await self._arrived.wait()
            except TimeoutError:
                return
        else:
            await self._arrived.wait()

    async def _settle(self, job: Job) -> None:
        try:
            with contained() as service:  # a fault in one request must not end the service of all other units
                job.succeed(await self._done(job))
        except asyncio.CancelledError:
            job.fail(LinkDown("stopped"))
            raise
        if isinstance(service.fault, LinkError):
            job.fail(service.fault)
        elif service.fault is not None:
            log.error("A request to unit %d on %s failed.", job.unit, self.address, exc_info=service.fault)
            self.link.close()
            job.fail(Garbled(f"the link failed: {type(service.fault).__name__}"))
        if job.rank is not Rank.POLL and (self._jobs or self._serial):
            await _others_turn()

    async def _done(self, job: Job) -> tuple[int, ...]:
        unit = self._units[job.unit]
        if unit.silent and job.rank is Rank.POLL and unit.let_be(_now_s(), spare=self.spare):
            raise NoAnswer(f"unit {job.unit} is silent")
        try:
            return await self._in_frames(job, unit)
        except Refusal as refusal:
            if not job.coils or unit.one_coil or refusal.code != ILLEGAL_FUNCTION:
                raise
            # A board that knows no frame for several coils must still be shed, one by one and from now on.
            unit.one_coil = True
            return await self._in_frames(job, unit)

    async def _in_frames(self, job: Job, unit: Unit) -> tuple[int, ...]:
        answer: tuple[int, ...] = ()
        for frame in job.frames(one_coil=unit.one_coil):
            try:
                answer = await self._sent(frame, job, unit)
            except LinkDown:
                # The other end had gone since the last request.  A write may be repeated: it sets, it does not add.
                if job.rank is Rank.POLL:
                    raise
                answer = await self._sent(frame, job, unit)
        return answer

    async def _sent(self, frame: Frame, job: Job, unit: Unit) -> tuple[int, ...]:
        manners = job.manners
        if not self.link.is_open:
            poll = job.rank is Rank.POLL
            await self._reach.make(poll=poll, timeout_s=manners.timeout_s, settle_s=manners.connect_wait_s)
        if self._serial:
            await self._silence()
        # The last place before the wire, whoever asks and by whichever way: what observes sends no write at all.
        if isinstance(frame, WriteFrame) and not (job.allowed is not None and job.allowed()):
            raise Forbidden("not armed")
        return await self._asked(frame, unit, manners)

    async def _silence(self) -> None:
        """The end of a frame is told from the next one by silence alone."""
        left_s = self._free_s - _now_s()
        if left_s > 0:
            await asyncio.sleep(left_s)

    async def _asked(self, frame: Frame, unit: Unit, manners: Manners) -> tuple[int, ...]:
        """What comes back, and what it means for the unit and for the line."""
        try:
            answer = await self.link.ask(frame, manners.timeout_s)
        except (NoAnswer, Garbled) as trouble:
            if isinstance(trouble, NoAnswer):
                unit.unheard(_now_s())
            self._let_late_answers_die(unit, manners)
            raise
        except Refusal as refusal:
            if refusal.from_gateway:
                unit.unheard(_now_s())
            else:
                unit.heard(_ready_s(frame, manners))
            raise
        finally:
            if self._serial:
                self._free_s = _now_s() + self.address.serial.silence_s
        unit.heard(_ready_s(frame, manners))
        return answer

    def _let_late_answers_die(self, unit: Unit, manners: Manners) -> None:
        """RTU answers carry no number: one that comes late would be taken for the answer to the next request."""
        if self._serial:
            unit.ready_s = _now_s() + manners.quiet_s
        if self.address.kind != "rtu":
            self.link.close()


async def _others_turn() -> None:
    """Let whoever has waited for an urgent answer go on: its next step must not find a poll under way instead."""
    for _ in range(HOPS):
        await asyncio.sleep(0)


def _ready_s(frame: Frame, manners: Manners) -> float:
    """When a unit that has just answered may be spoken to again."""
    gap_s = max(manners.min_gap_s, manners.after_write_s) if isinstance(frame, WriteFrame) else manners.min_gap_s
    return _now_s() + gap_s if gap_s else -inf


def _now_s() -> float:
    return asyncio.get_running_loop().time()
