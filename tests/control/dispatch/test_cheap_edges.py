"""At what prices a car charges and gives, quarter by quarter; figures to be worked out by hand."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control.dispatch import cheap
from hems.control.dispatch.memory import CarPrices, MarketMemory
from hems.control.dispatch.visit import Visit
from hems.model.tariff import Price
from hems.model.units import SourceId

A, B = SourceId("a"), SourceId("b")
EVEN = 0.005
COSTS = [0.40, 0.10, 0.30, 0.20, 0.50, 0.60]
WIDE = [99_000.0] * 6


def car(wh: float = 0.0, bay: SourceId = A, **more: Any) -> Visit:
    """It takes 1 kWh in a quarter of an hour, of 5 kW four fifths; what it needs is counted at the socket."""
    return Visit(
        bay=bay,
        **{"last": 6, "leaves_wh": 0.8 * wh, "most_w": 5000.0, "charged": 0.8, "given": 0.5, "wear": 0.03} | more,
    )


def below(*cars: Visit, rooms: list[float] | None = None) -> dict[SourceId, float]:
    return {bay: one.charge_below for bay, one in cheap.prices(cars, COSTS, rooms or WIDE).items()}


@pytest.mark.parametrize(
    ("one", "dearest"),
    [
        pytest.param(car(1000.0), 0.30, id="one quarter, and two to spare"),
        pytest.param(car(1001.0), 0.40, id="a little more"),
        pytest.param(car(500.0), 0.30, id="half of one"),
        pytest.param(car(0.5), 0.30, id="next to nothing"),
        pytest.param(car(0.0), -inf, id="nothing"),
        pytest.param(car(1000.0, last=3), 0.40, id="it leaves after three"),
        pytest.param(car(1000.0, last=2), inf, id="it leaves after two"),
        pytest.param(car(4000.0), 0.60, id="all of them"),
        pytest.param(car(4001.0), inf, id="more than all of them"),
    ],
)
def test_a_car_charges_up_to_the_price_of_the_dearest_quarter_that_it_needs(one: Visit, dearest: float):
    assert below(one) == {A: dearest + EVEN}


@pytest.mark.parametrize(
    ("rooms", "dearest"),
    [
        pytest.param([99e3, 4000.0, 99e3, 99e3, 99e3, 99e3], 0.30, id="just room enough"),
        pytest.param([99e3, 3999.0, 99e3, 99e3, 99e3, 99e3], 0.40, id="not quite"),
        pytest.param([99e3, -5000.0, 99e3, 99e3, 99e3, 99e3], 0.40, id="less than none in the cheapest"),
        pytest.param([99e3, 99e3, 0.0, 99e3, 99e3, 99e3], 0.40, id="none in one of them"),
    ],
)
def test_only_where_there_is_room(rooms: list[float], dearest: float):
    assert below(car(1000.0), rooms=rooms) == {A: dearest + EVEN}


def test_who_comes_first_takes_the_room_first():
    rooms = [99e3, 6000.0, 6000.0, 6000.0, 99e3, 99e3]
    # 1,500 Wh in each of the cheap ones: the first car takes 1,000 of them, the second the rest
    assert below(car(1000.0), car(0.0 + 1.0, B), rooms=rooms) == {A: 0.30 + EVEN, B: 0.40 + EVEN}


def test_a_car_that_is_not_here_yet_takes_its_room_and_has_no_price():
    found = below(car(1000.0, B, first=1), car(1000.0), rooms=[99e3, 4000.0, 4000.0, 4000.0, 99e3, 99e3])
    assert found == {A: 0.60 + EVEN}


def test_giving_pays_above_what_it_costs_to_charge_again():
    # it has 1,200 Wh, at the socket 1,500: with what it needs and what is to spare five quarters, the dearest at 0.50
    found = cheap.prices([car(2500.0, have_wh=1200.0, gives_w=3000.0)], COSTS, WIDE)[A]
    assert found.charge_below == pytest.approx(0.30 + EVEN)
    assert found.give_above == pytest.approx(0.50 / 0.4 + 0.03 + EVEN)
    assert found.keeps_wh == 0.0


def test_a_car_that_needs_nothing_gives_above_the_price_of_what_it_has():
    found = cheap.prices([car(0.0, have_wh=1600.0, gives_w=3000.0)], COSTS, WIDE)[A]
    assert found.charge_below == -inf
    assert found.give_above == pytest.approx(0.20 / 0.4 + 0.03 + EVEN)


def test_a_car_that_may_not_give_never_does():
    assert cheap.prices([car(1000.0, have_wh=800.0)], COSTS, WIDE)[A].give_above == inf


def test_by_the_plan_it_is_what_the_cells_are_worth():
    cars = [car(1000.0), car(1000.0, B), car(1000.0, SourceId("c"), first=1)]
    found = cheap.planned(cars, {A: 0.4, SourceId("c"): 0.4})
    assert found == {A: CarPrices(charge_below=0.4 * 0.8 + EVEN, give_above=0.4 / 0.5 + 0.03 + EVEN)}


def market(cost: float | None = 0.30, keeps_wh: float = 0.0) -> MarketMemory:
    cars = {A: CarPrices(charge_below=0.25, give_above=0.29, keeps_wh=keeps_wh)}
    return MarketMemory(now=Price(buy=cost, sell=0.0), cars=cars)


@pytest.mark.parametrize(("cost", "waits"), [(0.26, {A}), (0.25, set()), (0.24, set()), (None, set())])
def test_who_waits_for_cheaper_hours(cost: float | None, waits: set[SourceId]):
    assert set(cheap.waiting(market(cost), [A, B])) == waits


def test_nobody_waits_where_there_is_no_price():
    assert not cheap.waiting(replace(market(), now=None), [A])


@pytest.mark.parametrize(
    ("there", "bay", "have_wh", "pays"),
    [
        pytest.param(market(0.30), A, 0.0, True, id="dear enough"),
        pytest.param(market(0.29), A, 0.0, False, id="just as dear"),
        pytest.param(market(None), A, 0.0, False, id="nobody knows the price"),
        pytest.param(replace(market(), now=None), A, 0.0, False, id="there is no price"),
        pytest.param(market(), B, 0.0, False, id="a car without prices"),
        pytest.param(market(0.30, 500.0), A, 500.0, False, id="kept for the limit"),
        pytest.param(market(0.30, 500.0), A, 501.0, True, id="above what is kept"),
        pytest.param(market(0.28, 500.0), A, 501.0, False, id="above what is kept, and cheap"),
        pytest.param(market(0.30, 0.5), A, 0.0, False, id="next to nothing is kept"),
        pytest.param(market(0.30, inf), A, 9999.0, False, id="all of it is kept"),
    ],
)
def test_when_giving_pays(there: MarketMemory, bay: SourceId, have_wh: float, pays: bool):
    assert cheap.pays(there, bay, have_wh) is pays
