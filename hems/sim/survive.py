"""How long a building lasts when the grid fails at any time: the share of outages survived for so many hours."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

from hems.control.params import Params
from hems.control.state import initial
from hems.model.site import Site, Tier
from hems.model.units import HOUR_S
from hems.sim.plant import Plant
from hems.sim.run import Act, FastForward

SETTLE_S = 900.0
TRANSFER_S = 60.0
NEAR_S = 20.0
WATCH_S = 60.0


@dataclass(frozen=True, slots=True)
class Survived:
    """One outage that began at a random time."""

    begins_s: float
    critical_h: float
    """Until a circuit of tiers 0 and 1 was without power; infinite when none was before the end."""
    essential_h: float
    """The same for tiers 0 to 2."""


def survive(
    site: Site,
    params: Params,
    plant_at: Callable[[float], Plant],
    starts_s: Sequence[float],
    *,
    hours: float,
    clock_at: Callable[[float], datetime],
) -> Iterator[Survived]:
    """One outage after the other; `plant_at` builds the plant so that its time 0 is that far into the days."""
    for begins_s in starts_s:
        yield _one(site, params, plant_at(begins_s), begins_s, hours, clock_at(begins_s))


def _one(site: Site, params: Params, plant: Plant, begins_s: float, hours: float, clock: datetime) -> Survived:
    forward = FastForward(
        site, params, plant, state=initial(plant.t_s), wall_clock=clock, watch_s=WATCH_S, near_s=NEAR_S
    )
    fails_s = plant.t_s + SETTLE_S
    lost_h = dict.fromkeys((Tier.CRITICAL, Tier.ESSENTIAL), inf)
    for ticked in forward.run(fails_s + hours * HOUR_S, [Act(fails_s, Plant.fail_grid)]):
        passed_s = ticked.t_s - fails_s
        if passed_s < TRANSFER_S:
            continue
        for tier in lost_h:
            if lost_h[tier] == inf and _lost(plant, site, tier):
                lost_h[tier] = passed_s / HOUR_S
        if lost_h[Tier.CRITICAL] < inf:
            break
    return Survived(begins_s, lost_h[Tier.CRITICAL], lost_h[Tier.ESSENTIAL])


def _lost(plant: Plant, site: Site, tier: Tier) -> bool:
    return not plant.bus_live or any(not plant.circuits[one.id].closed for one in site.circuits if one.tier <= tier)


def curve(hours: Sequence[float], upto_h: float, steps: int = 48) -> list[tuple[float, float]]:
    """The share that lasted at least so many hours, from 0 to `upto_h`."""
    marks = [upto_h * step / steps for step in range(steps + 1)]
    return [(mark, sum(one >= mark for one in hours) / max(1, len(hours))) for mark in marks]
