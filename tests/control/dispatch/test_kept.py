"""What is kept for the connection's limit, by pencil."""

from math import inf
from typing import Any

import pytest

from hems.control.dispatch.kept import kept, over_w
from hems.control.dispatch.store import Store
from hems.control.dispatch.visit import Visit
from hems.control.dispatch.worth import Slot
from hems.model.units import SourceId

NONE = Store(have_wh=0.0, full_wh=0.0, take_w=0.0, give_w=0.0, wear=0.0)
# 4 kW too much for an hour, with something to spare: 1.1 x 40 kW less 0.97 of the limit
QUIET, HEAVY = Slot(10_000.0, 0.3, 0.0, import_w=40_000.0 / 0.97), Slot(40_000.0, 0.3, 0.0, import_w=40_000.0 / 0.97)
EVENING = (*[QUIET] * 4, *[HEAVY] * 4, *[QUIET] * 80)


def car(bay: str, have_wh: float, **more: Any) -> Visit:
    return Visit(
        bay=SourceId(bay),
        **{"last": 40, "leaves_wh": 0.0, "most_w": 1e4, "gives_w": 1e4, "given": 0.8} | more,
        have_wh=have_wh,
    )


def test_cars_keep_in_proportion_what_the_evening_will_take():
    assert over_w(HEAVY) == pytest.approx(4000.0)
    found = kept(NONE, [car("a", 20_000.0), car("b", 10_000.0)], EVENING).cars_wh
    # 4 kWh at the socket are 5 in the cells
    assert found == pytest.approx({"a": 5000.0 * 2 / 3, "b": 5000.0 / 3})


def test_one_that_is_not_there_then_keeps_nothing_and_one_that_has_too_little_keeps_all():
    assert kept(NONE, [car("a", 20_000.0, last=4)], EVENING).cars_wh == {"a": 0.0}
    assert kept(NONE, [car("a", 4000.0)], EVENING).cars_wh == {"a": inf}
    # who may not give, or is yet to come, is not counted on
    others = [car("b", 20_000.0, gives_w=0.0), car("c", 0.0, first=2)]
    assert kept(NONE, [car("a", 20_000.0), *others], EVENING).cars_wh == pytest.approx({"a": 5000.0})


def test_batteries_come_first_and_cars_keep_the_rest():
    battery = Store(have_wh=9000.0, full_wh=9000.0, take_w=3000.0, give_w=3000.0, wear=0.0, given=0.9)
    found = kept(battery, [car("a", 20_000.0)], EVENING)
    assert found.batteries_wh == pytest.approx(3000.0 / 0.9)
    assert found.cars_wh == pytest.approx({"a": 1000.0 / 0.8})
