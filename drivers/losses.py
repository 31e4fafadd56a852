"""How often a device was lost lately: one that comes and goes makes one alarm and little noise."""

import logging
from collections import deque

from hems.model.snapshot import COMES_AND_GOES, DeviceAlarm, Severity
from hems.model.units import DeviceId
from hems.ports.clock import Clock

OFTEN, WITHIN_S = 4, 3600.0
"""A device that is lost so often within an hour comes and goes: one alarm stands for it, and the log is spared."""
MOST = 60
"""As many are counted."""

log = logging.getLogger(__name__)


class Losses:
    """Of one device."""

    def __init__(self, device: DeviceId, link: str, clock: Clock) -> None:
        self.since_s: float | None = None
        """When it was lost, None while it is there."""
        self._device = device
        self._link = link
        self._clock = clock
        self._times: deque[float] = deque(maxlen=MOST)
        """When it was lost, lately."""

    @property
    def alarms(self) -> tuple[DeviceAlarm, ...]:
        """One while it comes and goes."""
        times = self._lately()
        if times < OFTEN:
            return ()
        often = f"{times} times" if times < MOST else "all the time"
        text = f"comes and goes, {often} in the last hour; look at its supply, its cable and its network"
        return (DeviceAlarm(code=COMES_AND_GOES, text=text, severity=Severity.MEDIUM),)

    def lost(self, why: str) -> None:
        """It does not answer, perhaps for some time already."""
        if self.since_s is not None:
            return
        self.since_s = self._clock.mono_s()
        self._times.append(self.since_s)
        times = self._lately()
        if times < OFTEN:
            log.warning("%s at %s: %s", self._device, self._link, why)
        elif times == OFTEN:
            log.warning("%s at %s comes and goes; no longer written down: %s", self._device, self._link, why)

    def back(self) -> None:
        """It answers."""
        if self.since_s is not None and self._lately() < OFTEN:
            log.info("%s: answers again after %.0f s", self._device, self._clock.mono_s() - self.since_s)
        self.since_s = None

    def _lately(self) -> int:
        """How often in the last hour."""
        since_s = self._clock.mono_s() - WITHIN_S
        while self._times and self._times[0] < since_s:
            self._times.popleft()
        return len(self._times)
