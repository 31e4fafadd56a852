"""A small MQTT broker (3.1.1 and 5.0, QoS 0 and 1, retained messages, wills) that lives on the loop it is started on.

For machines without mosquitto, and for virtual time: nothing in it waits for a clock of its own or for another thread.
Written from the OASIS texts of both versions.  When it is killed every connection is cut at once, as in a power cut.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = (
    1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14,
)  # fmt: skip
OLD, MODERN = 4, 5
"""Protocol levels: 3.1.1 and 5.0."""
UNKNOWN_VERSION = 1
PATIENCE = 1.5
"""Keep-alives after which a silent client is gone (3.1.2.10)."""
MOST_QOS = 1


class Malformed(ValueError):
    """A packet that is none; its sender is cut off."""


@dataclass
class Packet:
    """What is left to read of a packet."""

    body: bytes
    at: int = 0

    def take(self, octets: int) -> bytes:
        """The next ones.  Raises: Malformed when there are fewer."""
        end = self.at + octets
        if end > len(self.body):
            raise Malformed("cut short")
        taken, self.at = self.body[self.at : end], end
        return taken

    def number(self, octets: int = 2) -> int:
        """Big-endian."""
        return int.from_bytes(self.take(octets))

    def text(self) -> str:
        """With its length in front."""
        return self.take(self.number()).decode("utf-8", "replace")

    def skip_properties(self) -> None:
        """Of version 5; nothing here depends on any."""
        length, more, shift = 0, 0x80, 0
        while more & 0x80:
            more = self.number(1)
            length |= (more & 0x7F) << shift
            shift += 7
        self.take(length)

    @property
    def more(self) -> bool:
        """Whether anything is left."""
        return self.at < len(self.body)


@dataclass(frozen=True, slots=True)
class Message:
    """What is published."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class Embedded:
    """Serves on one port until it is killed; what was retained is gone with it."""

    def __init__(self) -> None:
        self.sessions: dict[str, Session] = {}
        self._retained: dict[str, Message] = {}
        self._everybody: set[Session] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen.  Raises: OSError when the port is taken."""
        self._server = await asyncio.get_running_loop().create_server(lambda: Session(self), host, port)

    def kill(self) -> None:
        """Every connection ends at once, without a word."""
        if self._server is not None:
            self._server.close()
        for session in tuple(self._everybody):
            session.cut()

    def enter(self, session: "Session") -> None:
        """Somebody has connected."""
        self._everybody.add(session)

    def leave(self, session: "Session") -> None:
        """And is gone."""
        self._everybody.discard(session)
        if self.sessions.get(session.name) is session:
            del self.sessions[session.name]

    def publish(self, message: Message) -> None:
        """To all who have asked for it; the last retained one of a topic is kept, and an empty one forgets it."""
        if message.retain:
            self._retained[message.topic] = message
            if not message.payload:
                del self._retained[message.topic]
        for session in tuple(self.sessions.values()):
            session.offer(message)

    def retained(self, wanted: str) -> Iterator[Message]:
        """What is kept for whoever subscribes now."""
        return (message for topic, message in self._retained.items() if matches(wanted, topic))


@dataclass(eq=False)
class Session(asyncio.Protocol):
    """One client."""

    broker: Embedded
    name: str = ""
    _level: int = OLD
    _will: Message | None = None
    _keepalive_s: float = 0.0
    _heard_s: float = 0.0
    _wanted: dict[str, int] = field(default_factory=dict)
    _buffer: bytes = b""
    _numbered: int = 0
    _transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio calls it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.broker.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever goes without a farewell leaves a will."""
        self.broker.leave(self)
        self._transport, will, self._will = None, self._will, None
        if will is not None:
            self.broker.publish(will)

    def data_received(self, data: bytes) -> None:
        """Whole packets are read, the rest waits for more."""
        self._buffer += data
        self._heard_s = asyncio.get_running_loop().time()
        try:
            while (length := _length(self._buffer)) is not None:
                start, end = length
                if len(self._buffer) < end:
                    return
                head, body, self._buffer = self._buffer[0], self._buffer[start:end], self._buffer[end:]
                self._read(head >> 4, head & 0xF, Packet(body))
        except Malformed:
            self.cut()

    def cut(self) -> None:
        """End the connection as if a wire had been cut."""
        if self._transport is not None:
            self._transport.abort()

    def offer(self, message: Message, *, retain: bool = False) -> None:
        """Send it if it was asked for, with the better of the qualities that it was asked with."""
        qos = max((qos for wanted, qos in self._wanted.items() if matches(wanted, message.topic)), default=None)
        if qos is None:
            return
        qos = min(qos, message.qos)
        topic = message.topic.encode()
        body = len(topic).to_bytes(2) + topic
        if qos:
            self._numbered = self._numbered % 0xFFFF + 1
            body += self._numbered.to_bytes(2)
        body += self._no_properties + message.payload
        self._send(PUBLISH, body, flags=qos << 1 | retain)

    def _read(self, kind: int, flags: int, packet: Packet) -> None:
        if kind == CONNECT:
            self._connected(packet)
        elif self.name not in self.broker.sessions:
            raise Malformed("speaks before it has said who it is")
        elif kind == PUBLISH:
            self._published(flags, packet)
        elif kind in (SUBSCRIBE, UNSUBSCRIBE):
            self._subscribed(packet, subscribes=kind == SUBSCRIBE)
        elif kind == PINGREQ:
            self._send(PINGRESP, b"")
        elif kind == DISCONNECT:
            self._will = None
            if self._transport is not None:
                self._transport.close()

    def _connected(self, packet: Packet) -> None:
        packet.text()
        self._level, flags = packet.number(1), packet.number(1)
        if self._level not in (OLD, MODERN):
            self._send(CONNACK, bytes((0, UNKNOWN_VERSION)))
            return
        self._keepalive_s = PATIENCE * packet.number()
        self._skip(packet)
        self.name = packet.text() or f"nameless-{id(self)}"
        if flags & 0x04:
            self._skip(packet)
            topic, payload = packet.text(), packet.take(packet.number())
            self._will = Message(topic, payload, min(flags >> 3 & 3, MOST_QOS), bool(flags & 0x20))
        if (other := self.broker.sessions.get(self.name)) is not None:
            other.cut()
        self.broker.sessions[self.name] = self
        self._send(CONNACK, bytes((0, 0)) + self._no_properties)
        self._listen()

    def _published(self, flags: int, packet: Packet) -> None:
        topic, qos = packet.text(), flags >> 1 & 3
        number = packet.take(2) if qos else b""
        self._skip(packet)
        if qos:
            self._send(PUBACK, number)
        self.broker.publish(Message(topic, packet.body[packet.at :], min(qos, MOST_QOS), bool(flags & 1)))

    def _subscribed(self, packet: Packet, *, subscribes: bool) -> None:
        number, new = packet.take(2), dict[str, int]()
        self._skip(packet)
        while packet.more:
            topic = packet.text()
            new[topic] = min(packet.number(1) & 3, MOST_QOS) if subscribes else 0
        codes = bytes(new.values()) if subscribes or self._level == MODERN else b""
        self._send(SUBACK if subscribes else UNSUBACK, number + self._no_properties + codes)
        for topic in new:
            self._wanted.pop(topic, None)
        if subscribes:
            self._wanted |= new
            for topic in new:
                for message in tuple(self.broker.retained(topic)):
                    self.offer(message, retain=True)

    def _listen(self) -> None:
        """Cut off whoever has been silent for too long."""
        if self._transport is None or not self._keepalive_s:
            return
        loop = asyncio.get_running_loop()
        left_s = self._heard_s + self._keepalive_s - loop.time()
        if left_s <= 0.0:
            self.cut()
        else:
            loop.call_later(left_s, self._listen)

    @property
    def _no_properties(self) -> bytes:
        return b"\0" if self._level == MODERN else b""

    def _skip(self, packet: Packet) -> None:
        if self._level == MODERN:
            packet.skip_properties()

    def _send(self, kind: int, body: bytes, *, flags: int = 0) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        left, length = len(body), b""
        while left > 0x7F:
            length += bytes((left & 0x7F | 0x80,))
            left >>= 7
        self._transport.write(bytes((kind << 4 | flags,)) + length + bytes((left,)) + body)


def _length(buffer: bytes) -> tuple[int, int] | None:
    """Where the body of the first packet begins and ends; None while that cannot be told.  Raises: Malformed."""
    length = 0
    for index, octet in enumerate(buffer[1:5]):
        length |= (octet & 0x7F) << 7 * index
        if not octet & 0x80:
            return index + 2, index + 2 + length
    if len(buffer) > 4:
        raise Malformed("no such length")
    return None


def matches(wanted: str, topic: str) -> bool:
    """Whether a filter with `+` and `#` takes a topic; wildcards in front take none that begins with a dollar."""
    if wanted[:1] in ("+", "#") and topic.startswith("$"):
        return False
    levels, parts = wanted.split("/"), topic.split("/")
    for index, level in enumerate(levels):
        if level == "#":
            return True
        if index >= len(parts) or level not in ("+", parts[index]):
            return False
    return len(levels) == len(parts)
