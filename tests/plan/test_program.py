"""The plan as a linear program: what a pencil finds too, never worse than the closed form, and the worth of energy."""

import pytest

from hems.control.dispatch.market import Look
from hems.control.dispatch.store import Store
from hems.control.dispatch.worth import Slot, worth
from hems.plan.problem import Problem
from hems.plan.program import course, solved

pytest.importorskip("scipy", reason="the plan needs scipy: pip install hems[solver]")

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
