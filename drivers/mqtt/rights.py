"""What may be sent to whom: nothing to a device that is not armed, except what its profile calls harmless."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from drivers.mqtt.errors import Forbidden
from drivers.mqtt.payload import Outgoing
from hems.model.units import DeviceId


@dataclass(slots=True)
class Right:
    """What may be sent to one device."""

    requests: set[Outgoing] = field(default_factory=set)
    topics: set[str] = field(default_factory=set)
    """Command topics, open while `armed`."""
    clearable: set[str] = field(default_factory=set)
    """Topics on which a retained command may be cleared, while `armed`."""
    armed: bool = False


class Rights:
    """Of all devices behind one broker."""

    def __init__(self) -> None:
        self._of: dict[DeviceId, Right] = {}

    def introduce(
        self, device: DeviceId, *, requests: Iterable[Outgoing], topics: Iterable[str], clearable: Iterable[str]
    ) -> None:
        """Say what a device can be sent: harmless requests always, anything to `topics` while it is armed."""
        self._of[device] = Right(set(requests), set(topics), set(clearable))

    def arm(self, device: DeviceId, armed: bool) -> None:
        """Open or close the command topics of a device."""
        self._of[device].armed = armed

    def armed(self, device: DeviceId) -> bool:
        """Whether commands to a device go out."""
        return self._of[device].armed

    def require(self, device: DeviceId, message: Outgoing) -> None:
        """Raises: Forbidden when it is no harmless request, and the device is not armed or the topic none of its."""
        right = self._of[device]
        if message not in right.requests:
            _require_armed(device, right, message.topic, right.topics)

    def require_clear(self, device: DeviceId, topic: str) -> None:
        """Raises: Forbidden when nobody may make the broker forget what lies there."""
        right = self._of[device]
        _require_armed(device, right, topic, right.clearable)


def _require_armed(device: DeviceId, right: Right, topic: str, open_topics: Collection[str]) -> None:
    if not right.armed:
        raise Forbidden(f"{device} is not armed")
    if topic not in open_topics:
        raise Forbidden(f"{topic} is no command topic of {device}")
