"""Cars that give on the grid: only for a limit, only where all agree, never what is kept."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hems.control import wanting
from hems.control.arbitrate import Ruling
from hems.control.cars.memory import Ledger, Month
from hems.control.params import Params
from hems.control.present import way_pct
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.request import CarWish
from hems.model.units import SourceId
from tests.control.dispatch.street import Street, connected_site
from tests.control.panel import UNMETERED

BAY_1, BAY_2 = SourceId("bay_1"), SourceId("bay_2")
LIMIT_W = 20_000.0
FLOOR_PCT, RESERVE_PCT = 43.0, 20.0


def street(*, house_w: float = 26_000.0, soc_pct: float = 85.0, **bay: Any) -> Street:
    """A house beyond its agreed capacity, a battery down to its reserve, and a car at 85 %."""
    site = connected_site(import_max_w=LIMIT_W)
    settings = {"gives_on_grid": True, "outage_reserve_pct": RESERVE_PCT} | bay
    first = replace(site.bays[0], **settings)
    made = Street(replace(site, bays=(first, *site.bays[1:])), house_w=5000.0, soc_pct=60.0)
    made.house_w = house_w
    made.says(UNMETERED)  # circuits have no meters of their own, so nothing contradicts the house
    return made.plug("bay_1", soc_pct=soc_pct)


def test_a_car_gives_what_keeps_the_connection_inside_its_limit_and_no_more():
    made = street().lives(40)
    assert made.car_w("bay_1") == pytest.approx(26_000.0 - 0.97 * LIMIT_W, abs=400.0)
    assert made.grid_w <= LIMIT_W
    assert made.state.sent[wiring.bay_power(BAY_1)].cause.why is Why.CAR_LENDS
    # when the house needs less it stops, and nothing is fed into the grid
    made.house_w = 12_000.0
    made.lives(30)
    assert made.car_w("bay_1") <= 0.0


@pytest.mark.parametrize(
    "but",
    [
        {"gives_on_grid": False},
        {"soc_pct": FLOOR_PCT + RESERVE_PCT},
        {"outage_reserve_pct": 50.0},
        {"house_w": 18_000.0},
    ],
)
def test_otherwise_it_gives_nothing(but: dict[str, Any]):
    assert street(**but).lives(40).car_w("bay_1") <= 0.0


def test_the_battery_comes_first():
    made = street()
    made.soc_pct = 90.0
    made.lives(5)
    assert [one.value for _, one in made.commands(wiring.bay_power(BAY_1)) if one.value > 0] == []
    made.lives(20)
    assert made.battery_w > 6000.0
    assert made.car_w("bay_1") <= 0.0


def test_it_stops_at_what_is_kept_for_power_cuts_and_its_driver_may_forbid_it():
    made = street().lives(30)
    assert made.car_w("bay_1") > 0.0
    made.plugged["bay_1"] = FLOOR_PCT + RESERVE_PCT - 0.1
    assert made.lives(5).car_w("bay_1") == 0.0
    made.plugged["bay_1"] = 85.0
    assert made.lives(10).car_w("bay_1") > 0.0
    made.ask(CarWish(bay=BAY_1, who="Ana", never=True))
    assert made.lives(5).car_w("bay_1") <= 0.0


def test_not_beyond_what_its_maker_allows():
    made = street(warranty_wh=1000.0)
    spent = {BAY_1: Ledger(months={"2026-05": Month(outage_wh=1000.0)})}
    made.state = replace(made.state, ledgers=spent)
    assert made.lives(30).car_w("bay_1") <= 0.0
    assert "bays/bay_1/warranty" in made.state.alarms


def test_a_car_that_needs_its_time_to_be_ready_gives_nothing():
    made = street(soc_pct=70.0)
    made.ask(CarWish(bay=BAY_1, who="Ana", leaves_in_s=2.0 * 3600.0, target_pct=90.0))
    assert made.lives(30).car_w("bay_1") <= 0.0


@given(st.floats(-12_000.0, 12_000.0))
@settings(max_examples=200)
def test_no_charger_is_ever_told_what_it_cannot_do_whoever_wished_it(watts: float):
    site = connected_site()
    first = site.bays[0]
    role = wiring.bay_power(first.id)
    told_w = round(wanting.whole(site, {role: Ruling(watts, Cause(Why.OVERRIDE))})[role].value)
    assert told_w == 0 or told_w <= -first.charge_min_w or told_w >= first.discharge_min_w
    assert told_w in (0, round(watts))


@given(st.floats(0.0, 300.0), st.floats(0.0, 300.0), st.floats(20_000.0, 100_000.0))
def test_p1_a_longer_way_never_keeps_less(km: float, more_km: float, capacity_wh: float):
    params = Params().car
    assert way_pct(km, capacity_wh, params) <= way_pct(km + more_km, capacity_wh, params) <= 100.0


def test_a_car_that_tells_its_capacity_keeps_a_way_to_safety_until_its_driver_says_otherwise():
    # 80 km at frost and 2 kWh are 22.8 kWh
    assert way_pct(80.0, 40_000.0, Params().car) == pytest.approx(57.0)
