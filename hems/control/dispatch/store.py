"""All steered batteries as one: what they have above their reserves, what they take, what gets lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from hems.control.stored import NO_BATTERY
from hems.model.site import Battery
from hems.model.snapshot import Snapshot

ONE_WAY = 0.95
"""Of the energy that goes into a battery, and again of what comes out; 90 % for the round trip (domain 3.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Wh above the reserve, and W at the building's side."""

    have_wh: float
    full_wh: float
    take_w: float
    give_w: float
    wear: float
    """Per kilowatt-hour given."""
    charged: float = ONE_WAY
    given: float = ONE_WAY


def store(
    batteries: Sequence[Battery], reserves_pct: Sequence[float], snapshot: Snapshot, now_s: float
) -> Store | None:
    """The batteries together; None while one does not tell its charge."""
    have_wh = full_wh = 0.0
    for battery, reserve_pct in zip(batteries, reserves_pct, strict=True):
        soc_pct = snapshot.batteries.get(battery.id, NO_BATTERY).soc_pct.known(now_s)
        if soc_pct is None:
            return None
        have_wh += max(0.0, soc_pct - reserve_pct) / 100.0 * battery.capacity_wh
        full_wh += max(0.0, 100.0 - reserve_pct) / 100.0 * battery.capacity_wh
    return Store(
        have_wh=have_wh,
        full_wh=full_wh,
        take_w=sum(one.charge_max_w for one in batteries),
        give_w=sum(one.discharge_max_w for one in batteries),
        wear=max((one.wear_per_kwh for one in batteries), default=0.0),
    )
