"""`hems bench outage`: how much of what matters each policy serves through invented power cuts.

Every policy lives in the same building and is measured against the best that anybody could have done who had known
the outage's end, the sun and every load before.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean

from hems.control import habits
from hems.control.cars import usual
from hems.control.cars.memory import Usual
from hems.control.energy import floor_pct
from hems.control.memory.using import Habits
from hems.control.params import Params
from hems.control.state import initial
from hems.control.tuning.acting import CommandParams
from hems.control.tuning.island import BandParams
from hems.control.tuning.sources import CarParams
from hems.model.site import Tier
from hems.model.units import HOUR_S, SourceId
from hems.sim.run import Act, FastForward
from hil.outage_bound import Best, best, solver
from hil.outage_house import FULLY, Book, House, fairness, share, worth
from hil.outage_policies import (
    NeverShed,
    Policy,
    RollingProgram,
    RuntimeTarget,
    Thresholds,
    carry_out,
    view_of,
)
from hil.outage_scenarios import BEFORE_S, HISTORY_DAYS, SLOT_S, Outage, outage
from hil.policy_bench import PolicyBench, rows

FIRST = (Tier.LIFE_SAFETY, Tier.CRITICAL)
OURS, BANDS = "hems", "hems-bands"
NAMES = {
    "never-shed": "never shed (overload only)",
    "thresholds": "thresholds of stored energy",
    "runtime": "runtime target of 24 h",
    "program": "rolling linear program, hourly",
    OURS: "hems",
    BANDS: "hems, bands only",
}
BASELINES: dict[str, Callable[[Outage], Policy]] = {
    "never-shed": lambda _: NeverShed(),
    "thresholds": lambda _: Thresholds(),
    "runtime": RuntimeTarget,
    "program": RollingProgram,
}
LOOK_S, NEAR_S = 60.0, 20.0
UNWIRED = replace(Params(), command=replace(CommandParams(), lease_s=600.0))
"""As shipped, but commands are repeated less often: there is no wire here on which one could be lost."""
CONTROLLERS = {OURS: UNWIRED, BANDS: replace(UNWIRED, band=BandParams(expect_h=0.0))}
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One policy through one outage."""

    policy: str
    seed: int
    title: str
    score: float
    """Weighted energy served, relative to the bound; 0 when a car was taken below what its driver keeps."""
    first_share: float
    first_share_at_best: float
    trips: int
    dark_h: float
    refused: int
    switches: int
    jain: float
    tier_shares: tuple[float, ...]
    took_s: float


def run_baseline(case: Outage, policy: Policy) -> Book:
    """Through the outage with a decision at the beginning of each slot."""
    house = House(case)
    house.step(BEFORE_S)
    house.begin()
    house.step(1.0)  # the tie opens and the inverter makes the island
    while house.t_s < case.ends_s - 1e-6:
        view = view_of(house, case)
        carry_out(house, case, view, policy.served(view))
        next_s = (int(house.t_s / SLOT_S + 1e-6) + 1) * SLOT_S
        house.step(min(next_s, case.ends_s) - house.t_s)
    return house.book


def run_ours(case: Outage, params: Params = UNWIRED) -> Book:
    """The real controller in fast-forward, told nothing but what it measures, with the habits of the days before."""
    house = House(case)
    wall = NEW_YEAR + timedelta(days=case.day_of_year - 1, hours=case.hour)
    state = replace(initial(0.0), habits=habits_of(case, wall), usual=usual_of(case, wall))
    forward = FastForward(case.site, params, house, state, wall_clock=wall, watch_s=LOOK_S, near_s=NEAR_S)
    for _ in forward.run(case.ends_s, [Act(BEFORE_S, lambda _: house.begin(), "the grid goes")]):
        pass
    return house.book


