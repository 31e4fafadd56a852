"""Whether a device is there."""

from drivers.losses import Losses
from drivers.mqtt.link import Link
from hems.model.snapshot import DeviceAlarm
from hems.model.units import DeviceId
from hems.ports.clock import Clock

SAID_GOOD_BYE = "the device has said good-bye, or lost its connection to the broker"


class Presence:
    """It is there while live messages come, and neither its last will nor the broker's absence says otherwise.

    Both are needed: a will is not sent when the broker dies first, and a device may hang with its connection standing.
    """

    def __init__(self, device: DeviceId, link: Link, silent_s: float, clock: Clock) -> None:
        self._link = link
        self._silent_s = silent_s
        self._now_s = clock.mono_s
        self._started_s = clock.mono_s()
        self._losses = Losses(device, str(link.address), clock)
        self._heard_s: float | None = None
        self._absent: set[str] = set()
        """Topics that say it is not there."""
        self._offline_since_s: float | None = None

    @property
    def offline(self) -> bool:
        """Whether its last word was that it is not there."""
        return bool(self._absent)

    @property
    def alarms(self) -> tuple[DeviceAlarm, ...]:
        """What its coming and going says."""
        return self._losses.alarms

    def heard(self) -> None:
        """A live message came; whatever its last will says, it speaks."""
        self._heard_s = self._now_s()
        self._absent.clear()
        self.look()

    def says(self, topic: str, *, there: bool) -> None:
        """It, or somebody for it, says whether it is there."""
        if there:
            self._absent.discard(topic)
        else:
            if not self._absent:
                self._offline_since_s = self._now_s()
            self._absent.add(topic)
        self.look()

    def connection_changed(self) -> None:
        """Only its word on this connection counts."""
        self._absent.clear()
        self.look()

    def look(self) -> None:
        """Count its losses from the first time that it was heard; call it often, as silence makes no noise."""
        since_s, why = self.lost()
        if since_s is None:
            self._losses.back()
        elif self._heard_s is not None:
            self._losses.lost(why)

    def lost(self) -> tuple[float | None, str]:
        """Since when it is lost, or None, and why."""
        if self._link.lost_since_s is not None:
            return self._link.lost_since_s, self._link.trouble
        if self._absent:
            return self._offline_since_s, SAID_GOOD_BYE
        if self._heard_s is None:
            return self._started_s, "has never been heard; check the topic prefix and the device's MQTT settings"
        if self._now_s() - self._heard_s > self._silent_s:
            return self._heard_s + self._silent_s, f"silent for more than {self._silent_s:g} s"
        return None, ""
