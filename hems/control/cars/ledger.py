"""What every bay has taken and given, month by month: for its driver's statement and for the maker's warranty.

Only what is measured counts.  Months are those of the clock on the wall, as far as it is known.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from hems.control.cars.memory import Ledger, Month
from hems.control.given import FARTHEST_WEST_H
from hems.model.copies import replace
from hems.model.site import Bay, Site
from hems.model.snapshot import BayReading, Snapshot
from hems.model.units import HOUR_S, SourceId

IDLE_W = 20.0
"""Below this a meter's zero is off."""
MONTHS_KEPT = 26
"""Two years to compare, and the two months that are being written."""
NO_DATE = "unknown"
"""The month of what flowed while nobody knew the date."""
EMPTY = Ledger()
NO_CAR = BayReading()


def month_of(utc: datetime | None, local_h: float | None) -> str:
    """Such as `2026-11`, where the building stands; that of UTC when the hour there is not known."""
    if utc is None:
        return NO_DATE
    if local_h is None:
        return f"{utc:%Y-%m}"
    ahead_h = (local_h - utc.hour - utc.minute / 60.0 + FARTHEST_WEST_H) % 24.0 - FARTHEST_WEST_H
    return f"{utc + timedelta(hours=ahead_h):%Y-%m}"


def after(
    ledgers: Mapping[SourceId, Ledger],
    site: Site,
    snapshot: Snapshot,
    month: str,
    *,
    outage: bool,
    dt_s: float,
    now_s: float,
) -> Mapping[SourceId, Ledger]:
    """With what has flowed in the last `dt_s`; the same mapping where nothing has."""
    flows = {bay.id: snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) or 0.0 for bay in site.bays}
    busy = {bay: watts for bay, watts in flows.items() if abs(watts) >= IDLE_W}
    if not busy or dt_s <= 0.0:
        return ledgers
    found = dict(ledgers)
    for bay, watts in busy.items():
        found[bay] = _booked(found.get(bay, EMPTY), month, watts, outage, dt_s)
    return found


def _booked(ledger: Ledger, month: str, watts: float, outage: bool, dt_s: float) -> Ledger:
    before, wh = ledger.months.get(month, Month()), abs(watts) * dt_s / HOUR_S
    if watts < 0.0:
        now = replace(before, taken_wh=before.taken_wh + wh)
    elif outage:
        now = replace(before, outage_wh=before.outage_wh + wh, giving_s=before.giving_s + dt_s)
    else:
        now = replace(before, grid_wh=before.grid_wh + wh, giving_s=before.giving_s + dt_s)
    months = {**ledger.months, month: now}
    if len(months) <= MONTHS_KEPT:
        return replace(ledger, months=months)
    oldest = min(months)
    return Ledger(
        months={name: one for name, one in months.items() if name != oldest}, before=_sum(ledger.before, months[oldest])
    )


def _sum(one: Month, other: Month) -> Month:
    return Month(
        taken_wh=one.taken_wh + other.taken_wh,
        outage_wh=one.outage_wh + other.outage_wh,
        grid_wh=one.grid_wh + other.grid_wh,
        giving_s=one.giving_s + other.giving_s,
    )


def total(ledger: Ledger) -> Month:
    """All of it, since this bay is counted: what a warranty looks at."""
    whole = ledger.before
    for month in ledger.months.values():
        whole = _sum(whole, month)
    return whole


def warranty_used(bay: Bay, ledger: Ledger) -> float | None:
    """Part of what the maker lets the car give, by energy or by hours, whichever is more; None where neither is set."""
    if bay.warranty_wh is None and bay.warranty_s is None:
        return None
    whole = total(ledger)
    parts = [
        used / most
        for used, most in (
            (whole.outage_wh + whole.grid_wh, bay.warranty_wh),
            (whole.giving_s, bay.warranty_s),
        )
        if most is not None and most > 0.0
    ]
    return max(parts, default=None)
