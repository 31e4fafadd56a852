"""`hems bench dispatch`: what each policy pays in invented weeks, above the least that anybody could have paid.

The least is the linear program of the plan itself, told every load, all sun and every price of the week before it
begins.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from pathlib import Path
from statistics import mean

from hems.control.dispatch.market import Look
from hems.control.dispatch.memory import ConnectionMemory
from hems.control.dispatch.store import Store
from hems.control.dispatch.visit import Visit
from hems.control.dispatch.worth import Slot
from hems.control.given import Given
from hems.control.memory.using import Habits
from hems.control.params import Params
from hems.control.state import initial
from hems.model.instant import Instant
from hems.model.request import CarWish
from hems.model.site import Site
from hems.model.tariff import demand_per_kw
from hems.model.units import W_PER_KW
from hems.plan.problem import Problem, problem
from hems.plan.program import course, solved
from hems.report.worth import self_used
from hems.sim.baseline import Baseline
from hems.sim.plant import Plant
from hems.sim.run import Act, FastForward
from hil.dispatch_house import WEEKS_OF_MONTH, begin, cost, departures, given_wh, house, peak_w, refill
from hil.dispatch_limits import Judged
from hil.dispatch_weeks import BEFORE_S, CAR_BEST, QUARTER_S, Stay, Week, habits_of, week, worse_of
from hil.policy_bench import PolicyBench, rows

REPORTED_SEED = 2001
"""Weeks that nobody looked at while rules were tuned; 1001 and on were."""
NAMES = {
    "baseline": "battery rests",
    "rules": "own use only",
    "hems": "hems without solver",
    "plan": "hems with solver",
}
STEP_S, NEAR_S, WATCH_S = 300.0, 3.0, 60.0
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
    wanted_kwh: float
    """Cars, when they left, by their drivers' wishes, .."""
    had_kwh: float
    """.. and what of it they had."""
    reserve_touched: bool
    beyond: int
    """How often batteries and cars took the building beyond a limit for longer than they may take to follow, .."""
    beyond_wh: float
    """.. and by how much after that time."""
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
    most_w = max((bay.charge_max_w for bay in case.site.bays), default=0.0)
    slots = []
    for step in range(case.days * 96):
        t_s = BEFORE_S + QUARTER_S * step
        price, counts = case.price(t_s), demand_per_kw(tariff, case.utc(t_s)) > 0.0
        slots.append(Slot(case.net_w(t_s), price.cost or 0.0, price.gain or 0.0, counts))
    per_kw = sum(one.per_kw for one in tariff.demand) / WEEKS_OF_MONTH
    visits = tuple(
        Visit(
            bay=one.bay,
            first=max(0, int((one.comes_s - BEFORE_S) // QUARTER_S)),
            last=ceil((one.leaves_s - BEFORE_S) / QUARTER_S),
            leaves_wh=one.stored_wh,
            most_w=most_w,
            charged=CAR_BEST,
        )
        for one in case.visits
    )
    look = Look(store=store, days=(tuple(slots),), least_target_w=0.0, per_kw=per_kw, visits=visits)
    asked = Problem(begins_s=0.0, step_s=QUARTER_S, look=look, end_worth=refill(case), charges_cars=True)
    return course(asked, slots).cost + refill(case) * store.have_wh / 1000.0


def rest(case: Week) -> Judged:
    """The battery does nothing, and cars charge at once."""
    plant = house(case)
    baseline = Baseline(case.site, Params(), plant, (), case.ends_s, fill=False)
    plant.step(BEFORE_S)
    begin(plant, case)
    baseline.until(case.ends_s, Habits())
    plant.bill.close(plant)
    return plant


def steer(case: Week, *, priced: bool, planned: bool = False, acts: Sequence[Act] = ()) -> Judged:
    """The real controller in fast-forward, with the habits of the days before; drivers say when they leave."""
    site = case.site if priced else replace(case.site, tariff=None)
    plant = house(case)
    forward = _forward(case, site, plant)
    asked_s, heard = float("-inf"), 0
    seen_cars: object = ()
    for ticked in forward.run(case.ends_s, [*_begun(case, plant, forward), *acts]):
        told = case.told_at(ticked.t_s)
        if told is not None and len(told.slots) != heard:
            forward.requests.append(told)
            heard = len(told.slots)
        cars = ticked.step.state.connection.market.seen_cars
        if planned and (ticked.t_s >= asked_s + PLAN_EVERY_S or cars != seen_cars):
            seen_cars = cars
            given = Given(site, ticked.snapshot, forward.params, Instant(ticked.t_s, case.utc(ticked.t_s)))
            found = problem(given, ticked.step.state)
            if found is not None:
                forward.requests.append(solved(found))
                asked_s = ticked.t_s - (ticked.t_s - BEFORE_S) % PLAN_EVERY_S
    plant.bill.close(plant)
    return plant


def _forward(case: Week, site: Site, plant: Judged) -> FastForward:
    known = habits_of(case)
    state = replace(initial(0.0), habits=known, connection=ConnectionMemory(worse=worse_of(case, known)))
    return FastForward(
        site, Params(), plant, state, wall_clock=case.utc(0.0), near_s=NEAR_S, watch_s=WATCH_S, far_s=STEP_S
    )


def _begun(case: Week, plant: Judged, forward: FastForward) -> Iterable[Act]:
    """The week begins; each driver says on coming when the car leaves."""
    yield Act(BEFORE_S, lambda _: begin(plant, case), "the week begins")
    for stay in (*case.visits, *case.later):
        yield Act(stay.comes_s + 1.0, partial(_says, forward, stay), "a driver says")


def _says(forward: FastForward, stay: Stay, _: Plant) -> None:
    leaves_in_s = stay.leaves_s - stay.comes_s - 1.0
    forward.requests.append(CarWish(bay=stay.bay, who="driver", leaves_in_s=leaves_in_s))


POLICIES: dict[str, Callable[[Week], Judged]] = {
    "baseline": rest,
    "rules": lambda case: steer(case, priced=False),
    "hems": lambda case: steer(case, priced=True),
    "plan": lambda case: steer(case, priced=True, planned=True),
}


POLICIES_WITH_ACTS: dict[str, Callable[[Week, Sequence[Act]], Judged]] = {
    "hems": lambda case, acts: steer(case, priced=True, acts=acts),
    "plan": lambda case, acts: steer(case, priced=True, planned=True, acts=acts),
}


def runs(
    seeds: Iterable[int], policies: Sequence[str] = tuple(NAMES), data: Path | None = None, cars: int = 0
) -> Iterable[Run]:
    """Every policy through the week of every seed.  Raises: HemsError without a solver."""
    for seed in seeds:
        case = week(seed, data, cars=cars)
        bound = least(case)
        for name in policies:
            began_s = time.perf_counter()
            plant = POLICIES[name](case)
            bill = plant.bill
            wanted_wh, had_wh = departures(case, bill)
            yield Run(
                policy=name,
                seed=seed,
                title=case.title,
                kind=case.kind,
                cost=cost(case, bill),
                least=bound,
                peak_kw=peak_w(bill) / 1000.0,
                self_used=self_used(bill) or 0.0,
                given_kwh=given_wh(bill) / 1000.0,
                wanted_kwh=wanted_wh / 1000.0,
                had_kwh=had_wh / 1000.0,
                reserve_touched=bill.least_above_pct < -0.1,
                beyond=plant.beyond.times,
                beyond_wh=plant.beyond.wh,
                took_s=time.perf_counter() - began_s,
            )


HEAD = (
    "policy",
    "above the least",
    "worst week",
    "peak, mean",
    "own use of the sun",
    "battery gave",
    "departure energy met",
    "reserve touched",
    "limits exceeded",
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
        _met(sum(one.had_kwh for one in mine), sum(one.wanted_kwh for one in mine)),
        f"{sum(one.reserve_touched for one in mine)}",
        _beyond(sum(one.beyond for one in mine), sum(one.beyond_wh for one in mine)),
    )


def _met(had_kwh: float, wanted_kwh: float) -> str:
    return f"{100.0 * had_kwh / wanted_kwh:.1f} %" if wanted_kwh else "no cars"


def _beyond(times: int, wh: float) -> str:
    return f"{times}, {wh / W_PER_KW:.2f} kWh" if times else "0"


def _line(one: Run) -> str:
    touched = "   RESERVE TOUCHED" if one.reserve_touched else ""
    touched += f"   LIMITS EXCEEDED {_beyond(one.beyond, one.beyond_wh)}" if one.beyond else ""
    return (
        f"{one.cost:8.2f}   {100.0 * one.above:+6.2f} %   peak {one.peak_kw:5.1f} kW   "
        f"battery {one.given_kwh:5.0f} kWh   cars {_met(one.had_kwh, one.wanted_kwh)}   {one.took_s:5.1f} s{touched}"
    )


def _bench(cars: int) -> PolicyBench[Run]:
    return PolicyBench(
        counts="weeks",
        names=NAMES,
        invented="Invented loads, sun and prices: anybody gets the same.",
        measured="Measured loads, sun, day-ahead prices and sessions of cars, from the directory of HEMS_DATA.",
        runs=partial(runs, cars=cars),
        title=lambda one: f"{one.title}; the least is {one.least:.2f}",
        line=_line,
        table=table,
        reported_seed=REPORTED_SEED,
    )


BENCH, WITH_CARS = _bench(0), _bench(2)
