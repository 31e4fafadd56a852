"""Which cars wait for cheaper hours: those that will be ready all the same.

Of the quarters of an hour until a car leaves it takes the cheapest, as many as it needs and some to spare.  Whether
that still fits is not decided here: `departure` has whoever would be late charge now, whatever it costs.
"""

from collections.abc import Collection, Iterable
from math import ceil

from hems.control.dispatch.departure import SAFE, SLOT_S, Need
from hems.control.dispatch.memory import MarketMemory
from hems.model.units import HOUR_S, SourceId

SPARE_SLOTS = 2
EVEN = 0.005
"""Prices that differ by less are the same: nobody waits for that."""


def waiting(market: MarketMemory, wanted: Iterable[Need], now_s: float) -> Collection[SourceId]:
    """The cars that wait; for hours whose price is known, and none while that of now is not."""
    return frozenset(one.bay for one in wanted if _waits(market, one, now_s))


def _waits(market: MarketMemory, need: Need, now_s: float) -> bool:
    first = int((now_s - market.costs_s) // SLOT_S)
    last = int((need.by_s - market.costs_s) // SLOT_S)
    costs = market.costs[first:last] if first >= 0 else ()
    slots = ceil(need.wh / (SAFE * need.most_w * SLOT_S / HOUR_S)) + SPARE_SLOTS
    if slots >= len(costs):
        return False
    return costs[0] > sorted(costs)[slots - 1] + EVEN
