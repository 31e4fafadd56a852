"""What may stand in a profile, whatever the protocol; each engine extends this with where and how."""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, TypeVar

from drivers.profile.alarms import AlarmGroup
from drivers.profile.command import WriteSpec
from drivers.profile.consistent import Mistakes, Use, mistakes, out_of_order, uses_in
from drivers.profile.derive import Expression, kind_of, sources
from drivers.profile.expression import names_in
from drivers.profile.params import Param
from drivers.profile.point import Kind, ReadSpec, Scalar
from drivers.profile.section import Section, entry

DeviceClass = Literal["meter", "pv", "battery", "evse", "load_switch", "transfer_switch", "generator", "io"]


@dataclass(frozen=True, kw_only=True)
class PollClass(Section):
    """How often points are asked for, and for how long an answer holds."""

    every_ms: int = entry(ge=0, le=3_600_000)
    """0 asks once after identification."""
    stale_ms: int | None = entry(None, ge=1)
    """Age beyond which a value says nothing about now; without it three and a half periods."""
    islanded: Literal["keep", "skip"] = "keep"
    """`skip` stops asking during an outage: some meters go away with the grid and take the gateway with them."""

    @property
    def stale_after_s(self) -> float:
        """Seconds; unlimited for what is asked once."""
        if self.stale_ms is not None:
            return self.stale_ms / 1000
        return self.every_ms * 3.5 / 1000 if self.every_ms else float("inf")


@dataclass(frozen=True, kw_only=True)
class Expect(Section):
    """What a point must show before the device is believed to be this product."""

    equals: Scalar | None = None
    contains: str | None = None
    between: tuple[float, float] | None = None
    any_of: tuple[Scalar, ...] | None = None
    or_zero: bool = False
    """Whether 0 also passes: a dead busbar is still our meter."""
    remedy: str | None = None
    """What to do when it is this product after all, but in a mode in which its values mean something else."""

    def __post_init__(self) -> None:
        if all(test is None for test in (self.equals, self.contains, self.between, self.any_of)):
            raise ValueError("needs one of equals, contains, between, any_of")

    def met_by(self, value: Scalar) -> bool:
        """Whether `value` fits."""
        if self.or_zero and value == 0:
            return True
        number = value if isinstance(value, int | float) else float("nan")
        return (
            (self.equals is None or value == self.equals)
            and (self.contains is None or self.contains.lower() in str(value).lower())
            and (self.between is None or self.between[0] <= number <= self.between[1])
            and (self.any_of is None or value in self.any_of)
        )

    def __str__(self) -> str:
        """In words, for the person who looks at the wrong device."""
        tests = []
        if self.equals is not None:
            tests.append(f"is {shown(self.equals)}")
        if self.contains is not None:
            tests.append(f"contains {shown(self.contains)}")
        if self.between is not None:
            tests.append(f"is {self.between[0]:g} to {self.between[1]:g}")
        if self.any_of is not None:
            tests.append(f"is {' or '.join(map(shown, self.any_of))}")
        return " and ".join(tests)


def shown(value: Scalar) -> str:
    """A value in a sentence: no more digits than anybody reads."""
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


StepT = TypeVar("StepT", bound=Section)
ReadT = TypeVar("ReadT", bound=ReadSpec)
WriteT = TypeVar("WriteT", bound=WriteSpec)
MadeT = TypeVar("MadeT")


