"""What is usual at a bay whose drivers tell nothing: when a car leaves, what it takes, with what it comes home.

Of the last visits, and always to the safe side: it leaves as early as one in five did, takes as much as one in five
took at least, and comes home with as little as ever.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hems.control.cars.memory import BayMemory, Usual
from hems.model.copies import replace

KEPT, NEEDED = 20, 4
"""Visits that are remembered, and how many of a kind it takes to know what is usual."""
SAFE_SHARE = 0.2
"""Only one visit in five ended earlier, or needed more."""
SATURDAY = 5
DAY_H = 24.0
HOME_SHARE = 0.9
"""A car counts as expected if so many of the last days of its kind saw it at that hour."""
NEVER = Usual()


def left(before: Usual, memory: BayMemory, local: datetime | None) -> Usual:
    """With a visit that is over; without a clock nothing is learned."""
    if local is None or memory.plugged_since_s is None:
        return before
    departures = (*before.departures, _of_week(local))[-KEPT:]
    return replace(before, departures=departures, taken_wh=(*before.taken_wh, memory.taken_wh)[-KEPT:])


def came(before: Usual, free_wh: float | None, local: datetime | None) -> Usual:
    """With a car that has just come home and has told what it has to spare."""
    if local is None or free_wh is None:
        return before
    arrivals = (*before.arrivals, _of_week(local))[-KEPT:]
    return replace(before, arrivals=arrivals, spare_wh=(*before.spare_wh, free_wh)[-KEPT:])


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
    return taken[min(len(taken) - 1, int((1.0 - SAFE_SHARE) * len(taken)))] if len(taken) >= NEEDED else None


def expected_wh(usual: Usual, local: datetime, within_h: float) -> float:
    """Wh that a car not here will bring within so many hours, if that is as good as certain; else 0.

    As many of the last visits of that kind of day must have begun by then, and the least that any brought counts.
    """
    then = local + timedelta(hours=within_h)
    if then.date() != local.date():
        return 0.0
    hours = _same(usual.arrivals, local.weekday() >= SATURDAY)
    now_h = local.hour + local.minute / 60.0
    due = [hour for hour in hours if now_h <= hour <= now_h + within_h]
    if len(hours) < NEEDED or len(due) < HOME_SHARE * len(hours):
        return 0.0
    return min(usual.spare_wh, default=0.0)
