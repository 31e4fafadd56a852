"""What a simulation came to, and its numbers for JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hems.model.site import Site, Tier
from hems.model.units import HOUR_S, W_PER_KW
from hems.report.worth import Worth, as_plain
from hems.sim.checks.case import Verdict
from hems.sim.survive import Survived, curve
from hems.sim.tally import Tally
from hems.wording import tier_name

POWERS = ("load_w", "sun_w", "battery_w", "cars_w", "grid_w")
"""Of each look, as a spreadsheet and the plots have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One simulation."""

    title: str
    site: Site
    tally: Tally
    hours: float
    worth: Worth
    survived: Sequence[Survived] = ()
    survived_upto_h: float = 0.0
    verdicts: Sequence[Verdict] = ()
    given: Mapping[str, str] | None = None
    """What it was made from, as words."""


def results(study: Study) -> dict[str, Any]:
    """Everything in numbers, for JSON."""
    tally, site = study.tally, study.site
    return {
        "title": study.title,
        "site": site.name,
        "hours": round(study.hours, 3),
        "given": dict(study.given or {}),
        "tiers": {tier_name(tier).lower(): _tier(study, tier) for tier in Tier if has(site, tier)},
        "worth": as_plain(study.worth),
        "minutes_off_per_circuit": round(tally.minutes_off(), 2),
        "worst_minutes_off": round(max((one.off_s for one in tally.circuits.values()), default=0.0) / 60.0, 2),
        "interruptions_per_circuit": round(tally.interruptions(), 3),
        "relay_operations": {name: one.operations for name, one in tally.circuits.items()},
        "inverter_trips": tally.trips,
        "runtime_h": {
            tier_name(tier).lower(): in_hours(seconds) for tier, seconds in sorted(tally.first_loss_s.items())
        },
        "cars_lowest_pct": {name: round(pct, 2) for name, pct in tally.lowest_car_pct.items()},
        "cars_below_what_drivers_keep": sorted(tally.below_floor),
        "survival": [
            {"hours": round(hour, 3), "critical": round(critical, 4), "essential": round(essential, 4)}
            for hour, critical, essential in survival(study)
        ],
        "expected": [{"text": one.text, "held": one.held, "found": one.detail} for one in study.verdicts],
    }


def _tier(study: Study, tier: Tier) -> dict[str, Any]:
    served_wh, unserved_wh = study.tally.tier_wh(tier)
    fairness = study.tally.fairness(tier)
    return {
        "served_kwh": round(served_wh / W_PER_KW, 3),
        "unserved_kwh": round(unserved_wh / W_PER_KW, 3),
        "fairness": None if fairness is None else round(fairness, 4),
    }


def has(site: Site, tier: Tier) -> bool:
    """Whether the building has a circuit of it."""
    return any(one.tier is tier for one in site.circuits)


def in_hours(seconds: float) -> float:
    """As told."""
    return round(seconds / HOUR_S, 3)


def survival(study: Study) -> list[tuple[float, float, float]]:
    """Hours, and the share of outages in which critical and essential circuits lasted at least so long."""
    if not study.survived:
        return []
    critical = curve([one.critical_h for one in study.survived], study.survived_upto_h)
    essential = curve([one.essential_h for one in study.survived], study.survived_upto_h)
    return [(hour, share, other) for (hour, share), (_, other) in zip(critical, essential, strict=True)]
