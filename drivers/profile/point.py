"""From one raw value to a reading, or to the reason why it is none.

The order is fixed: sentinel, zero as null, mask or bit, table, scale and offset, sign, unit, valid range.  `valid` is
judged last, in the point's own unit and in hems' sign, because that is what a person can check.  What needs the value
before (`monotonic`, `hold_s`) follows in `drivers.profile.memory`.
"""

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from drivers.profile.section import Section, entry
from hems.model.reading import Quality, Reading

Scalar = bool | int | float | str
Kind = Literal["bool", "float", "str"]

MOST_BITS = 64
IMMEASURABLE = "the device sends no number that can be measured"

UNIT_FACTORS: Mapping[str, float] = {
    "MWh": 1_000_000.0,
    "kWh": 1000.0,
    "kW": 1000.0,
    "mW": 0.001,
    "mA": 0.001,
    "mV": 0.001,
    "Wh": 1.0,
    "W": 1.0,
    "ms": 0.001,
    "min": 60.0,
    "h": 3600.0,
}


@dataclass(frozen=True, kw_only=True)
class ReadSpec(Section):
    """What every `[read.POINT]` may say, whatever the protocol; an engine adds where the value is found."""

    nan: tuple[int | float | str, ...] = ()
    """Raw values that mean "not known"; give the unsigned form (0x8000) or the signed one."""
    zero_is_null: bool = False
    """Whether a raw 0 means "not known" (a state of charge of a charger that has not asked the car)."""
    mask: int | None = None
    """Bits to keep, before the table."""
    shift: int = entry(0, ge=0, le=63)
    """Places to shift right after the mask."""
    bit: int | None = entry(None, ge=0, le=63)
    """One bit as a bool."""
    as_: Literal["bits"] | None = entry(None, alias="as")
    """`bits`: `map` names bits by their place; the value is the names of all bits that are set, `none` without any."""
    map: dict[str, Scalar] | None = None
    """Raw value to meaning; keys in decimal, hexadecimal (`0x40`) or text."""
    otherwise: Scalar | None = None
    """Meaning of a raw value that the table does not have; without it such a value is invalid."""
    scale: float = 1.0
    """Factor from the number on the wire to `unit`."""
    offset: float = 0.0
    """Added after `scale`, in `unit`."""
    negate: bool = False
    """Turn the device's sign into hems': sources positive when they feed the building, grid positive on import."""
    negate_if: bool = False
    """A second, conditional turn, for `"{reverse}"`."""
    invert: bool = False
    """Swap true and false of a bool."""
    unit: str | None = None
    """Unit on the wire if it is not the one in the point's name: `MWh`, `kWh`, `kW`, `mW`, `mA`, `mV`, `ms`, `min`,
    `h`."""
    valid: tuple[float, float] | None = None
    """Lowest and highest believable value, in the unit and sign of the point."""
    monotonic: bool = False
    """A counter that never runs backwards: a lower value is unknown until ten readings in a row agree on it, which is
    taken for a counter that was set back or exchanged."""
    hold_s: float | None = entry(None, gt=0, le=86400)
    """While the device answers without a believable value here, the last one stands for so long, with its own age."""
    swap_if: tuple[bool, str] | None = None
    """`["{reverse}", "export_wh"]`: if so, this point and that one change places on the wire."""
    optional: bool = False
    """Whether some units of this product lack it: then it is missing, not wrong."""
    poll: str | None = None
    """Poll class; the profile's default otherwise."""
    witness_ms: int | None = entry(None, ge=1)
    """Time from a change in the world to the value on the wire, for witnesses of grid, tie or bus."""

    def __post_init__(self) -> None:
        if self.unit is not None and self.unit not in UNIT_FACTORS:
            raise ValueError(f"unit '{self.unit}' is not known; use one of {', '.join(sorted(UNIT_FACTORS))}")
        if self.otherwise is not None and self.map is None:
            raise ValueError("otherwise needs a map")
        if self.bit is not None and (self.mask is not None or self.map is not None):
            raise ValueError("bit stands alone; use mask, shift and map for a field of several bits")
        if self.as_ == "bits" and (not self.map or self.otherwise is not None):
            raise ValueError('as = "bits" needs a map from bit (0 is the lowest) to name, and no otherwise')
        if self.as_ == "bits" and any(_bit_place(key) is None for key in self.map or {}):
            raise ValueError("the keys of a map of bits are their places, 0 to 63")
        if self.monotonic and (self.bit is not None or self.map is not None):
            raise ValueError("monotonic is for counters, not for bits and tables")
        if self.valid is not None and self.valid[0] >= self.valid[1]:
            raise ValueError("valid is [lowest, highest]")
        if self.map is not None and len({type(item) for item in self._meanings()}) > 1:
            raise ValueError("all meanings of a map must be of one type")

    def bit_names(self) -> Mapping[int, str]:
        """Place and name of each bit of `as = "bits"`."""
        return {int(key, 0): str(name) for key, name in (self.map or {}).items()}

    def _meanings(self) -> tuple[Scalar, ...]:
        extra = () if self.otherwise is None else (self.otherwise,)
        return tuple((self.map or {}).values()) + extra

    def kind(self, raw: Kind = "float") -> Kind:
        """What comes out, if `raw` goes in."""
        if self.bit is not None:
            return "bool"
        if self.as_ == "bits":
            return "str"
        if self.map:
            meaning = next(iter(self.map.values()))
            return "bool" if isinstance(meaning, bool) else "str" if isinstance(meaning, str) else "float"
        return raw


