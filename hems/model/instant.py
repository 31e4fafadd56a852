"""A point in time that survives a wrong wall clock."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Instant:
    """Now, on two clocks.  Durations and timers use `mono_s` only; `utc` is for people and calendars (UCA 5)."""

    mono_s: float
    """Seconds on a clock that never steps and also counts while the machine sleeps (boot time on Linux)."""

    utc: datetime | None = None
    """Wall time with time zone, or None until the clock is known to be good: a gateway without a battery-backed
    clock boots in the past, in an outage, with no network to ask."""

    def hour_in(self, zone: tzinfo | None) -> float | None:
        """Hour of the day, 0 to 24, in a time zone (None: the machine's own); None while nobody knows the time."""
        if self.utc is None:
            return None
        local = self.utc.astimezone(zone)
        return local.hour + local.minute / 60.0

    def since_s(self, earlier_s: float) -> float:
        """Seconds elapsed since `earlier_s` on the monotonic clock."""
        return self.mono_s - earlier_s


def seconds_to(at: time, now: datetime) -> float:
    """From `now` to the next such time on this machine's wall clock, also across the night in which that is set."""
    today = now.astimezone().date()
    moments = (
        datetime.combine(today + timedelta(days=days), at.replace(fold=fold)).astimezone()
        for days in (0, 1)
        for fold in (0, 1)  # in autumn an hour comes twice
    )
    return next(in_s for one in moments if (in_s := (one - now).total_seconds()) >= 0.0)
