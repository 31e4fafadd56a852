"""What this building usually does, hour by hour: what each circuit draws while it is on, and what the sun has given.

Learned from what is measured, a little with every hour that ends, and kept with the rest of the state.  Hours are those
of UTC: sun and people follow the same clock closely enough, and a change to summer time is learned within days.
"""

from collections.abc import Mapping
from datetime import datetime

from hems.control.memory.using import Habits, Watched
from hems.model.copies import replace
from hems.model.site import Site
from hems.model.units import HOUR_S, CircuitId

HOURS = 24
DAYS_KEPT = 10
DAYS_NEEDED = 3
"""Whole days that must have been seen before anybody plans with them."""
LEARNS = 0.25
"""Weight of the newest hour of its kind."""
ENOUGH_S = 600.0
"""An hour of which less was seen teaches nothing."""
MONDAY_OF_1970 = 3
FRIDAY = 4
"""The first day of 1970 was a Thursday: what makes Monday day 0, and the last day before a weekend."""


def slot(hour: int) -> int:
    """Which of the 48 kinds an hour (counted from 1970) is: 24 of working days, then 24 of weekends."""
    day, of_day = divmod(hour, HOURS)
    return of_day + (HOURS if (day + MONDAY_OF_1970) % 7 > FRIDAY else 0)


def hour_of(utc: datetime) -> int:
    """Whole hours since 1970."""
    return int(utc.timestamp() // HOUR_S)


def after(
    habits: Habits, utc: datetime | None, watts: Mapping[CircuitId, float], sun_w: float | None, dt_s: float
) -> Habits:
    """With what was seen in the last `dt_s`: `watts` of circuits that are on, `sun_w` while nothing held it back.

    Nothing is learned without a clock, nor from a leap of more than a quarter of an hour.
    """
    if utc is None or not 0.0 < dt_s <= 0.25 * HOUR_S + 1.0:
        return habits
    hour = hour_of(utc)
    if hour != habits.hour:
        habits = replace(_ended(habits, hour), hour=hour, drew={}, sun=Watched())
    drew = dict(habits.drew)
    for circuit, draws_w in watts.items():
        drew[circuit] = _more(drew.get(circuit), draws_w, dt_s)
    return replace(habits, drew=drew, sun=habits.sun if sun_w is None else _more(habits.sun, sun_w, dt_s))


def _more(before: Watched | None, watts: float, dt_s: float) -> Watched:
    if before is None:
        return Watched(watts * dt_s, dt_s)
    return Watched(before.joules + watts * dt_s, before.seen_s + dt_s)


def _ended(habits: Habits, now_hour: int) -> Habits:
    """The hour that was watched is over: fold it into its kind, and a day that is over into the last days."""
    kind = slot(habits.hour)
    loads = dict(habits.loads_w)
    for circuit, seen in habits.drew.items():
        if seen.seen_s >= ENOUGH_S:
            known = loads.get(circuit, (-1,) * (2 * HOURS))
            before_w, seen_w = known[kind], seen.joules / seen.seen_s
            usual_w = seen_w if before_w < 0 else before_w + LEARNS * (seen_w - before_w)
            loads[circuit] = (*known[:kind], round(usual_w), *known[kind + 1 :])
    today = dict(habits.today_w)
    if habits.hour >= 0 and habits.sun.seen_s >= ENOUGH_S:
        today[habits.hour % HOURS] = round(habits.sun.joules / habits.sun.seen_s)
    if now_hour // HOURS == habits.hour // HOURS:
        return replace(habits, loads_w=loads, today_w=today)
    days = (*habits.suns_w, _whole(today, habits.suns_w)) if len(today) > HOURS // 2 else habits.suns_w
    return replace(habits, loads_w=loads, today_w={}, suns_w=days[-DAYS_KEPT:])


def _whole(today: Mapping[int, int], before: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """A day's 24 hours; those not seen are as they were the day before."""
    last = before[-1] if before else (0,) * HOURS
    return tuple(today.get(hour, last[hour]) for hour in range(HOURS))


def known(habits: Habits) -> bool:
    """Whether enough days were seen to plan with."""
    return len(habits.suns_w) >= DAYS_NEEDED


def usual_w(habits: Habits, site: Site) -> dict[CircuitId, tuple[float, ...]]:
    """W by kind of hour for each circuit: as learned, else as the other kind of day, else on average, else typical."""
    return {one.id: _filled(habits.loads_w.get(one.id, ()), one.typical_w) for one in site.circuits}


def _filled(learned: tuple[int, ...], typical_w: float) -> tuple[float, ...]:
    seen = [watts for watts in learned if watts >= 0]
    if not seen:
        return (typical_w,) * (2 * HOURS)
    average_w = sum(seen) / len(seen)

    def one(kind: int) -> float:
        own, other = learned[kind], learned[(kind + HOURS) % (2 * HOURS)]
        return own if own >= 0 else other if other >= 0 else average_w

    return tuple(one(kind) for kind in range(2 * HOURS))
