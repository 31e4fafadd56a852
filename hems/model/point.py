"""One point of one device as a person on a ladder sees it: value, unit, age, and whether to believe it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hems.model.reading import Quality, Reading, missing

UNITS = {
    "w": "W",
    "wh": "Wh",
    "va": "VA",
    "var": "var",
    "a": "A",
    "v": "V",
    "hz": "Hz",
    "pct": "%",
    "s": "s",
    "c": "°C",
}


class PointState(StrEnum):
    """What may be done with the value."""

    GOOD = "good"
    OLD = "old"
    """It was good, and is too old to say anything about now."""
    INVALID = "invalid"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRow:
    """One point; all fields can be written as JSON."""

    name: str
    value: bool | int | float | str | None
    unit: str
    age_s: float | None
    """None when it was never read."""
    state: PointState
    reason: str = ""
    """Why it is not good, in the driver's words."""
    serves: tuple[str, ...] = ()
    """Quantities of the building that are read here, such as `circuits/laundry/closed`."""


def unit_of(point: str) -> str:
    """The unit that a point's name ends with; empty for one without."""
    return UNITS.get(point.rpartition("_")[2], "")


def row_of(name: str, reading: Reading[Any] | None, now_s: float, serves: tuple[str, ...] = ()) -> PointRow:
    """A reading, or the lack of one, as it is shown at `now_s`."""
    reading = missing() if reading is None else reading
    return PointRow(
        name=name,
        value=reading.value,
        unit=unit_of(name),
        age_s=None if reading.quality is Quality.MISSING else reading.age_s(now_s),
        state=_state(reading, now_s),
        reason=reading.reason,
        serves=serves,
    )


def _state(reading: Reading[Any], now_s: float) -> PointState:
    if reading.quality is Quality.MISSING:
        return PointState.MISSING
    if reading.quality is Quality.INVALID or reading.value is None:
        return PointState.INVALID
    return PointState.GOOD if reading.is_fresh(now_s) else PointState.OLD
