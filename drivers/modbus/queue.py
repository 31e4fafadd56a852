"""Who may speak next on a shared link: sheds before commands before polls, and nothing that would mislead.

One queue serves all devices behind one host and port or on one tty.  It alone decides

- the order: sheds, then commands and their read-back, then polls by due time, so that slow ones never starve;
- silence: 3.5 characters on RTU, the device's own gaps, and after a time-out a quiet time for that unit, in which a
  late answer dies without being taken for another; over TCP the connection is dropped instead;
- that no write leaves for a device that is not armed;
- that all coils of one board waiting to be written go out together;
- that a unit known to be silent is asked only now and then, and costs the others nothing in between.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from drivers.modbus.address import Address
from drivers.modbus.errors import Forbidden, Garbled, LinkDown, LinkError, NoAnswer, Refusal
from drivers.modbus.frame import Frame, ReadFrame, WriteFrame
from drivers.modbus.job import CoilWish, Job, Manners, Rank
from drivers.modbus.link import Link
from drivers.modbus.reconnect import Reconnection

SILENT_AFTER = 3
"""Time-outs in a row after which a unit counts as silent and polls of it are spaced out."""
PROBE_FIRST_S = 1.0
PROBE_MAX_S = 30.0
"""Pauses between the questions to a silent unit double from the first to the last.  A burst of noise while the tie
moves must not blind hems to a contact; one that has been silent for longer is known to be dead, and is asked so often
at most, and not at all while an island stabilises."""
ILLEGAL_FUNCTION = 1
HOPS = 4
"""Turns of the event loop from an answer to the next request of who has waited for it."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class UnitState:
    """What the queue remembers of one unit."""

    ready_s: float = float("-inf")
    """Not to be spoken to before."""
    silent: int = 0
    """Time-outs in a row."""
    pause_s: float = PROBE_FIRST_S
    """From the next time-out to the next poll, once it is silent."""
    one_coil: bool = False
    """Whether it has refused to have several coils written at once."""
    probe_s: float = float("-inf")
    """If known to be silent, not to be polled before."""


