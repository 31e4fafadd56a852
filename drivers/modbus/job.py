"""A request that waits for its turn on a link, with what the queue must know to order it and to send it well."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache, partial

from drivers.modbus.errors import LinkError
from drivers.modbus.frame import Frame, ReadFrame, Space, WriteFrame
from drivers.modbus.hearing import Heard, Words, hand
from hems.model.members import direct

Answer = asyncio.Future[Words]


@direct
class Rank(IntEnum):
    """How urgent a request is; polls compete among themselves by due time."""

    SHED = 0
    COMMAND = 1
    """Other writes, and the read-back of any write."""
    PERSON = 2
    """A read that somebody waits for: asked also of a unit that is known to be silent."""
    POLL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How one product wants to be spoken to."""

    timeout_s: float = 1.0
    connect_wait_s: float = 0.0
    min_gap_s: float = 0.0
    """Before the next request to the same unit."""
    after_write_s: float = 0.0
    """The same after a write."""
    quiet_s: float = 1.0
    """After a time-out on a serial line, before the next request to the same unit: longer than its latest answer."""
    one_coil: bool = False
    """Whether it takes one coil a frame only."""

    def gap_s(self, after: Frame) -> float:
        """From the answer to a frame to the next request to the same unit."""
        return max(self.min_gap_s, self.after_write_s) if isinstance(after, WriteFrame) else self.min_gap_s


@dataclass(frozen=True, slots=True, eq=False)
class CoilWish:
    """What one sender wants of one coil; every wish is its own, so that only its sender can take it back."""

    on: bool


@dataclass(slots=True, eq=False)
class Job:
    """One request."""

    unit: int
    rank: Rank
    due_s: float
    manners: Manners
    frame: Frame | None
    allowed: Callable[[], bool] | None = None
    """Asked when a write's turn comes; None for reads."""
    coils: dict[int, CoilWish] = field(default_factory=dict)
    """Where there is no frame: coils to write together."""
    came: Words | LinkError | None = None
    """What came of it, once it is over."""
    asked_by: list[Heard] = field(default_factory=list)
    """All who want to be told what comes of it."""

    def may_leave(self, frame: Frame) -> bool:
        """Whether a frame of it may be sent now: a read always, a write only if somebody vouches for it."""
        return isinstance(frame, ReadFrame) or (self.allowed is not None and self.allowed())

    def answer(self) -> Answer:
        """For one who waits; each has an answer of his own, so that he may go without taking it from the others."""
        answer: Answer = asyncio.get_running_loop().create_future()
        if self.came is None:
            self.asked_by.append(partial(hand, answer))
        else:
            hand(answer, self.came)
        return answer

    def frames(self, *, one_coil: bool) -> Sequence[Frame]:
        """What is sent; `one_coil` if the unit is known to take one at a time only."""
        if self.frame is not None:
            return (self.frame,)
        if len(self.coils) == 1:
            [(coil, wish)] = self.coils.items()
            return _alone(self.unit, coil, wish.on)
        wanted = {coil: wish.on for coil, wish in self.coils.items()}
        return coil_frames(self.unit, wanted, one=one_coil or self.manners.one_coil)

    def end(self, answer: Words | LinkError) -> None:
        """Tell all who wait what came back, or why nothing did."""
        self.came = answer
        for told in self.asked_by:
            told(answer)


@lru_cache(maxsize=512)
def _alone(unit: int, coil: int, on: bool) -> Sequence[Frame]:
    """One coil: in a power cut twenty boards may be told the same at once."""
    return coil_frames(unit, {coil: on})


def coil_frames(unit: int, coils: Mapping[int, bool], *, one: bool = False) -> Sequence[Frame]:
    """As few writes as there are unbroken runs of coils, or `one` for each; never a coil that nobody asked to write.

    A run that switches off goes before one that switches on.
    """
    frames: list[WriteFrame] = []
    run: list[int] = []
    for coil in sorted(coils):
        if run and (one or coil != run[-1] + 1):
            frames.append(_run_frame(unit, run, coils))
            run = []
        run.append(coil)
    if run:
        frames.append(_run_frame(unit, run, coils))
    return sorted(frames, key=lambda frame: max(frame.values))


def _run_frame(unit: int, run: Sequence[int], coils: Mapping[int, bool]) -> WriteFrame:
    return WriteFrame(unit, Space.COIL, run[0], tuple(int(coils[coil]) for coil in run), single=len(run) == 1)
