"""A serial line, also one behind a gateway: a task speaks on it, one frame at a time, and keeps silent in between.

The end of a frame is told from the next one by silence alone, and answers carry no number: one that comes late would be
taken for the answer to the next request.  So a unit that has not answered is left alone until its answer has died.
"""

import asyncio
import logging
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from math import inf

from drivers.modbus.address import Address
from drivers.modbus.errors import Forbidden, Garbled, LinkDown, LinkError, NoAnswer
from drivers.modbus.frame import Frame
from drivers.modbus.hearing import Words
from drivers.modbus.job import Job, Rank
from drivers.modbus.link import Link
from drivers.modbus.reconnect import Reconnection
from drivers.modbus.unit import Unit
from drivers.modbus.waiting import Waiting
from drivers.modbus.way import HOPS
from hems.model.contained import contained

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Line:
    """The way of requests over it."""

    address: Address
    link: Link
    waiting: Waiting
    reach: Reconnection
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _free_s: float = -inf
    """Until then nothing may be sent."""

    @property
    def prompt(self) -> bool:
        """Never: there is the silence to keep."""
        return False

    def arrived(self) -> None:
        """Something new waits."""
        self._arrived.set()

    def first(self, job: Job) -> None:
        """Waits like any other."""
        self.waiting.add(job)
        self._arrived.set()

    def stop(self) -> Sequence[Job]:
        """What the task was at has been told already."""
        return ()

    async def serve(self) -> None:
        """Ask one after the other, until cancelled."""
        me = asyncio.current_task()
        while True:
            # Before it is decided who is next: something more urgent may come meanwhile.
            await self._silence()
            job = self.waiting.next(_now_s())
            if job is None:
                await self._pause()
            else:
                self.waiting.jobs.remove(job)
                await self._settle(job)
            if me is not None and me.cancelling():
                # A link's library may swallow a cancellation that comes with the answer, as 3.11's `wait_for`.
                raise asyncio.CancelledError

    async def _silence(self) -> None:
        left_s = self._free_s - _now_s()
        if left_s > 0:
            await asyncio.sleep(left_s)

    async def _pause(self) -> None:
        """Until something comes, or one of those that wait may be spoken to again."""
        self._arrived.clear()
        timer = None
        if self.waiting.jobs:
            timer = asyncio.get_running_loop().call_at(self.waiting.gap_ends_s, self._arrived.set)
        try:
            await self._arrived.wait()
        finally:
            if timer is not None:
                timer.cancel()

    async def _settle(self, job: Job) -> None:
        answer: Words | LinkError = LinkDown("stopped")
        try:
            with contained() as service:  # a fault in one request must not end the service of all other units
                answer = await self._done(job)
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
        if job.rank is not Rank.POLL:
            for _ in range(HOPS):
                await asyncio.sleep(0)

    async def _done(self, job: Job) -> Words:
        unit = self.waiting.units[job.unit]
        if self.waiting.lets_be(job, _now_s()):
            raise copy(unit.silence)
        try:
            return await self._in_frames(job, unit)
        except LinkError as trouble:
            if not unit.wants_one_coil(trouble, job):
                raise
            return await self._in_frames(job, unit)

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
        if not self.link.is_open:
            await self.reach.make_for(job)
        await self._silence()
        # The last place before the wire, whoever asks and by whichever way: what observes sends no write at all.
        if not job.may_leave(frame):
            raise Forbidden("not armed")
        try:
            answer = await self.link.ask(frame, job.manners.timeout_s)
        except LinkError as trouble:
            self._learn(trouble, frame, unit, job)
            raise
        finally:
            self._free_s = _now_s() + self.address.serial.silence_s
        self._learn(answer, frame, unit, job)
        return answer

    def _learn(self, answer: Words | LinkError, frame: Frame, unit: Unit, job: Job) -> None:
        unit.learn(answer, frame, job.manners)
        if isinstance(answer, NoAnswer | Garbled):
            unit.ready_s = _now_s() + job.manners.quiet_s
            if self.address.kind != "rtu":
                self.link.close()


def _now_s() -> float:
    return asyncio.get_running_loop().time()
