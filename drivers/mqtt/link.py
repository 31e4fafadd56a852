"""One connection to one broker, shared by all devices behind it; the only module that knows aiomqtt.

What is sent is decided here as well: nothing leaves for a device that is not armed, except the requests of which its
profile says that they change nothing.  Nothing is ever sent retained; a retained command switches again whenever the
device comes back, months later.
"""

import asyncio
import logging
import math
import os
import socket
from collections.abc import AsyncIterator, Callable, Collection
from functools import cache
from random import Random
from typing import Any, cast

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from drivers.mqtt.address import BrokerAddress
from drivers.mqtt.credentials import Credentials, Unusable, load
from drivers.mqtt.ears import Ears
from drivers.mqtt.errors import LinkDown
from drivers.mqtt.payload import Incoming, Outgoing
from drivers.mqtt.rights import Rights
from drivers.mqtt.trouble import UNKNOWN_VERSION, code_of, explained
from hems.model.units import DeviceId
from hems.ports.clock import Clock

# Every failure is reported once, by the health of the device; the library would log each of them again.
logging.getLogger("mqtt").setLevel(logging.CRITICAL)

ACKNOWLEDGE_S = 1.0
"""How long the broker may take to acknowledge a command."""
CONNECT_S = 3.0
KEEPALIVE_S = 10
BACKOFF_FIRST_S = 0.2
BACKOFF_MAX_S = 10.0
UNSENT_S = 3.0
"""After this long without a TCP acknowledgement the kernel drops the connection, and with it what is still unsent: a
command must not arrive long after it has been given up."""
EXPIRE_S = 10
"""A broker that speaks MQTT 5 throws a message away that it could not deliver for so long."""
MOST_WAITING = 10_000
"""Messages that came and are not looked at yet; what is beyond is lost, and what it would have told goes stale."""
REFUSED_TOPIC = 128
"""Codes of MQTT from here on are refusals."""


class Link:
    """The connection.  `serve` keeps it up; everything else returns or raises at once when it is down."""

    def __init__(self, address: BrokerAddress, *, clock: Clock, rng: Random) -> None:
        self.address = address
        self.client_id = f"hems-{os.getpid()}-{rng.getrandbits(32):08x}"
        """Unique per process: a broker throws out a client when another of the same name comes."""
        self.lost_since_s: float | None = clock.mono_s()
        """When the connection went, None while it stands."""
        self.trouble = "not connected yet"
        """Why there is no connection; empty while it stands."""
        self.ears = Ears()
        self.rights = Rights()
        self._clock = clock
        self._rng = rng
        self._client: aiomqtt.Client | None = None
        self._version = aiomqtt.ProtocolVersion.V5
        self._refused: set[str] = set()
        self._serving = asyncio.Lock()
        self._number = 0

    @property
    def connected(self) -> bool:
        """Whether messages can be sent and everything is subscribed."""
        return self.lost_since_s is None

    def next_number(self) -> int:
        """A number no other command on this link has; replies are matched by it."""
        self._number += 1
        return self._number

    def may_not_read(self, topics: Collection[str]) -> Collection[str]:
        """Those of `topics` that the broker's access rules keep from us."""
        return self._refused.intersection(topics)

    async def publish(self, device: DeviceId, message: Outgoing, *, qos: int = 1) -> None:
        """Send one message; back when the broker has it.

        Raises:
            Forbidden: it is no harmless request, and the device is not armed or this is not one of its topics.
            LinkDown: it could not be sent, or the broker did not acknowledge it.
        """
        self.rights.require(device, message)
        await self._send(message.topic, message.payload, qos=qos, retain=False)

    async def clear_retained(self, device: DeviceId, topic: str) -> None:
        """Make the broker forget a command that somebody left lying for the device; raises as `publish` does."""
        self.rights.require_clear(device, topic)
        await self._send(topic, "", qos=1, retain=True)  # empty and retained: that is how MQTT says forget

    async def serve(self) -> None:
        """Keep the connection up until cancelled.  Several drivers may await it; one works, the others stand by."""
        async with self._serving:
            pause_s = BACKOFF_FIRST_S
            while True:
                try:
                    await self._serve_connection()
                except (aiomqtt.MqttError, Unusable) as error:
                    _stop_if_cancelled()
                    pause_s = BACKOFF_FIRST_S if self.connected else pause_s
                    self._version = self._next_version(error)
                    self._lost(str(error))
                    self.trouble = explained(error, self.address)
                finally:
                    self._lost("stopped")
                await asyncio.sleep(pause_s * self._rng.uniform(0.5, 1.0))
                pause_s = min(BACKOFF_MAX_S, pause_s * 2)

    def _next_version(self, error: Exception) -> aiomqtt.ProtocolVersion:
        """What to try next: an old broker says that it does not know the version, or says nothing at all."""
        if code_of(error) == UNKNOWN_VERSION:
            return aiomqtt.ProtocolVersion.V311
        if self.connected or "timed out" not in str(error):
            return self._version
        newest = aiomqtt.ProtocolVersion.V5
        return newest if self._version is not newest else aiomqtt.ProtocolVersion.V311

    async def _serve_connection(self) -> None:
        credentials = await asyncio.to_thread(load, self.address)
        async with self._new_client(credentials) as client:
            await self._subscribe(client)
            _stop_if_cancelled()
            self._client, self.lost_since_s, self.trouble = client, None, ""
            self.ears.tell_connection()
            self._inbox.open()
            async for _ in client.messages:  # never one: they are handed out as they come, until the connection goes
                pass

    def _new_client(self, credentials: Credentials) -> aiomqtt.Client:
        def inbox(maxsize: int) -> Inbox:
            self._inbox = Inbox(maxsize, self._hand_out)
            return self._inbox

        modern = self._version is aiomqtt.ProtocolVersion.V5
        client = aiomqtt.Client(
            self.address.host,
            self.address.port,
            identifier=self.client_id,
            protocol=self._version,
            clean_session=None if modern else True,  # in MQTT 5 a new client is given nothing anyway
            keepalive=KEEPALIVE_S,
            timeout=CONNECT_S,
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", inbox),
            max_queued_incoming_messages=MOST_WAITING,
            tls_context=credentials.tls,
            username=credentials.name,
            password=credentials.password,
            socket_options=_socket_options(),
        )
        client.pending_calls_threshold = 1000  # a building full of plugs is shed in one go, and that is right
        return client

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        self._refused.clear()
        topics = tuple(self.ears.topics)
        if not topics:
            return
        answers = await client.subscribe([(topic, self._wish(topic)) for topic in topics])
        codes = [answer if isinstance(answer, int) else answer.value for answer in answers]
        self._refused |= {topic for topic, code in zip(topics, codes, strict=False) if code >= REFUSED_TOPIC}

    def _wish(self, topic: str) -> Any:  # noqa: ANN401 as the library wants it
        """What we say ourselves need not come back; an older broker cannot be told so."""
        if self._version is not aiomqtt.ProtocolVersion.V5:
            return 1
        return SubscribeOptions(qos=1, noLocal=True, retainAsPublished=self.ears.is_commanded(topic))

    def _hand_out(self, message: aiomqtt.Message) -> None:
        topic = message.topic.value
        payload = message.payload if isinstance(message.payload, bytes) else str(message.payload or "").encode()
        self.ears.hand_out(Incoming(topic, payload, bool(message.retain)))

    def _expiry(self) -> Properties | None:
        return _expiring() if self._version is aiomqtt.ProtocolVersion.V5 else None

    def _lost(self, why: str) -> None:
        self._client = None
        if self.connected:
            self.lost_since_s = self._clock.mono_s()
            self.trouble = why
            self.ears.tell_connection()

    async def _send(self, topic: str, payload: str, *, qos: int, retain: bool) -> None:
        if self._client is None or not self.connected:
            raise LinkDown(self.trouble)
        try:
            async with asyncio.timeout(ACKNOWLEDGE_S):
                # not the library's own time-out: see _stop_if_cancelled
                await self._client.publish(
                    topic, payload, qos=qos, retain=retain, properties=self._expiry(), timeout=math.inf
                )
        except TimeoutError:
            raise LinkDown(f"the broker at {self.address} took no message for {ACKNOWLEDGE_S:g} s") from None
        except aiomqtt.MqttError as error:
            raise LinkDown(f"the broker at {self.address} did not take the message: {error}") from error


