"""How much batteries keep for power cuts at present: what the site file says, more in winter, more after long cuts.

A storm watch and an island that is announced raise it further in a way of their own (`planned`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from hems.control import habits
from hems.control.energy import reserved
from hems.control.state import ControlState
from hems.model.site import Battery, Site, Tier
from hems.model.units import HOUR_S

MOST_PCT = 90.0
"""However long cuts were, so much is the most that is kept: the sun needs room."""
LONG = 0.8
"""Four of five own cuts were shorter."""
EFFICIENCY = 0.95
"""Of a battery and its inverter while discharging, where nothing was measured."""


def present(site: Site, state: ControlState) -> tuple[Battery, ...]:
    """The batteries with the reserve of this season and this building."""
    if all(one.reserve_winter_pct is None and not one.reserve_by_history for one in site.batteries):
        return site.batteries
    month = month_of(state)
    return tuple(_keeping(one, site, state, month) for one in site.batteries)


def month_of(state: ControlState) -> int | None:
    """The present month, 1 to 12; None while nobody knows."""
    return None if state.habits.hour < 0 else datetime.fromtimestamp(state.habits.hour * HOUR_S, UTC).month


def _keeping(battery: Battery, site: Site, state: ControlState, month: int | None) -> Battery:
    if battery.reserve_pct is None:
        return battery
    kept_pct = battery.reserve_pct
    if battery.reserve_winter_pct is not None and (month is None or month in battery.winter_months):
        kept_pct = max(kept_pct, battery.reserve_winter_pct)
    if battery.reserve_by_history:
        total_wh = sum(one.capacity_wh for one in site.batteries)
        kept_pct = max(kept_pct, min(MOST_PCT, 100.0 * needed_wh(site, state) / total_wh + battery.shutdown_pct))
    return reserved(battery, kept_pct)


def needed_wh(site: Site, state: ControlState) -> float:
    """What life safety, critical and essential circuits usually need through a long cut of this building's own."""
    usual = habits.usual_w(state.habits, site)
    hours = [watts for one in site.circuits if one.tier <= Tier.ESSENTIAL for watts in usual[one.id]]
    return long_h(state.habits.cuts_h) * sum(hours) / (2 * habits.HOURS) / EFFICIENCY


def long_h(cuts_h: Sequence[float]) -> float:
    """A length that four of five own cuts did not exceed; 0 before the first."""
    ordered = sorted(cuts_h)
    return ordered[int(LONG * len(ordered))] if ordered else 0.0
