"""What a profile of engine `sunspec` says beyond the common part: points by model and name, never by address."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from drivers.modbus.codec import coding
from drivers.modbus.frame import Space
from drivers.modbus.layout import Register
from drivers.modbus.link_section import LinkSection
from drivers.modbus.schema import Place
from drivers.profile.command import WriteSpec
from drivers.profile.consistent import Mistakes, Use
from drivers.profile.expression import names_in
from drivers.profile.point import Kind, ReadSpec
from drivers.profile.schema import Control, Expect, Profile
from drivers.profile.section import Section, entry
from drivers.profile.when import When
from drivers.sunspec.models import ref


@dataclass(frozen=True, kw_only=True)
class SunSpecLink(LinkSection):
    """`[link]`, with the places where an inverter may keep its map."""

    base: tuple[int, ...] = (40000, 50000, 0)
    """Addresses at which `SunS` is looked for, in order."""


@dataclass(frozen=True, kw_only=True)
class SunSpecDefaults(Section):
    """`[defaults]`."""

    poll: str | None = None


@dataclass(frozen=True, kw_only=True)
class Own(Place):
    """What says where a register of the maker's own lies, beside the models of SunSpec."""

    at: int | None = entry(None, ge=0, le=65535)
    """Its address, as in a profile of engine `modbus`."""
    len: int | None = None
    """Registers of a text."""

    def register(self) -> Register | None:
        """Its place, if it is the maker's own."""
        if self.at is None:
            return None
        how = coding(self.type or "u16", length=self.len, word=self.word or "big", byte=self.byte or "big")
        return Register(self.space or Space.HOLDING, (self.base or 0) + self.at, how)


@dataclass(frozen=True, kw_only=True)
class SunSpecRead(ReadSpec, Own):
    """`[read.POINT]`: the first of several points that the inverter has, or else a register of the maker's own."""

    any: tuple[str, ...] = ()
    """Points as `103.W`, in a repeated group with their number (`160.DCW[3]`); the first that this device has."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.any:
            ref(name)
        if not self.any and self.register() is None:
            raise ValueError("needs any, with points such as 103.W, or at, with an address of the maker's own")


@dataclass(frozen=True, kw_only=True)
class SunSpecStep(Own):
    """One write to one point, or to a register of the maker's own; under `[control]` left out where it is lacking."""

    set: str | None = None
    """The point to write, such as `704.WSet`; its type and scale factor come from the model."""
    to: str | bool | int | float
    fc: Literal[5, 6, 15, 16] | None = None
    """Function code; by default the one for several values."""
    when: When | None = None
    wait_ms: int = entry(0, ge=0, le=10000)
    optional: bool = False
    persistent: bool = False
    """A setting in memory that wears: looked at first, and written only where something else stands there."""

    def __post_init__(self) -> None:
        if (self.set is None) == (self.register() is None):
            raise ValueError("needs set, with a point such as 704.WSet, or at, with an address of the maker's own")
        if self.set is not None:
            ref(self.set)
        names_in(self.to)


@dataclass(frozen=True, kw_only=True)
class Way(Section):
    """One way to do it, for inverters that have the model it needs and every point of its steps."""

    needs: int | None = None
    """None for a way that any of them knows."""
    steps: tuple[SunSpecStep, ...] = entry(min_length=1)


@dataclass(frozen=True, kw_only=True)
class SunSpecWrite(WriteSpec):
    """`[write.COMMAND]`: ways in order; the first that this device can be led through as a whole."""

    way: tuple[Way, ...] = entry(min_length=1)


@dataclass(frozen=True, kw_only=True)
class SunSpecProfile(Profile[SunSpecRead, SunSpecWrite, SunSpecStep]):
    """One product, or one family of products, of engine `sunspec`."""

    engine: Literal["sunspec"]
    link: SunSpecLink
    defaults: SunSpecDefaults = SunSpecDefaults()
    identify: dict[str, Expect] = entry(make=dict)
    read: dict[str, SunSpecRead]
    write: dict[str, SunSpecWrite] = entry(make=dict)
    control: Control[SunSpecStep] = entry(make=Control)

    def raw_kind(self, point: SunSpecRead) -> Kind:
        """What the wire delivers."""
        kind = ref(point.any[0]).coding.type if point.any else point.type
        return "bool" if kind == "bool" else "str" if kind == "str" else "float"

    @classmethod
    def spread(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give every point the poll class that `[defaults]` says and it does not."""
        if not isinstance(data.get("read"), Mapping):
            return data
        defaults = data.get("defaults")
        poll = defaults.get("poll") if isinstance(defaults, Mapping) else None
        lines = {
            name: {"poll": poll, **line} if poll and isinstance(line, Mapping) else line
            for name, line in data["read"].items()
        }
        return {**data, "read": lines}

    def reached_by(self) -> tuple[str, ...]:
        """Forms of `link`."""
        return self.link.forms()

    def steps(self) -> Iterator[tuple[str, SunSpecStep]]:
        """Every write and where it stands."""
        yield from super().steps()
        for name, command in self.write.items():
            yield from ((f"write.{name}.way", step) for way in command.way for step in way.steps)

    def uses(self) -> Iterator[Use]:
        """Every place that names a point."""
        yield from super().uses()
        for where, step in self.steps():
            yield from (Use(where, name) for name in names_in(step.to) - {"value"})

    def __post_init__(self) -> None:
        super().__post_init__()
        strangers = sorted(set(self.identify) - set(self.read))
        if strangers:
            raise ValueError(f"identify names the point '{strangers[0]}', which is not under [read]")
        unpolled = [name for name, point in self.read.items() if point.poll is None]
        if unpolled:
            raise Mistakes([f"read.{name} has no poll class, and [defaults] names none" for name in unpolled])
