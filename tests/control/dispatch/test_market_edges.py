"""When prices are thought about anew, what is remembered of a month, which plan is followed; to the second."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import pytest

from hems.control.cars.memory import BayMemory, Charge
from hems.control.dispatch import market
from hems.control.dispatch.memory import CarPrices, ConnectionMemory, MarketMemory, QuarterMemory
from hems.control.dispatch.store import Store
from hems.control.given import Given
from hems.control.memory.using import Habits
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.model.instant import Instant
from hems.model.plan import Plan, PlanStep
from hems.model.prices import Prices, Slot
from hems.model.site import Site, Tier
from hems.model.snapshot import BayState, Snapshot
from hems.model.supply import LimitHours
from hems.model.tariff import DemandCharge, Price, Tariff, Window
from hems.model.units import CircuitId, SourceId
from tests.control.fresh import battery_reading, bay_reading, fresh
from tests.given import bay, circuit, flats

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MONTH = 2026 * 12 + 6
NOW_S = 50_000.0
MAIN, BAY_1, BAY_2 = SourceId("main"), SourceId("bay_1"), SourceId("bay_2")
TARIFF = Tariff(buy=0.3, sell=0.1)
DEMAND = replace(TARIFF, demand=(DemandCharge(per_kw=9.0, window=Window(from_h=10.0, to_h=14.0)),))


def site(tariff: Tariff | None = TARIFF, **changes: Any) -> Site:
    """A lift that draws 1,000 W, and a battery of 10 kWh with a reserve of 20 %."""
    one = replace(flats().batteries[0], controllable=True, reserve_pct=20.0, capacity_wh=10_000.0)
    return replace(
        flats(),
        tariff=tariff,
        circuits=(circuit("lift", Tier.LIFE_SAFETY, 1000.0),),
        batteries=(one,),
        bays=(bay("bay_1"), bay("bay_2")),
        **changes,
    )


def given(there: Site | None = None, utc: datetime | None = NOON, local_h: float | None = 12.0, **more: Any) -> Given:
    snapshot = Snapshot(
        grid_w=fresh(1000.0),
        batteries={MAIN: battery_reading(power_w=0.0, soc_pct=more.pop("soc_pct", 60.0))},
        bays={BAY_1: bay_reading(state=BayState.PLUGGED, soc_pct=50.0, power_w=0.0)},
        local_h=local_h,
        **more,
    )
    return Given(there or site(), snapshot, Params(), Instant(NOW_S, utc))


def state(*, days: int = 3, bays: Any = None, **known: Any) -> ControlState:
    """It was thought about a minute ago."""
    memory = MarketMemory(**{"month": MONTH, "solved_s": NOW_S - 60.0, "worth": 7.0} | known)
    usual = Habits(loads_w={CircuitId("lift"): (1000,) * 48}, suns_w=((0,) * 24,) * days)
    return replace(initial(0.0), habits=usual, bays=bays or {}, connection=ConnectionMemory(market=memory))


@pytest.mark.parametrize(
    "there",
    [given(site(None)), given(utc=None), given(local_h=None)],
    ids=["no tariff", "no clock", "nobody knows the hour here"],
)
def test_without_a_tariff_or_a_clock_nothing_follows(there: Given):
    known = state(now=Price(buy=1.0, sell=1.0), target_w=5.0, held_wh=6.0, planned=True, month_peak_w=8.0)
    found = market.after(there, known)
    assert (found.now, found.worth, found.target_w, found.held_wh, found.planned) == (None, None, None, 0.0, False)
    assert (found.month, found.month_peak_w) == (MONTH, 8.0)


def test_the_price_of_now_and_whether_it_counts_are_always_known():
    found = market.after(given(site(DEMAND)), state())
    assert (found.now, found.counts) == (Price(buy=0.3, sell=0.1), True)
    assert not market.after(given(site(DEMAND), local_h=14.0), state()).counts
    assert not market.after(given(), state()).counts


@pytest.mark.parametrize(
    ("solved_s", "anew"),
    [(NOW_S - 299.0, False), (NOW_S - 300.0, True), (-inf, True)],
    ids=["within five minutes", "after five minutes", "never yet"],
)
def test_it_is_thought_about_every_five_minutes(solved_s: float, anew: bool):
    found = market.after(given(), state(solved_s=solved_s))
    assert found.solved_s == (NOW_S if anew else solved_s)
    assert (found.worth != 7.0) is anew


PLAN = Plan(begins_s=NOON.timestamp() - 60.0, step_s=900.0, steps=(PlanStep(worth=0.77, battery_w=0.0, net_w=0.0),))


@pytest.mark.parametrize(
    "asked",
    [Prices(source="exchange", slots=(Slot(begins_s=0.0, ends_s=1.0, buy=0.1),)), PLAN],
    ids=["prices", "a plan"],
)
def test_what_is_told_is_thought_about_at_once(asked: Any):
    assert market.after(given(requests=(asked,)), state()).solved_s == NOW_S


def test_a_new_month_begins_without_a_peak():
    found = market.after(given(), state(month=MONTH - 1, month_peak_w=9000.0))
    assert (found.month, found.month_peak_w, found.solved_s) == (MONTH, 0.0, NOW_S)
    assert market.after(given(), state(month_peak_w=9000.0)).month_peak_w == 9000.0
    # by the clock on the wall
    late = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
    assert market.after(given(utc=late, local_h=1.0), state()).month == MONTH + 1


def car(leaves_s: float | None) -> BayMemory:
    return BayMemory(plugged_since_s=0.0, usually_leaves_s=leaves_s, charge=Charge(pct=50.0, capacity_wh=5e4))


@pytest.mark.parametrize(
    ("seen_cars", "anew"),
    [
        pytest.param(((BAY_1, NOW_S + 9000.0),), False, id="as before"),
        pytest.param((), True, id="it has come"),
        pytest.param(((BAY_1, NOW_S + 9900.0),), True, id="it leaves at another time"),
        pytest.param(((BAY_1, NOW_S + 9000.0), (BAY_2, NOW_S + 9000.0)), True, id="another has gone"),
    ],
)
def test_when_cars_come_or_go_it_is_thought_about_at_once(seen_cars: Any, anew: bool):
    bays = {BAY_1: car(NOW_S + 9000.0), BAY_2: car(None)}
    found = market.after(given(), state(bays=bays, seen_cars=seen_cars))
    assert (found.solved_s == NOW_S) is anew
    assert found.seen_cars == ((BAY_1, NOW_S + 9000.0),)


def test_by_the_plan_a_kilowatt_hour_is_worth_what_it_says_and_else_what_can_be_found():
    found = market.after(given(requests=(PLAN,)), state())
    assert (found.worth, found.planned, found.plan) == (0.77, True, PLAN)
    # 4 kWh above the reserve serve 1 kW for less than the day and a half ahead, at a flat price
    alone = market.after(given(), state(solved_s=-inf))
    assert not alone.planned
    assert alone.worth == pytest.approx((0.3 - 0.04) * 0.95, abs=1e-3)


@pytest.mark.parametrize(
    ("there", "days"),
    [(given(soc_pct=None), 3), (given(), 2)],
    ids=["the battery does not tell its charge", "too few days were seen"],
)
def test_where_too_little_is_known_cars_charge_by_prices_and_give_nothing(there: Given, days: int):
    bays = {BAY_1: car(NOW_S + 36_000.0)}
    found = market.after(there, state(days=days, bays=bays, solved_s=-inf))
    assert found.worth is None
    assert found.cars[BAY_1].keeps_wh == inf
    assert found.cars[BAY_1].charge_below == pytest.approx(0.305)


@pytest.mark.parametrize(
    ("age_s", "followed"), [(7200.0, True), (7201.0, False), (0.0, True), (-899.0, True), (-900.0, False)]
)
def test_a_plan_is_followed_for_two_hours(age_s: float, followed: bool):
    plan = replace(PLAN, begins_s=NOON.timestamp() - age_s)
    assert (market.good_plan(MarketMemory(plan=plan), Instant(NOW_S, NOON)) is plan) is followed
    assert market.good_plan(MarketMemory(plan=plan), Instant(NOW_S)) is None
    assert market.good_plan(MarketMemory(), Instant(NOW_S, NOON)) is None


COUNTED = QuarterMemory(begun_s=40_000.0, drawn_wh=1000.0)
"""4,000 W on average."""
FRESH = QuarterMemory(begun_s=40_900.0)


@pytest.mark.parametrize(
    ("there", "before_w", "counted", "fresh_one", "peak_w"),
    [
        pytest.param(given(site(DEMAND)), 3999.0, COUNTED, FRESH, 4000.0, id="higher"),
        pytest.param(given(site(DEMAND)), 4001.0, COUNTED, FRESH, 4001.0, id="not so high"),
        pytest.param(given(site(DEMAND)), 0.0, COUNTED, COUNTED, 0.0, id="it is not over"),
        pytest.param(given(site(DEMAND)), 0.0, replace(COUNTED, begun_s=None), FRESH, 0.0, id="none was counted"),
        pytest.param(given(), 0.0, COUNTED, FRESH, 0.0, id="nobody pays for it"),
        pytest.param(given(site(None)), 0.0, COUNTED, FRESH, 0.0, id="no tariff"),
        pytest.param(given(site(DEMAND), None), 0.0, COUNTED, FRESH, 0.0, id="no clock"),
        pytest.param(given(site(DEMAND), local_h=None), 0.0, COUNTED, FRESH, 0.0, id="nobody knows the hour here"),
        pytest.param(given(site(DEMAND), NOON.replace(hour=14), 14.0), 0.0, COUNTED, FRESH, 4000.0, id="its last"),
        pytest.param(
            given(site(DEMAND), NOON.replace(hour=14, minute=15), 14.25), 0.0, COUNTED, FRESH, 0.0, id="the one after"
        ),
        pytest.param(
            given(site(DEMAND), NOON.replace(hour=10), 10.0), 0.0, COUNTED, FRESH, 0.0, id="the one before its hours"
        ),
        pytest.param(given(site(DEMAND), NOON, 18.0), 0.0, COUNTED, FRESH, 0.0, id="at six by the clock on the wall"),
    ],
)
def test_the_months_highest_quarter_of_an_hour(
    there: Given, before_w: float, counted: QuarterMemory, fresh_one: QuarterMemory, peak_w: float
):
    found = market.peaked(there, MarketMemory(month_peak_w=before_w), counted, fresh_one)
    assert found.month_peak_w == pytest.approx(peak_w)


def test_what_is_seen_ahead():
    there = given(site(DEMAND))
    known = state(month_peak_w=800.0)
    found = market.look(there, known, DEMAND, ())
    assert found is not None
    assert found.store == Store(have_wh=4000.0, full_wh=8000.0, take_w=30_000.0, give_w=30_000.0, wear=0.04)
    assert [len(day) for day in found.days] == [144, 144, 144]
    assert (found.least_target_w, found.per_kw) == (800.0, 9.0)
    assert not found.shares_reserve
    # the demand charge counts until two in the afternoon: eight quarters of an hour
    assert [one.counts for one in found.days[0][:10]] == [True] * 8 + [False] * 2
    low = market.look(there, state(month_peak_w=300.0), DEMAND, ())
    assert low is not None
    assert low.least_target_w == 500.0


def test_a_limit_of_later_hours_is_foreseen_from_its_first_quarter_of_an_hour_to_its_last():
    # given 5 kW from two to three in the afternoon, two hours from now
    hours = (LimitHours(window=Window(from_h=14.0, to_h=15.0), import_max_w=5000.0),)
    there = site(DEMAND)
    found = market.look(
        given(replace(there, grid=replace(there.grid, schedule=hours))), state(month_peak_w=800.0), DEMAND, ()
    )
    assert found is not None
    assert [step for step, one in enumerate(found.days[0]) if one.import_w == 5000.0] == [
        8,
        9,
        10,
        11,
        104,
        105,
        106,
        107,
    ]
    assert [one.import_w for one in found.bad] == [one.import_w for one in found.days[0]]


@pytest.mark.parametrize(("quarters", "enough"), [(8, True), (7, False)])
def test_two_hours_of_known_prices_are_needed(quarters: int, enough: bool):
    exchange = Tariff(dynamic=True, sell=0.1)
    begins_s = NOON.timestamp()
    told = Prices(source="a", slots=(Slot(begins_s=begins_s, ends_s=begins_s + 900.0 * quarters, buy=0.2),))
    known = replace(state(), prices=told)
    assert (market.look(given(site(exchange)), known, exchange, ()) is not None) is enough


def test_a_peak_is_kept_where_one_is_paid_for():
    # 1,000 W are drawn in the hours that count, two of today's and four of tomorrow's: 4 kWh serve all but the least
    found = market.after(given(site(DEMAND)), state(solved_s=-inf))
    assert found.target_w == 500.0
    assert found.held_wh == pytest.approx(6 * (1000.0 - 0.85 * 500.0) / 0.95 / 0.9)  # and so much lower a peak
    assert found.calm_w == 500.0
    assert found.short_wh == 0.0
    high = market.after(given(site(DEMAND)), state(solved_s=-inf, month_peak_w=2000.0))
    assert (high.target_w, high.held_wh) == (2000.0, 0.0)
    assert market.after(given(), state(solved_s=-inf)).target_w is None


def test_a_battery_that_could_keep_the_peak_lower_if_it_were_full_is_filled():
    # 500 Wh above the reserve, of which 450 count: 71 W less for six hours
    found = market.after(given(site(DEMAND), soc_pct=25.0), state(solved_s=-inf))
    assert found.target_w == pytest.approx(1000.0 - 450.0 * 0.95 / 6.0, abs=2.0)
    assert found.short_wh == pytest.approx(0.97 * 8000.0 - 500.0)


def test_a_plan_may_let_more_through_and_never_less_than_can_be_kept():
    more = market.after(given(site(DEMAND), requests=(replace(PLAN, target_w=900.0),)), state())
    assert (more.target_w, more.short_wh) == (900.0, 0.0)
    less = market.after(given(site(DEMAND), soc_pct=25.0, requests=(replace(PLAN, target_w=600.0),)), state())
    assert less.target_w == pytest.approx(1000.0 - 450.0 * 0.95 / 6.0, abs=2.0)
    # what a tenth lower a peak needs is bought: 164 W for six hours
    assert less.short_wh == pytest.approx(6 * (1000.0 - 0.9 * less.target_w) / 0.95 / 0.9 - 500.0)


def test_the_plan_says_at_what_a_car_charges_that_it_knows():
    step = PlanStep(worth=0.5, battery_w=0.0, net_w=0.0, cars={BAY_1: 0.4})
    bays = {BAY_1: car(NOW_S + 36_000.0)}
    found = market.after(given(requests=(replace(PLAN, steps=(step,)),)), state(bays=bays)).cars
    assert found == {BAY_1: CarPrices(charge_below=pytest.approx(0.365), give_above=pytest.approx(0.4 / 0.9 + 0.035))}


def test_minutes_go_by_the_clock():
    assert market.after(given(utc=NOON + timedelta(minutes=1)), state()).solved_s == NOW_S - 60.0
