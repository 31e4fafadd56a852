"""What a device itself calls abnormal: bits and states of its points, with words and weight for the operator.

An alarm is something that somebody can put right.  That the grid is away is none: hems tells that itself.

```
[alarms.inverter]
point    = "_fault_1"            # private points serve too
severity = "high"
bits     = { 0 = "grid over-voltage", 3 = "fan stands still" }

[alarms.state]
point    = "state"
map      = { fault = "the inverter has stopped with a fault" }
```
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drivers.profile.point import Scalar, matches, whole_number
from drivers.profile.section import Section, entry
from hems.model.reading import Reading
from hems.model.snapshot import DeviceAlarm, Severity


@dataclass(frozen=True, kw_only=True)
class AlarmGroup(Section):
    """`[alarms.GROUP]`: the alarms in one point."""

    point: str
    """Where they are; unknown or old means no alarm."""
    bits: dict[str, str] = entry(make=dict)
    """Place of a bit (0 is the lowest) to words for the operator."""
    map: dict[str, str] = entry(make=dict)
    """Value of the point to words for the operator."""
    severity: Severity = Severity.MEDIUM
    """high: act now; medium: act today; low: look when you are there."""

    def __post_init__(self) -> None:
        for bit in self.bits:
            place = whole_number(bit)
            if place is None or not 0 <= place <= 63:
                raise ValueError(f"bits: '{bit}' is no place of a bit; write 0 to 63")
        if bool(self.bits) == bool(self.map):
            raise ValueError("an alarm has exactly one of bits and map")

    def standing(self, value: Scalar) -> Iterator[tuple[str, str]]:
        """Key and words of each alarm that stands while the point is `value`."""
        yield from ((key, words) for key, words in self.map.items() if matches(key, value))
        whole = int(value) if isinstance(value, int | float) else 0
        yield from ((key, words) for key, words in self.bits.items() if whole >> int(key, 0) & 1)


def standing(
    groups: Mapping[str, AlarmGroup], latest: Mapping[str, Reading[Any]], now_s: float
) -> tuple[DeviceAlarm, ...]:
    """Every alarm that stands now."""
    return tuple(
        DeviceAlarm(code=f"{name}/{key}", text=words, severity=group.severity)
        for name, group in groups.items()
        if group.point in latest and (value := latest[group.point].known(now_s)) is not None
        for key, words in group.standing(value)
    )
