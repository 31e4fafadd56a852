"""How many requests of a device that answers get no good answer: a sign of a bad line, long before it falls silent."""

from hems.model.snapshot import DeviceAlarm, Severity

NOISY = 0.05
"""Share of requests that may fail on a line that is well."""
OVER = 500.0
"""Requests over which that share is taken."""


class Noise:
    """The share of requests that failed lately."""

    def __init__(self) -> None:
        self._share = 0.0

    def heard(self, *, well: bool) -> None:
        """What came of one request."""
        self._share += ((0.0 if well else 1.0) - self._share) / OVER

    def alarms(self, *, lost: bool) -> tuple[DeviceAlarm, ...]:
        """One where it is too many; a device that is silent altogether is told otherwise."""
        if lost or self._share < NOISY:
            return ()
        text = f"{self._share:.0%} of requests get no good answer; look at the cable, its ends, shield and speed"
        return (DeviceAlarm(code="noise", text=text, severity=Severity.LOW),)
