"""What is usual at a bay whose drivers tell nothing: when a car leaves, what it takes, with what it comes home.

Of the last visits, and to the safe side: it leaves as early as one in five did, takes as much as one in five took at
least, and comes home as late as one in ten.  One that left in a power cut is not counted on.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import ceil

from hems.control.cars.memory import BayMemory, Usual
from hems.model.copies import replace

KEPT, NEEDED = 20, 4
"""Visits that are remembered, and how many of a kind it takes to know what is usual."""
SAFE_SHARE = 0.2
"""Only one visit in five ended earlier, or needed more."""
SATURDAY = 5
DAY_H = 24.0
HOME_SHARE = 0.9
"""A car counts as expected if so many of the last days of its kind saw it come, and by that hour."""
NEVER = Usual()


def left(before: Usual, memory: BayMemory, local: datetime | None, *, in_cut: bool = False) -> Usual:
    """With a visit that is over; without a clock nothing is learned."""
    before = replace(before, left_in_cut=in_cut)
    if local is None or memory.plugged_since_s is None:
        return before
    departures = (*before.departures, _of_week(local))[-KEPT:]
    return replace(before, departures=departures, taken_wh=(*before.taken_wh, memory.taken_wh)[-KEPT:])


def came(before: Usual, free_wh: float | None, local: datetime | None) -> Usual:
    """With a car that has just come home and has told what it has to spare."""
    if local is None or free_wh is None:
        return before
    return replace(
        before,
        arrivals=(*before.arrivals, _of_week(local))[-KEPT:],
        spare_wh=(*before.spare_wh, free_wh)[-KEPT:],
        came_on=(*before.came_on, local.toordinal())[-KEPT:],
        left_in_cut=False,
    )


def _of_week(local: datetime) -> float:
    """Hours since Monday began."""
    return DAY_H * local.weekday() + local.hour + local.minute / 60.0


def _kind(hour_of_week: float) -> bool:
    """Whether it is a day off."""
    return hour_of_week // DAY_H >= SATURDAY


def _same(hours: Sequence[float], free: bool) -> list[float]:
    return sorted(hour % DAY_H for hour in hours if _kind(hour) == free)


def leaves(usual: Usual, local: datetime) -> datetime | None:
    """When the car that is here usually leaves, today or on one of the next days; None while that is not known."""
    if len(usual.departures) < NEEDED:
        return None
    for days in range(3):
        day = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
        hours = _same(usual.departures, day.weekday() >= SATURDAY)
        if len(hours) >= NEEDED:
            when = day + timedelta(hours=hours[int(SAFE_SHARE * len(hours))])
            if when > local:
                return when
    return None


def takes_wh(usual: Usual) -> float | None:
    """What a visit takes: no less than four in five did; None while that is not known."""
    taken = sorted(wh for wh in usual.taken_wh if wh > 0.0)
    return taken[int((1.0 - SAFE_SHARE) * len(taken))] if len(taken) >= NEEDED else None


def comes_h(usual: Usual, local: datetime) -> float | None:
    """In how many hours a car that is away will be home, as good as certainly: today or tomorrow; None if it is not.

    It must have come on nearly all days of that kind that are remembered (of any kind, while these are few), and by
    then on nearly all of them.
    """
    if usual.left_in_cut or not usual.came_on or len(usual.came_on) < len(usual.arrivals):
        return None
    past = range(min(usual.came_on, default=0), local.toordinal())
    for ahead in range(2):
        free = (local.weekday() + ahead) % 7 >= SATURDAY
        hours, days = _same(usual.arrivals, free), sum(_free(day) is free for day in past)
        if len(hours) < NEEDED:
            hours, days = sorted(hour % DAY_H for hour in usual.arrivals), len(past)
        if len(hours) >= max(NEEDED, HOME_SHARE * days):
            hour = hours[ceil(HOME_SHARE * len(hours)) - 1]
            in_h = DAY_H * ahead + hour - (local.hour + local.minute / 60.0)
            if in_h > 0.0:
                return in_h
    return None


def _free(day: int) -> bool:
    return date.fromordinal(day).weekday() >= SATURDAY


def brings_wh(usual: Usual) -> tuple[float, float, float]:
    """What it then has to spare in a poor, a middling and a good case: averages of thirds of the last arrivals."""
    spare = sorted(usual.spare_wh)
    cuts = [round(len(spare) * third / 3.0) for third in range(4)]
    poor, middling, good = (sum(part) / max(1, len(part)) for part in (spare[a:b] for a, b in pairwise(cuts)))
    return poor, middling, good
