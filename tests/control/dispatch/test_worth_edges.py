"""What stored energy is worth, what peak is kept with it, and what that takes; figures to be worked out by hand."""

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from hems.control.dispatch.store import Store
from hems.control.dispatch.visit import Visit
from hems.control.dispatch.worth import Slot, held_wh, target_w, worth
from hems.model.units import SourceId


def store(have_wh: float, **more: Any) -> Store:
    """A served quarter of an hour of 4 kW takes 1,250 Wh out of it; one of filling brings 900 Wh."""
    settings = {"full_wh": 10_000.0, "take_w": 4000.0, "give_w": 4000.0, "wear": 0.04, "charged": 0.9, "given": 0.8}
    return Store(have_wh=have_wh, **settings | more)


def draws(cost: float, net_w: float = 4000.0, gain: float = 0.0) -> Slot:
    return Slot(net_w, cost, gain)


DEAR, LESS, CHEAP = draws(0.50), draws(0.30), draws(0.10, 0.0, 0.10)
AT_DEAR, AT_LESS, AT_CHEAP = (0.50 - 0.04) * 0.8, (0.30 - 0.04) * 0.8, 0.10 / 0.9
"""What it is worth if the last kilowatt-hour is given in such an hour, or bought in the cheap one."""
SUN = Slot(-4000.0, 0.50, 0.05)
AT_SUN = 0.05 / 0.9


@pytest.mark.parametrize(
    ("batteries", "slots", "found"),
    [
        pytest.param(store(1250.0), [DEAR, LESS], AT_DEAR, id="gone in the dearest hour"),
        pytest.param(store(1251.0), [DEAR, LESS], AT_LESS, id="not quite gone"),
        pytest.param(store(1250.0), [LESS, DEAR], 0.30 / 0.9, id="bought in the dear hour for the dearest"),
        pytest.param(store(2501.0), [DEAR, LESS], 0.0, id="enough for all"),
        pytest.param(store(625.0, give_w=2000.0), [DEAR, LESS], AT_DEAR, id="as fast as it gives"),
        pytest.param(store(626.0, give_w=2000.0), [DEAR, LESS], AT_LESS, id="as fast as it gives, not quite gone"),
        pytest.param(store(625.0), [draws(0.5, 2000.0), LESS], AT_DEAR, id="as much as is drawn"),
        pytest.param(store(626.0), [draws(0.5, 2000.0), LESS], AT_LESS, id="as much as is drawn, not quite gone"),
        pytest.param(store(350.0), [CHEAP, DEAR, LESS], AT_DEAR, id="bought before"),
        pytest.param(store(351.0), [CHEAP, DEAR, LESS], AT_LESS, id="bought before, not quite gone"),
        pytest.param(store(800.0, take_w=2000.0), [SUN, DEAR, LESS], AT_DEAR, id="sun, as fast as it takes"),
        pytest.param(store(801.0, take_w=2000.0), [SUN, DEAR, LESS], AT_LESS, id="sun, as fast, not quite gone"),
        pytest.param(store(800.0), [Slot(-2000.0, 0.5, 0.05), DEAR, LESS], AT_DEAR, id="as much sun as there is"),
        pytest.param(store(801.0), [Slot(-2000.0, 0.5, 0.05), DEAR, LESS], AT_LESS, id="as much sun, not quite gone"),
        pytest.param(store(1250.0), [Slot(-4000.0, 0.5, 0.6), DEAR, LESS], AT_DEAR, id="the sun is sold"),
        pytest.param(store(1251.0), [Slot(0.0, 0.5, 0.0), DEAR, LESS], AT_LESS, id="an hour without sun fills nothing"),
        pytest.param(store(9100.0), [CHEAP, *[DEAR] * 12], AT_CHEAP, id="full before it is empty"),
        pytest.param(store(9099.0), [CHEAP, *[DEAR] * 12], AT_DEAR, id="not quite full"),
        pytest.param(store(9100.0), [SUN, *[DEAR] * 12], AT_SUN, id="full of sun"),
        pytest.param(store(10_000.0), [DEAR, LESS], 0.0, id="full"),
        pytest.param(store(1250.0, given=1.0, wear=0.0), [DEAR, *[DEAR] * 2], 0.50, id="nothing is lost or worn"),
        pytest.param(store(9100.0), [Slot(-4000.0, 0.5, -0.2), *[DEAR] * 12], -0.2, id="who feeds in pays"),
    ],
)
def test_what_a_kilowatt_hour_is_worth(batteries: Store, slots: list[Slot], found: float):
    assert worth(batteries, [slots]) == pytest.approx(found, abs=5e-4)


