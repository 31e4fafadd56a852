"""Time, as an argument to everything that needs it."""

from typing import Protocol

from hems.model.instant import Instant


class Clock(Protocol):
    """Tells the time; the only implementation that asks the machine is `hems.runtime.clock`."""

    def now(self) -> Instant:
        """The present instant."""

    def mono_s(self) -> float:
        """Its `mono_s` alone: what arrives is stamped a thousand times a second, and needs no calendar."""
