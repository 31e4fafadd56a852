"""What a profile of engine `modbus` says beyond the common part: where values lie, how the device wants to be asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from drivers.modbus.codec import Coding, Order, Type, coding
from drivers.modbus.defaults import spread
from drivers.modbus.frame import Space
from drivers.modbus.link_section import LinkSection
from drivers.profile.command import WriteSpec
from drivers.profile.consistent import Mistakes, Use
from drivers.profile.expression import names_in
from drivers.profile.point import Kind, ReadSpec
from drivers.profile.schema import Control, Expect, Profile
from drivers.profile.section import Section, entry
from drivers.profile.when import When


@dataclass(frozen=True, kw_only=True)
class Place(Section):
    """What says where a value lies; shared by reads, steps and `[defaults]`."""

    space: Space | None = None
    type: Type | None = None
    word: Order | None = None
    byte: Order | None = None
    base: int | None = None
    """Added to `at`: the start of an object of registers."""


@dataclass(frozen=True, kw_only=True)
class Defaults(Place):
    """`[defaults]`: what holds for every line that does not say otherwise."""

    poll: str | None = None


@dataclass(frozen=True, kw_only=True)
class ModbusRead(ReadSpec, Place):
    """`[read.POINT]`: one point at one address."""

    at: int = entry(ge=0, le=65535)
    len: int | None = None
    """Registers of a text."""
    sf: str | None = None
    """Private point with the power of ten for this one."""

    def how(self) -> Coding:
        """Its coding."""
        return coding(self.type or "u16", length=self.len, word=self.word or "big", byte=self.byte or "big")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.how()
        if self.space is not None and self.space.of_bits and self.type != "bool":
            raise ValueError("coils and discrete inputs are of type bool")


@dataclass(frozen=True, kw_only=True)
class Step(Place):
    """One write: a number or an expression to one address."""

    at: int = entry(ge=0, le=65535)
    to: str | bool | int | float
    fc: Literal[5, 6, 15, 16] | None = None
    """Function code; by default the one for several values, for coils the one for one."""
    when: When | None = None
    wait_ms: int = entry(0, ge=0, le=10000)
    optional: bool = False
    persistent: bool = False
    """A setting in memory that wears: looked at first, and written only where something else stands there."""

    def __post_init__(self) -> None:
        names_in(self.to)
        if self.space is not None and self.space not in (Space.HOLDING, Space.COIL):
            raise ValueError("only coils and holding registers can be written")
        if (self.fc in (5, 15)) != (self.space is Space.COIL) and self.fc is not None:
            raise ValueError("fc 5 and 15 write coils, 6 and 16 holding registers")
        if self.fc == 6 and self.how().registers > 1:
            raise ValueError("fc 6 writes one register")

    def how(self) -> Coding:
        """Its coding."""
        return coding(self.type or "u16", word=self.word or "big", byte=self.byte or "big")


@dataclass(frozen=True, kw_only=True)
class Way(Section):
    """One of several ways to carry out a command."""

    needs: str | None = None
    """A bool point that must be true; without it the way is always open."""
    steps: tuple[Step, ...] = entry(min_length=1)


@dataclass(frozen=True, kw_only=True)
class ModbusWrite(WriteSpec):
    """`[write.COMMAND]`: steps in order, or the first of several ways that is open at the time."""

    steps: tuple[Step, ...] = ()
    way: tuple[Way, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if bool(self.steps) == bool(self.way):
            raise ValueError("a command has either steps or way")


@dataclass(frozen=True, kw_only=True)
class ModbusProfile(Profile[ModbusRead, ModbusWrite, Step]):
    """One product of engine `modbus`."""

    engine: Literal["modbus"]
    link: LinkSection
    defaults: Defaults = Defaults()
    identify: dict[str, Expect] = entry(make=dict)
    read: dict[str, ModbusRead]
    write: dict[str, ModbusWrite] = entry(make=dict)
    control: Control[Step] = entry(make=Control)

    def raw_kind(self, point: ModbusRead) -> Kind:
        """What the wire delivers."""
        return "bool" if point.type == "bool" else "str" if point.type == "str" else "float"

    @classmethod
    def spread(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """What `[defaults]` says stands in every line."""
        return spread(data)

    def reached_by(self) -> tuple[str, ...]:
        """Forms of `link`."""
        return self.link.forms()

    def steps(self) -> Iterator[tuple[str, Step]]:
        """Every write and where it stands."""
        yield from super().steps()
        for name, command in self.write.items():
            for steps in (command.steps, *(way.steps for way in command.way)):
                yield from ((f"write.{name}.steps", step) for step in steps)

    def uses(self) -> Iterator[Use]:
        """Every place that names a point."""
        yield from super().uses()
        yield from (Use("identify", name) for name in self.identify)
        yield from (Use(f"read.{name}.sf", point.sf, "float") for name, point in self.read.items() if point.sf)
        for where, step in self.steps():
            yield from (Use(where, name) for name in names_in(step.to) - {"value"})
        for name, command in self.write.items():
            yield from (Use(f"write.{name}.way", way.needs, "bool") for way in command.way if way.needs)

    def __post_init__(self) -> None:
        super().__post_init__()
        computed = [name for name in self.identify if name in self.derive]
        problems = [f"identify names {name}, which is computed; name a point under [read]" for name in computed]
        problems += [
            f"read.{name} has no poll class, and [defaults] names none"
            for name, point in self.read.items()
            if point.poll is None
        ]
        problems += overlaps(self.read)
        resting = {name for name, kind in self.poll.items() if kind.islanded == "skip"}
        problems += [
            f"identify names {name}, which is not asked for on an island; a device may have to say who it is just then"
            for name in self.identify
            if name in self.read and self.read[name].poll in resting
        ]
        if problems:
            raise Mistakes(problems)


def overlaps(lines: Mapping[str, ModbusRead]) -> list[str]:
    """Points that begin inside another one: one of the two addresses or types is wrong."""
    found = []
    spans = [(name, line.space, (line.base or 0) + line.at, line.how().registers) for name, line in lines.items()]
    for name, space, start, count in spans:
        inside = (
            (other, first) for other, place, first, _ in spans if place is space and start < first < start + count
        )
        found += [
            f"read.{other} at {first} begins inside {name}, which takes {start} to {start + count - 1}"
            for other, first in inside
        ]
    return found
