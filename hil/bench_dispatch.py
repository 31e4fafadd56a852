"""`hems bench dispatch`: what each policy pays in invented weeks, above the least that anybody could have paid.

The least is the linear program of the plan itself, told every load, all sun and every price of the week before it
begins.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

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

TUNING_SEED, REPORTED_SEED = 1, 1001
NAMES = {
    "baseline": "battery rests",
    "rules": "own use only",
    "hems": "hems without solver",
    "plan": "hems with solver",
}
INVENTED = "Invented loads, sun and prices: anybody gets the same."
MEASURED = "Measured loads and sun, from the directory of HEMS_DATA; prices are invented."
STEP_S, NEAR_S = 300.0, 3.0
PLAN_EVERY_S = 900.0
NOTHING_SPENT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One policy through one week."""

    policy: str
    seed: int
    kind: str
    cost: float
    above: float
    """Above the least, as a part of what the week costs with a battery that rests."""
    peak_kw: float
    self_used: float
    given_kwh: float
    reserve_touched: bool
    took_s: float


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
    asked_s, day = float("-inf"), -1
    for ticked in forward.run(case.ends_s, [Act(BEFORE_S, lambda _: house.begin(), "the week begins")]):
        told = case.told_at(ticked.t_s)
        known = 0 if told is None else len(told.slots)
        if told is not None and known != day:
            forward.requests.append(told)
            day = known
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
        resting = cost(case, rest(case))
        for name in policies:
            began_s = time.perf_counter()
            book = POLICIES[name](case)
            paid = cost(case, book)
            kept_pct = case.site.batteries[0].reserve_pct or 0.0
            yield Run(
                policy=name,
                seed=seed,
                kind=case.kind,
                cost=paid,
                above=(paid - bound) / resting,
                peak_kw=book.peak_w / 1000.0,
                self_used=book.self_used,
                given_kwh=book.given_wh / 1000.0,
                reserve_touched=book.least_pct < kept_pct - 0.1,
                took_s=time.perf_counter() - began_s,
            )
