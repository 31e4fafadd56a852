"""Whether a device answers: since when it does not, why, and how many of its requests fail."""

import logging
from collections import deque

from drivers.modbus.errors import LinkDown, LinkError
from drivers.modbus.noise import Noise
from hems.model.snapshot import COMES_AND_GOES, DeviceAlarm, Severity
from hems.model.units import DeviceId
from hems.ports.clock import Clock

OFTEN, WITHIN_S = 4, 3600.0
"""A device that is lost so often within an hour comes and goes: one alarm stands for it, and the log is spared."""
MOST_LOSSES = 60
"""As many are counted."""
LOST_AFTER = 3
"""Requests in a row without an answer after which a device must identify itself again before it is commanded."""

log = logging.getLogger(__name__)


class Presence:
    """How one device answers."""

    def __init__(self, device: DeviceId, link: str, clock: Clock) -> None:
        self.lost_since_s: float | None = None
        self.detail = ""
        """What is wrong, in a few words."""
        self._device = device
        self._link = link
        self._clock = clock
        self._failures = 0
        self._noise = Noise()
        self._losses: deque[float] = deque(maxlen=MOST_LOSSES)
        """When it was lost, lately."""

    @property
    def bad_share(self) -> float | None:
        """Share of requests without a good answer in the last hour."""
        return self._noise.bad_share(self._clock.mono_s())

    @property
    def alarms(self) -> tuple[DeviceAlarm, ...]:
        """What its requests say of the line."""
        times = self._lost_lately()
        if times >= OFTEN:
            often = f"{times} times" if times < MOST_LOSSES else "all the time"
            text = f"comes and goes, {often} in the last hour; look at its supply, its cable and its network"
            return (DeviceAlarm(code=COMES_AND_GOES, text=text, severity=Severity.MEDIUM),)
        return self._noise.alarms(lost=self.lost_since_s is not None)

    def failed(self, trouble: LinkError) -> bool:
        """It could not be read; True if it may be another one, or have started afresh, when it answers again."""
        self._failures += 1
        self.missed()
        if self.lost_since_s is None:
            self.lost_since_s = self._clock.mono_s()
            self._losses.append(self.lost_since_s)
            self._note(trouble)
        self.detail = str(trouble)
        return isinstance(trouble, LinkDown) or self._failures >= LOST_AFTER

    def missed(self) -> None:
        """One of its requests had no good answer."""
        self._noise.heard(self._clock.mono_s(), well=False)

    def answered(self, heard_s: float | None) -> None:
        """It has been read, at that time if values have come."""
        self._failures = 0
        now_s = self._clock.mono_s()
        self._noise.heard(now_s if heard_s is None else heard_s, well=True)
        if self.lost_since_s is not None and self._lost_lately() < OFTEN:
            log.info("%s: answers again after %.0f s", self._device, now_s - self.lost_since_s)
        self.lost_since_s, self.detail = None, ""

    def _note(self, trouble: LinkError) -> None:
        """For the log; a device that comes and goes would fill it."""
        times = self._lost_lately()
        if times < OFTEN:
            log.warning("%s at %s: %s", self._device, self._link, trouble)
        elif times == OFTEN:
            log.warning("%s at %s comes and goes; no longer written down: %s", self._device, self._link, trouble)

    def _lost_lately(self) -> int:
        """How often in the last hour."""
        since_s = self._clock.mono_s() - WITHIN_S
        while self._losses and self._losses[0] < since_s:
            self._losses.popleft()
        return len(self._losses)
