"""Modbus TCP: a request leaves in the very turn of the event loop in which the answer to the one before arrives.

Answers carry a number and say how long they are: nothing is to be kept here but the order.  So there is neither a task
nor a future for a request.  A task only connects; and where an answer has not come, or was none, the connection is
dropped, so that a late one dies with it.
"""

import asyncio
import logging
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field

from drivers.modbus.address import Address
from drivers.modbus.errors import HUNG_UP, Forbidden, Garbled, LinkDown, LinkError, NoAnswer
from drivers.modbus.frame import Frame
from drivers.modbus.hearing import Words
from drivers.modbus.job import Job, Rank
from drivers.modbus.link import Link
from drivers.modbus.reconnect import Reconnection
from drivers.modbus.unit import Unit
from drivers.modbus.waiting import Waiting
from drivers.modbus.way import HOPS, after_turns
from hems.model.contained import contained

log = logging.getLogger(__name__)


@dataclass(slots=True)
class UnderWay:
    """A request that has begun: its frames, one after the other."""

    job: Job
    unit: Unit
    frames: Sequence[Frame]
    at: int = 0
    repeated: bool = False
    """Whether the frame that it is at has been sent before, over a connection that had gone."""


@dataclass(slots=True)
class Direct:
    """The way of requests over one connection."""

    address: Address
    link: Link
    waiting: Waiting
    reach: Reconnection
    _serving: bool = False
    _called: bool = False
    """Whether `go` has been called for the next turn of the event loop."""
    _now: UnderWay | None = None
    _unconnected: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while what is under way waits for a connection."""
    _timer: asyncio.TimerHandle | None = None
    """Until one of those that wait may be spoken to again."""

    @property
    def prompt(self) -> bool:
        """Unless it has to connect first."""
        return self._serving and not self._unconnected.is_set()

    def arrived(self) -> None:
        """Something new waits: until the next turn, by when whoever sheds several coils has told all of them."""
        if self._now is None and not self._called:
            self._called = True
            asyncio.get_running_loop().call_soon(self.go)

    def first(self, job: Job) -> None:
        """Send it now, unless an answer has to come first."""
        if self._now is None:
            self._begin(job)
        else:
            self.waiting.add(job)

    def go(self) -> None:
        """Send what is next, unless something is under way."""
        self._called = False
        while self._now is None and self._serving and self.waiting.jobs:
            now_s = asyncio.get_running_loop().time()
            job = self.waiting.next(now_s)
            if job is None:
                self._look_again(self.waiting.gap_ends_s)
                return
            self.waiting.jobs.remove(job)
            if self.waiting.lets_be(job, now_s):
                job.end(copy(self.waiting.units[job.unit].silence))
            else:
                self._begin(job)

    async def serve(self) -> None:
        """Connect whenever it is needed, until cancelled."""
        self._serving = True
        self.go()
        while True:
            await self._unconnected.wait()
            await self._connect()

    def stop(self) -> Sequence[Job]:
        """What was under way is not answered any more."""
        self._serving = False
        self._unconnected.clear()
        if self._timer is not None:
            self._timer.cancel()
        cut, self._now = self._now, None
        return (cut.job,) if cut is not None else ()

    def _look_again(self, at_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(at_s, self.go)

    def _begin(self, job: Job) -> None:
        unit = self.waiting.units[job.unit]
        self._now = UnderWay(job, unit, job.frames(one_coil=unit.one_coil))
        self._leave(self._now)

    def _leave(self, now: UnderWay) -> None:
        """Send the frame that a request is at."""
        job, frame = now.job, now.frames[now.at]
        # The last place before the wire, whoever asks and by whichever way: what observes sends no write at all.
        if not job.may_leave(frame):
            if self.link.is_open:
                self._end(now, Forbidden("not armed"))
            else:
                self._unconnected.set()
            return
        with contained() as sending:
            self.link.send(frame, job.manners.timeout_s, self._landed)
        if isinstance(sending.fault, LinkDown):  # nothing was sent
            self._unconnected.set()
        elif sending.fault is not None:
            self._end(now, self._broken(job, sending.fault))

    async def _connect(self) -> None:
        now = self._now
        with contained() as making:
            if now is not None:
                await self.reach.make_for(now.job)
        self._unconnected.clear()
        if now is None:
            return
        if isinstance(making.fault, LinkError):
            self._end(now, making.fault)
        elif making.fault is not None:
            self._end(now, self._broken(now.job, making.fault))
        elif self.link.is_open:
            self._leave(now)
        else:
            self._landed(LinkDown(HUNG_UP))

    def _landed(self, answer: Words | LinkError) -> None:
        """What came back: the next request leaves before it is looked at."""
        now = self._now
        if now is None:
            return
        job, frame = now.job, now.frames[now.at]
        now.unit.learn(answer, frame, job.manners)
        if isinstance(answer, LinkError):
            self._troubled(now, answer)
        elif now.at + 1 < len(now.frames):
            now.at, now.repeated = now.at + 1, False
            self._leave(now)
        else:
            self._end(now, answer)

    def _troubled(self, now: UnderWay, trouble: LinkError) -> None:
        if isinstance(trouble, NoAnswer | Garbled):
            self.link.close()
        if isinstance(trouble, LinkDown) and now.job.rank is not Rank.POLL and not now.repeated:
            # The other end had gone since the last request.  A write may be repeated: it sets, it does not add.
            now.repeated = True
            self._leave(now)
        elif now.unit.wants_one_coil(trouble, now.job):
            now.frames, now.at, now.repeated = now.job.frames(one_coil=True), 0, False
            self._leave(now)
        else:
            self._end(now, trouble)

    def _end(self, now: UnderWay, answer: Words | LinkError) -> None:
        if now.job.rank is Rank.POLL:
            self._now = None
            self.go()
            now.job.end(answer)
        else:
            now.job.end(answer)
            if self.waiting.jobs:
                after_turns(HOPS, lambda: self._free(now))
            else:
                self._now = None

    def _free(self, now: UnderWay) -> None:
        if self._now is now:
            self._now = None
            self.go()

    def _broken(self, job: Job, fault: Exception) -> LinkError:
        log.error("A request to unit %d on %s failed.", job.unit, self.address, exc_info=fault)
        self.link.close()
        return Garbled(f"the link failed: {type(fault).__name__}")
