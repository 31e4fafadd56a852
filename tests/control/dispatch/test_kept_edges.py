"""What is kept for the connection's limit, quarter by quarter; figures to be worked out by hand."""

from math import inf
from typing import Any

import pytest

from hems.control.dispatch.kept import kept, over_w
from hems.control.dispatch.store import Store
from hems.control.dispatch.visit import Visit
from hems.control.dispatch.worth import Slot
from hems.model.units import SourceId

A, B = SourceId("a"), SourceId("b")


def over(watts: float) -> Slot:
    """A quarter of an hour in which so much is too much: of 1.1 x 50 kW less 0.97 of the limit."""
    return Slot(50_000.0, 0.3, 0.0, import_w=(55_000.0 - watts) / 0.97)


def battery(have_wh: float = 0.0, give_w: float = 8000.0, given: float = 0.8) -> Store:
    return Store(have_wh=have_wh, full_wh=50_000.0, take_w=0.0, give_w=give_w, wear=0.0, given=given)


def car(bay: SourceId = A, have_wh: float = 10_000.0, **more: Any) -> Visit:
    settings = {"last": 100, "leaves_wh": 0.0, "most_w": 1e4, "gives_w": 8000.0, "given": 0.8} | more
    return Visit(bay=bay, have_wh=have_wh, **settings)


@pytest.mark.parametrize(("net_w", "import_w", "watts"), [(50_000.0, 50_000.0, 6500.0), (40_000.0, 50_000.0, 0.0)])
def test_a_tenth_more_than_is_usual_above_97_percent_of_the_limit(net_w: float, import_w: float, watts: float):
    assert over_w(Slot(net_w, 0.3, 0.0, import_w=import_w)) == pytest.approx(watts)


@pytest.mark.parametrize(
    ("store", "slots", "wh"),
    [
        pytest.param(battery(20_000.0), [over(4000.0)], 1250.0, id="a kilowatt-hour, losses counted"),
        pytest.param(battery(20_000.0), [over(4000.0), over(-9.0), over(2000.0)], 1875.0, id="more of it later"),
        pytest.param(battery(20_000.0, give_w=2000.0), [over(4000.0)], 625.0, id="no more than it gives"),
        pytest.param(battery(1000.0), [over(4000.0)], 1000.0, id="no more than it has"),
        pytest.param(battery(20_000.0), [over(0.0)] * 95 + [over(4000.0)], 1250.0, id="at the end of a day"),
        pytest.param(battery(20_000.0), [over(0.0)] * 96 + [over(4000.0)], 0.0, id="after a day"),
    ],
)
def test_batteries_keep_what_the_limit_will_take(store: Store, slots: list[Slot], wh: float):
    assert kept(store, [], slots).batteries_wh == pytest.approx(wh, abs=1e-6)


@pytest.mark.parametrize(
    ("visits", "slots", "cars_wh"),
    [
        pytest.param([car()], [over(4000.0)], {A: 1250.0}, id="one car"),
        pytest.param([car(), car(B, 30_000.0)], [over(8000.0)], {A: 625.0, B: 1875.0}, id="in proportion"),
        pytest.param([car(gives_w=400.0)], [over(4000.0)], {A: 125.0}, id="no more than it gives"),
        pytest.param([car(have_wh=1000.0)], [over(4000.0)], {A: inf}, id="all of it"),
        pytest.param([car(have_wh=1251.0)], [over(4000.0)], {A: inf}, id="all but a watt-hour"),
        pytest.param([car(have_wh=1252.0)], [over(4000.0)], {A: 1250.0}, id="all but two"),
        pytest.param([car(have_wh=1000.0)], [over(4000.0)] * 2, {A: inf}, id="all of it, and more is needed"),
        pytest.param([car(last=1)], [over(4000.0), over(4000.0)], {A: 1250.0}, id="until it leaves"),
        pytest.param([car(last=2)], [over(4000.0), over(4000.0)], {A: 2500.0}, id="until it leaves later"),
        pytest.param([car(first=1)], [over(4000.0)], {}, id="it is not here yet"),
        pytest.param([car(gives_w=0.0)], [over(4000.0)], {}, id="it may not give"),
        pytest.param([car(have_wh=0.0)], [over(4000.0)], {}, id="it has nothing"),
        pytest.param([car(have_wh=0.5)], [over(0.0)], {A: inf}, id="it has next to nothing"),
        pytest.param([car(gives_w=0.5)], [over(0.0)], {A: 0.0}, id="nothing is needed"),
    ],
)
def test_cars_keep_each_its_part(visits: list[Visit], slots: list[Slot], cars_wh: dict[SourceId, float]):
    assert kept(battery(), visits, slots).cars_wh == pytest.approx(cars_wh, abs=1e-6)


def test_batteries_give_first_and_cars_what_is_left():
    found = kept(battery(1000.0), [car()], [over(8000.0)])
    assert (found.batteries_wh, found.cars_wh[A]) == (1000.0, pytest.approx(1500.0))
