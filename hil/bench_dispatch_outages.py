"""`hems bench dispatch-outages`: power cuts that nobody announced, in weeks in which hems saves money.

Each is beside the same building whose battery is always kept full: hems runs that one too, but only in power cuts.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hems.control.params import Params
from hems.report.worth import EQUAL, Worth
from hems.sim.baseline import Baseline
from hems.sim.bill import PRIORITY
from hems.sim.lot import cuts
from hil.bench_dispatch import NAMES, POLICIES_WITH_ACTS, REPORTED_SEED
from hil.dispatch_house import begin, house
from hil.dispatch_weeks import BEFORE_S, habits_of, week
from hil.policy_bench import PolicyBench, rows

CUTS, CARS = 3, 2
HEAD = (
    "policy", "power cuts", "served as well as with a full battery", "worst of first tiers", "with a full battery",
    "all served, mean", "with a full battery", "reserve touched on the grid",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One policy through one week with power cuts; shares served, 0 to 1."""

    policy: str
    seed: int
    title: str
    first: tuple[float, ...]
    first_full: tuple[float, ...]
    all: tuple[float, ...]
    all_full: tuple[float, ...]
    reserve_touched: bool
    took_s: float

    @property
    def as_well(self) -> int:
        """Cuts in which the first tiers had at least as much as with a full battery."""
        return sum(ours >= full - EQUAL for ours, full in zip(self.first, self.first_full, strict=True))


def runs(seeds: Iterable[int], policies: Sequence[str], data: Path | None = None) -> Iterable[Run]:
    """Every policy through the week of every seed."""
    for seed in seeds:
        case = week(seed, data, cars=CARS)
        acts = list(cuts(CUTS, case.days * 24.0, seed, BEFORE_S))
        base = house(case)
        baseline = Baseline(case.site, Params(), base, acts, case.ends_s)
        base.step(BEFORE_S)
        begin(base, case)
        baseline.begin()
        baseline.until(case.ends_s, habits_of(case))
        base.bill.close(base)
        for name in policies:
            began_s = time.perf_counter()
            bill = POLICIES_WITH_ACTS[name](case, acts).bill
            both = Worth(case.site, bill, base.bill, {}).cuts
            yield Run(
                policy=name,
                seed=seed,
                title=case.title,
                first=tuple(ours.served(PRIORITY) for ours, _ in both),
                first_full=tuple(full.served(PRIORITY) for _, full in both),
                all=tuple(ours.served() for ours, _ in both),
                all_full=tuple(full.served() for _, full in both),
                reserve_touched=bill.least_above_pct < -0.1,
                took_s=time.perf_counter() - began_s,
            )


def table(done: Sequence[Run]) -> str:
    """Markdown: a row per policy."""
    names = dict.fromkeys(one.policy for one in done)
    return rows(HEAD, (_cells([one for one in done if one.policy == name]) for name in names))


def _cells(mine: Sequence[Run]) -> tuple[str, ...]:
    count = sum(len(one.first) for one in mine)
    worst = (
        min((share for one in mine for share in getattr(one, kind)), default=1.0) for kind in ("first", "first_full")
    )
    means = (sum(share for one in mine for share in getattr(one, kind)) / max(1, count) for kind in ("all", "all_full"))
    shares = [f"{100.0 * one:.1f} %" for one in (*worst, *means)]
    as_well, touched = sum(one.as_well for one in mine), sum(one.reserve_touched for one in mine)
    return (NAMES[mine[0].policy], str(count), str(as_well), *shares, str(touched))


BENCH: PolicyBench[Run] = PolicyBench(
    counts="weeks",
    names={name: NAMES[name] for name in POLICIES_WITH_ACTS},
    invented="Invented loads, sun, cars, prices and power cuts: anybody gets the same.",
    measured="Measured loads, sun, prices and sessions, from the directory of HEMS_DATA; power cuts are invented.",
    runs=runs,
    title=lambda one: one.title,
    line=lambda one: f"{one.as_well} of {len(one.first)} as well as with a full battery   {one.took_s:5.1f} s",
    table=table,
    reported_seed=REPORTED_SEED,
)
