"""What a wanted value becomes before it is sent, and whether the device has taken it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from drivers.profile.expression import UnknownValueError, evaluate, names_in
from drivers.profile.section import Section, entry
from hems.model.command import Fate

Scalar = bool | int | float | str
Values = Mapping[str, Any]

LapsesTo = Literal["open", "closed", "zero", "held", "default", "uncapped"]
"""Where the device goes by itself when hems falls silent: load off, load on, no power, as last told, its own
rule, no cap any more."""


@dataclass(frozen=True, kw_only=True)
class Guard(Section):
    """A live permission: something that must be true for some values to be asked at all."""

    needs: str
    """A bool point; unknown counts as no."""
    if_above: float | None = None
    """Only for values above this."""
    if_below: float | None = None
    """Only for values below this."""

    def concerns(self, value: float) -> bool:
        """Whether `value` needs the permission."""
        return (self.if_above is None or value > self.if_above) and (self.if_below is None or value < self.if_below)


OVERRULED_SHARE = 0.2
"""A set-point that differs by less than this share of what was told is a device's own rounding."""


@dataclass(frozen=True, kw_only=True)
class Verify(Section):
    """How to see that the device follows."""

    read: str
    """The point that shows it."""
    equals: Scalar | None = None
    """What it must show: a value, or an expression such as `{value}`."""
    within: float | None = entry(None, ge=0)
    """How far it may be from the value sent."""
    after_ms: int = entry(1000, ge=1, le=60000)
    """Within what time."""

    def __post_init__(self) -> None:
        if (self.equals is None) == (self.within is None):
            raise ValueError("verify needs exactly one of equals and within")

    def satisfied(self, shown: Scalar | None, value: Scalar) -> bool:
        """Whether `shown` is what `value` asked for."""
        if shown is None:
            return False
        if self.within is not None:
            return isinstance(shown, int | float) and abs(float(shown) - float(value)) <= self.within
        wanted = self.equals
        if isinstance(wanted, str) and "{" in wanted:
            wanted = value if wanted == "{value}" else evaluate(wanted, {"value": value})
        if isinstance(shown, float) and isinstance(wanted, int | float):
            return abs(shown - wanted) < 1e-6
        return shown == wanted

    def overruled(self, shown: Scalar | None, told: Scalar) -> bool:
        """Whether what is shown asks for more than was told, or for the opposite; less is a device's own affair."""
        if self.within is None or not isinstance(shown, int | float):
            return False
        slack = max(self.within, OVERRULED_SHARE * abs(float(told)))
        return shown > max(0.0, float(told)) + slack or shown < min(0.0, float(told)) - slack


@dataclass(frozen=True, kw_only=True)
class WriteSpec(Section):
    """What every `[write.COMMAND]` may say, whatever the protocol; an engine adds how it is sent."""

    kind: Literal["bool", "float"] = "float"
    range: tuple[str | float, str | float] | None = None
    """Lowest and highest value in hems' sign; numbers, points (`-discharge_max_w`) or expressions.
    What lies outside is clamped."""
    dead_zone: str | float = 0.0
    """Values nearer to zero than this are sent as zero; a number, a point or an expression."""
    negate: bool = False
    """Turn hems' sign into the device's before sending."""
    guard: tuple[Guard, ...] = ()
    verify: Verify | None = None
    lapses_to: LapsesTo
    """Where the device goes when hems falls silent; must be declared."""
    persistent: bool = False
    """Whether the register wears (flash): written on change only, never renewed."""
    hold_max_s: float | None = entry(None, gt=0)
    """The engine's dead-man for this one command: without a fresh one for so many seconds it sends off or 0 itself.
    Not for circuits, which nobody repeats."""
    min_interval_ms: int = entry(0, ge=0)
    """The device does not want this command more often; zero and off are never held back."""
    min_interval_hard: bool = False
    """Whether the device fails when it is told sooner; otherwise what safety or a limit asks for does not wait."""
    settle_s: float | None = entry(None, ge=0, le=3600)
    """Seconds from the command until its effect is there: contactors, ramps, a car that wakes up."""

    def __post_init__(self) -> None:
        if not isinstance(self.dead_zone, str) and self.dead_zone < 0:
            raise ValueError("dead_zone is 0 or more")
        names_in(self.dead_zone)


@dataclass(frozen=True, slots=True)
class Accepted:
    """To be sent: `value` in hems' sign; `note` says what was changed on the way."""

    value: bool | float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not to be sent, and why."""

    reason: str


def fate_of(seen: Fate, note: str) -> Fate:
    """What is told of a command that was `seen` to be followed, after what `note` says was changed on the way."""
    return Fate.CLAMPED if note and seen is Fate.CONFIRMED else seen


def pause_s(spec: WriteSpec, value: bool | float, *, presses: bool) -> float:
    """Seconds that must have passed since this command was sent last; `presses`: it is for safety or for a limit."""
    waits = bool(value) and (spec.min_interval_hard or not presses)
    return spec.min_interval_ms / 1000 if waits else 0.0


def prepare(spec: WriteSpec, wanted: Scalar, points: Values, *, islanded: bool) -> Accepted | Refused:
    """Judge a wanted value.  Zero and off are always allowed: stopping needs no permission."""
    if spec.kind == "bool":
        return _prepare_switch(spec, wanted, points, islanded=islanded)
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return Refused(f"{wanted!r} is not a number")
    return _prepare_setpoint(spec, float(wanted), points)


def _prepare_switch(spec: WriteSpec, wanted: Scalar, points: Values, *, islanded: bool) -> Accepted | Refused:
    if not isinstance(wanted, bool):
        return Refused(f"{wanted!r} is neither true nor false")
    if islanded and spec.lapses_to == "closed" and not wanted:
        return Refused("the device would switch it on again by itself, which is not allowed on an island")
    missing = [guard.needs for guard in spec.guard if wanted and points.get(guard.needs) is not True]
    return Refused(f"{missing[0]} is not given") if missing else Accepted(wanted)


def _prepare_setpoint(spec: WriteSpec, wanted: float, points: Values) -> Accepted | Refused:
    if wanted == 0:
        return Accepted(0.0)
    try:
        least = evaluate(spec.dead_zone, points)
    except UnknownValueError as unknown:
        return Refused(f"the device's smallest step is not known: {unknown}")
    if abs(wanted) < least:
        return Accepted(0.0, f"{wanted:g} is below the smallest step of {least:g} and sent as 0")
    for guard in spec.guard:
        if guard.concerns(wanted) and points.get(guard.needs) is not True:
            return Refused(f"{guard.needs} is {'not known' if points.get(guard.needs) is None else 'not given'}")
    try:
        value = _clamped(spec, wanted, points)
    except UnknownValueError as unknown:
        return Refused(f"the device's own limit is not known: {unknown}")
    if abs(value) < least:
        return Accepted(0.0, f"the device allows only {value:g}, below its smallest step; sent as 0")
    return Accepted(value, "" if value == wanted else f"clamped from {wanted:g} to {value:g}")


def _clamped(spec: WriteSpec, wanted: float, points: Values) -> float:
    if spec.range is None:
        return wanted
    if wanted > 0:
        return max(0.0, min(wanted, evaluate(spec.range[1], points)))
    return min(0.0, max(wanted, evaluate(spec.range[0], points)))