@dataclass(frozen=True, kw_only=True)
class Watchdog(Section, Generic[StepT]):
    """How the device notices that hems is gone, and what the engine does so that it notices rightly."""

    kind: Literal["any_traffic", "rewrite", "alive_bit", "timeout_reg", "counter", "lease", "keepalive_topic", "none"]
    """any_traffic: any request keeps the command; rewrite: it must be sent again; alive_bit, timeout_reg, counter: a
    register must be written now and then; lease: the command carries its own end; keepalive_topic: a message must be
    published now and then; none: the device has no timer."""
    timeout_s: float | None = entry(None, gt=0)
    """The device's own time-out."""
    renew_s: float | None = entry(None, gt=0)
    """How often the engine renews: resends the set-point, or sends `renew`; a `lease` without it after a third."""
    renew: tuple[StepT, ...] = ()
    """What is sent to renew, for `alive_bit`, `timeout_reg`, `keepalive_topic` and `counter`; for `counter`, `{value}`
    is a number that goes up by one at each renewal."""
    hold_max_s: float | None = entry(None, gt=0)
    """The engine's own dead-man: without a fresh command for this long it stops renewing and writes `safe`."""

    def __post_init__(self) -> None:
        needs_steps = self.kind in ("alive_bit", "timeout_reg", "counter", "keepalive_topic")
        if needs_steps and not (self.renew and self.renew_s):
            raise ValueError(f"watchdog kind {self.kind} needs renew and renew_s")
        if self.kind == "rewrite" and not self.renew_s:
            raise ValueError("watchdog kind rewrite needs renew_s")
        if self.renew_s and self.timeout_s and self.renew_s >= self.timeout_s:
            raise ValueError("renew_s must be shorter than timeout_s")

    @property
    def repeat_s(self) -> float | None:
        """How often what is in force is said again: whoever asks for it may ask seldom, and the device ends it."""
        if self.kind in ("rewrite", "lease") and self.renew_s:
            return self.renew_s
        return self.timeout_s / 3 if self.kind in ("lease", "counter") and self.timeout_s else None

    @property
    def beat_s(self) -> float | None:
        """How often `renew` is sent."""
        return self.renew_s if self.renew else None


@dataclass(frozen=True, kw_only=True)
class Control(Section, Generic[StepT]):
    """Taking, keeping and handing back control."""

    acquire: tuple[StepT, ...] = ()
    """Sent once before the first command after every (re)connection."""
    release: tuple[StepT, ...] = ()
    """Sent to hand control back."""
    safe: tuple[StepT, ...] = ()
    """Sent by the engine's dead-man."""
    setup: tuple[str, ...] = ()
    """What an installer must set on the device, in sentences."""
    watchdog: Watchdog[StepT] | None = None

    def __post_init__(self) -> None:
        if self.watchdog is not None and self.watchdog.hold_max_s is not None and not self.safe:
            raise ValueError("watchdog.hold_max_s needs safe: what to write when no fresh command comes")


