"""What a kilowatt-hour in the batteries is worth, in money: closed form, complete without any solver.

Whoever is served later pays for it.  At a given worth every quarter of an hour ahead decides by itself: it is served
from the batteries where the grid is dearer, they take the sun where feeding in brings less, and charge from the grid
where it is cheaper still.  A worth is too low if they would run empty and too high if they would run full: the right
one lies between, found by bisection.  Where several days may come it is the average of theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from hems.control.dispatch.departure import ENOUGH_WH
from hems.control.dispatch.departure import SAFE as CAR_SAFE
from hems.control.dispatch.store import Store
from hems.control.dispatch.visit import Visit

HALVINGS = 12
SLOT_H = 0.25
SAFE = 0.9
"""Part of what is stored that the bisection of a peak counts on."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One quarter of an hour ahead."""

    net_w: float
    """What circuits draw beyond the sun; negative in surplus."""
    cost: float
    """Of a kilowatt-hour from the grid."""
    gain: float
    """From a kilowatt-hour fed in."""
    counts: bool = False
    """A demand charge counts it."""
    import_w: float = inf
    """What the connection carries."""


def worth(store: Store, days: Sequence[Sequence[Slot]]) -> float:
    """In the currency of the tariff per kilowatt-hour in the cells; `days` are equally likely ways it may go on."""
    return sum(_worth(store, slots) for slots in days) / len(days)


def _worth(store: Store, slots: Sequence[Slot]) -> float:
    low = min(0.0, *(min(one.cost, one.gain) for one in slots))
    high = max(0.0, *(one.cost for one in slots)) / store.charged
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        if _runs_empty(middle, store, slots):
            low = middle
        else:
            high = middle
    return high


def _runs_empty(at_worth: float, store: Store, slots: Sequence[Slot]) -> bool:
    """Whether the batteries are empty before they are full, if everybody acts at that worth."""
    left_wh, gives_from, takes_below = store.have_wh, at_worth / store.given + store.wear, at_worth * store.charged
    for slot in slots:
        if slot.net_w > 0.0 and slot.cost > gives_from:
            left_wh -= min(slot.net_w, store.give_w) * SLOT_H / store.given
            if left_wh <= 0.0:
                return True
        elif slot.cost < takes_below:
            left_wh += store.take_w * SLOT_H * store.charged
        elif slot.net_w < 0.0 and slot.gain < takes_below:
            left_wh += min(-slot.net_w, store.take_w) * SLOT_H * store.charged
        if left_wh >= store.full_wh:
            return False
    return False


def target_w(store: Store, slots: Sequence[Slot], least_w: float, visits: Sequence[Visit] = ()) -> float:
    """The lowest import, and no lower than `least_w`, that the batteries can keep all slots that count below.

    Cars get what they need in time all the same, of what is left below it.
    """
    low, high = least_w, max([least_w, *(one.net_w for one in slots if one.counts)]) + sum(car.most_w for car in visits)
    if high <= low or _keeps(store, slots, low, visits):
        return low
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if _keeps(store, slots, middle, visits) else (middle, high)
    return high


def _keeps(store: Store, slots: Sequence[Slot], limit_w: float, visits: Sequence[Visit]) -> bool:
    left_wh, needed = SAFE * store.have_wh, [car.wh for car in visits]
    for step, slot in enumerate(slots):
        cars_w = _charged_w(needed, visits, step, limit_w - slot.net_w if slot.counts else inf)
        if any(car.last == step + 1 and wh > ENOUGH_WH for car, wh in zip(visits, needed, strict=True)):
            return False
        over_w = slot.net_w + cars_w - limit_w
        if over_w <= 0.0:
            left_wh = min(SAFE * store.full_wh, left_wh + min(-over_w, store.take_w) * SLOT_H * store.charged)
        elif slot.counts:
            left_wh -= over_w * SLOT_H / store.given
            if over_w > store.give_w or left_wh < 0.0:
                return False
    return True


def _charged_w(needed: list[float], visits: Sequence[Visit], step: int, room_w: float) -> float:
    """What cars take of the room in one quarter of an hour, who leaves first first; it is taken out of `needed`."""
    left_w = max(0.0, room_w)
    for place, car in enumerate(visits):
        if car.first <= step < car.last and left_w >= car.least_w:
            watts = min(needed[place] / SLOT_H, CAR_SAFE * car.most_w, left_w)
            needed[place] -= watts * SLOT_H
            left_w -= watts
    return max(0.0, room_w) - left_w if room_w < inf else 0.0


def held_wh(store: Store, slots: Sequence[Slot], limit_w: float, fills: float = 1.0) -> float:
    """What must be in the batteries now so that the slots that count stay below the limit, refilled below it.

    `fills` is the part of the room below it in which they are.
    """
    needed_wh = 0.0
    for slot in reversed(slots):
        over_w = slot.net_w - limit_w
        if over_w > 0.0 and slot.counts:
            needed_wh += min(over_w, store.give_w) * SLOT_H / store.given
        elif over_w < 0.0:
            needed_wh = max(0.0, needed_wh - fills * min(-over_w, store.take_w) * SLOT_H * store.charged)
    return min(needed_wh / SAFE, store.full_wh)
