"""One measured value with its age and its quality; unknown is a third value and never 0."""

from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from hems.model.members import direct

T = TypeVar("T", covariant=True)


@direct
class Quality(StrEnum):
    """How far a value may be believed."""

    GOOD = "good"
    INVALID = "invalid"
    """It arrived, but cannot be true: a sentinel, out of range, an all-zero frame, frozen."""
    MISSING = "missing"
    """Nothing has arrived, or the device does not have this point."""


GOOD = Quality.GOOD
"""By itself, because up to Python 3.11 a name is found ten times faster than a member of an enumeration, and a tick
asks two hundred readings whether they are good."""


class Reading(NamedTuple, Generic[T]):
    """The latest value of one point.  Use `known`, which forces the question of age.

    A named tuple and no dataclass, because drivers make one for every point of every poll, in two fifths of the time.
    """

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
        return self.known(now_s) is not None

    def known(self, now_s: float) -> T | None:
        """The value if it may be decided on at `now_s`, else None (UCA 1)."""
        value, taken_s, stale_after_s, quality, _ = self  # unpacked, because a tick asks some three hundred times
        return value if quality is GOOD and now_s - taken_s <= stale_after_s else None


def missing() -> Reading[T]:
    """A reading for a point that has never answered."""
    return Reading(value=None, taken_s=float("-inf"), quality=Quality.MISSING, reason="never read")
