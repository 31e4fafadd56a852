"""Who may speak next on a shared link: sheds before commands before polls, and nothing that would mislead.

One queue serves all devices behind one host and port or on one tty.  It alone decides

- the order: sheds, commands and their read-back, what a person asks, then polls by due time, so that slow ones never
  starve;
- silence: 3.5 characters on RTU, the device's own gaps, and after a time-out a quiet time for that unit, in which a
  late answer dies without being taken for another; over TCP the connection is dropped instead;
- that no write leaves for a device that is not armed;
- that all coils of one board waiting to be written go out together;
- that a unit known to be silent is asked only now and then, and costs the others nothing in between.

On a connection over TCP nothing but the order is to be kept while units answer: then one request leaves in the turn of
the event loop in which the answer to the one before arrives.  Whatever needs more than that is done by the task that
serves the queue: connecting, silence, frames in a row, repeating, and what a unit that is silent needs.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from math import inf
from random import Random

from drivers.modbus.address import Address
from drivers.modbus.early import Early
from drivers.modbus.errors import Forbidden, Garbled, LinkDown, LinkError, NoAnswer, Refusal
from drivers.modbus.frame import Frame, ReadFrame, WriteFrame
from drivers.modbus.hearing import Heard, Words
from drivers.modbus.job import CoilWish, Job, Manners, Rank
from drivers.modbus.link import Link
from drivers.modbus.reconnect import Reconnection
from drivers.modbus.unit import Unit
from drivers.modbus.waiting import Waiting
from hems.model.contained import contained

ILLEGAL_FUNCTION = 1
EARLY_TURNS = 2
"""Until whoever has coils opened early has asked for it in full."""
HOPS = 2
"""Turns of the event loop from an answer to the next request of who has waited for it."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class LinkQueue:
    """All requests to one link, one at a time, in the right order."""

    address: Address
    link: Link
    rng: Random
    spare: bool = False
    """While an island stabilises: units known to be dead are let be."""
    waiting: Waiting = field(default_factory=Waiting)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _serving: asyncio.Lock = field(default_factory=asyncio.Lock)
    _free_s: float = -inf
    """Until then nothing may be sent on the line."""
    _parked: bool = False
    """Whether the task that serves has nothing to do and leaves it to `_go` to see to what arrives."""
    _called: bool = False
    """Whether `_go` has been called for the next turn of the event loop."""
    _flying: tuple[Job, Frame] | None = None
    """What has been sent without the task, and is not answered yet."""
    _early: Early = field(default_factory=Early)
    _again: tuple[Job, Callable[[], Awaitable[Words]]] | None = None
    """What was sent without the task and needs it now, before anything else is sent."""
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
        return self.spare or self.waiting.for_commands

    async def read(self, frame: ReadFrame, manners: Manners, *, rank: Rank = Rank.POLL, slack_s: float = 0.0) -> Words:
        """Registers or bits.  `slack_s` is how long a poll may give way to later ones.

        Raises:
            LinkError: why there is no answer.
        """
        return await self._wanted(frame, manners, rank, slack_s).answer()

    def poll(self, frame: ReadFrame, manners: Manners, *, slack_s: float, heard: Heard) -> None:
        """The same for one who does not wait for it but wants to be told."""
        self._wanted(frame, manners, Rank.POLL, slack_s).asked_by.append(heard)

    def _wanted(self, frame: ReadFrame, manners: Manners, rank: Rank, slack_s: float) -> Job:
        """A read, or the same one that waits already."""
        due_s = _now_s() + slack_s
        return self.waiting.read(frame, rank, due_s) or self._entered(Job(frame.unit, rank, due_s, manners, frame))

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
            self.waiting.withdraw(job)
            raise

    async def write_coil(
        self, unit: int, coil: int, on: bool, manners: Manners, *, allowed: Callable[[], bool], urgent: bool = False
    ) -> None:
        """Write one coil together with all others of the same unit that are waiting; raises as `write` does."""
        rank = Rank.SHED if urgent else Rank.COMMAND
        job = self._early.asked(unit, coil, on, allowed)
        if job is None:
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

    def open_early(self, unit: int, coils: Iterable[int], manners: Manners, allowed: Callable[[], bool]) -> None:
        """Have coils opened in this very turn of the event loop, if the link is free and nothing else waits for `unit`.

        Nobody hears what comes of it unless he asks for the same by `write_coil` in the next turn.
        """
        if not self._parked or any(job.unit == unit for job in self.waiting.jobs):
            return
        job = self._early.begin(unit, coils, manners, allowed, _now_s())
        _after_turns(EARLY_TURNS, partial(self._early.forget, job))
        self.waiting.add(job)
        self._go()

    def hurry(self, unit: int, rank: Rank) -> None:
        """What waits for `unit` is waited for by something more urgent."""
        self.waiting.hurry(unit, rank)

    async def serve(self) -> None:
        """Work the queue until cancelled.  Several drivers may await it; one works, the others stand by."""
        async with self._serving:
            me = asyncio.current_task()
            try:
                while True:
                    # Before it is decided who is next: something more urgent may come meanwhile.
                    if self._serial:
                        await self._silence()
                    job = self.waiting.next(_now_s())
                    if self._again is not None:
                        (begun, doing), self._again = self._again, None
                        await self._settle(begun, doing())
                    elif job is None or self._sent_at_once(job):
                        await self._pause()
                    else:
                        self.waiting.jobs.remove(job)
                        await self._settle(job, self._done(job))
                    if me is not None and me.cancelling():
                        # A link's library may swallow a cancellation that comes with the answer, as 3.11's `wait_for`.
                        raise asyncio.CancelledError
            finally:
                cut = [one[0] for one in (self._flying, self._again) if one is not None]
                self._flying = self._again = None
                self.link.close()
                for job in (*cut, *self.waiting.jobs):
                    job.end(LinkDown("stopped"))
                self.waiting.jobs.clear()

    def _entered(self, job: Job) -> Job:
        self.waiting.add(job)
        if not self._parked:
            self._arrived.set()
        elif self._flying is None and not self._called:
            # Not yet: whoever sheds several coils has told all of them before the next turn.
            self._called = True
            asyncio.get_running_loop().call_soon(self._go)
        return job

    async def _pause(self) -> None:
        """Until there is something to do that needs this task; what does not is done meanwhile without it."""
        self._arrived.clear()
        self._parked = True
        timer = None
        if self.waiting.jobs and self._flying is None:
            timer = asyncio.get_running_loop().call_at(self.waiting.gap_ends_s, self._go)
        try:
            await self._arrived.wait()
        finally:
            self._parked = False
            if timer is not None:
                timer.cancel()

    def _go(self) -> None:
        """Whatever is next, without the task if that is possible."""
        self._called = False
        if not self._parked or self._flying is not None:
            return
        job = self.waiting.next(_now_s())
        if self.waiting.jobs and (job is None or not self._sent_at_once(job)):
            self._call_task()

    def _call_task(self) -> None:
        self._parked = False
        self._arrived.set()

    def _sent_at_once(self, job: Job) -> bool:
        """Send a request of one frame to a unit that answers, if there is a connection and nothing else to see to."""
        unit = self.waiting.units[job.unit]
        if not self.link.quick or unit.silent:
            return False
        frames = job.frames(one_coil=unit.one_coil)
        if len(frames) != 1 or (isinstance(frames[0], WriteFrame) and not (job.allowed is not None and job.allowed())):
            return False
        with contained() as sending:
            self.link.send(frames[0], job.manners.timeout_s, self._landed)
        if sending.fault is not None:  # no connection, or a fault: the task meets it again, and deals with it
            return False
        self._flying = job, frames[0]
        self.waiting.jobs.remove(job)
        return True

    def _landed(self, answer: Words | LinkError) -> None:
        """What was sent at once has come to an end: the next request leaves before its answer is looked at."""
        if self._flying is None:
            return
        job, frame = self._flying
        unit = self.waiting.units[job.unit]
        self._learn(answer, frame, unit, job.manners)
        if isinstance(answer, LinkError) and (doing := self._otherwise(answer, job, frame, unit)) is not None:
            self._flying, self._again = None, (job, doing)
            self._call_task()
        elif job.rank is Rank.POLL:
            self._flying = None
            self._go()
            job.end(answer)
        else:
            job.end(answer)
            _after_turns(HOPS if self.waiting.jobs else 0, partial(self._freed, (job, frame)))

    def _freed(self, flown: tuple[Job, Frame]) -> None:
        if self._flying == flown:
            self._flying = None
            self._go()

    def _otherwise(
        self, trouble: LinkError, job: Job, frame: Frame, unit: Unit
    ) -> Callable[[], Awaitable[Words]] | None:
        """How a request that has failed is tried once more, if it is."""
        if isinstance(trouble, LinkDown) and job.rank is not Rank.POLL:
            return lambda: self._sent(frame, job, unit)
        if self._wants_single_coils(trouble, job, unit):
            return lambda: self._in_frames(job, unit)
        return None

    async def _settle(self, job: Job, doing: Awaitable[Words]) -> None:
        answer: Words | LinkError = LinkDown("stopped")
        try:
            with contained() as service:  # a fault in one request must not end the service of all other units
                answer = await doing
        except asyncio.CancelledError:
            job.end(answer)
            raise
        if isinstance(service.fault, LinkError):
            answer = service.fault
        elif service.fault is not None:
            log.error("A request to unit %d on %s failed.", job.unit, self.address, exc_info=service.fault)
            self.link.close()
            answer = Garbled(f"the link failed: {type(service.fault).__name__}")
        job.end(answer)
        if job.rank is not Rank.POLL and (self.waiting.jobs or self._serial):
            await _others_turn()

    async def _done(self, job: Job) -> Words:
        unit = self.waiting.units[job.unit]
        if unit.silent and job.rank is Rank.POLL and unit.let_be(_now_s(), spare=self.spare):
            raise NoAnswer(f"unit {job.unit} is silent")
        try:
            return await self._in_frames(job, unit)
        except Refusal as refusal:
            if not self._wants_single_coils(refusal, job, unit):
                raise
            return await self._in_frames(job, unit)

    def _wants_single_coils(self, trouble: LinkError, job: Job, unit: Unit) -> bool:
        """Whether it has just said so: a board that knows no frame for several coils must still be shed, one by one."""
        if not (isinstance(trouble, Refusal) and trouble.code == ILLEGAL_FUNCTION and job.coils) or unit.one_coil:
            return False
        unit.one_coil = True  # and from now on
        return True

    async def _in_frames(self, job: Job, unit: Unit) -> Words:
        answer: Words = ()
        for frame in job.frames(one_coil=unit.one_coil):
            try:
                answer = await self._sent(frame, job, unit)
            except LinkDown:
                # The other end had gone since the last request.  A write may be repeated: it sets, it does not add.
                if job.rank is Rank.POLL:
                    raise
                answer = await self._sent(frame, job, unit)
        return answer

    async def _sent(self, frame: Frame, job: Job, unit: Unit) -> Words:
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

    async def _asked(self, frame: Frame, unit: Unit, manners: Manners) -> Words:
        """What comes back, and what it means for the unit and for the line."""
        try:
            answer = await self.link.ask(frame, manners.timeout_s)
        except LinkError as trouble:
            self._learn(trouble, frame, unit, manners)
            raise
        finally:
            if self._serial:
                self._free_s = _now_s() + self.address.serial.silence_s
        self._learn(answer, frame, unit, manners)
        return answer

    def _learn(self, answer: Words | LinkError, frame: Frame, unit: Unit, manners: Manners) -> None:
        """What came back, or did not, says something of the unit."""
        if isinstance(answer, NoAnswer | Garbled):
            if isinstance(answer, NoAnswer):
                unit.unheard(_now_s())
            self._let_late_answers_die(unit, manners)
        elif isinstance(answer, Refusal) and answer.from_gateway:
            unit.unheard(_now_s())
        elif not isinstance(answer, LinkDown):
            unit.heard(_ready_s(frame, manners))

    def _let_late_answers_die(self, unit: Unit, manners: Manners) -> None:
        """RTU answers carry no number: one that comes late would be taken for the answer to the next request."""
        if self._serial:
            unit.ready_s = _now_s() + manners.quiet_s
        if self.address.kind != "rtu":
            self.link.close()


def _after_turns(turns: int, do: Callable[[], None]) -> None:
    """Let whoever is told of an urgent answer go on first, as `_others_turn` does."""
    if turns:
        asyncio.get_running_loop().call_soon(_after_turns, turns - 1, do)
    else:
        do()


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
