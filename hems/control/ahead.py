"""The hours ahead as far as habits tell: what tiers will want, what the sun may give, whether the cut still lasts."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from math import exp

from hems.control import habits, planned
from hems.control.given import Given
from hems.control.habits import HOURS
from hems.control.memory.using import Habits
from hems.control.price import WORTH, Hour
from hems.control.state import ControlState
from hems.control.stored import former_pct
from hems.model.copies import replace
from hems.model.site import Site, Tier
from hems.model.units import HOUR_S, CircuitId

AHEAD_H = 72
HELD_PCT = 90.0
"""From here on an island may be holding back its sun, which then tells nothing."""
USUAL_COUNTS = 4
"""The usual length of a cut counts as much as so many of the building's own."""
KNOW_NOTHING, LATE = 0.2, 0.5
"""How many of those who say when power returns know nothing, and by what part of their time the others are late."""
CUTS_KEPT, SHORTEST_H = 20, 0.25
"""Cuts that are remembered, and how long the shortest of them is."""
Tiers = Sequence[tuple[float, ...]]
"""By kind of hour: W wanted by the critical circuits, and by these with one, two, three and four tiers more."""
Sun = tuple[float, ...]
"""W by the hour of the day."""
Cars = Sequence[tuple[float, float]]
"""In how many hours each comes home, and with how many Wh for the building."""


def tiers_w(site: Site, known: Habits) -> Tiers:
    """What the tiers of a site usually want."""
    usual = habits.usual_w(known, site)
    by_tier = {tier: [usual[one.id] for one in site.circuits if one.tier is tier] for tier in Tier}
    return [tuple(_steps(by_tier, kind)) for kind in range(2 * HOURS)]


def _steps(by_tier: Mapping[Tier, list[tuple[float, ...]]], kind: int) -> list[float]:
    wants = {tier: sum(one[kind] for one in usual) for tier, usual in by_tier.items()}
    total_w = sum(watts for tier, watts in wants.items() if tier <= Tier.CRITICAL)
    steps = [total_w]
    for tier in WORTH:
        total_w += wants[tier]
        steps.append(total_w)
    return steps


def suns_w(known: Habits) -> list[Sun]:
    """A poor, a middling and a good day: the averages of thirds of the last days."""
    days = sorted(known.suns_w, key=sum)
    cuts = [round(len(days) * third / 3.0) for third in range(4)]
    thirds = [days[first:last] for first, last in pairwise(cuts)]
    return [tuple(sum(hour) / len(third) for hour in zip(*third, strict=True)) for third in thirds]


def expected_h(known: Habits, usual_h: float) -> float:
    """How much longer the cut is taken to last on average: as usual, or as this building's own that lasted so long."""
    own = [cut_h - known.cut_h for cut_h in known.cuts_h if cut_h > known.cut_h]
    return (USUAL_COUNTS * usual_h + sum(own)) / (USUAL_COUNTS + len(own))


def lasts(after_h: float, expect_h: float, said_h: float | None) -> float:
    """Probability that the cut still lasts then; `said_h` is when people expect its end, if they have said so.

    Without that, what lies behind tells nothing of what lies ahead.  Of those who say when power returns, some are
    right, many are late by a part of what they said, and some know nothing.
    """
    unknown = exp(-after_h / expect_h)
    if said_h is None:
        return unknown
    late_h = max(0.0, after_h - said_h)
    return KNOW_NOTHING * unknown + (1.0 - KNOW_NOTHING) * exp(-late_h / max(0.5, LATE * said_h))


def hours(
    tiers: Tiers, sun_w: Sun, utc: datetime, expect_h: float, said_h: float | None = None, cars: Cars = ()
) -> list[Hour]:
    """What remains of this hour and the next three days, with what is usually wanted, this sun and these cars."""
    now = habits.hour_of(utc)
    left_h = 1.0 - (utc.timestamp() / HOUR_S - now)
    found = []
    for ahead in range(AHEAD_H):
        begins_h = max(0.0, ahead - 1 + left_h)
        shines_w = sun_w[(now + ahead) % HOURS]
        left_w = tuple(shines_w - watts for watts in tiers[habits.slot(now + ahead)])
        before_h = max(0.0, begins_h - 1.0) if ahead else -1.0  # who is here now does not come again
        brings_wh = sum([wh for in_h, wh in cars if before_h < in_h <= begins_h])
        found.append(Hour(lasts(begins_h, expect_h, said_h), left_h if ahead == 0 else 1.0, left_w, brings_wh))
    return found


def sunrise(tiers: Tiers, sun_w: Sun, utc: datetime) -> datetime | None:
    """When the sun usually begins to carry the critical circuits; None if it does now, or never."""
    now = habits.hour_of(utc)
    carried = [sun_w[hour % HOURS] > tiers[habits.slot(hour)][0] for hour in range(now, now + HOURS)]
    if carried[0] or not any(carried):
        return None
    return datetime.fromtimestamp((now + carried.index(True)) * HOUR_S, UTC)


def learned(given: Given, state: ControlState, on_w: Mapping[CircuitId, float], dt_s: float) -> Habits:
    """Habits with what circuits that are on draw now, and with the sun while nothing holds it back."""
    site, snapshot, now_s = given.site, given.snapshot, given.now_s
    suns = [reading.known(now_s) for reading in snapshot.pvs.values()]
    seen = [watts for watts in suns if watts is not None]
    held_back = False
    if state.mode.mode.on_island:
        stored_pct = former_pct(site, snapshot, given.params.car, now_s)
        held_back = stored_pct is None or stored_pct >= HELD_PCT
    return habits.after(
        _cut(state, now_s), given.now.utc, on_w, None if held_back or len(seen) < len(suns) else sum(seen), dt_s
    )


def _cut(state: ControlState, now_s: float) -> Habits:
    """Habits with how long the present cut has lasted, or with the one that is over; islands made on purpose apart."""
    known, since_s = state.habits, state.mode.outage_since_s
    if since_s is not None:
        meant = state.mode.on_purpose or planned.ordered(state, now_s)
        return known if meant else replace(known, cut_h=(now_s - since_s) / HOUR_S)
    if known.cut_h <= 0.0:
        return known
    cuts_h = (*known.cuts_h, round(known.cut_h, 2)) if known.cut_h >= SHORTEST_H else known.cuts_h
    return replace(known, cuts_h=cuts_h[-CUTS_KEPT:], cut_h=0.0)
