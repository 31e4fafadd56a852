"""What a profile of engine `mqtt` says beyond the common part: topics, payloads, and how silence is told from rest."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from drivers.mqtt.message import Answer, Availability, Request, Step
from drivers.mqtt.payload import Scalar
from drivers.profile.command import Values, WriteSpec
from drivers.profile.consistent import Use
from drivers.profile.point import Kind, ReadSpec
from drivers.profile.schema import Control, Expect, Profile
from drivers.profile.section import Section, entry

WATCHDOGS = ("none", "lease", "rewrite", "keepalive_topic")
"""What can be kept alive by messages."""


@dataclass(frozen=True, kw_only=True)
class LinkSection(Section):
    """`[link]`."""

    qos: Literal[0, 1] = 1
    available: tuple[Availability, ...] = ()
    """Who says whether it is there: the device, and a bridge in between; it is lost while one of them says no."""
    silent_ms: int = entry(ge=1000, le=3_600_000)
    """No live message for so long: the device is lost and its readings are stale, whatever `available` says."""
    request: tuple[Request, ...] = ()
    retained: Literal["old", "current"] = "old"
    """What a retained reading is.  `old`: it may be years old, and is shown as such only.  `current`: the maker keeps
    the present state retained and nothing else tells it; then points marked `on_change` hold from the first live
    message on, which shows that the device is connected and has had the chance to correct them."""
    commands: tuple[str, ...] = ()
    """Further topics on which the device takes commands, watched for commands that somebody left there retained."""

    def __post_init__(self) -> None:
        pauses_ms = [request.every_ms for request in self.request if request.every_ms]
        if pauses_ms and min(pauses_ms) * 2 > self.silent_ms:
            raise ValueError("silent_ms must leave room for two requests, or one lost message makes the device lost")
        if self.retained == "current" and not self.available:
            raise ValueError("retained = 'current' needs available: who says whether the device is still there")


@dataclass(frozen=True, kw_only=True)
class MqttRead(ReadSpec):
    """`[read.POINT]`: one value in the messages of one topic."""

    topic: str
    json_: str | None = entry(None, alias="json")
    """Path in a JSON payload, names and positions parted by dots; without it the whole payload is the value."""
    type: Kind = "float"
    on_change: bool = False
    """Told only when it changes; in between it holds while the device is heard at all."""
    stale_ms: int | None = entry(None, ge=500, le=3_600_000)
    """For how long it holds, if not for as long as `silent_ms`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if set(self.topic) & set("+#"):
            raise ValueError("a point has one topic, without wildcards")
        if self.poll is not None:
            raise ValueError("poll is for devices that are asked; write stale_ms, and [[link.request]]")


@dataclass(frozen=True, kw_only=True)
class Way(Section):
    """One way to carry out a command."""

    needs: str | None = None
    """A bool point that must be true; without it this way is always open."""
    steps: tuple[Step, ...] = entry(min_length=1)


@dataclass(frozen=True, kw_only=True)
class MqttWrite(WriteSpec):
    """`[write.COMMAND]`: messages in order, or ways in order of which the first open one is taken."""

    steps: tuple[Step, ...] = ()
    way: tuple[Way, ...] = ()
    values: dict[str, Scalar] = entry(make=dict)
    """What `{value}` becomes, such as `{ true = "ON", false = "OFF" }`; without it, itself."""
    whole: bool = False
    """Whether the device takes whole numbers only; then the value is rounded."""
    reply: Answer | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if bool(self.steps) == bool(self.way):
            raise ValueError("a command has exactly one of steps and way")
        if self.reply is not None and self.way:
            raise ValueError("reply goes with steps")

    def ways(self) -> tuple[Way, ...]:
        """Every way, the plain steps as the only one if there are no ways."""
        return self.way or (Way(steps=self.steps),)

    def open_way(self, points: Values) -> Way | None:
        """The first way whose need is known to be met."""
        return next((way for way in self.ways() if way.needs is None or points.get(way.needs) is True), None)

    def wire_value(self, value: bool | float) -> Scalar:
        """`value` as the device wants it."""
        if isinstance(value, bool):
            return self.values.get(str(value).lower(), value)
        turned = (-value if self.negate else value) + 0.0  # some parsers stumble over -0.0
        return round(turned) if self.whole else turned


@dataclass(frozen=True, kw_only=True)
class MqttProfile(Profile[MqttRead, MqttWrite, Step]):
    """One product of engine `mqtt`."""

    PLACEHOLDERS: ClassVar[Collection[str]] = frozenset({"value", "seq", "client_id"})

    engine: Literal["mqtt"]
    link: LinkSection
    identify: dict[str, Expect] = entry(make=dict)
    """What the device must have told before it is commanded."""
    read: dict[str, MqttRead]
    write: dict[str, MqttWrite] = entry(make=dict)
    control: Control[Step] = entry(make=Control)

    def raw_kind(self, point: MqttRead) -> Kind:
        """What the payload holds."""
        return point.type

    def reached_by(self) -> tuple[str, ...]:
        """Forms of `link`."""
        return ("mqtt://HOST:1883", "mqtts://HOST:8883?ca=FILE")

    def steps(self) -> Iterator[tuple[str, Step]]:
        """Every message that changes something, and where it stands."""
        yield from super().steps()
        for name, command in self.write.items():
            for way in command.ways():
                yield from ((f"write.{name}.steps", step) for step in way.steps)

    def uses(self) -> Iterator[Use]:
        """Every place that names a point."""
        yield from super().uses()
        yield from (Use("identify", name) for name in self.identify)
        for name, command in self.write.items():
            yield from (Use(f"write.{name}.way", way.needs, "bool") for way in command.way if way.needs)

    def __post_init__(self) -> None:
        super().__post_init__()
        watchdog = self.control.watchdog
        if watchdog is not None and watchdog.kind not in WATCHDOGS:
            raise ValueError(f"control.watchdog.kind {watchdog.kind} is not known to engine mqtt; {WATCHDOGS} are")
        if watchdog is not None and watchdog.kind == "keepalive_topic" and watchdog.hold_max_s is None:
            raise ValueError(
                "watchdog kind keepalive_topic needs hold_max_s: a hanging control loop must not be kept alive"
            )
