"""What a kilowatt-hour in store is worth now, when nobody knows how long the power cut lasts.

Serving a circuit an hour ahead is worth what its tier is worth, times the probability that the cut still lasts then.
All that is worth at least the *price* is served.  A price is too low if the store would run empty, and too high if the
store would fill up, or if something would be left where the plan ends: the right one lies between, found by bisection.
When several days may come, the price is the average of theirs.  Closed form: no solver, some hundred additions.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from hems.model.site import Tier

WORTH = {Tier.ESSENTIAL: 30.0, Tier.COMFORT: 10.0, Tier.NON_ESSENTIAL: 3.0, Tier.FLEXIBLE: 1.0}
"""What a kilowatt-hour is worth where the critical circuits' is worth `MOST`.  Source: domain reference 2.1."""
MOST = 100.0
LEAST = 0.1
HALVINGS = 11
"""Of the range of prices: 0.3 % is close enough."""
CHARGES = 0.9
"""Part of a surplus that comes back from the store."""


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour ahead, or the rest of the present one."""

    lasts: float
    """Probability that the cut still lasts then."""
    hours: float
    left_w: tuple[float, ...]
    """Sun less demand of all served, by how many tiers beyond the critical ones are served: 0 to 4."""
    brings_wh: float = 0.0
    """What cars that come home in it have to spare, with room of their own for it."""


CHEAP_FIRST = sorted(WORTH.values())


def price(have_wh: float, room_wh: float, days: Sequence[Sequence[Hour]]) -> float:
    """From `LEAST` (the store fills up anyway) to `MOST` (it does not even last for the critical circuits).

    `have_wh` is what may be used, `room_wh` what there would be if the store were full; `days` are ways in which the
    hours ahead may go, equally likely.
    """
    return sum(_price(have_wh, room_wh, hours) for hours in days) / len(days)


def _price(have_wh: float, room_wh: float, hours: Sequence[Hour]) -> float:
    if have_wh < 0.0:
        return MOST
    low, high = log(LEAST), log(MOST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        if _runs_empty(exp(middle), have_wh, room_wh, hours):
            low = middle
        else:
            high = middle
    return exp(high)


def _runs_empty(at_price: float, have_wh: float, room_wh: float, hours: Sequence[Hour]) -> bool:
    """Whether the store runs empty before it is full or the plan ends, if all is served that is worth the price."""
    left_wh = have_wh
    for hour in hours:
        needed = at_price / hour.lasts
        if needed > MOST:
            return False
        left_w = hour.left_w[len(CHEAP_FIRST) - _cheaper(needed)]
        left_wh += hour.hours * (left_w * CHARGES if left_w > 0.0 else left_w) + hour.brings_wh
        room_wh += hour.brings_wh
        if left_wh < 0.0:
            return True
        if left_wh >= room_wh:
            return False
    return False


def _cheaper(needed: float) -> int:
    """How many tiers are worth less than that."""
    return bisect_right(CHEAP_FIRST, needed)
