"""More is kept for power cuts in winter, and where they were long."""

from dataclasses import replace

import pytest

from hems.control.dispatch.reserve import long_h, present
from hems.control.memory.using import Habits
from hems.control.state import initial
from hems.model.site import Site
from tests.control.dispatch.street import Street, connected_site

JANUARY_H, JULY_H = 24 * 10, 24 * 190


def site(**changes: object) -> Site:
    made = connected_site(reserve_pct=40.0)
    return replace(made, batteries=(replace(made.batteries[0], **changes),))  # type: ignore[arg-type]


def kept_pct(made: Site, hour: int, *cuts_h: float) -> float | None:
    habits = Habits(hour=hour, cuts_h=cuts_h, loads_w={one.id: (500,) * 48 for one in made.circuits})
    return present(made, replace(initial(0.0), habits=habits))[0].reserve_pct


@pytest.mark.parametrize(("hour", "kept"), [(JANUARY_H, 80.0), (JULY_H, 40.0), (-1, 80.0)])
def test_winter_keeps_more_and_so_does_an_unknown_month(hour, kept):
    assert kept_pct(site(reserve_winter_pct=80.0), hour) == kept


def test_long_cuts_of_its_own_raise_it_and_short_ones_do_not_lower_it():
    made = site(reserve_by_history=True)
    assert kept_pct(made, JULY_H) == 40.0
    assert kept_pct(made, JULY_H, 0.5, 0.5) == 40.0
    # nine circuits that matter, 500 W each, for ten hours: 47 kWh of 80, and what the inverter never gives
    found = kept_pct(made, JULY_H, *[10.0] * 5)
    assert found == pytest.approx(100.0 * 9 * 500.0 * 10.0 / 0.95 / 80_000.0 + 5.0)
    assert kept_pct(made, JULY_H, *[100.0] * 5) == 90.0


def test_one_cut_in_five_may_have_been_longer():
    assert long_h([1.0, 2.0, 3.0, 4.0, 50.0, 1.0, 1.0, 1.0, 1.0, 1.0]) < 50.0


def test_the_battery_on_the_grid_heeds_it():
    street = Street(site(reserve_winter_pct=75.0, winter_months=(6,)), house_w=6000.0, soc_pct=74.0).lives(20)
    assert street.battery_w <= 0.0
