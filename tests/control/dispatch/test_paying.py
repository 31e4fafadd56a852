"""Cars and money: below the month's peak, giving where it pays, and never what is kept, whatever a plan says."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control.memory.using import Habits
from hems.model import wiring
from hems.model.cause import Why
from hems.model.plan import Plan, PlanStep
from hems.model.request import CarWish
from hems.model.site import Reserve
from hems.model.tariff import DemandCharge, Rate, Tariff, Window
from hems.model.units import SourceId
from tests.control.dispatch.street import MAIN, NOON, Street, connected_site
from tests.control.panel import UNMETERED

BAY = SourceId("bay_1")
ROLE = wiring.bay_power(BAY)
DEAR_NOW = Tariff(buy=0.20, sell=0.05, rates=(Rate(window=Window(from_h=11.0, to_h=14.0), buy=0.50),))
PEAK_PAID = Tariff(buy=0.20, sell=0.05, demand=(DemandCharge(per_kw=10.0),))
HOUSE_W = 6000.0
FLOOR_PCT = 43.0


def street(
    tariff: Tariff, *, leaves_h: float | None = 12.0, soc_pct: float = 80.0, usual_w: float = HOUSE_W, **bay: Any
) -> Street:
    """At noon: a battery down to its reserve, and a car whose driver has said when it leaves."""
    site = connected_site()
    first = replace(site.bays[0], **{"gives_on_grid": True, "outage_reserve_pct": 10.0} | bay)
    made = Street(replace(site, bays=(first, *site.bays[1:]), tariff=tariff), house_w=HOUSE_W, soc_pct=60.0)
    made.says(UNMETERED)
    usual = {one.id: (round(usual_w / len(site.circuits)),) * 48 for one in site.circuits}
    made.state = replace(made.state, habits=Habits(loads_w=usual, suns_w=((0,) * 24,) * 3))
    made.plug(BAY, soc_pct=soc_pct)
    if leaves_h is not None:
        made.ask(CarWish(bay=BAY, who="Ana", leaves_in_s=3600.0 * leaves_h))
    return made


def test_a_car_gives_into_the_building_in_dear_hours_and_feeds_nothing_in():
    made = street(DEAR_NOW).lives(120)
    assert made.car_w(BAY) == pytest.approx(0.97 * HOUSE_W, abs=400.0)
    assert made.grid_w >= 0.0
    assert made.state.sent[ROLE].cause.why is Why.CAR_PAYS
    # when the house draws less it gives less, and when hours are cheap again it is charged
    made.house_w = 2000.0
    assert made.lives(30).grid_w >= 0.0
    made.plugged[BAY] = 60.0
    made.lives(int(2.2 * 3600), every_s=30)
    assert made.car_w(BAY) < 0.0


@pytest.mark.parametrize(
    "but",
    [
        {"gives_on_grid": False},
        {"wear_per_kwh": 0.30},
        {"leaves_h": 2.5},
        {"leaves_h": None},
        {"soc_pct": FLOOR_PCT + 10.0},
        {"tariff": Tariff(buy=0.45, sell=0.05, rates=(Rate(window=Window(from_h=11.0, to_h=14.0), buy=0.50),))},
    ],
    ids=[
        "no permission",
        "wear",
        "it leaves before hours are cheap",
        "nobody knows when it leaves",
        "at what it keeps",
        "not dear enough",
    ],
)
def test_otherwise_it_gives_nothing(but: dict[str, Any]):
    assert street(**{"tariff": DEAR_NOW} | but).lives(60).car_w(BAY) <= 0.0


def test_a_car_with_time_stays_below_the_peak_and_is_ready_all_the_same():
    # given a night long enough, and a month in which nothing higher than the house was drawn
    made = street(PEAK_PAID, leaves_h=14.0, soc_pct=60.0).lives(1800, every_s=10)
    target_w = made.state.connection.market.target_w
    assert target_w is not None
    assert HOUSE_W < target_w < HOUSE_W + made.site.bays[0].charge_max_w
    # then it draws what is left below that
    assert made.grid_w <= target_w + 400.0
    assert made.car_w(BAY) < 0.0
    # while the house draws as much alone, it waits
    made.house_w = target_w
    made.lives(120)
    assert made.car_w(BAY) == 0.0
    assert made.state.sent[ROLE].cause.why is Why.CHARGE_WAITS_FOR_PEAK
    # but not when it would be late
    made.ask(CarWish(bay=BAY, who="Ana", leaves_in_s=1200.0))
    assert made.lives(30).car_w(BAY) < -5000.0


@pytest.mark.long
@given(
    worth=st.floats(-1.0, 3.0),
    car_worth=st.floats(-1.0, 3.0),
    target_w=st.none() | st.floats(0.0, 30_000.0),
    soc_pct=st.floats(40.0, 90.0),
    stored_pct=st.floats(5.0, 100.0),
    house_w=st.floats(-5000.0, 24_000.0),
    leaves_h=st.floats(0.3, 12.0),
)
@settings(max_examples=25)
def test_whatever_a_plan_says_reserve_floors_limits_and_departures_hold(
    worth: float,
    car_worth: float,
    target_w: float | None,
    soc_pct: float,
    stored_pct: float,
    house_w: float,
    leaves_h: float,
):
    # given a reserve that battery and car keep together, a limit, and any plan at all
    made = street(DEAR_NOW, leaves_h=leaves_h, soc_pct=soc_pct)
    made.site = replace(
        made.site,
        reserve=Reserve(wh=12_000.0),
        grid=replace(made.site.grid, import_max_w=20_000.0),
        tariff=replace(DEAR_NOW, demand=(DemandCharge(per_kw=10.0),)),
    )
    made.soc_pct, made.house_w = stored_pct, house_w
    step = PlanStep(worth=worth, battery_w=0.0, net_w=house_w, cars={BAY: car_worth})
    begins_s = NOON.timestamp() + made.now_s
    made.lives(20)
    made.ask(Plan(begins_s=begins_s, step_s=900.0, steps=(step,) * 8, target_w=target_w))
    # when it is followed
    made.lives(90)
    site, given_w = made.steps[-1][1].site, made.car_w(BAY)
    # then the battery keeps its part of the reserve, and the car what it keeps
    if stored_pct <= (site.batteries[0].reserve_pct or 0.0):
        assert made.battery_w <= 0.0
    if soc_pct <= FLOOR_PCT + 10.0:
        assert given_w <= 0.0
    # nothing that cars or battery do exceeds the limit, or is fed in
    assert made.grid_w <= max(20_000.0, house_w - max(0.0, made.battery_w)) + made.params.car.deadband_w
    assert made.grid_w >= min(0.0, house_w) - made.params.car.deadband_w
    # and a car that has no time left for what it needs charges, whatever that costs
    missing_wh = max(0.0, 80.0 - soc_pct) / 100.0 * 60_000.0 / 0.9
    if missing_wh > 0.9 * leaves_h * made.site.bays[0].charge_max_w and house_w < 10_000.0:
        assert given_w < 0.0


def test_a_car_that_is_ready_makes_no_peak_because_it_leaves():
    # given a car as full as its driver wants, that leaves within minutes
    made = street(PEAK_PAID, leaves_h=0.1, soc_pct=81.0).lives(40)
    assert made.car_w(BAY) == 0.0
    # a driver who stands there and wants to go gets what there is
    made.ask(CarWish(bay=BAY, who="Ana", leaving=True))
    assert made.lives(40).car_w(BAY) < 0.0


def before_a_heavy_afternoon(soc_pct: float, *, import_w: float = 12_000.0, known: bool = True) -> Street:
    """At a dear noon; from three to six 14 kW are usually drawn."""
    made = street(DEAR_NOW, soc_pct=soc_pct)
    made.site = replace(made.site, grid=replace(made.site.grid, import_max_w=import_w))
    circuits = len(made.site.circuits)
    day = [14_000 // circuits if 15 <= hour < 18 else int(HOUSE_W) // circuits for hour in range(24)]
    habits = Habits(loads_w={one.id: tuple(day * 2) for one in made.site.circuits}, suns_w=((0,) * 24,) * 3)
    made.state = replace(made.state, habits=habits if known else Habits())
    return made.lives(600, every_s=10)


def test_what_the_limit_will_need_is_not_given_for_money_before():
    # given a car with little more than the afternoon will take above the limit: at a dear noon it keeps that
    made = before_a_heavy_afternoon(72.0)
    assert made.car_w(BAY) == 0.0
    # so that it is there when the building draws too much
    made.lives(3 * 3600, every_s=60)
    made.house_w = 14_000.0
    assert made.lives(120).grid_w <= 12_000.0
    assert made.state.sent[ROLE].cause.why is Why.CAR_LENDS


@pytest.mark.parametrize("but", [{"soc_pct": 90.0}, {"soc_pct": 72.0, "import_w": 16_000.0}], ids=["enough", "no need"])
def test_what_no_limit_will_need_is_given_for_money(but: dict[str, Any]):
    assert before_a_heavy_afternoon(**but).state.sent[ROLE].cause.why is Why.CAR_PAYS


def test_while_nobody_knows_what_the_limit_will_need_nothing_is_given_for_money():
    assert before_a_heavy_afternoon(90.0, known=False).car_w(BAY) == 0.0


def test_a_battery_too_keeps_for_the_limit_what_it_will_need():
    made = before_a_heavy_afternoon(53.0)
    made.soc_pct = 65.0
    made.lives(600, every_s=10)
    assert made.battery_w == 0.0
    assert made.state.sent[wiring.battery_power(MAIN)].cause.why is Why.KEPT_FOR_LIMIT
    # and gives it there
    made.house_w = 14_000.0
    assert made.lives(120).grid_w <= 12_000.0 + made.params.car.deadband_w
