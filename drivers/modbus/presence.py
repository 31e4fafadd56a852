"""Whether a device answers: since when it does not, why, and how many of its requests fail."""

from drivers.losses import Losses
from drivers.modbus.errors import HUNG_UP, LinkDown, LinkError, NoAnswer
from drivers.modbus.noise import Noise
from hems.model.snapshot import DeviceAlarm
from hems.model.units import DeviceId
from hems.ports.clock import Clock

LOST_AFTER = 3
"""Requests in a row without an answer after which a device must identify itself again before it is commanded."""


NEVER_HEARD = {
    "rtu": "check its unit_id, the line's baud rate, parity and stop bits, and A and B",
    "rtu-over-tcp": "check its unit_id and the gateway's line, or write tcp:// if the gateway speaks Modbus TCP",
    "tcp": "check its unit_id, or write rtu-over-tcp:// if the gateway only passes serial frames on",
}
"""What is to be done about a unit that has been silent from the beginning, by the kind of its link."""
ANOTHER_HOLDS_IT = "check the port, and whether another program holds the only connection that it gives"


class Presence:
    """How one device answers."""

    def __init__(self, device: DeviceId, link: str, clock: Clock) -> None:
        self.detail = ""
        """What is wrong, in a few words."""
        self._clock = clock
        self._remedy = NEVER_HEARD.get(link.partition(":")[0], "")
        """Until it has answered once."""
        self._failures = 0
        self._noise = Noise()
        self._losses = Losses(device, link, clock)

    @property
    def lost_since_s(self) -> float | None:
        """When it was lost, None while it answers."""
        return self._losses.since_s

    @property
    def bad_share(self) -> float | None:
        """Share of requests without a good answer in the last hour."""
        return self._noise.bad_share(self._clock.mono_s())

    @property
    def alarms(self) -> tuple[DeviceAlarm, ...]:
        """What its requests say of the line."""
        return self._losses.alarms or self._noise.alarms(lost=self.lost_since_s is not None)

    def failed(self, trouble: LinkError) -> bool:
        """It could not be read; True if it may be another one, or have started afresh, when it answers again."""
        self._failures += 1
        self.missed()
        self.detail = self._told(trouble)
        self._losses.lost(self.detail)
        return isinstance(trouble, LinkDown) or self._failures >= LOST_AFTER

    def _told(self, trouble: LinkError) -> str:
        """With what to do about it, as long as it has never answered and the trouble does not say so itself."""
        told, remedy = str(trouble), self._remedy
        if remedy and told == HUNG_UP:
            remedy = ANOTHER_HOLDS_IT
        return f"{told}; {remedy}" if remedy and (told == HUNG_UP or type(trouble) is NoAnswer) else told

    def missed(self) -> None:
        """One of its requests had no good answer."""
        self._noise.heard(self._clock.mono_s(), well=False)

    def answered(self, heard_s: float | None) -> None:
        """It has been read, at that time if values have come."""
        self._failures = 0
        now_s = self._clock.mono_s()
        self._noise.heard(now_s if heard_s is None else heard_s, well=True)
        self._losses.back()
        self._remedy = ""
        self.detail = ""
