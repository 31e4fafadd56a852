"""How many requests of a device that answers get no good answer: a sign of a bad line, long before it falls silent."""

from collections import deque

from hems.model.snapshot import DeviceAlarm, Severity

NOISY = 0.05
"""Share of requests that may fail on a line that is well."""
OVER = 500.0
"""Requests over which that share is taken."""
IN_A_ROW = 3
"""What fails more often without a break is silence, as of a device that was cut off, and says nothing of the line."""
PART_S, PARTS = 300.0, 12
"""An hour is counted in parts, so that what is older than an hour is forgotten."""


class Noise:
    """The share of requests that failed lately, and in the last hour."""

    def __init__(self) -> None:
        self._share = 0.0
        self._failed_in_a_row = 0
        self._hour: deque[list[int]] = deque(maxlen=PARTS)
        """Number of each part with anything in it, requests, and those of them that failed."""

    def heard(self, now_s: float, *, well: bool) -> None:
        """What came of one request."""
        part, bad = int(now_s // PART_S), 0 if well else 1
        if not self._hour or self._hour[-1][0] != part:
            self._hour.append([part, 0, 0])
        latest = self._hour[-1]
        latest[1] += 1
        latest[2] += bad
        self._failed_in_a_row = 0 if well else self._failed_in_a_row + 1
        if self._failed_in_a_row <= IN_A_ROW:
            self._share += (bad - self._share) / OVER

    def bad_share(self, now_s: float) -> float | None:
        """Of the last hour; None when nothing was asked."""
        since = int(now_s // PART_S) - PARTS
        asked = sum(count for part, count, _ in self._hour if part > since)
        return sum(bad for part, _, bad in self._hour if part > since) / asked if asked else None

    def alarms(self, *, lost: bool) -> tuple[DeviceAlarm, ...]:
        """One where it is too many; a device that is silent altogether is told otherwise."""
        if lost or self._share < NOISY:
            return ()
        text = f"{self._share:.0%} of requests get no good answer; look at the cable, its ends, shield and speed"
        return (DeviceAlarm(code="noise", text=text, severity=Severity.LOW),)
