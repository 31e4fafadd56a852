"""How careful to be: the band that stored energy puts the building in, and what batteries and cars keep for themselves.

Closed form on purpose: it runs each tick and can be checked with a pencil.  Source: domain reference 2.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hems.control.state import ControlState
from hems.control.tuning.island import BandParams
from hems.control.tuning.sources import CarParams
from hems.model.again import with_number
from hems.model.copies import replace
from hems.model.members import direct
from hems.model.site import Battery, Bay, Tier
from hems.model.snapshot import BayReading

NO_CAR = BayReading()


@direct
class Band(StrEnum):
    """How careful the building must be with its energy, from carefree to last reserve."""

    SURPLUS = "surplus"
    NORMAL = "normal"
    CONSERVE = "conserve"
    CRITICAL = "critical"
    FLOOR = "floor"
    SHUTDOWN = "shutdown"
    """The source is about to stop by itself: only what may never be switched is left on."""


ORDER = tuple(Band)

SERVED: Mapping[Band, Tier] = {
    Band.SURPLUS: Tier.FLEXIBLE,
    Band.NORMAL: Tier.NON_ESSENTIAL,
    Band.CONSERVE: Tier.COMFORT,
    Band.CRITICAL: Tier.ESSENTIAL,
    Band.FLOOR: Tier.CRITICAL,
    Band.SHUTDOWN: Tier.LIFE_SAFETY,
}
"""The least important tier that is still served on an island."""


ENTERS: Mapping[Band, str] = {  # both by the name of the number in `BandParams`
    Band.SURPLUS: "surplus_pct",
    Band.NORMAL: "surplus_leave_pct",
    Band.CONSERVE: "conserve_pct",
    Band.CRITICAL: "critical_pct",
    Band.FLOOR: "floor_pct",
    Band.SHUTDOWN: "shutdown_pct",
}
LEAVES: Mapping[Band, str] = {
    Band.SHUTDOWN: "floor_pct",
    Band.FLOOR: "floor_leave_pct",
    Band.CRITICAL: "critical_leave_pct",
    Band.CONSERVE: "conserve_leave_pct",
    Band.NORMAL: "surplus_pct",
}
NEVER_PCT = 101.0
"""No store is so full: there is no better band than the best."""


def enter_pct(band: Band, params: BandParams) -> float:
    """Stored percent at or below which a band begins (for SURPLUS: at or above)."""
    pct: float = getattr(params, ENTERS[band])
    return pct


def _leave_pct(band: Band, params: BandParams) -> float:
    """Stored percent from which a band may be left towards better."""
    pct: float = getattr(params, LEAVES[band]) if band in LEAVES else NEVER_PCT
    return pct


def shedding_pct(tier: Tier, params: BandParams) -> float | None:
    """Stored percent at which a tier goes off on an island; None for never."""
    first_without = next((band for band in reversed(ORDER[1:]) if SERVED[band] >= tier), None)
    if first_without is None or first_without is ORDER[-1]:
        return None
    return enter_pct(ORDER[ORDER.index(first_without) + 1], params)


def below(stored_pct: float, from_pct: float, to_pct: float) -> float:
    """How far a charge has come down from the one to the other, from 0 to 1."""
    return min(1.0, max(0.0, (from_pct - stored_pct) / max(1.0, from_pct - to_pct)))


def floor_pct(bay: Bay, params: CarParams) -> float:
    """Below this a car is never discharged: the driver's or the maker's limit, plus a margin for what is unknown.

    UCA 12.
    """
    return max(bay.floor_pct, bay.maker_floor_pct) + params.margin_pct


@with_number
def floored(bay: Bay, pct: float) -> Bay:
    """The bay whose car keeps so much."""
    return replace(bay, floor_pct=pct)


@with_number
def reserved(battery: Battery, pct: float) -> Battery:
    """The battery that keeps so much for power cuts."""
    return replace(battery, reserve_pct=pct)


def car_free_wh(bay: Bay, reading: BayReading, params: CarParams, now_s: float) -> float | None:
    """Wh a plugged car may still give; None when its charge is not known, which means none may be taken."""
    soc_pct = reading.soc_pct.known(now_s)
    state = reading.state.known(now_s)
    if soc_pct is None or state is None or not state.has_car:
        return None
    capacity_wh = reading.capacity_wh.known(now_s) or bay.capacity_wh
    return max(0.0, soc_pct - floor_pct(bay, params)) / 100.0 * capacity_wh


@dataclass(frozen=True, slots=True)
class BandStep:
    """The band after one tick, and when it may change by time alone."""

    band: Band
    better_since_s: float | None
    due_s: float


def band_after(state: ControlState, stored_pct: float | None, params: BandParams, now_s: float) -> BandStep:
    """Worse at once, better one step at a time after a while; an unknown store keeps the band."""
    band = Band(state.band)
    if stored_pct is None:
        return BandStep(band, None, float("inf"))
    worse = next((lower for lower in reversed(ORDER[2:]) if stored_pct <= enter_pct(lower, params)), None)
    if worse is not None and ORDER.index(worse) > ORDER.index(band):
        return BandStep(worse, None, float("inf"))
    if band is Band.SURPLUS and stored_pct <= params.surplus_leave_pct:
        return BandStep(Band.NORMAL, None, float("inf"))
    if stored_pct < _leave_pct(band, params):
        return BandStep(band, None, float("inf"))
    since_s = now_s if state.band_better_since_s is None else state.band_better_since_s
    if now_s < since_s + params.leave_after_s:
        return BandStep(band, since_s, since_s + params.leave_after_s)
    better = ORDER[ORDER.index(band) - 1]
    if stored_pct < _leave_pct(better, params):
        return BandStep(better, None, float("inf"))
    return BandStep(better, now_s, now_s + params.leave_after_s)
