"""What a queue remembers of one unit: when it may be spoken to again, and whether it is known not to answer."""

import asyncio
from dataclasses import dataclass
from math import inf

from drivers.modbus.errors import LinkError, NoAnswer, Refusal, Unclear
from drivers.modbus.frame import Frame
from drivers.modbus.hearing import Words
from drivers.modbus.job import Job, Manners

ILLEGAL_FUNCTION = 1
SILENT_AFTER = 3
"""Time-outs in a row after which a unit counts as silent and polls of it are spaced out."""
NOTHING_YET = NoAnswer("not asked yet")
PROBE_FIRST_S = 1.0
PROBE_MAX_S = 30.0
"""Pauses between the questions to a silent unit double from the first to the last.  A burst of noise while the tie
moves must not blind hems to a contact; one that has been silent for longer is known to be dead, and is asked so often
at most, and not at all while an island stabilises."""


@dataclass(slots=True)
class Unit:
    """One unit on a link.  Times are those of the event loop."""

    ready_s: float = -inf
    """Not to be spoken to before."""
    one_coil: bool = False
    """Whether it has refused to have several coils written at once."""
    silence: NoAnswer = NOTHING_YET
    """Why it counts as silent."""
    _misses: int = 0
    """Time-outs in a row."""
    _pause_s: float = PROBE_FIRST_S
    """From the next time-out to the next poll, once it is silent."""
    _probe_s: float = -inf
    """If known to be silent, not to be polled before."""

    @property
    def silent(self) -> bool:
        """Whether it is known not to answer."""
        return self._misses >= SILENT_AFTER

    def learn(self, answer: Words | LinkError, frame: Frame, manners: Manners) -> None:
        """What came back, or did not, says something of it; after an answer it may want to be left alone."""
        if not isinstance(answer, LinkError) or (isinstance(answer, Refusal) and not answer.from_gateway):
            gap_s = manners.gap_s(frame)
            self.ready_s = _now_s() + gap_s if gap_s else -inf
            if self._misses:
                self._misses, self._pause_s = 0, PROBE_FIRST_S
        elif isinstance(answer, NoAnswer | Refusal):
            self.silence = answer if isinstance(answer, NoAnswer) else Unclear(str(answer))
            self._unheard(_now_s())

    def wants_one_coil(self, trouble: LinkError, job: Job) -> bool:
        """Whether it has just said so: a board that knows no frame for several coils must still be shed, one by one."""
        if not (isinstance(trouble, Refusal) and trouble.code == ILLEGAL_FUNCTION and job.coils) or self.one_coil:
            return False
        self.one_coil = True  # and from now on
        return True

    def _unheard(self, now_s: float) -> None:
        self._misses += 1
        if self.silent:
            self._probe_s = now_s + self._pause_s
            self._pause_s = min(PROBE_MAX_S, self._pause_s * 2)

    def let_be(self, now_s: float, *, spare: bool) -> bool:
        """Whether a poll of a silent one is not worth its time-out; `spare` while nobody has time for the dead."""
        return now_s < self._probe_s or (spare and self._pause_s >= PROBE_MAX_S)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
