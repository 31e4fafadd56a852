"""Who is told what a broker brings, and when the connection to it comes and goes."""

from collections.abc import Callable, Collection

from drivers.mqtt.payload import Incoming

Receiver = Callable[[Incoming], None]


class Ears:
    """Of all devices behind one broker; everybody who wants to hear says so before the link is served."""

    def __init__(self) -> None:
        self._receivers: dict[str, list[Receiver]] = {}
        self._telling: set[str] = set()
        self._connection_receivers: list[Callable[[], None]] = []

    @property
    def topics(self) -> Collection[str]:
        """All that somebody wants to hear."""
        return self._receivers

    def listen(self, topic: str, receiver: Receiver) -> None:
        """Hand each message of `topic` to `receiver`, which must return quickly and not raise."""
        self._telling.add(topic)
        self._receivers.setdefault(topic, []).append(receiver)

    def watch(self, topic: str, receiver: Receiver) -> None:
        """The same for commands: what is to be kept by the broker is then retained from the beginning."""
        self._receivers.setdefault(topic, []).append(receiver)

    def listen_connection(self, receiver: Callable[[], None]) -> None:
        """Call `receiver` after each connection, and after each loss of it."""
        self._connection_receivers.append(receiver)

    def is_commanded(self, topic: str) -> bool:
        """Whether devices are commanded there, and tell nothing."""
        return topic not in self._telling

    def hand_out(self, message: Incoming) -> None:
        """To all who listen there."""
        for receiver in self._receivers.get(message.topic, ()):
            receiver(message)

    def tell_connection(self) -> None:
        """It has come, or gone."""
        for receiver in self._connection_receivers:
            receiver()