def test_of_several_days_it_is_the_average():
    found = worth(store(1250.0), [[DEAR, LESS], [LESS], [LESS], [LESS]])
    assert found == pytest.approx((AT_DEAR + 3 * AT_LESS) / 4.0, abs=5e-4)


def counts(net_w: float) -> Slot:
    return Slot(net_w, 0.3, 0.0, counts=True)


def free(net_w: float) -> Slot:
    return Slot(net_w, 0.3, 0.0)


BATTERY = store(1000.0, give_w=5000.0, given=0.5)
"""900 Wh of it are counted on: 1,800 W for a quarter of an hour."""


def car(wh: float, **more: Any) -> Visit:
    """It charges at 4,000 W of its 5,000 at most; 9 of 10 Wh arrive."""
    return Visit(bay=SourceId("a"), **{"last": 2, "leaves_wh": 0.9 * wh, "most_w": 5000.0, "charged": 0.9} | more)


@pytest.mark.parametrize(
    ("batteries", "slots", "found_w"),
    [
        pytest.param(BATTERY, [counts(8000.0)], 6200.0, id="one quarter of an hour"),
        pytest.param(BATTERY, [counts(8000.0), counts(8000.0)], 7100.0, id="two"),
        pytest.param(BATTERY, [counts(8000.0), free(9000.0)], 6200.0, id="one that counts, and one that does not"),
        pytest.param(replace(BATTERY, give_w=1000.0), [counts(8000.0)], 7000.0, id="as fast as it gives"),
        pytest.param(BATTERY, [free(8000.0)], 500.0, id="none that counts"),
        pytest.param(BATTERY, [counts(400.0)], 500.0, id="less than the least is drawn"),
        pytest.param(BATTERY, [counts(2000.0)], 500.0, id="all of it is served"),
        pytest.param(store(0.0), [counts(8000.0)], 8000.0, id="nothing is stored"),
        # below 5 kW, 4.5 kWh would fill 1,012 Wh, which serve 2,250 W: at 5,000 W: 225 Wh for 1,000 W
        pytest.param(store(0.0), [free(4000.0), counts(6000.0)], 5163.3, id="filled before"),
        pytest.param(store(0.0, take_w=800.0), [free(0.0), counts(6000.0)], 5424.0, id="filled as fast as it takes"),
        pytest.param(
            store(1000.0, full_wh=1000.0, given=1.0), [free(0.0), counts(6000.0)], 2400.0, id="it is full already"
        ),
    ],
)
def test_the_lowest_peak_that_batteries_keep(batteries: Store, slots: list[Slot], found_w: float):
    assert target_w(batteries, slots, 500.0) == pytest.approx(found_w, abs=3.0)


NONE = store(0.0)


