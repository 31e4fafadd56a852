"""What a profile of engine `mqtt` says beyond the common part: topics, payloads, and how silence is told from rest."""

import json
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from drivers.mqtt.payload import Outgoing, Scalar, filled
from drivers.profile.command import WriteSpec
from drivers.profile.point import Kind, ReadSpec
from drivers.profile.schema import Profile, Strict

WATCHDOGS = ("none", "lease")
"""Kinds that need nothing from the engine; it renews nothing yet."""


class Message(Strict):
    """A topic and either a text or a JSON payload, with placeholders `{value}`, `{seq}` and `{client_id}`."""

    topic: str
    text: str | None = None
    json_: dict[str, Any] | None = Field(default=None, alias="json")

    @model_validator(mode="after")
    def _sendable(self) -> "Message":
        if (self.text is None) == (self.json_ is None):
            raise ValueError("a message has exactly one of text and json")
        if set(self.topic) & set("+#"):
            raise ValueError("a topic to publish to has no wildcards")
        return self

    def outgoing(self, values: Mapping[str, Scalar]) -> Outgoing:
        """As it is sent."""
        body = filled(self.text if self.json_ is None else self.json_, values)
        return Outgoing(str(filled(self.topic, values)), str(body) if self.json_ is None else json.dumps(body))


class Request(Message):
    """A message that changes nothing and makes the device tell how it is; may be sent while it is not armed."""

    every_ms: int = Field(ge=1000, le=3_600_000)
    harmless: str = Field(min_length=20)
    """What the maker says it does, so that anybody can check that it changes nothing."""


class Availability(Strict):
    """Where the device, or the broker on its behalf, says whether it is there."""

    topic: str
    yes: str
    no: str


class Answer(Strict):
    """Where the device answers a command, and how its answer is known."""

    topic: str
    id: str
    """Path to the number of the command, `{seq}`."""
    refused: str
    """Path to the device's words when it says no."""


class LinkSection(Strict):
    """`[link]`."""

    qos: Literal[0, 1] = 1
    available: Availability | None = None
    silent_ms: int = Field(ge=1000, le=3_600_000)
    """No live message for so long: the device is lost and its readings are stale, whatever `available` says."""
    request: Request | None = None

    @model_validator(mode="after")
    def _asks_before_silence(self) -> "LinkSection":
        if self.request is not None and self.request.every_ms * 2 > self.silent_ms:
            raise ValueError("silent_ms must leave room for two requests, or one lost message makes the device lost")
        return self


class MqttRead(ReadSpec):
    """`[read.POINT]`: one value in the messages of one topic."""

    topic: str
    json_: str | None = Field(default=None, alias="json")
    """Path in a JSON payload, names parted by dots; without it the whole payload is the value."""
    type: Kind = "float"

    @model_validator(mode="after")
    def _one_topic(self) -> "MqttRead":
        if set(self.topic) & set("+#"):
            raise ValueError("a point has one topic, without wildcards")
        return self


class MqttWrite(WriteSpec):
    """`[write.COMMAND]`: one message."""

    topic: str
    text: str | None = None
    json_: dict[str, Any] | None = Field(default=None, alias="json")
    values: dict[str, Scalar] = Field(default_factory=dict)
    """What `{value}` becomes, such as `{ true = "ON", false = "OFF" }`; without it, itself."""
    reply: Answer | None = None

    @property
    def message(self) -> Message:
        """What is sent."""
        return Message(topic=self.topic, text=self.text, json=self.json_)

    @model_validator(mode="after")
    def _sendable(self) -> "MqttWrite":
        if not self.message.topic:
            raise ValueError("topic is empty")
        return self

    def wire_value(self, value: bool | float) -> Scalar:
        """`value` as the device wants it."""
        if isinstance(value, bool):
            return self.values.get(str(value).lower(), value)
        return (-value if self.negate else value) + 0.0  # some parsers stumble over -0.0


class MqttProfile(Profile[MqttRead, MqttWrite, Message]):
    """One product of engine `mqtt`."""

    PLACEHOLDERS: ClassVar[Collection[str]] = frozenset({"value", "seq", "client_id"})

    engine: Literal["mqtt"]
    link: LinkSection

    def raw_kind(self, point: MqttRead) -> Kind:
        """What the payload holds."""
        return point.type

    @model_validator(mode="after")
    def _engine_can_do_it(self) -> "MqttProfile":
        watchdog = self.control.watchdog
        if watchdog is not None and watchdog.kind not in WATCHDOGS:
            raise ValueError(f"control.watchdog.kind {watchdog.kind} is not known to engine mqtt; {WATCHDOGS} are")
        if self.control.acquire:
            raise ValueError("control.acquire is not known to engine mqtt")
        return self
