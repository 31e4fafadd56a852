"""A point in time that survives a wrong wall clock."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Instant:
    """Now, on two clocks.  Durations and timers use `mono_s` only; `utc` is for people and calendars (UCA 5)."""

    mono_s: float
    """Seconds on a clock that never steps and also counts while the machine sleeps (boot time on Linux)."""

    utc: datetime | None = None
    """Wall time with time zone, or None until the clock is known to be good: a gateway without a battery-backed
    clock boots in the past, in an outage, with no network to ask."""

    def since_s(self, earlier_s: float) -> float:
        """Seconds elapsed since `earlier_s` on the monotonic clock."""
        return self.mono_s - earlier_s
