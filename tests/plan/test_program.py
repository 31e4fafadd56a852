"""The plan as a linear program: what a pencil finds too, never worse than the closed form, and the worth of energy."""

from dataclasses import replace

import pytest

from hems.control.dispatch.market import Look
from hems.control.dispatch.store import Store
from hems.control.dispatch.visit import Visit
from hems.control.dispatch.worth import Slot, worth
from hems.model.units import SourceId
from hems.plan.problem import Problem
from hems.plan.program import course, solved

pytest.importorskip("scipy", reason="the plan needs scipy: pip install hems[solver]")

CAR = SourceId("car")
HALF = Store(have_wh=5000.0, full_wh=10_000.0, take_w=5000.0, give_w=5000.0, wear=0.04)


def hours(*ones: Slot) -> tuple[Slot, ...]:
    return tuple(one for one in ones for _ in range(4))


def asked(*days: tuple[Slot, ...], store: Store = HALF, per_kw: float = 0.0, end_worth: float = 0.0) -> Problem:
    look = Look(store=store, days=days, least_target_w=500.0, per_kw=per_kw)
    return Problem(begins_s=0.0, step_s=900.0, look=look, end_worth=end_worth)


def test_it_gives_in_the_dear_hour_what_it_has():
    # given a cheap hour and a dear one of 4 kW, and 4.75 kWh that come out of 5 kWh
    day = hours(Slot(4000.0, 0.20, 0.05), Slot(4000.0, 0.50, 0.05))
    found = course(asked(day), day)
    # then the dear hour is served whole, and the rest of it the cheap one
    assert sum(found.battery_w[4:]) / 4.0 == pytest.approx(4000.0)
    assert sum(found.battery_w[:4]) / 4.0 == pytest.approx(750.0)
    # by pencil: (4 - 0.75) x 0.20 + 4.75 x 0.04
    assert found.cost == pytest.approx(3.25 * 0.20 + 4.75 * 0.04)


def test_it_does_not_cycle_for_less_than_losses_and_wear():
    day = hours(Slot(4000.0, 0.28, 0.05), Slot(4000.0, 0.32, 0.05))
    empty = Store(have_wh=0.0, full_wh=10_000.0, take_w=5000.0, give_w=5000.0, wear=0.04)
    assert course(asked(day, store=empty), day).battery_w == pytest.approx([0.0] * 8)


def test_energy_is_worth_what_the_last_one_served_would_pay():
    day = hours(Slot(4000.0, 0.20, 0.05), Slot(8000.0, 0.50, 0.05), Slot(8000.0, 0.50, 0.05))
    no_refill = Store(have_wh=5000.0, full_wh=10_000.0, take_w=0.0, give_w=5000.0, wear=0.04)
    found = course(asked(day, store=no_refill), day)
    # one more kilowatt-hour in the cells saves 0.95 x (0.50 - 0.04)
    assert found.worth[0] == pytest.approx(0.95 * 0.46, abs=1e-3)


def test_a_peak_that_is_paid_for_is_shaved():
    day = hours(Slot(2000.0, 0.20, 0.05, True), Slot(8000.0, 0.20, 0.05, True))
    found = solved(asked(day, per_kw=10.0))
    # the battery gives 5 kW at most, and has enough for that hour
    assert found.target_w == pytest.approx(3000.0)


def visit(last: int = 8, leaves_wh: float = 9000.0, **more: float) -> Visit:
    """A car; nothing gets lost in it, so that a pencil is enough."""
    return Visit(bay=CAR, last=last, leaves_wh=leaves_wh, most_w=10_000.0, charged=1.0, given=1.0, wear=0.05, **more)


def alone(*days: tuple[Slot, ...], car: Visit, **more: float) -> Problem:
    """Cars without a battery."""
    nothing = Store(have_wh=0.0, full_wh=0.0, take_w=0.0, give_w=0.0, wear=0.04)
    made = asked(*days, store=nothing, per_kw=more.pop("per_kw", 0.0))
    return replace(made, look=replace(made.look, visits=(car,), least_target_w=0.0))


def test_a_car_charges_in_the_cheap_hour_and_has_what_it_needs_when_it_leaves():
    day = hours(Slot(1000.0, 0.50, 0.05), Slot(1000.0, 0.20, 0.05))
    found = course(alone(day, car=visit()), day)
    assert found.cars_w[:4] == pytest.approx([0.0] * 4, abs=1e-6)
    assert -sum(found.cars_w[4:]) / 4.0 == pytest.approx(9000.0)
    # a kilowatt-hour in it is worth what it costs in the hour that is not yet full
    assert found.cars_worth[0][CAR] == pytest.approx(0.20, abs=1e-3)
    # one that leaves before the cheap hour charges in the dear one, whatever that costs
    assert -sum(course(alone(day, car=visit(last=4)), day).cars_w[:4]) / 4.0 == pytest.approx(9000.0)