class Inbox(asyncio.Queue[aiomqtt.Message]):
    """What has come.  Once open it hands each message out in the moment in which it comes, without another turn."""

    def __init__(self, maxsize: int, hand_out: Callable[[aiomqtt.Message], None]) -> None:
        super().__init__(maxsize)
        self._hand_out = hand_out
        self._is_open = False

    def open(self) -> None:
        """Hand out what has come while subscribing, and then everything at once."""
        while not self.empty():
            self._hand_out(self.get_nowait())
        self._is_open = True

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Take one.  Raises: QueueFull."""
        if self._is_open:
            self._hand_out(item)
        else:
            super().put_nowait(item)


@cache
def _expiring() -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = EXPIRE_S
    return properties


async def overhear(address: BrokerAddress, seconds: float) -> AsyncIterator[Incoming]:
    """Everything a broker lets us hear for so long; nothing is sent to anybody.  Raises: LinkDown."""
    try:
        credentials = await asyncio.to_thread(load, address)
        client = aiomqtt.Client(
            address.host,
            address.port,
            timeout=CONNECT_S,
            tls_context=credentials.tls,
            username=credentials.name,
            password=credentials.password,
        )
        async with client:
            await client.subscribe("#")
            async with asyncio.timeout(seconds):
                async for message in client.messages:
                    payload = message.payload if isinstance(message.payload, bytes) else b""
                    yield Incoming(message.topic.value, payload, bool(message.retain))
    except TimeoutError:
        return
    except (aiomqtt.MqttError, Unusable) as error:
        raise LinkDown(explained(error, address)) from error


def _stop_if_cancelled() -> None:
    """Go on being cancelled.

    The library waits with `asyncio.wait_for`, which in Python 3.11 forgets a cancellation that comes together with the
    result, and it hides one that comes while a broker does not answer the farewell behind its own error.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _socket_options() -> list[tuple[int, int, int]]:
    options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNSENT_S * 1000)))
    return options
