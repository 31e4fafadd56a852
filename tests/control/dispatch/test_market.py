"""What a battery does for money: by the worth of what it holds, never below its reserve; as ever without prices."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control.dispatch import quarter
from hems.control.dispatch.aim import peak_room_w
from hems.control.dispatch.expected import STEP_S
from hems.control.dispatch.market import PLAN_GOOD_S, good_plan
from hems.control.dispatch.memory import ConnectionMemory, MarketMemory, QuarterMemory
from hems.control.memory.using import Habits
from hems.model import wiring
from hems.model.cause import Why
from hems.model.instant import Instant
from hems.model.plan import Plan, PlanStep
from hems.model.prices import Prices, Slot
from hems.model.tariff import DemandCharge, Rate, Tariff, Window
from tests.control.dispatch.street import MAIN, NOON, Street, connected_site
from tests.control.panel import GRID_DEAD, TIE_OPEN, utility

ROLE = wiring.battery_power(MAIN)
NO_SUN = ((0,) * 24,) * 3
SUNNY = ((*(0,) * 8, *(30_000,) * 10, *(0,) * 6),) * 3
DEAR_EVENING = Tariff(buy=0.25, sell=0.05, rates=(Rate(window=Window(from_h=18.0, to_h=22.0), buy=0.30),))
CHEAP_NOW = Tariff(buy=0.50, sell=0.05, rates=(Rate(window=Window(from_h=11.0, to_h=13.0), buy=0.10),))


def street(tariff: Tariff | None, *, usual_w: int = 700, suns: Any = NO_SUN, **more: Any) -> Street:
    """At noon; each of fourteen circuits usually draws `usual_w`."""
    site = replace(connected_site(**more.pop("grid", {})), tariff=tariff)
    built = Street(site, **more)
    usual = {one.id: (usual_w,) * 48 for one in site.circuits}
    built.state = replace(built.state, habits=Habits(loads_w=usual, suns_w=suns))
    return built.lives(310, every_s=10)


def test_what_is_stored_waits_for_the_dear_hours():
    # given ten kW all day, an evening that is a little dearer, and less in the battery than the evening takes
    found = street(DEAR_EVENING, house_w=9800.0, soc_pct=80.0)
    # then at noon it gives nothing
    assert found.battery_w == 0.0
    assert found.state.sent[ROLE].cause.why is Why.DEARER_LATER


def test_in_the_dear_hours_it_serves_the_building():
    found = street(
        replace(DEAR_EVENING, rates=(Rate(window=Window(from_h=11.0, to_h=15.0), buy=0.60),)), house_w=9800.0
    )
    assert abs(found.grid_w) <= found.params.car.deadband_w
    assert found.state.sent[ROLE].cause.why is Why.OWN_USE


def test_it_charges_from_the_grid_where_that_is_cheap_and_no_further_than_the_connection_carries():
    found = street(CHEAP_NOW, house_w=9800.0, soc_pct=65.0, grid={"import_max_w": 20_000.0})
    assert found.state.sent[ROLE].cause.why is Why.CHEAP_ENERGY
    assert -10_200.0 - found.params.car.deadband_w <= found.battery_w <= -10_200.0 + found.params.car.deadband_w


def test_it_never_cycles_for_less_than_its_wear():
    # given hours that differ by less than losses and wear, in a house with no use for more
    narrow = Tariff(buy=0.30, sell=0.05, rates=(Rate(window=Window(from_h=11.0, to_h=15.0), buy=0.28),))
    found = street(narrow, house_w=9800.0, soc_pct=65.0)
    # then nothing is bought to be given later
    assert found.battery_w >= 0.0


@pytest.mark.parametrize(("per_kg", "fills"), [(0.0, False), (0.5, True)])
def test_the_weight_of_co2_moves_a_decision(per_kg: float, fills: bool):
    # given an hour that is as dear as all others, and cleaner by 800 g a kilowatt-hour
    found = street(Tariff(dynamic=True, co2_per_kg=per_kg), house_w=9800.0, soc_pct=65.0)
    now_s = NOON.timestamp() + found.now_s
    clean = Slot(begins_s=now_s - 60.0, ends_s=now_s + 1200.0, buy=0.30, co2_g=50.0)
    dirty = Slot(begins_s=now_s + 1200.0, ends_s=now_s + 20_000.0, buy=0.30, co2_g=850.0)
    found.ask(Prices(source="exchange", told_s=now_s, slots=(clean, dirty))).lives(5)
    # then the battery fills in it where CO2 weighs 40 cents, and not where it weighs nothing
    assert (found.battery_w < 0.0) is fills


@pytest.mark.parametrize("tariff", [None, Tariff(dynamic=True)])
def test_without_a_known_price_it_serves_the_building_as_ever(tariff):
    found = street(tariff, house_w=6000.0)
    assert abs(found.grid_w) <= found.params.car.deadband_w
    assert found.state.sent[ROLE].cause.why is Why.OWN_USE


def test_prices_that_are_told_count_from_the_next_instant_and_end_with_their_last_hour():
    found = street(Tariff(dynamic=True), house_w=9800.0, soc_pct=70.0)
    now_s = NOON.timestamp() + found.now_s
    begins = [now_s + 1200.0 + 3600.0 * hour for hour in range(5)]
    hours = [Slot(begins_s=one, ends_s=one + 3600.0, buy=0.9) for one in begins]
    cheap = Slot(begins_s=now_s - 60.0, ends_s=now_s + 1200.0, buy=0.1)
    # when an exchange tells some cheap minutes before dear hours
    found.ask(Prices(source="exchange", told_s=now_s, slots=(cheap, *hours))).lives(5)
    # then the battery fills
    assert found.battery_w < 0.0
    assert found.state.sent[ROLE].cause.why is Why.CHEAP_ENERGY
    # and when all that was told is over, nobody knows a price and it serves the building
    found.lives(6 * 3600 + 600, every_s=60)
    assert found.state.connection.market.worth is None
    assert found.battery_w > 0.0


def test_sun_is_sold_where_that_brings_more_than_keeping_it():
    generous = Tariff(buy=0.30, sell=0.29)
    found = street(generous, house_w=-8000.0, suns=SUNNY, soc_pct=90.0)
    assert found.battery_w == 0.0
    assert found.state.sent[ROLE].cause.why is Why.SUN_SOLD


def test_an_export_limit_is_kept_by_the_battery_although_selling_pays():
    found = street(
        Tariff(buy=0.30, sell=0.29), house_w=-8000.0, suns=SUNNY, soc_pct=90.0, grid={"export_max_w": 5000.0}
    )
    assert found.grid_w >= -5000.0 - found.params.car.deadband_w
    assert found.state.sent[ROLE].cause.why is Why.LIMIT_AGREED


DEMAND = Tariff(buy=0.25, sell=0.05, demand=(DemandCharge(per_kw=10.0),))


def test_a_peak_that_would_make_the_month_dearer_is_shaved():
    # given a month whose highest quarter was 12 kW
    found = street(DEMAND, house_w=9800.0)
    market = replace(found.state.connection.market, month=2026 * 12 + 6, month_peak_w=12_000.0)
    found.state = replace(found.state, connection=replace(found.state.connection, market=market))
    found.lives(310, every_s=10)
    # when the building draws 20 kW for long
    found.house_w = 20_000.0
    found.lives(1800, every_s=5)
    # then the grid never sees more than that on average
    assert found.state.connection.market.month_peak_w <= 12_100.0
    assert found.grid_w <= 12_300.0


EVENING = (14, 15)


def before_a_peak(soc_pct: float, tariff: Tariff = DEMAND) -> Street:
    """At half past twelve, 4 kW; from two to four it is usually 20, in a month whose highest quarter was 12 kW."""
    found = street(tariff, house_w=4000.0, soc_pct=soc_pct)
    hours_w = tuple((20_000 if hour % 24 in EVENING else 4000) // 14 for hour in range(48))
    found.state = replace(
        found.state, habits=Habits(loads_w=dict.fromkeys(found.state.habits.loads_w, hours_w), suns_w=NO_SUN)
    )
    market = replace(found.state.connection.market, month=2026 * 12 + 6, month_peak_w=12_000.0)
    found.state = replace(found.state, connection=replace(found.state.connection, market=market))
    return found.lives(310, every_s=10)


def test_a_battery_is_filled_in_time_for_a_peak_and_below_it():
    # given 4 kWh above the reserve where the evening will take some 20
    found = before_a_peak(65.0)
    # then it fills, below the month's peak
    assert found.state.sent[ROLE].cause.why is Why.FILLED_FOR_PEAK
    assert 10_000.0 <= found.grid_w <= 12_000.0


def test_what_a_coming_peak_needs_is_not_given_for_money():
    # given 12 kWh above the reserve, and energy that is dear now
    found = before_a_peak(75.0, replace(DEMAND, rates=(Rate(window=Window(from_h=11.0, to_h=13.5), buy=0.9),)))
    assert found.battery_w <= 0.0
    # but a building without such an evening gives
    found.state = replace(
        found.state, habits=Habits(loads_w=dict.fromkeys(found.state.habits.loads_w, (285,) * 48), suns_w=NO_SUN)
    )
    assert found.lives(400, every_s=10).battery_w >= 3500.0


@pytest.mark.parametrize(
    ("house_w", "batteries_w", "room_w"),
    [(6000.0, 0.0, 4000.0), (6000.0, 5000.0, 9000.0), (10_500.0, 4000.0, 0.0), (-3000.0, 0.0, 10_000.0)],
)
def test_what_batteries_give_for_the_peak_is_no_room_for_cars(house_w: float, batteries_w: float, room_w: float):
    # given a peak of 11 kW, below 10 of which all stays that can wait
    memory = ConnectionMemory(market=MarketMemory(target_w=11_000.0, calm_w=10_000.0))
    assert peak_room_w(memory, house_w, batteries_w, 0.0) == room_w
    free = replace(memory, market=replace(memory.market, counts=False))
    assert peak_room_w(free, house_w, batteries_w, 0.0) == inf


def test_the_month_s_peak_is_the_mean_of_a_whole_quarter_however_seldom_hems_looks():
    # given a quarter that drew 10 kW for ten minutes, and 16 kW at the last look
    over = QuarterMemory(begun_s=0.0, drawn_wh=10_000.0 / 6.0, seen_s=600.0, import_w=16_000.0)
    assert quarter.mean_w(over, QuarterMemory(begun_s=900.0)) == pytest.approx(12_000.0)
    # and nothing that flowed after its end counts
    assert quarter.mean_w(over, QuarterMemory(begun_s=1800.0)) == pytest.approx(12_000.0)


def test_what_is_kept_for_the_peak_does_not_stand_against_a_limit():
    # given a building that keeps all it has for a peak to come
    found = street(DEMAND, house_w=9800.0, grid={"import_max_w": 15_000.0})
    kept = {"held_wh": 1e9, "short_wh": 0.0, "target_w": 60_000.0, "solved_s": found.now_s}
    market = replace(found.state.connection.market, **kept)
    found.state = replace(found.state, connection=replace(found.state.connection, market=market))
    found.lives(12)
    assert found.battery_w == 0.0
    # when it draws more than was agreed
    found.house_w = 25_000.0
    found.lives(2)
    # then the battery makes room
    assert found.battery_w >= 10_000.0 - found.params.car.deadband_w


def test_the_reserve_is_not_given_for_any_peak_or_price():
    found = street(replace(DEMAND, buy=5.0), house_w=30_000.0, soc_pct=59.9)
    assert found.lives(60).battery_w <= 0.0


def test_a_grid_that_nobody_can_see_ends_all_trade():
    found = street(CHEAP_NOW, house_w=9800.0, soc_pct=65.0)
    assert found.battery_w < 0.0
    assert found.says(utility(None, None)).lives(15).battery_w == 0.0


def test_on_an_island_nothing_is_done_for_money():
    found = street(CHEAP_NOW, house_w=9800.0, soc_pct=65.0)
    found.says(GRID_DEAD, TIE_OPEN).lives(1)
    told = len(found.commands(ROLE))
    found.lives(60)
    assert len(found.commands(ROLE)) == told


def test_the_rules_take_over_from_a_plan_that_no_other_follows():
    # given dear hours until the evening, and a plan by which what is stored is worth what they cost, and wear
    dear = replace(DEAR_EVENING, rates=(Rate(window=Window(from_h=11.0, to_h=22.0), buy=0.60),))
    found = street(dear, house_w=9800.0)
    step = PlanStep(worth=0.60, battery_w=0.0, net_w=9800.0)
    plan = Plan(begins_s=NOON.timestamp() + found.now_s, step_s=STEP_S, steps=(step,) * 144)
    found.ask(plan).lives(60, every_s=10)
    assert found.state.connection.market.planned
    assert found.battery_w == 0.0
    # when the solver hangs, or is gone, and the plan grows old
    found.lives(round(PLAN_GOOD_S - 360.0), every_s=60)
    assert found.battery_w == 0.0
    found.lives(900, every_s=30)
    # then hems decides as it would without any
    assert not found.state.connection.market.planned
    assert found.state.sent[ROLE].cause.why is Why.OWN_USE
    assert abs(found.grid_w) <= found.params.car.deadband_w


@pytest.mark.parametrize(
    ("age_s", "good"),
    [(-STEP_S, False), (1.0 - STEP_S, True), (0.0, True), (PLAN_GOOD_S, True), (PLAN_GOOD_S + 1.0, False)],
)
def test_a_plan_is_followed_while_it_is_young_and_no_further_ahead_than_a_step(age_s: float, *, good: bool):
    plan = Plan(begins_s=NOON.timestamp() - age_s, step_s=STEP_S, steps=())
    assert (good_plan(MarketMemory(plan=plan), Instant(0.0, NOON)) is plan) is good
    assert good_plan(MarketMemory(plan=plan), Instant(0.0)) is None