@dataclass(frozen=True, slots=True)
class Decoded:
    """A value, or the reason why there is none."""

    value: Scalar | None
    reason: str = ""

    def reading(self, *, taken_s: float, stale_after_s: float) -> Reading[Any]:
        """As the rest of hems takes it."""
        quality = Quality.GOOD if self.value is not None else Quality.INVALID
        return Reading(self.value, taken_s, stale_after_s, quality, self.reason)


def absent(reason: str) -> Reading[Any]:
    """A point that this device does not have."""
    return Reading(None, float("-inf"), 5.0, Quality.MISSING, reason)


def decode(spec: ReadSpec, raw: Scalar | None, *, bits: int = 64, exponent: int = 0) -> Decoded:
    """What `raw` says according to `spec`.

    `bits` is the width on the wire, so that a sentinel may be written signed or unsigned; `exponent` is the value of
    the point's scale-factor register.
    """
    if raw is None:
        return Decoded(None, "the device sends null")
    if isinstance(raw, float) and not math.isfinite(raw):
        return Decoded(None, f"the device sends {raw}")
    if isinstance(raw, int) and raw.bit_length() > MOST_BITS:
        return Decoded(None, IMMEASURABLE)
    if _is_sentinel(spec, raw, bits):
        return Decoded(None, f"the device sends {raw!r} for not known")
    if spec.zero_is_null and raw == 0:
        return Decoded(None, "the device sends 0 for not known")
    if spec.bit is not None or spec.mask is not None or spec.shift:
        raw = _field(spec, raw)
    if spec.as_ == "bits":
        return Decoded(_named_bits(spec, raw))
    if spec.map is not None:
        return _looked_up(spec, raw)
    if isinstance(raw, bool):
        return Decoded(raw != spec.invert)
    return Decoded(raw) if isinstance(raw, str) else _measured(spec, raw, exponent)


Reads = Callable[[Any, float, float], Reading[Any]]
"""Makes a reading of a raw value, taken at a time and stale after a while."""
_new: Callable[[tuple[Any, float, float, Quality, str]], Reading[Any]] = partial(tuple.__new__, Reading)
"""`Reading` without the detour over keywords and defaults."""


