"""What a queue remembers of one unit: when it may be spoken to again, and whether it is known not to answer."""

from dataclasses import dataclass
from math import inf

SILENT_AFTER = 3
"""Time-outs in a row after which a unit counts as silent and polls of it are spaced out."""
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

    def heard(self, ready_s: float) -> None:
        """It has answered, and wants to be left alone until then."""
        self.ready_s = ready_s
        self._misses, self._pause_s = 0, PROBE_FIRST_S

    def unheard(self, now_s: float) -> None:
        """It has not answered."""
        self._misses += 1
        if self.silent:
            self._probe_s = now_s + self._pause_s
            self._pause_s = min(PROBE_MAX_S, self._pause_s * 2)

    def let_be(self, now_s: float, *, spare: bool) -> bool:
        """Whether a poll of a silent one is not worth its time-out; `spare` while nobody has time for the dead."""
        return now_s < self._probe_s or (spare and self._pause_s >= PROBE_MAX_S)
