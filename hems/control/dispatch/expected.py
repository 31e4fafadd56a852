"""What the building will draw beyond the sun in each quarter of an hour ahead, as far as its habits tell."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import exp

from hems.control import ahead, habits
from hems.control.dispatch.worth import SLOT_H, Slot
from hems.control.memory.using import Habits
from hems.model.site import Site
from hems.model.tariff import Price, Tariff, demand_per_kw
from hems.model.units import HOUR_S

STEPS = 144
"""A day and a half of quarters of an hour."""
STEP_S = SLOT_H * HOUR_S
SETTLES_S = 1800.0
"""Time constant from what flows now to what usually flows."""
Loads = Sequence[float]
"""W by kind of hour."""


def nets_w(site: Site, known: Habits, utc: datetime, now_w: float | None) -> list[list[float]]:
    """W for a poor, a middling and a good day of sun; each begins with what flows now, if that is known."""
    usual_w, begins_s = loads_w(site, known), utc.timestamp()
    days = [[net_w(usual_w, sun_w, begins_s + step * STEP_S) for step in range(STEPS)] for sun_w in ahead.suns_w(known)]
    return [_from_now(day, now_w) for day in days]


def loads_w(site: Site, known: Habits) -> Loads:
    """What all circuits usually draw together, by kind of hour."""
    usual = list(habits.usual_w(known, site).values())
    return [sum(one[kind] for one in usual) for kind in range(2 * habits.HOURS)]


def net_w(usual_w: Loads, sun_w: ahead.Sun, begins_s: float) -> float:
    """Of the quarter of an hour that begins so long after 1970, by the middles of the hours, straight between them."""
    middle_h = begins_s / HOUR_S + 0.5 * SLOT_H - 0.5
    hour = int(middle_h)
    part = middle_h - hour
    first, second = (usual_w[habits.slot(one)] - sun_w[one % habits.HOURS] for one in (hour, hour + 1))
    return first + part * (second - first)


def _from_now(day: list[float], now_w: float | None) -> list[float]:
    if now_w is None:
        return day
    off_w = now_w - day[0]
    return [watts + off_w * exp(-step * STEP_S / SETTLES_S) for step, watts in enumerate(day)]


def slots(
    tariff: Tariff, prices: Sequence[Price], nets: Sequence[float], limits_w: Sequence[float], local: datetime
) -> list[Slot]:
    """The quarters ahead whose price is known, up to the first whose is not."""
    found: list[Slot] = []
    for step, (price, net_w, import_w) in enumerate(zip(prices, nets, limits_w, strict=False)):
        if price.cost is None or price.gain is None:
            break
        counts = demand_per_kw(tariff, local + timedelta(seconds=(step + 0.5) * STEP_S)) > 0.0
        found.append(Slot(net_w, price.cost, price.gain, counts, import_w))
    return found
