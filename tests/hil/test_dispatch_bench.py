"""The dispatch bench: its bound is one, its books balance, and the real controller plays in it."""

from dataclasses import replace

import pytest

from hil.bench_dispatch import Run, least, rest, steer, table
from hil.dispatch_house import cost, departures
from hil.dispatch_weeks import BEFORE_S, week

pytest.importorskip("scipy", reason="the bound needs scipy: pip install hems[solver]")


def test_the_same_seed_is_the_same_week_and_another_one_is_not():
    assert week(5).title == week(5).title
    assert week(5).title != week(11).title
    assert week(5).net_w(BEFORE_S) == week(5).net_w(BEFORE_S)


@pytest.mark.long
def test_nobody_pays_less_than_the_least_and_hems_less_than_a_battery_that_rests_with_cars_ready_all_the_same():
    # given a day and a half of a time-of-use week with a car that comes in the evening and leaves in the morning
    case = week(1, days=2, cars=1)
    (stay,) = case.visits
    bound, resting = least(case), cost(case, rest(case).bill)
    assert least(replace(case, visits=())) < bound
    # when the real controller plays it without a solver
    plant = steer(case, priced=True)
    bill = plant.bill
    # then it pays something between the two, nearer to the least, and has kept its reserve
    assert bound <= cost(case, bill) < resting
    assert cost(case, bill) - bound < 0.5 * (resting - bound)
    assert bill.least_above_pct >= -0.1
    assert plant.beyond.times == 0
    # and the car had what its driver wants
    wanted_wh, had_wh = departures(case, bill)
    assert wanted_wh == stay.stored_wh > 0.0
    assert had_wh >= 0.99 * wanted_wh


def test_the_exchange_tells_no_more_than_it_has_told():
    case = week(2)
    noon, afternoon = case.told_at(BEFORE_S + 12 * 3600.0), case.told_at(BEFORE_S + 13.5 * 3600.0)
    assert noon is not None
    assert afternoon is not None
    assert len(afternoon.slots) - len(noon.slots) == 24


def test_the_table_is_by_energy_not_by_week():
    one = Run(
        policy="hems", seed=1, title="", kind="flat", cost=102.0, least=100.0, peak_kw=5.0, self_used=0.5,
        given_kwh=10.0, wanted_kwh=0.0, had_kwh=0.0, reserve_touched=False, beyond=2, beyond_wh=25.0, took_s=1.0,
    )  # fmt: skip
    text = table([one, replace(one, cost=330.0, least=300.0)])
    assert "| 8.0 % | 10.0 % |" in text
    assert "| 0 | 4, 0.05 kWh |" in text
