"""What a profile says about single messages: those to send, those that answer, those that tell who is there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drivers.mqtt.payload import Outgoing, Scalar, filled
from drivers.profile.expression import NAME, UnknownValueError
from drivers.profile.section import Section, entry
from drivers.profile.when import When, applies


@dataclass(frozen=True, kw_only=True)
class Message(Section):
    """A topic and either a text or a JSON payload, with placeholders `{value}`, `{seq}`, `{client_id}` and points."""

    topic: str = entry(min_length=1)
    text: str | None = None
    json_: Any = entry(None, alias="json")

    def __post_init__(self) -> None:
        if (self.text is None) == (self.json_ is None):
            raise ValueError("a message has exactly one of text and json")
        if set(self.topic) & set("+#"):
            raise ValueError("a topic to publish to has no wildcards")

    def outgoing(self, values: Mapping[str, Scalar]) -> Outgoing:
        """As it is sent.

        Raises:
            UnknownValueError: something it needs is not known at present.
        """
        body = filled(self.text if self.json_ is None else self.json_, values)
        payload = str(body) if self.json_ is None else json.dumps(body)
        missing = NAME.search(payload)
        if missing:
            raise UnknownValueError(missing[1])
        return Outgoing(self.topic_with(values), payload)

    def topic_with(self, values: Mapping[str, Scalar]) -> str:
        """Where it is sent to."""
        return str(filled(self.topic, values))


@dataclass(frozen=True, kw_only=True)
class Step(Message):
    """One message of a command."""

    when: When | None = None
    """Only for such values, in hems' sign; for all without it."""
    wait_ms: int = entry(0, ge=0, le=10000)
    """Pause after it."""

    def applies(self, value: bool | float) -> bool:
        """Whether it is part of the command for `value`."""
        return applies(self.when, value)


@dataclass(frozen=True, kw_only=True)
class Request(Message):
    """A message that changes nothing and makes the device tell how it is; may be sent while it is not armed."""

    every_ms: int = entry(ge=0, le=3_600_000)
    """0: once after each connection, and when the device comes back."""
    harmless: str = entry(min_length=20)
    """What the maker says it does, so that anybody can check that it changes nothing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 < self.every_ms < 1000:
            raise ValueError("every_ms is 0 or at least 1000")


@dataclass(frozen=True, kw_only=True)
class Availability(Section):
    """Where the device, or the broker on its behalf, says whether it is there."""

    topic: str
    json_: str | None = entry(None, alias="json")
    """Path to the word in a JSON payload; without it the whole payload is the word."""
    yes: str
    no: tuple[str, ...] = entry(min_length=1)


@dataclass(frozen=True, kw_only=True)
class Answer(Section):
    """Where the device answers a command, and how its answer is known."""

    topic: str
    id: str
    """Path to the number of the command, `{seq}`."""
    refused: str
    """Path to the device's words when it says no."""
