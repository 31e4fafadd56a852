"""At what price a car charges, and at what it gives: those that will be ready all the same wait for cheaper hours.

All that cars need is put into the cheapest quarters of an hour before they leave, as far as there is room below the
peak that is kept, with some to spare; the dearest of a car's quarters is its price.  Giving pays where energy is dearer
than it will be when it is bought again, with what gets lost both ways and what wears.  Whether all that still fits is
not decided here: `departure` has whoever would be late charge now, whatever it costs.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf

from hems.control.dispatch.departure import SAFE, SLOT_S
from hems.control.dispatch.memory import CarPrices, MarketMemory
from hems.control.dispatch.visit import Visit
from hems.model.units import HOUR_S, SourceId

SPARE_SLOTS = 2
EVEN = 0.005
"""Prices that differ by less are the same: nobody waits for that."""
SLOT_H = SLOT_S / HOUR_S


def prices(visits: Sequence[Visit], costs: Sequence[float], rooms_w: Sequence[float]) -> Mapping[SourceId, CarPrices]:
    """Of the cars that are here; `rooms_w` is what each quarter of an hour leaves for cars."""
    needed = {one.bay: one.wh + SPARE_SLOTS * _slot_wh(one) if one.wh > 0.0 else 0.0 for one in visits}
    below = _dearest(visits, needed, costs, rooms_w)
    again = {one.bay: needed[one.bay] + one.have_wh / one.charged if one.gives_w else inf for one in visits}
    refill = _dearest(visits, again, costs, rooms_w)
    return {
        one.bay: CarPrices(
            charge_below=below[one.bay] + EVEN,
            give_above=refill[one.bay] / (one.charged * one.given) + one.wear + EVEN,
        )
        for one in visits
        if one.first == 0
    }


def _slot_wh(visit: Visit) -> float:
    return SAFE * visit.most_w * SLOT_H


def _dearest(
    visits: Sequence[Visit], needed: Mapping[SourceId, float], costs: Sequence[float], rooms_w: Sequence[float]
) -> Mapping[SourceId, float]:
    """The price of the dearest quarter of an hour that each car needs; infinite for one whose need does not fit."""
    left, dearest = dict(needed), dict.fromkeys(needed, -inf)
    for step in sorted(range(len(costs)), key=lambda one: (costs[one], one)):
        room_wh = max(0.0, rooms_w[step]) * SLOT_H
        for one in visits:
            wh = min(left[one.bay], _slot_wh(one), room_wh) if one.first <= step < one.last else 0.0
            if wh > 0.0:
                left[one.bay] -= wh
                room_wh -= wh
                dearest[one.bay] = costs[step]
    return {bay: inf if left[bay] > 0.0 else dearest[bay] for bay in needed}


def planned(visits: Sequence[Visit], worths: Mapping[SourceId, float]) -> Mapping[SourceId, CarPrices]:
    """The same by what a kilowatt-hour in each car's cells is worth in the plan, for those that it knows."""
    return {
        one.bay: CarPrices(
            charge_below=worths[one.bay] * one.charged + EVEN,
            give_above=worths[one.bay] / one.given + one.wear + EVEN,
        )
        for one in visits
        if one.first == 0 and one.bay in worths
    }


def waiting(market: MarketMemory, wanted: Iterable[SourceId]) -> Collection[SourceId]:
    """The cars that wait; none while the price of now is not known."""
    cost = None if market.now is None else market.now.cost
    if cost is None:
        return frozenset()
    return frozenset(one for one in wanted if one in market.cars and cost > market.cars[one].charge_below)


def pays(market: MarketMemory, bay: SourceId, have_wh: float) -> bool:
    """Whether energy is so dear now that a car gives it, and is charged again later.

    Only of what it has above what the connection's limit will probably need.
    """
    cost = None if market.now is None else market.now.cost
    if cost is None or bay not in market.cars:
        return False
    keeps_wh = market.cars[bay].keeps_wh
    return cost > market.cars[bay].give_above and (keeps_wh <= 0.0 or have_wh > keeps_wh)
