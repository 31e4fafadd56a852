"""What a profile of engine `modbus` says beyond the common part: where values lie, how the device wants to be asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from drivers.modbus.address import SerialLine
from drivers.modbus.codec import Coding, Order, Type, coding
from drivers.modbus.frame import Space
from drivers.modbus.job import Manners
from drivers.profile.command import WriteSpec
from drivers.profile.consistent import Mistakes, Use
from drivers.profile.expression import names_in
from drivers.profile.point import Kind, ReadSpec
from drivers.profile.schema import Control, Expect, Profile
from drivers.profile.section import Section, entry
from drivers.profile.when import When


@dataclass(frozen=True, kw_only=True)
class SerialSettings(Section):
    """The product's serial line as delivered."""

    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1

    def line(self) -> SerialLine:
        """As the link takes it."""
        return SerialLine(self.baud, self.parity, self.stop_bits)


@dataclass(frozen=True, kw_only=True)
class LinkSection(Section):
    """`[link]`: how one product wants to be spoken to."""

    kinds: tuple[Literal["tcp", "rtu", "rtu-over-tcp"], ...] = entry(min_length=1)
    """How it can be reached."""
    port: int = entry(502, ge=1, le=65535)
    """TCP port, unless the site file names another."""
    serial: SerialSettings = SerialSettings()
    """Its serial line as delivered, unless the site file says otherwise."""
    unit_id: int = entry(1, ge=0, le=255)
    """Its address on the line; mostly `"{unit_id}"`."""
    timeout_ms: int = entry(1000, ge=50, le=30000)
    """Its longest time to answer."""
    connect_wait_ms: int = entry(0, ge=0, le=10000)
    """Pause after connecting, before the first request."""
    min_gap_ms: int = entry(0, ge=0, le=5000)
    """Pause between its answer and the next request."""
    after_write_ms: int = entry(0, ge=0, le=10000)
    """Pause after a write."""
    quiet_after_timeout_ms: int = entry(1000, ge=0, le=10000)
    """Silence after a time-out, in which a late answer dies."""
    max_read: int = entry(100, ge=1, le=125)
    """Registers in one request."""
    max_gap: int = entry(0, ge=0, le=64)
    """Registers between two points that may be read through."""
    barriers: tuple[int, ...] = ()
    """Addresses that no request may cross."""
    exclusive: bool = False
    """Whether the device accepts one client only."""
    one_coil: bool = False
    """Whether a board knows no function 15: then each coil goes in a frame of its own."""

    def forms(self) -> tuple[str, ...]:
        """What a site file may say for `link`."""
        line = f"baud={self.serial.baud}&parity={self.serial.parity}&stop_bits={self.serial.stop_bits}"
        shown = {"rtu": f"rtu:///dev/serial/by-id/NAME?{line}"}
        return tuple(shown.get(kind, f"{kind}://HOST:{self.port}") for kind in self.kinds)

    def manners(self) -> Manners:
        """As the queue takes it."""
        return Manners(
            timeout_s=self.timeout_ms / 1000,
            connect_wait_s=self.connect_wait_ms / 1000,
            min_gap_s=self.min_gap_ms / 1000,
            after_write_s=self.after_write_ms / 1000,
            quiet_s=self.quiet_after_timeout_ms / 1000,
            one_coil=self.one_coil,
        )


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
        """Give every line what `[defaults]` says and it does not, so that nothing else has to look there."""
        defaults = data.get("defaults", {})
        if not isinstance(defaults, Mapping):
            return data
        filled = dict(data)
        filled["read"] = {name: _read_with(defaults, line) for name, line in _lines(data.get("read")).items()}
        filled["write"] = {name: _with_steps(defaults, line) for name, line in _lines(data.get("write")).items()}
        if isinstance(data.get("control"), Mapping):
            filled["control"] = _control_with(defaults, data["control"])
        return filled

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


def _lines(section: object) -> Mapping[str, Any]:
    return section if isinstance(section, Mapping) else {}


def _read_with(defaults: Mapping[str, Any], line: object) -> object:
    if not isinstance(line, Mapping):
        return line
    merged = {**defaults, **line}
    if merged.get("space") in ("coil", "discrete"):
        merged["type"] = line.get("type", "bool")
    return {"space": "holding", **_plain_word(merged, line)}


def _step_with(defaults: Mapping[str, Any], step: object) -> object:
    if not isinstance(step, Mapping):
        return step
    own = {key: defaults[key] for key in ("word", "byte", "base") if key in defaults}
    merged = {"space": "holding", "type": "bool" if step.get("space") == "coil" else "u16", **own, **step}
    return _plain_word(merged, step)


def _plain_word(merged: dict[str, Any], line: Mapping[str, Any]) -> dict[str, Any]:
    """A default word order does not concern what has one word."""
    if merged.get("type", "u16") in ("u16", "s16", "bool") and "word" not in line:
        merged.pop("word", None)
    return merged


def _with_steps(defaults: Mapping[str, Any], line: object) -> object:
    if not isinstance(line, Mapping):
        return line
    filled = dict(line)
    if isinstance(line.get("steps"), list):
        filled["steps"] = [_step_with(defaults, step) for step in line["steps"]]
    if isinstance(line.get("way"), list):
        filled["way"] = [_with_steps(defaults, way) for way in line["way"]]
    return filled


def _control_with(defaults: Mapping[str, Any], control: Mapping[str, Any]) -> dict[str, Any]:
    filled = dict(control)
    for part in ("acquire", "release", "safe"):
        if isinstance(filled.get(part), list):
            filled[part] = [_step_with(defaults, step) for step in filled[part]]
    watchdog = filled.get("watchdog")
    if isinstance(watchdog, Mapping) and isinstance(watchdog.get("renew"), list):
        filled["watchdog"] = {**watchdog, "renew": [_step_with(defaults, step) for step in watchdog["renew"]]}
    return filled
