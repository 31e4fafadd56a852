"""What a point remembers from one reading to the next: counters that never run backwards, values that stand a while."""

from dataclasses import dataclass, field
from typing import Any

from drivers.profile.point import Decoded, ReadSpec
from hems.model.reading import Reading

SET_BACK_AFTER = 10
"""Readings in a row below the last counter value, none below the one before, until it counts as set back."""


@dataclass(slots=True)
class _Counter:
    highest: float
    lower: float = 0.0
    times: int = 0


@dataclass(slots=True)
class Memory:
    """The memory of one device, by point."""

    _counters: dict[str, _Counter] = field(default_factory=dict)
    _held: dict[str, Reading[Any]] = field(default_factory=dict)

    def reading(
        self, name: str, spec: ReadSpec, decoded: Decoded, *, taken_s: float, stale_after_s: float
    ) -> Reading[Any]:
        """`decoded` as the rest of hems takes it, judged by what came before."""
        if spec.hold_s is None and not spec.monotonic:
            return decoded.reading(taken_s=taken_s, stale_after_s=stale_after_s)
        if spec.monotonic and isinstance(decoded.value, float):
            decoded = self._forward(name, decoded.value)
        reading = decoded.reading(taken_s=taken_s, stale_after_s=stale_after_s)
        if spec.hold_s is None:
            return reading
        if reading.value is not None:
            self._held[name] = reading
            return reading
        return self._stand_in(name, spec.hold_s, reading)

    def _forward(self, name: str, value: float) -> Decoded:
        counter = self._counters.setdefault(name, _Counter(value))
        if value >= counter.highest:
            counter.highest, counter.times = value, 0
            return Decoded(value)
        counter.times = counter.times + 1 if counter.times and value >= counter.lower else 1
        counter.lower = value
        if counter.times >= SET_BACK_AFTER:
            counter.highest, counter.times = value, 0
            return Decoded(value)
        return Decoded(None, f"{value:g} is less than {counter.highest:g} before, and a counter runs forwards only")

    def _stand_in(self, name: str, hold_s: float, missing: Reading[Any]) -> Reading[Any]:
        last = self._held.get(name)
        if last is None or missing.taken_s - last.taken_s > hold_s:
            return missing
        return Reading(last.value, last.taken_s, max(hold_s, last.stale_after_s))