def reads(spec: ReadSpec, looked_at: Reads, *, bits: int = 64) -> Reads:
    """The reading of an ordinary number or bit by what is prepared here, of anything else by `looked_at`, as `decode`.

    Everything that does not change is prepared, because this is done for every point of every poll.
    """
    if spec.zero_is_null or spec.bit is not None or spec.mask is not None or spec.shift or spec.as_ or spec.map:
        return looked_at
    span, nans = 1 << bits, frozenset(spec.nan)
    sentinels = frozenset(nan % span for nan in spec.nan if isinstance(nan, int))
    sign, scale, offset, unit = _sign(spec), spec.scale, spec.offset, _unit(spec)
    plain = _is_plain(spec)
    low, high = spec.valid or (-sys.float_info.max, sys.float_info.max)
    good, invert = Quality.GOOD, spec.invert

    def measured(raw: Any, taken_s: float, stale_after_s: float) -> Reading[Any]:  # noqa: ANN401 from the wire
        if (raw.__class__ is float or raw.__class__ is int) and not (nans and (raw in nans or raw % span in sentinels)):
            value = sign * raw + 0.0 if plain else round(sign * (raw * scale + offset) * unit, 9) + 0.0
            if low <= value <= high:  # what is not finite is not within any bounds either
                return _new((value, taken_s, stale_after_s, good, ""))
        elif raw.__class__ is bool and not nans:
            return _new((raw != invert, taken_s, stale_after_s, good, ""))
        return looked_at(raw, taken_s, stale_after_s)

    return measured


def _sign(spec: ReadSpec) -> float:
    return -1.0 if spec.negate != spec.negate_if else 1.0


def _unit(spec: ReadSpec) -> float:
    return UNIT_FACTORS.get(spec.unit or "", 1.0)


def _is_plain(spec: ReadSpec) -> bool:
    """Whether the number on the wire is the value but for its sign, so that there is no dust to be rounded away."""
    return spec.scale * _unit(spec) == 1.0 and not spec.offset


def _is_sentinel(spec: ReadSpec, raw: Scalar, bits: int) -> bool:
    if isinstance(raw, int) and not isinstance(raw, bool):
        span = 1 << bits
        return any(isinstance(nan, int) and nan % span == raw % span for nan in spec.nan)
    return raw in spec.nan


def _field(spec: ReadSpec, raw: Scalar) -> Scalar:
    whole = int(raw) if isinstance(raw, int | float) else 0
    if spec.bit is not None:
        return bool(whole >> spec.bit & 1)
    return (whole & spec.mask if spec.mask is not None else whole) >> spec.shift


def _named_bits(spec: ReadSpec, raw: Scalar) -> str:
    whole, names = int(raw) if isinstance(raw, int | float) else 0, spec.bit_names()
    set_ = [place for place in range(64) if whole >> place & 1]
    return ", ".join(names.get(place, f"bit {place}") for place in set_) or "none"


def _bit_place(key: str) -> int | None:
    place = whole_number(key)
    return place if place is not None and 0 <= place <= 63 else None


def _looked_up(spec: ReadSpec, raw: Scalar) -> Decoded:
    for key, meaning in (spec.map or {}).items():
        if matches(key, raw):
            return Decoded(meaning)
    if spec.otherwise is not None:
        return Decoded(spec.otherwise)
    return Decoded(None, f"the device sends {raw!r}, which its profile does not know")


def matches(key: str, raw: Scalar) -> bool:
    """Whether a key of a table means the value `raw`."""
    if isinstance(raw, bool):
        return key.lower() == str(raw).lower()
    if isinstance(raw, int | float):
        number = whole_number(key)
        return number is not None and number == raw
    return key == raw


def whole_number(text: str) -> int | None:
    """`77`, `-1` or `0x4d` as a number, or None."""
    try:
        return int(text, 0)
    except ValueError:
        return None


def _measured(spec: ReadSpec, raw: int | float, exponent: int) -> Decoded:
    if _is_plain(spec) and not exponent:
        value = _sign(spec) * raw + 0.0
    else:
        value = round(_sign(spec) * (raw * spec.scale * 10.0**exponent + spec.offset) * _unit(spec), 9) + 0.0
    if not math.isfinite(value):
        return Decoded(None, IMMEASURABLE)
    if spec.valid is not None and not spec.valid[0] <= value <= spec.valid[1]:
        return Decoded(None, f"{value:g} is outside {spec.valid[0]:g} to {spec.valid[1]:g}")
    return Decoded(value)
