"""An exchange that tells tomorrow's prices at 13:00, and prices from a table."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from hems.model.prices import Prices, Slot
from hems.sim.tables import Steps

TOLD_H = 13
KINDS = ("buy", "sell", "co2_g")


def told_by(market: Prices, utc: datetime) -> Prices:
    """What is known by then: yesterday's end up to midnight, or after 13:00 the next day too."""
    midnight = utc.replace(hour=0, minute=0, second=0, microsecond=0)
    first = (midnight - timedelta(days=1)).timestamp()
    last = (midnight + timedelta(days=2 if utc.hour >= TOLD_H else 1)).timestamp()
    slots = tuple(one for one in market.slots if first <= one.begins_s and one.ends_s <= last)
    return replace(market, slots=slots, told_s=utc.timestamp())


class Exchange:
    """Tells what is known of prices, once in each hour of the wall clock; without a market, nothing."""

    def __init__(self, market: Prices | None, clock: datetime) -> None:
        self._market = market
        self._clock = clock
        self._told_h = -1

    def tells(self, t_s: float) -> list[Prices]:
        """What is news `t_s` after the clock began."""
        utc = self._clock + timedelta(seconds=t_s)
        if self._market is None or utc.hour == self._told_h:
            return []
        self._told_h = utc.hour
        return [told_by(self._market, utc)]


def market_of(columns: Mapping[str, Steps], begins: datetime) -> Prices:
    """A table of prices, whose times count from `begins`; its last row holds for as long as the one before."""
    times_s = list(next(iter(columns.values())).times_s)
    ends_s = [*times_s[1:], times_s[-1] + (times_s[-1] - times_s[-2] if len(times_s) > 1 else 3600.0)]
    slots = tuple(
        Slot(
            begins_s=begins.timestamp() + begin_s,
            ends_s=begins.timestamp() + end_s,
            **{kind: columns[kind].values[place] for kind in KINDS if kind in columns},
        )
        for place, (begin_s, end_s) in enumerate(zip(times_s, ends_s, strict=True))
    )
    return Prices(source="table", slots=slots, told_s=begins.timestamp())
