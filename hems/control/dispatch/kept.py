"""What is kept for the connection's limit: nothing that it will probably need is given for money before.

A limit comes before money.  What batteries and cars will have to give for it within a day, or until a car leaves, is
counted with something to spare, and nobody counts on it that they are filled again in between: what would have to be
bought for that may be bought in no hour that is dear.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from hems.control.dispatch.lending import AIM
from hems.control.dispatch.store import Store
from hems.control.dispatch.visit import Visit
from hems.control.dispatch.worth import SLOT_H, Slot
from hems.model.units import SourceId

MORE = 1.1
"""Times what is usual: an evening may be worse, and a quarter of an hour worse than its hour."""
STEPS = 96
"""A day."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Wh above what batteries and cars keep anyhow; infinite for a car whose all will be needed."""

    batteries_wh: float
    cars_wh: Mapping[SourceId, float]


def kept(store: Store, visits: Sequence[Visit], slots: Sequence[Slot]) -> Kept:
    """Of those that are here; batteries give before cars do, and cars each its part, so that all can help."""
    here = [one for one in visits if one.first == 0 and one.gives_w > 0.0 and one.have_wh > 0.0]
    left_wh = {one.bay: one.have_wh for one in here}
    stored_wh = store.have_wh
    for step, slot in enumerate(slots[:STEPS]):
        over_wh = over_w(slot) * SLOT_H
        given_wh = min(over_wh, store.give_w * SLOT_H, stored_wh * store.given)
        stored_wh -= given_wh / store.given
        _take(left_wh, [one for one in here if step < one.last], over_wh - given_wh)
    used = {one.bay: one.have_wh - left_wh[one.bay] for one in here}
    return Kept(store.have_wh - stored_wh, {bay: wh if left_wh[bay] > 1.0 else inf for bay, wh in used.items()})


def over_w(slot: Slot) -> float:
    """What will probably be drawn above the limit that cars are held to, with something to spare."""
    return max(0.0, MORE * slot.net_w - AIM * slot.import_w)


def _take(left_wh: dict[SourceId, float], cars: Sequence[Visit], wh: float) -> None:
    """Out of what is left in each, in proportion."""
    whole_wh = sum(left_wh[one.bay] for one in cars)
    for one in cars:
        if wh > 0.0 and whole_wh > 0.0:
            mine_wh = min(wh * left_wh[one.bay] / whole_wh, one.gives_w * SLOT_H)
            left_wh[one.bay] = max(0.0, left_wh[one.bay] - mine_wh / one.given)
