"""`hems bench dispatch`: what each policy pays in invented weeks, above the least that anybody could have paid.

The least is the linear program of the plan itself, told every load, all sun and every price of the week before it
begins.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

from hems.control.dispatch.market import Look
from hems.control.dispatch.store import Store
from hems.control.dispatch.worth import Slot
from hems.control.given import Given
from hems.control.params import Params
from hems.control.state import initial
from hems.model.instant import Instant
from hems.model.tariff import demand_per_kw
from hems.plan.problem import Problem, problem
from hems.plan.program import course, solved
from hems.sim.run import Act, FastForward
from hil.dispatch_house import WEEKS_OF_MONTH, Book, House, cost, refill
from hil.dispatch_weeks import BEFORE_S, QUARTER_S, Week, habits_of, week
from hil.policy_bench import PolicyBench, rows

NAMES = {
    "baseline": "battery rests",
    "rules": "own use only",
    "hems": "hems without solver",
    "plan": "hems with solver",
}
STEP_S, NEAR_S = 300.0, 3.0
PLAN_EVERY_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One policy through one week."""

    policy: str
    seed: int
    title: str
    kind: str
    cost: float
    least: float
    """What anybody who had known everything would have paid."""
    peak_kw: float
    self_used: float
    given_kwh: float
    reserve_touched: bool
    took_s: float

    @property
    def above(self) -> float:
        """What was paid above the least, as a part of it."""
        return self.cost / self.least - 1.0


def least(case: Week) -> float:
    """What anybody who had known everything would have paid."""
    battery, tariff = case.site.batteries[0], case.site.tariff
    assert tariff is not None
    kept_pct = battery.reserve_pct or 0.0
    store = Store(
        have_wh=(case.start.battery_soc_pct - kept_pct) / 100.0 * battery.capacity_wh,
        full_wh=(100.0 - kept_pct) / 100.0 * battery.capacity_wh,
        take_w=battery.charge_max_w,
        give_w=battery.discharge_max_w,
        wear=battery.wear_per_kwh,
        given=1.0 / 1.05,
    )
    slots = []
    for step in range(case.days * 96):
        t_s = BEFORE_S + QUARTER_S * step
        price, counts = case.price(t_s), demand_per_kw(tariff, case.utc(t_s)) > 0.0
        slots.append(Slot(case.net_w(t_s), price.cost or 0.0, price.gain or 0.0, counts))
    per_kw = sum(one.per_kw for one in tariff.demand) / WEEKS_OF_MONTH
    look = Look(store=store, days=(tuple(slots),), least_target_w=0.0, per_kw=per_kw)
    asked = Problem(begins_s=0.0, step_s=QUARTER_S, look=look, end_worth=refill(case))
    return course(asked, slots).cost + refill(case) * store.have_wh / 1000.0


def rest(case: Week) -> Book:
    """The battery does nothing."""
    house = House(case)
    house.set_battery_power(case.site.batteries[0].id, 0.0)
    house.step(BEFORE_S)
    house.begin()
    house.step(case.ends_s - BEFORE_S)
    return house.book


def steer(case: Week, *, priced: bool, planned: bool = False) -> Book:
    """The real controller in fast-forward, with the habits of the days before."""
    site = case.site if priced else replace(case.site, tariff=None)
    house = House(case)
    state = replace(initial(0.0), habits=habits_of(case))
    forward = FastForward(site, Params(), house, state, wall_clock=case.utc(0.0), near_s=NEAR_S, far_s=STEP_S)
    asked_s, heard = float("-inf"), 0
    for ticked in forward.run(case.ends_s, [Act(BEFORE_S, lambda _: house.begin(), "the week begins")]):
        told = case.told_at(ticked.t_s)
        if told is not None and len(told.slots) != heard:
            forward.requests.append(told)
            heard = len(told.slots)
        if planned and ticked.t_s >= asked_s + PLAN_EVERY_S:
            given = Given(site, ticked.snapshot, forward.params, Instant(ticked.t_s, case.utc(ticked.t_s)))
            found = problem(given, ticked.step.state)
            if found is not None:
                forward.requests.append(solved(found))
                asked_s = ticked.t_s - (ticked.t_s - BEFORE_S) % PLAN_EVERY_S
    return house.book


POLICIES: dict[str, Callable[[Week], Book]] = {
    "baseline": rest,
    "rules": lambda case: steer(case, priced=False),
    "hems": lambda case: steer(case, priced=True),
    "plan": lambda case: steer(case, priced=True, planned=True),
}


def runs(seeds: Iterable[int], policies: Sequence[str] = tuple(NAMES), data: Path | None = None) -> Iterable[Run]:
    """Every policy through the week of every seed.  Raises: HemsError without a solver."""
    for seed in seeds:
        case = week(seed, data)
        bound = least(case)
        for name in policies:
            began_s = time.perf_counter()
            book = POLICIES[name](case)
            paid = cost(case, book)
            kept_pct = case.site.batteries[0].reserve_pct or 0.0
            yield Run(
                policy=name,
                seed=seed,
                title=case.title,
                kind=case.kind,
                cost=paid,
                least=bound,
                peak_kw=book.peak_w / 1000.0,
                self_used=book.self_used,
                given_kwh=book.given_wh / 1000.0,
                reserve_touched=book.least_pct < kept_pct - 0.1,
                took_s=time.perf_counter() - began_s,
            )


HEAD = (
    "policy",
    "above the least",
    "worst week",
    "peak, mean",
    "own use of the sun",
    "battery gave",
    "reserve touched",
)


def table(done: Sequence[Run]) -> str:
    """Markdown: a row per policy."""
    names = dict.fromkeys(one.policy for one in done)
    return rows(HEAD, (_cells([one for one in done if one.policy == name]) for name in names))


def _cells(mine: Sequence[Run]) -> tuple[str, ...]:
    return (
        NAMES[mine[0].policy],
        f"{100.0 * (sum(one.cost for one in mine) / sum(one.least for one in mine) - 1.0):.1f} %",
        f"{100.0 * max(one.above for one in mine):.1f} %",
        f"{mean(one.peak_kw for one in mine):.1f} kW",
        f"{100.0 * mean(one.self_used for one in mine):.0f} %",
        f"{mean(one.given_kwh for one in mine):.0f} kWh",
        f"{sum(one.reserve_touched for one in mine)}",
    )


def _line(one: Run) -> str:
    touched = "   RESERVE TOUCHED" if one.reserve_touched else ""
    return (
        f"{one.cost:8.2f}   {100.0 * one.above:+6.2f} %   peak {one.peak_kw:5.1f} kW   "
        f"battery {one.given_kwh:5.0f} kWh   {one.took_s:5.1f} s{touched}"
    )


BENCH: PolicyBench[Run] = PolicyBench(
    counts="weeks",
    names=NAMES,
    invented="Invented loads, sun and prices: anybody gets the same.",
    measured="Measured loads and sun, from the directory of HEMS_DATA; prices are invented.",
    runs=runs,
    title=lambda one: f"{one.title}; the least is {one.least:.2f}",
    line=_line,
    table=table,
)
