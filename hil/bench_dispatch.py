"""`hems bench dispatch`: what each policy pays in invented weeks, above the least that anybody could have paid.

The least is the linear program of the plan itself, told every load, all sun and every price of the week before it
begins.
"""

import argparse
import json
import os
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
from hems.model.errors import ConfigError, HemsError
from hems.model.instant import Instant
from hems.model.tariff import demand_per_kw
from hems.plan.problem import Problem, problem
from hems.plan.program import course, solved
from hems.sim.measured import APPLIANCES
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One policy through one week."""

    policy: str
    seed: int
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
                kind=case.kind,
                cost=paid,
                least=bound,
                peak_kw=book.peak_w / 1000.0,
                self_used=book.self_used,
                given_kwh=book.given_wh / 1000.0,
                reserve_touched=book.least_pct < kept_pct - 0.1,
                took_s=time.perf_counter() - began_s,
            )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `hems bench dispatch`."""
    parser.add_argument("--weeks", type=int, default=10, metavar="N", help="default: 10")
    about = f"first seed; {REPORTED_SEED} (default) is for reports, {TUNING_SEED} for tuning"
    parser.add_argument("--seed", type=int, default=REPORTED_SEED, metavar="S", help=about)
    parser.add_argument(
        "--data",
        metavar="DIR",
        default=os.environ.get("HEMS_DATA") or None,
        help="measured loads and sun from this directory; default: HEMS_DATA, else they are invented",
    )
    parser.add_argument("--policy", action="append", choices=tuple(NAMES), help="again for several; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run as JSON")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the results as a Markdown table")


def run(args: argparse.Namespace) -> int:
    """Play, print and write.  Raises: ConfigError for less than one week; HemsError without a solver."""
    if args.weeks < 1:
        raise ConfigError((f"--weeks {args.weeks}: at least one is needed. Give 1 or more.",))
    data = None if args.data is None else Path(args.data)
    if data is not None and not (data / APPLIANCES).is_file():
        raise ConfigError((f"{data}: no measured data there ({APPLIANCES} is missing). Name their directory.",))
    print(MEASURED if data is not None else INVENTED, flush=True)
    done: list[Run] = []
    for one in runs(range(args.seed, args.seed + args.weeks), args.policy or tuple(NAMES), data):
        if not done or done[-1].seed != one.seed:
            print(f"{week(one.seed, data).title}; the least is {one.least:.2f}", flush=True)
        done.append(one)
        touched = "   RESERVE TOUCHED" if one.reserve_touched else ""
        print(
            f"  {NAMES[one.policy]:20} {one.cost:8.2f}   {100.0 * one.above:+6.2f} %   peak {one.peak_kw:5.1f} kW   "
            f"battery {one.given_kwh:5.0f} kWh   {one.took_s:5.1f} s{touched}",
            flush=True,
        )
    print("\n" + table(done))
    labelled = f"{MEASURED if data is not None else INVENTED}\n\n{table(done)}"
    plain = json.dumps([{name: getattr(one, name) for name in Run.__slots__} for one in done], indent=1)
    for path, text in ((args.table, labelled), (args.json, plain)):
        if path is not None:
            _write(path, text)
    return 0


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
    rows = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    for name in dict.fromkeys(one.policy for one in done):
        mine = [one for one in done if one.policy == name]
        cells = (
            NAMES[name],
            f"{100.0 * (sum(one.cost for one in mine) / sum(one.least for one in mine) - 1.0):.1f} %",
            f"{100.0 * max(one.above for one in mine):.1f} %",
            f"{mean(one.peak_kw for one in mine):.1f} kW",
            f"{100.0 * mean(one.self_used for one in mine):.0f} %",
            f"{mean(one.given_kwh for one in mine):.0f} kWh",
            f"{sum(one.reserve_touched for one in mine)}",
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HemsError(f"{path} cannot be written: {error.strerror}. Name another file.") from error
