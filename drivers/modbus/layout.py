"""A device as the engine works it: every point and step at its address, whatever the profile called it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from drivers.modbus.codec import Coding
from drivers.modbus.frame import Space
from drivers.profile.command import WriteSpec
from drivers.profile.expression import names_in
from drivers.profile.point import ReadSpec
from drivers.profile.when import When


@dataclass(frozen=True, slots=True)
class Register:
    """Where one value lies, and how."""

    space: Space
    address: int
    coding: Coding

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + (1 if self.space.of_bits else self.coding.registers)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPoint:
    """One point at its place."""

    name: str
    spec: ReadSpec
    register: Register
    poll: str
    exponent_from: str | None = None
    """The private point that holds the power of ten for this one."""

    @property
    def private(self) -> bool:
        """Whether it serves its profile only and is never delivered."""
        return self.name.startswith("_")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedStep:
    """One write at its place."""

    register: Register
    to: str | float | bool
    """A number, or an expression over `{value}` and points."""
    when: When | None = None
    """Only for such values; None for all."""
    single: bool = False
    """Use the function code for one value (5, 6)."""
    exponent_from: str | None = None
    wait_s: float = 0.0
    optional: bool = False
    """Whether a refusal of this step does not matter."""
    persistent: bool = False
    """Whether it is a setting in memory that wears: not written when it stands there already."""
    needs_points: bool = field(init=False)
    """Whether what it writes hangs on anything but the value."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs_points", bool(names_in(self.to) - {"value"}))


@dataclass(frozen=True, slots=True)
class PlacedCommand:
    """One command: how it is judged and how it is sent."""

    spec: WriteSpec
    ways: Sequence[tuple[str | None, Sequence[PlacedStep]]]
    """The bool point that must be true, or None for always, and then these steps; the first that is open."""
    needs_points: bool = field(init=False)
    """Whether what is sent hangs on anything but the value."""
    coil: int | None = field(init=False)
    """What opens as soon as this coil is written, and needs no other thought; None for everything else."""

    def __post_init__(self) -> None:
        hangs = any(needs or any(step.needs_points for step in steps) for needs, steps in self.ways)
        object.__setattr__(self, "needs_points", hangs)
        object.__setattr__(self, "coil", None if hangs else self._coil())

    def _coil(self) -> int | None:
        spec, steps = self.spec, self.ways[0][1] if len(self.ways) == 1 else ()
        if spec.kind != "bool" or spec.persistent or spec.lapses_to == "closed" or len(steps) != 1:
            return None
        (step,) = steps
        opens = step.when is None and step.to == "{value}" and not step.wait_s and not step.single
        return step.register.address if opens and step.register.space is Space.COIL else None

    def steps_now(self, known: Mapping[str, object]) -> Sequence[PlacedStep] | None:
        """The steps to take while points are as `known`; None if no way is open."""
        for needs, steps in self.ways:
            if needs is None or known.get(needs) is True:
                return steps
        return None

    @property
    def stop_depends(self) -> bool:
        """Whether what 0 becomes hangs on what the device shows, such as whether it is off the grid."""
        stops = [step for _, steps in self.ways for step in steps if step.when in (None, "zero")]
        return any(needs for needs, _ in self.ways) or any(names_in(step.to) - {"value"} for step in stops)

    @property
    def steps(self) -> Sequence[PlacedStep]:
        """Of the longest way: what it takes at worst."""
        return max((steps for _, steps in self.ways), key=len, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything of one device at its place."""

    points: Mapping[str, PlacedPoint]
    absent: Sequence[str] = ()
    """Points of the profile that this unit does not have."""
    commands: Mapping[str, PlacedCommand] = field(default_factory=dict)
    acquire: Sequence[PlacedStep] = ()
    release: Sequence[PlacedStep] = ()
    safe: Sequence[PlacedStep] = ()
    renew: Sequence[PlacedStep] = ()
    barriers: Sequence[int] = ()
    """Addresses that no request may cross."""

    @property
    def exponents(self) -> frozenset[str]:
        """Points that hold the power of ten of another point, or of a step."""
        steps = [*self.acquire, *self.release, *self.safe, *self.renew]
        steps += [step for command in self.commands.values() for step in command.steps]
        named = [place.exponent_from for place in self.points.values()] + [step.exponent_from for step in steps]
        return frozenset(name for name in named if name is not None)
