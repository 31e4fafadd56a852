"""Power cuts by lot: unannounced, at any hour, most of them short."""

from collections.abc import Iterator
from random import Random

from hems.model.units import HOUR_S
from hems.sim.plant import Plant
from hems.sim.run import Act

MEDIAN_H, SPREAD = 1.5, 1.0
"""Of a lognormal law: one in six is longer than four hours, one in forty longer than eleven."""
LONGEST_H = 24.0
PAUSE_H = 6.0
"""The grid stays for so long at least."""


def cuts(count: int, hours: float, seed: int, begin_s: float = 0.0) -> Iterator[Act]:
    """One in each of `count` equal parts of the time, at a random hour of it, and never beyond its part."""
    rng = Random(f"cuts/{seed}")
    part_h = hours / max(1, count)
    for number in range(count):
        lasts_h = min(LONGEST_H, rng.lognormvariate(0.0, SPREAD) * MEDIAN_H, max(0.1, part_h - 2.0 * PAUSE_H))
        begins_h = number * part_h + rng.uniform(0.0, max(0.0, part_h - lasts_h - PAUSE_H))
        begins_s = begin_s + begins_h * HOUR_S
        yield Act(begins_s, Plant.fail_grid, "fail_grid", fails_grid=True)
        yield Act(begins_s + lasts_h * HOUR_S, Plant.return_grid, "return_grid")