@dataclass(frozen=True, kw_only=True)
class Profile(Section, Generic[ReadT, WriteT, StepT]):
    """One product."""

    PLACEHOLDERS: ClassVar[Collection[str]] = frozenset({"value"})
    """What the engine puts in when it sends."""

    schema_: Literal[1] = entry(alias="schema")
    id: str
    title: str
    class_: DeviceClass = entry(alias="class")
    engine: Literal["modbus", "sunspec", "mqtt"]
    status: Literal["hardware", "emulator", "documented", "draft"]
    """How far it is proven."""
    sources: tuple[str, ...] = entry(min_length=1)
    """Where each number comes from, so that anybody can look it up again."""
    notes: tuple[str, ...] = ()
    """Quirks and doubts an installer should know."""
    params: dict[str, Param] = entry(make=dict)
    poll: dict[str, PollClass] = entry(make=dict)
    read: dict[str, ReadT]
    derive: dict[str, Expression] = entry(make=dict)
    write: dict[str, WriteT] = entry(make=dict)
    control: Control[StepT] = entry(make=Control)
    alarms: dict[str, AlarmGroup] = entry(make=dict)
    """What the device itself calls abnormal."""

    @classmethod
    def spread(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """A file with what it says once for all its lines said by each of them; engines know what that is."""
        return data

    def __getstate__(self) -> dict[Any, Any]:
        """Of what was made of it, texts are carried; all else is made again."""
        texts = {what: made for what, made in self._made.items() if isinstance(made, str)}
        return {**self.__dict__, "_made": texts}

    @cached_property
    def _made(self) -> dict[Hashable, Any]:
        return {}

    def once(self, key: Hashable, make: Callable[[], MadeT]) -> MadeT:
        """What is made of it, made once for all devices of one kind, which share their profile."""
        if key not in self._made:
            self._made[key] = make()
        made: MadeT = self._made[key]
        return made

    def kinds(self) -> Mapping[str, Kind]:
        """Every point of the profile, private ones included, and what it is."""
        return self.once("kinds", self._kinds)

    def _kinds(self) -> Mapping[str, Kind]:
        found: dict[str, Kind] = {name: point.kind(self.raw_kind(point)) for name, point in self.read.items()}
        for name, expression in self.derive.items():
            found[name] = kind_of(expression, found)
        return found

    def witness_ms(self, name: str) -> int | None:
        """The time stated for a point; a computed one is as slow as the slowest of those it is computed from."""
        stated = [self.read[part].witness_ms if part in self.read else None for part in sources(name, self.derive)]
        return None if None in stated else max((time_ms for time_ms in stated if time_ms is not None), default=None)

    def raw_kind(self, point: ReadT) -> Kind:
        """What the protocol itself delivers for `point`; engines say more."""
        return "float"

    def reached_by(self) -> Sequence[str]:
        """Forms of `link` in a site file, with what is the product's own filled in."""
        return ()

    def uses(self) -> Iterator[Use]:
        """Every place that names a point; engines add theirs."""
        for name, node in self.derive.items():
            yield from uses_in(f"derive.{name}", node)
        for name, point in self.read.items():
            if point.swap_if:
                yield Use(f"read.{name}.swap_if", point.swap_if[1])
        for name, command in self.write.items():
            yield from (Use(f"write.{name}.guard", guard.needs, "bool") for guard in command.guard)
            for bound in command.range or ():
                yield from (Use(f"write.{name}.range", point, "float") for point in names_in(bound))
            yield from (Use(f"write.{name}.dead_zone", point, "float") for point in names_in(command.dead_zone))
            if command.verify:
                wanted: Kind | None = "float" if command.verify.within is not None else None
                yield Use(f"write.{name}.verify", command.verify.read, wanted)
        yield from (Use(f"alarms.{name}.point", group.point) for name, group in self.alarms.items())

    def steps(self) -> Iterator[tuple[str, StepT]]:
        """Every step of `[control]` and where it stands; engines whose commands have steps add those."""
        control = self.control
        renew = control.watchdog.renew if control.watchdog else ()
        parts = {"acquire": control.acquire, "release": control.release, "safe": control.safe, "watchdog.renew": renew}
        for part, steps in parts.items():
            yield from ((f"control.{part}", step) for step in steps)

    def __post_init__(self) -> None:
        twice = [f"{name} stands under both read and derive" for name in sorted(set(self.read) & set(self.derive))]
        misused = mistakes(self.uses(), self.kinds())
        problems = [*twice, *self._caps_for_ever(), *misused, *out_of_order(self.derive), *self._unknown_classes()]
        problems += self._read_from_the_past()
        if problems:
            raise Mistakes(problems)

    def _caps_for_ever(self) -> Sequence[str]:
        watchdog = self.control.watchdog
        return [
            f"write.{name}: lapses_to uncapped needs a timer of the device that lifts the cap (watchdog kind lease)"
            for name, line in self.write.items()
            if line.lapses_to == "uncapped" and (watchdog is None or watchdog.kind != "lease")
        ]

    def _read_from_the_past(self) -> Sequence[str]:
        return [
            f"write.{name}.verify reads {held}, which has hold_s: an old value would pass for an answer"
            for name, command in self.write.items()
            if command.verify
            for held in sorted(sources(command.verify.read, self.derive))
            if held in self.read and self.read[held].hold_s is not None
        ]

    def _unknown_classes(self) -> Sequence[str]:
        return [
            f"read.{name}.poll names the class '{point.poll}', which [poll] does not define"
            for name, point in self.read.items()
            if point.poll is not None and point.poll not in self.poll
        ]
