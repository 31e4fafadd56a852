"""Batteries counted as one."""

from dataclasses import replace

import pytest

from hems.control.dispatch.store import store
from hems.model import wiring
from hems.model.units import SourceId
from tests.control.panel import snapshot
from tests.given import flats

ONE = replace(
    flats().batteries[0], capacity_wh=40_000.0, charge_max_w=9000.0, discharge_max_w=8000.0, wear_per_kwh=0.02
)
OTHER = replace(ONE, id=SourceId("other"), capacity_wh=10_000.0, wear_per_kwh=0.05)


def charged(one_pct: float | None, other_pct: float | None):
    values = {wiring.battery_soc(ONE.id): one_pct, wiring.battery_soc(OTHER.id): other_pct}
    return store((ONE, OTHER), (50.0, 20.0), snapshot(replace(flats(), batteries=(ONE, OTHER)), values), 0.0)


def test_it_has_what_each_holds_above_its_reserve_and_room_for_the_rest():
    made = charged(60.0, 10.0)
    assert made is not None
    assert (made.have_wh, made.full_wh) == pytest.approx((4000.0, 20_000.0 + 8000.0))
    assert (made.take_w, made.give_w, made.wear) == (18_000.0, 16_000.0, 0.05)


def test_while_one_does_not_tell_its_charge_nobody_knows():
    assert charged(60.0, None) is None
