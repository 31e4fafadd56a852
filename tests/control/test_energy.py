"""What is left: bands with hysteresis, floors of cars, hours."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.control.energy import (
    ORDER,
    SERVED,
    Band,
    band_after,
    car_free_wh,
    enter_pct,
    floor_pct,
    shedding_pct,
)
from hems.control.state import ControlState, initial
from hems.control.tuning.island import BandParams
from hems.control.tuning.sources import CarParams
from hems.model import wiring
from hems.model.site import Bay, Tier
from hems.model.snapshot import BayState
from tests.control.panel import car, snapshot
from tests.given import bay, flats

BANDS, CARS = BandParams(), CarParams()


def in_band(band: Band, better_since_s: float | None = None) -> ControlState:
    return replace(initial(0.0), band=band, band_better_since_s=better_since_s)


@pytest.mark.parametrize(
    ("before", "stored_pct", "after"),
    [
        (Band.NORMAL, 50.1, Band.NORMAL),
        (Band.NORMAL, 50.0, Band.CONSERVE),
        (Band.NORMAL, 20.0, Band.CRITICAL),
        (Band.NORMAL, 10.0, Band.FLOOR),
        (Band.SURPLUS, 5.0, Band.SHUTDOWN),
        (Band.CONSERVE, 59.9, Band.CONSERVE),
        (Band.CRITICAL, 25.0, Band.CRITICAL),
        (Band.SURPLUS, 90.1, Band.SURPLUS),
        (Band.SURPLUS, 90.0, Band.NORMAL),
        (Band.CRITICAL, None, Band.CRITICAL),
    ],
)
def test_worse_comes_at_once_and_an_unknown_store_changes_nothing(before: Band, stored_pct: float | None, after: Band):
    assert band_after(in_band(before), stored_pct, BANDS, 100.0).band is after


def test_better_comes_one_step_at_a_time_after_a_quarter_of_an_hour_each():
    state, seen = in_band(Band.FLOOR), []
    now_s = 0.0
    while now_s <= 3600.0:
        step = band_after(state, 100.0, BANDS, now_s)
        if step.band != state.band:
            seen.append((now_s, step.band))
        state = replace(state, band=step.band, band_better_since_s=step.better_since_s)
        now_s = step.due_s
    assert seen == [(900.0, Band.CRITICAL), (1800.0, Band.CONSERVE), (2700.0, Band.NORMAL), (3600.0, Band.SURPLUS)]


def test_a_dip_restarts_the_wait():
    step = band_after(in_band(Band.CONSERVE), 61.0, BANDS, 0.0)
    step = band_after(in_band(Band.CONSERVE, step.better_since_s), 59.0, BANDS, 899.0)
    assert (step.band, step.better_since_s) == (Band.CONSERVE, None)


@given(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=40), st.sampled_from(Band))
def test_a_band_never_serves_more_than_its_charge_allows(levels: list[float], band: Band):
    state = in_band(band)
    for index, stored_pct in enumerate(levels):
        step = band_after(state, stored_pct, BANDS, 600.0 * index)
        for worse in ORDER[ORDER.index(Band.CONSERVE) :]:
            if stored_pct <= enter_pct(worse, BANDS):
                assert ORDER.index(step.band) >= ORDER.index(worse)
        state = replace(state, band=step.band, band_better_since_s=step.better_since_s)


def test_what_each_band_serves():
    assert [SERVED[band] for band in ORDER] == [5, 4, 3, 2, 1, 0]
    assert [shedding_pct(tier, BANDS) for tier in Tier][:5] == [None, 5.0, 10.0, 20.0, 50.0]


def test_a_cars_floor_is_what_driver_and_maker_keep_plus_a_margin():
    assert floor_pct(bay("b", floor_pct=50.0), CARS) == 53.0
    assert floor_pct(replace(bay("b", floor_pct=5.0), maker_floor_pct=20.0), CARS) == 23.0


def free(values: dict[wiring.Role, object], of: Bay) -> float | None:
    return car_free_wh(of, snapshot(flats(), values).bays[of.id], CARS, 0.0)


def test_a_car_gives_what_is_above_its_floor_and_nothing_that_nobody_knows():
    one = next(one for one in flats().bays if one.id == "bay_1")
    assert free(car("bay_1", 63.0), one) == pytest.approx(0.2 * 60_000.0)
    assert free(car("bay_1", 43.0), one) == 0.0
    assert free(car("bay_1", 20.0), one) == 0.0
    assert free(car("bay_1", None), one) is None
    assert free(car("bay_1", 63.0) | {wiring.bay_state(one.id): BayState.UNPLUGGED}, one) is None
    # a capacity that the car does not tell is the bay's assumption
    assert free(car("bay_1", 63.0) | {wiring.bay_capacity(one.id): None}, one) == pytest.approx(0.2 * 50_000.0)
