"""What cars need before they leave: who must charge now, and that all of them are ready in time."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hems.control.cars import usual
from hems.control.cars.memory import BayMemory, Usual
from hems.control.dispatch.departure import SAFE, Late, Need, in_order, late
from hems.model import wiring
from hems.model.cause import Why
from hems.model.request import CarWish
from hems.model.units import SourceId
from tests.control.dispatch.street import Street, connected_site

HOUR_S = 3600.0
BAY_1, BAY_2 = SourceId("bay_1"), SourceId("bay_2")


def need(name: str, kwh: float, hours: float, most_w: float = 11_000.0) -> Need:
    return Need(SourceId(name), 1000.0 * kwh, hours * HOUR_S, most_w, True)


def test_with_time_enough_nobody_must_charge():
    assert late([need("bay_1", 20.0, 10.0)], 11_000.0, 0.0) == {}


def test_who_needs_all_the_time_that_is_left_charges_now_and_is_ready():
    # given 8.8 kWh an hour that are counted on, and half an hour of margin
    found = late([need("bay_1", 19.0, 2.5)], 50_000.0, 0.0)
    assert found[BAY_1].fits


def test_cars_that_fit_one_by_one_but_not_together_begin_before():
    alone = need("bay_1", 20.0, 6.0)
    assert late([alone], 11_000.0, 0.0) == {}
    together = [alone, need("bay_2", 32.0, 6.0)]
    assert set(late(together, 11_000.0, 0.0)) & {BAY_1, BAY_2}
    assert all(one.fits for one in late(together, 11_000.0, 0.0).values())


def test_what_no_longer_fits_is_said():
    assert not late([need("bay_1", 40.0, 2.0)], 50_000.0, 0.0)[BAY_1].fits


def test_a_car_that_leaves_in_minutes_is_served_before_one_that_takes_all_night():
    soon, night = need("bay_1", 1.0, 0.2), need("bay_2", 90.0, 11.0)
    must = {one.bay: Late(one, one.wh, fits=True) for one in (night, soon)}
    assert in_order(must, {BAY_2}, 0.0) == [BAY_1, BAY_2]


def test_a_car_that_can_no_longer_be_ready_takes_nothing_from_one_that_leaves_before_it_and_can():
    never, soon = need("bay_1", 300.0, 6.0), need("bay_2", 8.0, 1.0)
    must = {one.bay: Late(one, one.wh, fits=one is soon) for one in (never, soon)}
    assert in_order(must, {BAY_1}, 0.0) == [BAY_2, BAY_1]


def test_cars_that_have_about_as_much_time_do_not_take_turns_each_second():
    # given two cars of which only one can charge at a time
    left = {BAY_1: 30_000.0, BAY_2: 30_000.0}
    going, turns = BAY_1, 0
    for now_s in range(0, 3 * 3600, 10):
        must = {bay: Late(need(bay, left[bay] / 1000.0, 7.5), left[bay], fits=True) for bay in left}
        first = in_order(must, {going}, float(now_s))[0]
        turns, going = turns + (first is not going), first
        left[first] -= 11_000.0 * 10.0 / HOUR_S
    assert turns <= 3 * 3600 / 450


@given(
    st.lists(st.tuples(st.floats(1.0, 60.0), st.floats(1.0, 9.0)), min_size=1, max_size=4),
    st.floats(4_000.0, 60_000.0),
)
@example([(1.5, 2.0)] * 4, 7500.0)
@settings(max_examples=200)
def test_whoever_waits_until_it_must_is_ready_with_what_was_counted_on(cars: list[tuple[float, float]], room_w: float):
    # given cars that are not late now, and a connection that leaves what was counted on and no more
    wanted = sorted((need(f"bay_{n}", *one) for n, one in enumerate(cars)), key=lambda one: one.by_s)
    if late(wanted, room_w, 0.0):
        return
    left, going = {one.bay: one.wh for one in wanted}, set[SourceId]()
    now_s, step_s = 0.0, 600.0
    # when only those charge that must, whoever has least time to lose first
    while now_s < 9.2 * HOUR_S:
        todo = [replace(one, wh=left[one.bay]) for one in wanted if left[one.bay] > 100.0 and one.by_s > now_s]
        must, spare_w = late(todo, room_w, now_s), SAFE * room_w
        order, going = in_order(must, going, now_s), set()
        for bay in order:
            power_w = min(SAFE * must[bay].need.most_w, spare_w, left[bay] * HOUR_S / step_s)  # then it is full
            spare_w -= power_w
            left[bay] -= power_w * step_s / HOUR_S
            going |= {bay} if power_w else set()
        # then each leaves with what it needs
        now_s += step_s
        assert all(left[one.bay] <= 300.0 for one in wanted if one.by_s <= now_s)


def sunny_street(**more: float) -> Street:
    """A house of 10 kW whose first bay charges from the sun first."""
    site = connected_site()
    bays = tuple(replace(one, sun_first=one.id == BAY_1) for one in site.bays)
    return Street(replace(site, bays=bays), **more).plug("bay_1", soc_pct=60.0)


def says(street: Street, **wish: float) -> Street:
    return street.ask(CarWish(bay=BAY_1, who="Ana", **wish)) and street


def why(street: Street) -> Why:
    return street.state.sent[wiring.bay_power(BAY_1)].cause.why


def test_a_car_that_waits_for_the_sun_charges_at_once_while_nobody_knows_when_it_leaves():
    street = sunny_street().lives(20)
    assert street.car_w("bay_1") < -5000.0
    assert why(street) is Why.CHARGE_ON_GRID


def test_it_waits_when_there_is_time_and_charges_in_time_and_the_screen_says_why():
    # given a car at 60 % of 60 kWh that leaves in six hours and shall be at 80 %: 13.3 kWh
    street = says(sunny_street(), leaves_in_s=6.0 * HOUR_S, target_pct=80.0).lives(20)
    assert (street.car_w("bay_1"), why(street)) == (0.0, Why.CHARGE_WAITS_FOR_SUN)
    # when two hours are left
    says(street, leaves_in_s=2.0 * HOUR_S).lives(20)
    # then it charges
    assert street.car_w("bay_1") == -11_000.0
    assert why(street) is Why.CHARGE_TO_LEAVE
    # and what is not possible any more is said
    says(street, leaves_in_s=0.5 * HOUR_S).lives(20)
    assert why(street) is Why.CHARGE_TOO_LATE
    assert float(street.state.sent[wiring.bay_power(BAY_1)].cause.facts["missing_wh"]) > 5000.0


def test_from_the_sun_it_charges_after_a_minute_of_surplus_and_a_cloud_does_not_stop_it():
    # given a car that has time, and a roof that gives 8 kW more than the house draws
    street = says(sunny_street(), leaves_in_s=12.0 * HOUR_S).lives(20)
    street.house_w = -8000.0
    street.soc_pct = 99.9  # the battery is full
    street.lives(45)
    assert street.car_w("bay_1") == 0.0
    street.lives(40)
    assert street.car_w("bay_1") == pytest.approx(-8000.0, abs=400.0)
    assert why(street) is Why.CHARGE_FROM_SUN
    # when a cloud passes, it goes on with the least; when it stays, the car waits again
    street.house_w = 3000.0
    street.lives(60)
    assert street.car_w("bay_1") == -1380.0
    street.lives(660, every_s=10)
    assert street.car_w("bay_1") == 0.0


# What is usual -------------------------------------------------------------------------------------------------------

MONDAY = datetime(2026, 11, 16, 7, 40)


def visits(*left_h: float) -> Usual:
    """A car that has left on working days at these hours, with 10 kWh more each."""
    known = usual.NEVER
    for day, hour in enumerate(left_h):
        local = MONDAY.replace(hour=0, minute=0) + timedelta(days=day % 5, hours=hour)
        known = usual.left(known, BayMemory(plugged_since_s=0.0, taken_wh=10_000.0 + day), local)
    return known


def test_a_car_whose_driver_tells_nothing_leaves_as_early_as_one_in_five_did():
    known = visits(7.5, 8.0, 7.0, 9.0, 8.5)
    assert usual.leaves(known, MONDAY.replace(hour=1)) == MONDAY.replace(hour=7, minute=30)
    # later that day it is the next morning's; on a Friday evening nobody knows
    assert usual.leaves(known, MONDAY.replace(hour=20)) == MONDAY.replace(day=17, hour=7, minute=30)
    assert usual.leaves(known, MONDAY.replace(day=20, hour=20)) is None
    assert usual.leaves(known, MONDAY.replace(day=21, hour=20)) == MONDAY.replace(day=23, hour=7, minute=30)
    assert usual.leaves(known, MONDAY.replace(hour=7, minute=30)) == MONDAY.replace(day=17, hour=7, minute=30)
    assert usual.leaves(visits(7.5, 8.0, 7.0), MONDAY) is None


def test_twenty_visits_are_remembered():
    known = visits(*(float(hour) for hour in range(21)))
    assert (len(known.departures), len(known.taken_wh), known.taken_wh[0]) == (20, 20, 10_001.0)
    come = arrivals(*(float(hour) for hour in range(21)))
    assert {len(come.arrivals), len(come.spare_wh), len(come.came_on)} == {20}


def test_what_a_visit_takes_is_no_less_than_four_in_five_took():
    assert usual.takes_wh(visits(7.0, 7.0, 7.0, 7.0, 7.0)) == 10_004.0
    assert usual.takes_wh(visits(*(7.0,) * 10)) == 10_008.0
    assert usual.takes_wh(visits(7.0, 7.0, 7.0)) is None


def arrivals(*hours: float | None) -> Usual:
    """A car that has come at these hours from a Monday on, with 9 kWh to spare and more each day; None: it did not."""
    known = usual.NEVER
    for day, hour in enumerate(hours):
        if hour is not None:
            local = MONDAY.replace(hour=0, minute=0) + timedelta(days=day, hours=hour)
            known = usual.came(known, 9000.0 + 1000.0 * day, local)
    return known


@pytest.mark.parametrize(
    ("hours", "at", "in_h"),
    [
        ([17.5, 18.0, 17.0, 18.5], 16.0, 2.5),  # on the Friday it is home by half past six
        ([17.5, 18.0, 17.0, 18.5], 20.0, 22.5),  # the Saturday as on every day that was seen
        ([17.5, None, 17.0, 18.5], 16.0, None),  # it does not come each day
        ([17.5, 18.0, 17.0], 16.0, None),  # nobody knows it yet
    ],
)
def test_a_car_that_is_as_good_as_certain_to_come_home_is_expected(
    hours: list[float | None], at: float, in_h: float | None
):
    friday = MONDAY.replace(hour=0, minute=0) + timedelta(days=4, hours=at)
    assert usual.comes_h(arrivals(*hours), friday) == in_h


def test_a_car_that_left_in_a_power_cut_is_not_expected_until_it_is_back():
    known = arrivals(17.5, 18.0, 17.0, 18.5)
    friday = MONDAY.replace(hour=16, minute=0) + timedelta(days=4)
    gone = usual.left(known, BayMemory(plugged_since_s=0.0), friday, in_cut=True)
    assert usual.comes_h(gone, friday) is None
    assert usual.comes_h(usual.came(gone, 0.0, friday), friday + timedelta(minutes=1)) is not None


def test_what_a_car_brings_is_told_for_a_poor_a_middling_and_a_good_case():
    assert usual.brings_wh(arrivals(17.5, 18.0, 17.0, 18.5, 17.0, 17.0)) == (9500.0, 11_500.0, 13_500.0)


def test_a_bay_learns_from_what_it_sees():
    # given four mornings at which the same car leaves, on a street that lives
    street = sunny_street()
    for _ in range(2):
        street.lives(3600, every_s=600)
        street.plugged.clear()
        street.lives(600, every_s=300)
        street.plug("bay_1", soc_pct=60.0).lives(600, every_s=300)
    known = street.state.usual
    assert len(known.get(BAY_1, usual.NEVER).departures) in (0, 2)
