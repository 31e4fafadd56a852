"""Which requests of a device get no good answer while its others do: a map that is shorter than its profile says.

Not every firmware refuses what it does not have as the standard wants it: some say nothing, some answer with less than
was asked for, some call it a failure.  The rest of such a device is read all the same.
"""

import asyncio
from dataclasses import dataclass, field

from drivers.modbus.batches import Batch
from drivers.modbus.errors import LinkDown, LinkError, Refusal
from drivers.modbus.frame import ReadFrame
from drivers.modbus.unit import PROBE_FIRST_S, PROBE_MAX_S

GAP_AFTER = 3
"""Rounds in a row in which just this request failed, until what it asks for counts as not known."""


@dataclass(slots=True)
class _Gap:
    misses: int = 0
    pause_s: float = PROBE_FIRST_S
    again_s: float = float("-inf")


@dataclass(slots=True)
class Gaps:
    """The gaps of one device, by request."""

    _gaps: dict[ReadFrame, _Gap] = field(default_factory=dict)

    def missed(self, frame: ReadFrame, trouble: LinkError) -> bool:
        """It failed and others did not; True once that is no accident any more.

        What costs a time-out is then asked for less and less often.
        """
        gap = self._gaps.setdefault(frame, _Gap())
        gap.misses += 1
        if gap.misses < GAP_AFTER:
            return False
        if not is_answer(trouble):
            gap.again_s = _now_s() + gap.pause_s
            gap.pause_s = min(PROBE_MAX_S, gap.pause_s * 2)
        return True

    def answered(self, frame: ReadFrame) -> None:
        """It is none."""
        if self._gaps:
            self._gaps.pop(frame, None)

    def rests(self, frame: ReadFrame) -> bool:
        """Whether it is not worth its time-out now."""
        gap = self._gaps.get(frame)
        return gap is not None and _now_s() < gap.again_s

    def clear(self) -> None:
        """Nothing is known of any."""
        self._gaps.clear()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._gaps)


@dataclass(slots=True)
class Round:
    """What one round through the requests of a device has met so far."""

    heard: bool = False
    failed: list[tuple[Batch, LinkError]] = field(default_factory=list)

    def may_go_on(self, trouble: LinkError) -> bool:
        """Whether the next request may fare better: the connection stands, and the device is not dead altogether."""
        if isinstance(trouble, LinkDown):
            return False
        return is_answer(trouble) or (self.heard and all(is_answer(earlier) for _, earlier in self.failed))


def is_answer(trouble: LinkError) -> bool:
    """Whether the device itself has said no, so that it is there and has cost no time."""
    return isinstance(trouble, Refusal) and not trouble.from_gateway


def _now_s() -> float:
    return asyncio.get_running_loop().time()
