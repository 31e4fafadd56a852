"""What energy costs, as somebody outside has told it: slots of time with a price, and nothing between or after them.

They come from a process of their own (`hems.northbound`), never from the daemon.  A price that was not told, and one
whose slot is over, is None and never 0: a source that falls silent leaves the building with no price, not a free one.
"""

from bisect import bisect_right
from dataclasses import dataclass

MOST_SLOTS = 400
"""Four days in quarters of an hour, with some to spare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """From an instant up to, but without, another one; both in seconds since 1970, UTC."""

    begins_s: float
    ends_s: float
    buy: float | None = None
    """For one kilowatt-hour from the grid, in the site's currency; may be below 0."""
    sell: float | None = None
    """For one kilowatt-hour fed in."""
    co2_g: float | None = None
    """Grams for one kilowatt-hour from the grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """All that is known; a newer one replaces it whole."""

    source: str
    """Who says so, for people."""
    slots: tuple[Slot, ...]
    """In order of time; they never overlap, but there may be gaps."""
    told_s: float | None = None
    """When it was asked, in seconds since 1970, UTC; None when nobody knew the time."""

    def at(self, utc_s: float) -> Slot | None:
        """The slot of an instant; None where nothing was told."""
        place = bisect_right(self.slots, utc_s, key=lambda slot: slot.begins_s) - 1
        found = self.slots[place] if place >= 0 else None
        return found if found is not None and utc_s < found.ends_s else None

    def age_s(self, utc_s: float) -> float | None:
        """Seconds since it was asked; None when that is not known."""
        return None if self.told_s is None else utc_s - self.told_s


def out_of_order(slots: tuple[Slot, ...]) -> bool:
    """Whether a slot ends before it begins, or before the one before it."""
    ends_s = float("-inf")
    for slot in slots:
        if not ends_s <= slot.begins_s < slot.ends_s:
            return True
        ends_s = slot.ends_s
    return False