def test_what_no_charger_can_do_in_time_is_done_as_far_as_it_goes():
    day = hours(Slot(1000.0, 0.50, 0.05), Slot(1000.0, 0.20, 0.05))
    assert -sum(course(alone(day, car=visit(leaves_wh=50_000.0)), day).cars_w) / 4.0 == pytest.approx(20_000.0)


def test_a_car_keeps_below_the_peak_that_is_paid_for():
    day = hours(Slot(8000.0, 0.20, 0.05, True), Slot(1000.0, 0.20, 0.05, True))
    # by pencil: 8 kW are drawn anyhow, and 7 of them are left in the second hour, so 2 kWh lift both: (8 + 1 + 9) / 2
    assert solved(alone(day, car=visit(), per_kw=10.0)).target_w == pytest.approx(9000.0)


def test_a_car_gives_where_the_difference_pays_wear_and_only_what_it_may():
    dear = hours(Slot(4000.0, 0.50, 0.05), Slot(1000.0, 0.20, 0.05))
    full = {"have_wh": 9000.0, "gives_w": 10_000.0}
    found = course(alone(dear, car=visit(**full)), dear)
    # it serves the house, feeds nothing in, and is full again when it leaves
    assert sum(found.cars_w[:4]) / 4.0 == pytest.approx(4000.0)
    assert -sum(found.cars_w[4:]) / 4.0 == pytest.approx(4000.0)
    # not for less than its wear, and not without permission
    even = hours(Slot(4000.0, 0.24, 0.05), Slot(1000.0, 0.20, 0.05))
    assert course(alone(even, car=visit(**full)), even).cars_w == pytest.approx([0.0] * 8, abs=1e-6)
    assert course(alone(dear, car=visit(have_wh=9000.0)), dear).cars_w == pytest.approx([0.0] * 8, abs=1e-6)


def test_what_a_car_holds_of_the_reserve_it_keeps_or_the_battery_holds_it_later():
    day = hours(*[Slot(4000.0, 0.50, 0.05)] * 2, *[Slot(1000.0, 0.20, 0.05)] * 8)
    car = visit(last=40, have_wh=9000.0, gives_w=10_000.0, holds=True)
    free = alone(day, car=car)
    kept = replace(free, look=replace(free.look, shares_reserve=True))
    assert sum(course(free, day).cars_w[:8]) / 4.0 == pytest.approx(8000.0)
    assert max(course(kept, day).cars_w) == pytest.approx(0.0, abs=1e-6)


def test_it_says_what_was_expected_and_how_long_it_reaches():
    poor, good = hours(Slot(4000.0, 0.3, 0.05)), hours(Slot(-4000.0, 0.3, 0.05))
    plan = solved(asked(poor, good))
    assert plan.at(0.0) is not None
    assert plan.at(3599.0) is not None
    assert plan.at(3600.0) is None
    assert plan.steps[0].net_w == -4000.0


def test_the_closed_form_finds_nearly_the_same_worth():
    day = hours(
        *[Slot(1000.0, 0.25, 0.05)] * 6,
        *[Slot(-3000.0, 0.25, 0.05)] * 3,
        *[Slot(2500.0, 0.40, 0.05)] * 6,
    )
    by_solver = course(asked(day, end_worth=worth(HALF, [day])), day).worth[0]
    assert worth(HALF, [day]) == pytest.approx(by_solver, abs=0.08)


def test_what_is_drawn_above_the_limit_comes_before_money():
    # given a dear hour now, one above the limit later, and no way to charge in between
    now, later = Slot(4000.0, 0.90, 0.05, import_w=5000.0), Slot(9000.0, 0.20, 0.05, import_w=5000.0)
    car = replace(visit(leaves_wh=0.0, have_wh=3000.0, gives_w=10_000.0), most_w=0.0)
    found = course(alone(hours(now, later), car=car), hours(now, later))
    # then all of it is kept for that
    assert found.cars_w[:4] == pytest.approx([0.0] * 4, abs=1e-6)
    assert sum(found.cars_w[4:]) / 4.0 == pytest.approx(3000.0)
