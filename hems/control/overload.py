"""How close the island-former is to its overload trip.

An inverter carries more than its rating for a while; its curve says how long.  The *dose* of a phase grows by the
share of that time which has passed and decays when the phase has cooled; at 1 the inverter trips and the building is
dark. Source: domain reference 2.2, layer 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, log

from hems.control.memory.seeing import EvidenceMemory
from hems.control.tuning.island import OverloadParams
from hems.model.again import again
from hems.model.mode import Grid, TiePosition
from hems.model.site import Former, Site, Tier
from hems.model.snapshot import Snapshot

Curve = Sequence[tuple[float, float]]
ACTUATIONS = 3.0
"""As many must fit in before the trip for shedding by steps to be tried at all."""
UNNOTICED_S = 1.0
"""For so long before a tick its power may have gone unnoticed: one period.  Before that, the last tick's counts."""


@dataclass(frozen=True, slots=True)
class Excess:
    """Power that has to go, W; negative where there is room."""

    by_phase: tuple[float, ...]
    together: float = -inf
    """On all phases together; without a limit of their sum there is always room."""


def trip_s(loading_pu: float, curve: Curve) -> float:
    """Seconds until a constant `loading_pu` trips, by log-log interpolation of the curve; infinite up to the rating.

    Below the first point the line from (1.0, 10 x its time) is used, above the last one the last segment goes on.
    """
    if loading_pu <= 1.0:
        return inf
    points = _from_rating(curve)
    upper = next((index for index, (pu, _) in enumerate(points) if pu >= loading_pu), len(points) - 1)
    (pu0, s0), (pu1, s1) = points[upper - 1], points[upper]
    share = (log(loading_pu) - log(pu0)) / (log(pu1) - log(pu0))
    return exp(log(s0) + share * (log(s1) - log(s0)))


@lru_cache(maxsize=64)
def loading_that_trips_in(seconds: float, curve: Curve) -> float:
    """The constant loading that trips after so long: `trip_s` the other way round, never below the rating."""
    points = _from_rating(curve)
    upper = next((index for index, (_, trips_s) in enumerate(points) if trips_s <= seconds), len(points) - 1)
    (pu0, s0), (pu1, s1) = points[max(0, upper - 1)], points[max(1, upper)]
    share = (log(seconds) - log(s0)) / (log(s1) - log(s0))
    return max(1.0, exp(log(pu0) + share * (log(pu1) - log(pu0))))


def _from_rating(curve: Curve) -> list[tuple[float, float]]:
    return [(1.0, curve[0][1] * 10.0), *curve]


def worse(one: Excess, other: Excess) -> Excess:
    """The larger of two, limit by limit."""
    by_phase = tuple(max(a, b) for a, b in zip(one.by_phase, other.by_phase, strict=True))
    return Excess(by_phase, max(one.together, other.together))


def on_its_own(evidence: EvidenceMemory) -> bool:
    """Whether the former may be what carries the building, which any doubt makes it.

    On the grid its meter may show what merely passes through to the building: that heats nothing.
    """
    return evidence.tie.value is not TiePosition.CLOSED or evidence.grid.value is Grid.DEAD


@again
def phase_w(snapshot: Snapshot, site: Site, now_s: float) -> tuple[float, ...] | None:
    """What the former delivers on each phase, or None unless every phase is known."""
    values = [reading.known(now_s) for reading in snapshot.former_phase_w]
    known = [value for value in values if value is not None]
    return tuple(known) if len(known) == len(site.phases) else None


def least_w(snapshot: Snapshot, now_s: float) -> tuple[float, ...] | None:
    """What it delivers at least: a phase that has fallen silent adds nothing, and hides no overload of another.

    None where no phase is known.
    """
    values = [reading.known(now_s) for reading in snapshot.former_phase_w]
    return None if values.count(None) == len(values) else tuple([watts or 0.0 for watts in values])


