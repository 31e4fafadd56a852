"""One measured value with its age and its quality; unknown is a third value and never 0."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Quality(StrEnum):
    """How far a value may be believed."""

    GOOD = "good"
    INVALID = "invalid"
    """It arrived, but cannot be true: a sentinel, out of range, an all-zero frame, frozen."""
    MISSING = "missing"
    """Nothing has arrived, or the device does not have this point."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """The latest value of one point.  Use `known`, which forces the question of age."""

    value: T | None
    taken_s: float
    """When it was received, on the monotonic clock."""
    stale_after_s: float = 5.0
    """Age beyond which the value says nothing about now (from the device profile)."""
    quality: Quality = Quality.GOOD
    reason: str = ""
    """Why the quality is not GOOD, in a few words for the engineer; empty otherwise."""

    def age_s(self, now_s: float) -> float:
        """Seconds since the value was received; infinite when none ever was."""
        return float("inf") if self.quality is Quality.MISSING else now_s - self.taken_s

    def is_fresh(self, now_s: float) -> bool:
        """Whether the value is good and young enough to decide on."""
        return self.quality is Quality.GOOD and self.value is not None and now_s - self.taken_s <= self.stale_after_s

    def known(self, now_s: float) -> T | None:
        """The value if it may be decided on at `now_s`, else None (UCA 1)."""
        return self.value if self.is_fresh(now_s) else None


def missing() -> Reading[T]:
    """A reading for a point that has never answered."""
    return Reading(value=None, taken_s=float("-inf"), quality=Quality.MISSING, reason="never read")


_FIELDS = tuple(Reading.__dict__[name].__set__ for name in Reading.__slots__)


def good(value: T, taken_s: float, stale_after_s: float) -> Reading[T]:
    """A reading as most are.  Drivers make one for every point of every poll.

    Written into its slots, in less than half the time that a frozen dataclass takes to make itself.
    """
    reading: Reading[T] = object.__new__(Reading)
    set_value, set_taken_s, set_stale_after_s, set_quality, set_reason = _FIELDS
    set_value(reading, value)
    set_taken_s(reading, taken_s)
    set_stale_after_s(reading, stale_after_s)
    set_quality(reading, Quality.GOOD)
    set_reason(reading, "")
    return reading