@dataclass(slots=True)
class LinkQueue:
    """All requests to one link, one at a time, in the right order."""

    address: Address
    link: Link
    rng: Random
    spare: bool = False
    """While an island stabilises: units known to be dead are let be."""
    _jobs: list[Job] = field(default_factory=list)
    _units: dict[int, UnitState] = field(default_factory=dict)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _serving: asyncio.Lock = field(default_factory=asyncio.Lock)
    _free_s: float = float("-inf")
    _reach: Reconnection = field(init=False)

    def __post_init__(self) -> None:
        self._reach = Reconnection(self.link, self.rng)

    @property
    def connections(self) -> int:
        """How often a connection has been made."""
        return self._reach.made

    def silent(self, unit: int) -> bool:
        """Whether a unit is known not to answer."""
        return self._state(unit).silent >= SILENT_AFTER

    async def read(
        self, frame: ReadFrame, manners: Manners, *, rank: Rank = Rank.POLL, slack_s: float = 0.0
    ) -> tuple[int, ...]:
        """Registers or bits.  `slack_s` is how long a poll may give way to later ones.

        Raises:
            LinkError: why there is no answer.
        """
        due_s = _now_s() + slack_s
        for job in self._jobs:
            if job.frame == frame:
                job.rank, job.due_s = min(job.rank, rank), min(job.due_s, due_s)
                return await asyncio.shield(job.answer)
        job = Job(unit=frame.unit, rank=rank, due_s=due_s, manners=manners, answer=_future(), frame=frame)
        self._enter(job)
        return await asyncio.shield(job.answer)

    async def write(
        self, frame: WriteFrame, manners: Manners, *, allowed: Callable[[], bool], urgent: bool = False
    ) -> None:
        """Write registers, or coils in a frame of their own.

        Raises:
            Forbidden: `allowed` says no when its turn comes; nothing was sent.
            LinkError: why it is not known to have arrived.
        """
        rank = Rank.SHED if urgent else Rank.COMMAND
        job = Job(unit=frame.unit, rank=rank, due_s=_now_s(), manners=manners, answer=_future(), allowed=allowed)
        job.frame = frame
        self._enter(job)
        try:
            await asyncio.shield(job.answer)
        except asyncio.CancelledError:
            self._withdraw(job)
            raise

    async def write_coil(
        self, unit: int, coil: int, on: bool, manners: Manners, *, allowed: Callable[[], bool], urgent: bool = False
    ) -> None:
        """Write one coil together with all others of the same unit that are waiting; raises as `write` does."""
        rank = Rank.SHED if urgent else Rank.COMMAND
        for job in self._jobs:
            if job.coils is not None and job.unit == unit and job.allowed == allowed:
                job.rank = min(job.rank, rank)
                break
        else:
            job = Job(unit=unit, rank=rank, due_s=_now_s(), manners=manners, answer=_future(), allowed=allowed)
            job.coils = {}
            self._enter(job)
        wishes, wish = job.coils, CoilWish(on)
        wishes[coil] = wish
        try:
            await asyncio.shield(job.answer)
        except asyncio.CancelledError:
            if wishes.get(coil) is wish:
                del wishes[coil]
            if not wishes:
                self._withdraw(job)
            raise

    def hurry(self, unit: int, rank: Rank) -> None:
        """What waits for `unit` is waited for by something more urgent."""
        for job in self._jobs:
            if job.unit == unit:
                job.rank = min(job.rank, rank)

    async def serve(self) -> None:
        """Work the queue until cancelled.  Several drivers may await it; one works, the others stand by."""
        async with self._serving:
            try:
                while True:
                    await self._serve_next()
                    _stop_if_cancelled()
            finally:
                self.link.close()
                for job in self._jobs:
                    job.settle(LinkDown("stopped"))
                self._jobs.clear()

    def _enter(self, job: Job) -> None:
        self._jobs.append(job)
        self._arrived.set()

    def _withdraw(self, job: Job) -> None:
        """A write whose sender has changed its mind must not leave after what took its place."""
        if job in self._jobs:
            self._jobs.remove(job)

    async def _serve_next(self) -> None:
        self._arrived.clear()
        job = self._next()
        if job is None:
            await self._pause()
            return
        self._jobs.remove(job)
        try:
            answer = await self._done(job)
        except LinkError as trouble:
            job.settle(trouble)
        except asyncio.CancelledError:
            job.settle(LinkDown("stopped"))
            raise
        except Exception as fault:  # in the library or in ours: it must not end the service of all other units
            log.exception("A request to unit %d on %s failed.", job.unit, self.address)
            self.link.close()
            job.settle(Garbled(f"the link failed: {type(fault).__name__}"))
        else:
            if not job.answer.done():
                job.answer.set_result(answer)
        if job.rank is not Rank.POLL:
            await _others_turn()

    def _next(self) -> Job | None:
        """The most urgent request whose unit may be spoken to; live units before silent ones."""
        now_s = _now_s()
        ready = [job for job in self._jobs if self._state(job.unit).ready_s <= now_s]
        return min(ready, key=lambda job: (job.rank, self.silent(job.unit), job.due_s), default=None)

    async def _pause(self) -> None:
        """Until a request arrives or a unit's gap ends."""
        gaps = [self._state(job.unit).ready_s for job in self._jobs]
        try:
            async with asyncio.timeout(max(0.0, min(gaps) - _now_s()) if gaps else None):
                await self._arrived.wait()
        except TimeoutError:
            return
        # Whoever sheds several coils does so in one go: let all of them arrive before the first leaves.
        await asyncio.sleep(0)

    async def _done(self, job: Job) -> tuple[int, ...]:
        if job.rank is Rank.POLL and self._let_be(self._state(job.unit)):
            raise NoAnswer(f"unit {job.unit} is silent")
        try:
            return await self._in_frames(job)
        except Refusal as refusal:
            state = self._state(job.unit)
            if job.coils is None or state.one_coil or refusal.code != ILLEGAL_FUNCTION:
                raise
            # A board that knows no frame for several coils must still be shed, one by one and from now on.
            state.one_coil = True
            return await self._in_frames(job)

    async def _in_frames(self, job: Job) -> tuple[int, ...]:
        answer: tuple[int, ...] = ()
        for frame in job.frames(one_coil=self._state(job.unit).one_coil):
            try:
                answer = await self._sent(frame, job)
            except LinkDown:
                # The other end had gone since the last request.  A write may be repeated: it sets, it does not add.
                if job.rank is Rank.POLL:
                    raise
                answer = await self._sent(frame, job)
        return answer

    def _let_be(self, state: UnitState) -> bool:
        if state.silent < SILENT_AFTER:
            return False
        return _now_s() < state.probe_s or (self.spare and state.pause_s >= PROBE_MAX_S)

    async def _sent(self, frame: Frame, job: Job) -> tuple[int, ...]:
        manners, poll = job.manners, job.rank is Rank.POLL
        await self._reach.have(poll=poll, timeout_s=manners.timeout_s, settle_s=manners.connect_wait_s)
        if (silence_s := self._free_s - _now_s()) > 0:
            await asyncio.sleep(silence_s)
        # The last place before the wire, whoever asks and by whichever way: what observes sends no write at all.
        if isinstance(frame, WriteFrame) and not (job.allowed is not None and job.allowed()):
            raise Forbidden("not armed")
        return await self._asked(frame, manners)

    async def _asked(self, frame: Frame, manners: Manners) -> tuple[int, ...]:
        state = self._state(frame.unit)
        try:
            answer = await self.link.ask(frame, manners.timeout_s)
        except NoAnswer:
            self._unheard(state)
            self._let_late_answers_die(state, manners)
            raise
        except Garbled:
            self._let_late_answers_die(state, manners)
            raise
        except Refusal as refusal:
            if refusal.from_gateway:
                self._unheard(state)
            else:
                self._heard(state, frame, manners)
            raise
        finally:
            self._free_s = _now_s() + (0.0 if self.address.kind == "tcp" else self.address.serial.silence_s)
        self._heard(state, frame, manners)
        return answer

    def _heard(self, state: UnitState, frame: Frame, manners: Manners) -> None:
        state.silent, state.pause_s = 0, PROBE_FIRST_S
        gap_s = max(manners.min_gap_s, manners.after_write_s if isinstance(frame, WriteFrame) else 0.0)
        state.ready_s = _now_s() + gap_s

    def _unheard(self, state: UnitState) -> None:
        state.silent += 1
        if state.silent >= SILENT_AFTER:
            state.probe_s = _now_s() + state.pause_s
            state.pause_s = min(PROBE_MAX_S, state.pause_s * 2)

    def _let_late_answers_die(self, state: UnitState, manners: Manners) -> None:
        """RTU answers carry no number: one that comes late would be taken for the answer to the next request."""
        if self.address.kind != "tcp":
            state.ready_s = _now_s() + manners.quiet_s
        if self.address.kind != "rtu":
            self.link.close()

    def _state(self, unit: int) -> UnitState:
        return self._units.setdefault(unit, UnitState())


async def _others_turn() -> None:
    """Let whoever has waited for an urgent answer go on: its next step must not find a poll under way instead."""
    for _ in range(HOPS):
        await asyncio.sleep(0)


def _stop_if_cancelled() -> None:
    """Python 3.11's `wait_for`, which the library uses inside, swallows a cancellation that comes with the answer."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _future() -> asyncio.Future[tuple[int, ...]]:
    return asyncio.get_running_loop().create_future()