def behind_w(site: Site, snapshot: Snapshot, now_s: float) -> float:
    """What the sun on the former's own side gives, which the former's meter towards the building does not show."""
    suns = [snapshot.pvs[pv.id].known(now_s) for pv in site.pvs if pv.direct and pv.id in snapshot.pvs]
    return sum(max(0.0, watts or 0.0) for watts in suns)


def seen_s(snapshot: Snapshot) -> float:
    """When the former's phases were read, the oldest of them."""
    return min((reading.taken_s for reading in snapshot.former_phase_w), default=-inf)


def loading(power_w: Sequence[float], former: Former) -> tuple[float, ...]:
    """Each phase as a multiple of its rating; charging loads the inverter as much as discharging does.

    No phase less than all of them together load what the source gives.
    """
    together_pu = max(0.0, sum(power_w)) / former.total_w if former.total_w else 0.0
    return tuple([max(together_pu, abs(watts) / rated) for watts, rated in zip(power_w, former.phase_va, strict=True)])


def beyond(power_w: Sequence[float], former: Former, loading_pu: float = 1.0) -> Excess:
    """What is too much for this multiple of the former's ratings."""
    by_phase = tuple([watts - loading_pu * rated for watts, rated in zip(power_w, former.phase_va, strict=True)])
    together = -inf if former.total_w is None else sum(power_w) - loading_pu * former.total_w
    return Excess(by_phase, together)


def dose_after(
    dose: Sequence[float], power_w: Sequence[float], former: Former, params: OverloadParams, dt_s: float
) -> tuple[float, ...]:
    """The dose of each phase after `dt_s` of constant `power_w`."""
    if not any(dose) and not any(power_w):
        return tuple(dose)
    return tuple(
        _phase_dose(before, pu, former.curve, params, dt_s)
        for before, pu in zip(dose, loading(power_w, former), strict=True)
    )


def _phase_dose(dose: float, loading_pu: float, curve: Curve, params: OverloadParams, dt_s: float) -> float:
    if loading_pu > 1.0:
        # An inverter that still runs at 1 is better than its curve, or its meter is wrong: it cools from there.
        return min(1.0, dose + dt_s / trip_s(loading_pu, curve))
    return max(0.0, dose - dt_s / params.cool_s)


def due_s(
    dose: Sequence[float], power_w: Sequence[float], former: Former, params: OverloadParams, now_s: float
) -> float:
    """When the dose will cross its next threshold if the power stays as it is, or cool to where starts are allowed."""
    thresholds = (params.dose_block, params.dose_next_group, params.dose_tier3, params.dose_tier2, params.dose_tier1)
    due = inf
    for before, pu in zip(dose, loading(power_w, former), strict=True):
        ahead = next((threshold for threshold in thresholds if threshold > before), None)
        if pu > 1.0 and ahead is not None:
            # A hair later than the crossing, so that rounding cannot leave the tick just short of it.
            due = min(due, now_s + (ahead - before) * trip_s(pu, former.curve) * (1.0 + 1e-9) + 1e-6)
        elif pu <= 1.0 and before >= params.dose_block:
            due = min(due, now_s + (before - params.dose_block) * params.cool_s * (1.0 + 1e-9) + 1e-6)
    return due


def deepest_tier(dose: float, params: OverloadParams) -> Tier | None:
    """The most important tier that a dose reaches, which goes with everything below it; None while none does."""
    if dose >= params.dose_tier1:
        return Tier.CRITICAL
    if dose >= params.dose_tier2:
        return Tier.ESSENTIAL
    return Tier.COMFORT if dose >= params.dose_tier3 else None


def too_fast(power_w: Sequence[float], former: Former, params: OverloadParams) -> bool:
    """Whether the inverter would trip before three actuations: then the set that works is shed at once."""
    worst = max(loading(power_w, former), default=0.0)
    return trip_s(worst, former.curve) < ACTUATIONS * params.actuation_s