@pytest.mark.parametrize(
    ("cars", "slots", "found_w"),
    [
        pytest.param([car(1000.0)], [counts(1000.0), counts(1000.0)], 2800.0, id="half of it in each"),
        pytest.param([car(900.0 + 100.0, last=1)], [counts(1000.0), counts(1000.0)], 4600.0, id="before it leaves"),
        pytest.param([car(1000.0, first=1)], [counts(1000.0), counts(1000.0)], 4600.0, id="after it has come"),
        pytest.param([car(1000.0)], [free(1000.0), counts(1000.0)], 1000.0, id="where nobody counts"),
        pytest.param([car(1500.0)], [free(1000.0), counts(1000.0)], 2600.0, id="as fast as it charges"),
        pytest.param([car(100.0)], [counts(1000.0), counts(1000.0)], 1000.0, id="so little is nothing"),
        pytest.param([car(300.0, least_w=1400.0)], [counts(1000.0), counts(1000.0)], 2400.0, id="its least"),
        pytest.param([car(2100.0)], [counts(1000.0), counts(1000.0)], 5000.0, id="all that it takes in both"),
        pytest.param(
            [car(1100.0), replace(car(1100.0), bay=SourceId("b"))],
            [counts(1000.0)] * 2,
            5200.0,
            id="one after the other",
        ),
    ],
)
def test_cars_get_what_they_need_below_the_peak(cars: list[Visit], slots: list[Slot], found_w: float):
    assert target_w(NONE, slots, 500.0, cars) == pytest.approx(found_w, abs=5.0)


def test_what_cars_take_below_the_peak_does_not_fill_batteries():
    # the car takes 4 kW at once; what is left of the room below 5,163 W fills what then serves 837 W
    found = target_w(NONE, [counts(0.0), counts(6000.0)], 500.0, [car(1000.0, last=1)])
    assert found == pytest.approx(5163.0, abs=5.0)


def test_a_least_peak_that_is_kept_is_kept():
    assert target_w(BATTERY, [counts(8000.0)], 6300.0) == 6300.0
    assert target_w(BATTERY, [counts(8000.0)], 9000.0) == 9000.0
    assert target_w(BATTERY, [], 500.0) == 500.0
    assert target_w(NONE, [counts(0.0)] * 2, 500.0, [car(5000.0)]) == pytest.approx(5500.0)


@pytest.mark.parametrize(
    ("batteries", "slots", "wh"),
    [
        pytest.param(store(0.0), [counts(6000.0)], 625.0 / 0.9, id="2 kW for a quarter of an hour"),
        pytest.param(store(0.0), [counts(6000.0), counts(5000.0)], 937.5 / 0.9, id="and 1 kW for another"),
        pytest.param(store(0.0), [free(6000.0), counts(5000.0)], 312.5 / 0.9, id="only what counts"),
        pytest.param(store(0.0, give_w=500.0), [counts(6000.0)], 156.25 / 0.9, id="as fast as it gives"),
        pytest.param(store(0.0), [counts(5000.0), counts(3000.0), counts(6000.0)], 712.5 / 0.9, id="filled in between"),
        pytest.param(store(0.0), [counts(5000.0), free(3000.0), counts(6000.0)], 712.5 / 0.9, id="also where free"),
        pytest.param(store(0.0, take_w=400.0), [free(0.0), counts(6000.0)], 535.0 / 0.9, id="as fast as it takes"),
        pytest.param(store(0.0), [counts(5000.0), free(0.0), counts(5000.0)], 312.5 / 0.9, id="more than needed"),
        pytest.param(store(0.0), [counts(4000.0), counts(5000.0)], 312.5 / 0.9, id="just at the limit"),
        pytest.param(store(0.0, full_wh=600.0), [counts(6000.0)], 600.0, id="no more than it holds"),
        pytest.param(store(0.0), [], 0.0, id="nothing ahead"),
    ],
)
def test_what_must_be_stored_for_a_peak(batteries: Store, slots: list[Slot], wh: float):
    assert held_wh(batteries, slots, 4000.0) == pytest.approx(wh)


def test_what_a_car_still_needs_is_what_the_socket_must_give():
    assert car(1000.0, have_wh=450.0).wh == pytest.approx(500.0)
    assert car(1000.0, have_wh=900.0).wh == 0.0
    assert car(1000.0, have_wh=950.0).wh == 0.0
    assert Slot(1.0, 2.0, 3.0).import_w == inf
