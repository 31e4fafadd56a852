"""What comes of what somebody says of a car: the same look ahead, with it and without it."""

from dataclasses import replace

import pytest

from hems.model.foresight import CarAhead
from hems.model.request import CarWish
from hems.model.units import HOUR_S, SourceId
from hems.outlook.cars import NEARLY_PCT
from hems.outlook.look import what_if
from hems.sim.start import Car
from tests.given import flats
from tests.outlook.given import present

BAY_1, BAY_2 = SourceId("bay_1"), SourceId("bay_2")
SITE = flats()
NARROW = replace(SITE, grid=replace(SITE.grid, import_max_w=31_000.0))
HERE = present(site=NARROW, cars={BAY_1: Car(soc_pct=30.0), BAY_2: Car(soc_pct=50.0, tells=False)})


def ahead(**wish: float | bool) -> tuple[dict[SourceId, CarAhead], dict[SourceId, CarAhead]]:
    told = what_if(HERE, CarWish(bay=BAY_1, who="", **wish))  # type: ignore[arg-type]
    assert told is not None
    return {one.bay: one for one in told.cars_now}, {one.bay: one for one in told.cars_then}


def test_a_car_that_cannot_be_ready_is_told_what_it_has_when_it_leaves():
    # given a third of 60 kWh and an hour at 11 kW, of which a tenth is lost
    begins_pct = HERE.snapshot.bays[BAY_1].soc_pct.value
    assert begins_pct is not None
    _, then = ahead(leaves_in_s=HOUR_S, target_pct=90.0)
    assert then[BAY_1].ready_s is None
    assert then[BAY_1].pct == pytest.approx(begins_pct + 0.9 * 100.0 * 11.0 / 60.0, abs=1.0)
    # and in time it is ready before it leaves
    _, then = ahead(leaves_in_s=10.0 * HOUR_S, target_pct=60.0)
    assert then[BAY_1].ready_s is not None
    assert then[BAY_1].ready_s < 10.0 * HOUR_S
    assert then[BAY_1].pct >= 60.0 - NEARLY_PCT


def test_who_goes_first_is_ready_sooner_and_the_other_later():
    now, then = ahead(first=True)
    first_s, before_s = then[BAY_1].ready_s, now[BAY_1].ready_s
    assert first_s is not None
    assert before_s is not None
    assert first_s < before_s - 600.0
    other_s, other_before_s = then[BAY_2].ready_s, now[BAY_2].ready_s
    assert other_before_s is not None
    assert other_s is None or other_s > other_before_s + 600.0


def test_nothing_is_said_of_bays_without_a_car():
    assert set(ahead(first=True)[0]) == {BAY_1, BAY_2}