def habits_of(case: Outage, wall: datetime) -> Habits:
    """What the controller would have learned on the grid in the days before the cut, looking every ten minutes."""
    rated_w = sum(pv.rated_w for pv in case.site.pvs)
    found = Habits()
    for look in range(-HISTORY_DAYS * 24 * 6, 1):
        t_s = look * 600.0
        watts = {one.id: case.traces.load_w(one.id, t_s) for one in case.site.circuits}
        found = habits.after(found, wall + timedelta(seconds=t_s), watts, rated_w * case.traces.sun_pu(t_s), 600.0)
    return found


def usual_of(case: Outage, wall: datetime) -> dict[SourceId, Usual]:
    """What it would have learned of cars in these days."""
    found: dict[SourceId, Usual] = {}
    bays = {bay.id: bay for bay in case.site.bays}
    for event in case.homecomings:
        if event.car is not None:
            bay = bays[event.bay]
            free_wh = max(0.0, event.car.soc_pct - floor_pct(bay, CarParams())) / 100.0 * event.car.capacity_wh
            known = found.get(bay.id, usual.NEVER)
            found[bay.id] = usual.came(known, free_wh, wall + timedelta(seconds=event.t_s))
    return found


def judged(name: str, case: Outage, bound: Best, book: Book, took_s: float) -> Run:
    """What a book of an outage comes to."""
    return Run(
        policy=name,
        seed=case.seed,
        title=case.title,
        score=0.0 if book.floors_broken else worth(case, book.served_wh) / bound.worth,
        first_share=share(case, book, FIRST),
        first_share_at_best=bound.first_share,
        trips=book.trips,
        dark_h=book.dark_s / HOUR_S,
        refused=book.refused,
        switches=book.switches,
        jain=fairness(book),
        tier_shares=tuple(share(case, book, (tier,)) for tier in Tier),
        took_s=took_s,
    )


def runs(seeds: Iterable[int], policies: Sequence[str] = tuple(NAMES), data: Path | None = None) -> Iterable[Run]:
    """Every policy through the outage of every seed, with measured loads and sun from `data` if there are any.

    Raises: HemsError when there is no scipy.
    """
    solver()
    for seed in seeds:
        case = outage(seed, data)
        bound = best(case)
        for name in policies:
            began_s = time.perf_counter()
            params = CONTROLLERS.get(name)
            book = run_ours(case, params) if params else run_baseline(case, BASELINES[name](case))
            yield judged(name, case, bound, book, time.perf_counter() - began_s)


HEAD = (
    "policy", "mean", "p10", "worst", "first tiers fully served", "forced trips", "refused commands",
    "switches per outage", "Jain (equal homes)",
)  # fmt: skip


def table(done: Sequence[Run]) -> str:
    """Markdown: a row per policy."""
    return rows(HEAD, (_cells([one for one in done if one.policy == name]) for name in _policies(done)))


def _policies(done: Sequence[Run]) -> dict[str, None]:
    return dict.fromkeys(one.policy for one in done)


def _cells(mine: Sequence[Run]) -> tuple[str, ...]:
    scores = sorted(one.score for one in mine)
    return (
        NAMES[mine[0].policy],
        f"{mean(scores):.3f}",
        f"{scores[len(scores) // 10]:.3f}",
        f"{scores[0]:.3f}",
        f"{100 * mean(one.first_share >= FULLY for one in mine):.0f} %",
        f"{sum(one.trips for one in mine)}",
        f"{sum(one.refused for one in mine)}",
        f"{mean(one.switches for one in mine):.0f}",
        f"{mean(one.jain for one in mine):.3f}",
    )


BENCH: PolicyBench[Run] = PolicyBench(
    counts="scenarios",
    names=NAMES,
    invented="Invented loads and sun: anybody gets the same.",
    measured="Measured loads and sun, from the directory of HEMS_DATA; only the rest is invented.",
    runs=runs,
    title=lambda one: one.title,
    line=lambda one: f"{one.score:6.3f}   first tiers {100 * one.first_share:5.1f} %   {one.took_s:5.1f} s",
    table=table,
)
