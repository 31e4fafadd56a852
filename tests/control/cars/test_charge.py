"""A car whose charge is no longer told: what may be counted, and when it must stop."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hems.control.cars.charge import after, left_pct
from hems.control.cars.memory import Charge
from hems.model import wiring
from hems.model.mode import Mode
from hems.model.reading import Reading, missing
from hems.model.snapshot import BayReading, BayState
from hems.model.units import SourceId
from tests.control.panel import GRID_DEAD, TIE_OPEN, UNMETERED, Panel, car, kept, panel
from tests.given import flats

BAY = next(one for one in flats().bays if one.id == "bay_1")
BAY_1 = SourceId("bay_1")
FORMER = {wiring.former_phase_w(index): 4000.0 for index in range(3)}


@kept
def giving(soc_pct: float) -> Panel:
    """An island of 12 kW that one car of 60 kWh helps to carry, with a floor of 40 and 3 %."""
    site = replace(flats(), bays=(BAY,))
    made = panel(site=site).says(car("bay_1", soc_pct)).advance(700.0, every_s=100.0)
    made.says(GRID_DEAD, TIE_OPEN, UNMETERED, FORMER).advance(15.0)
    made.says(car("bay_1", soc_pct, 9000.0), {wiring.former_phase_w(n): 1000.0 for n in range(3)}).advance(2.0)
    assert made.mode is Mode.ISLANDED
    assert told(made) > 0.0
    return made


def told(made: Panel) -> float:
    return float(made.commands(wiring.bay_power(BAY_1))[-1][1].value)


UNTOLD = {wiring.bay_soc(BAY_1): None}


def test_p3_a_giving_car_that_no_longer_tells_goes_on_until_it_is_counted_down_to_its_floor_and_more():
    # given a car at 52 % that gives 9 kW; it stops telling
    made = giving(52.0).says(UNTOLD)
    began_s = made.now_s
    # when time passes, however rarely anybody looks
    made.advance(1800.0, every_s=300.0)
    # then it stops at 48 %: four percent of 60 kWh, at 9 kW and a tenth more
    stops_s = next(t_s for t_s, one in made.commands(wiring.bay_power(BAY_1)) if one.value == 0 and t_s > began_s)
    assert stops_s - began_s == pytest.approx(0.04 * 60.0 / (9.0 * 1.1) * 3600.0, abs=5.0)
    # and stays so until it tells again
    assert told(made) == 0.0
    made.says(car("bay_1", 47.0), FORMER).advance(30.0)
    assert told(made) > 0.0


def test_p3_close_to_its_floor_it_stops_at_once():
    made = giving(47.5).says(UNTOLD).advance(2.0)
    assert told(made) == 0.0


def test_p2_a_car_that_does_not_tell_never_begins():
    made = giving(80.0).says({wiring.bay_discharge_ready(BAY_1): False}).advance(2.0)
    made.says(UNTOLD, {wiring.bay_discharge_ready(BAY_1): True, wiring.bay_power(BAY_1): 0.0}).advance(30.0)
    assert told(made) == 0.0


def test_p3_a_charger_that_fell_silent_may_have_another_car():
    made = giving(80.0).says(UNTOLD).advance(2.0)
    assert told(made) > 0.0
    made.says({wiring.bay_state(BAY_1): None}).advance(2.0)
    made.says({wiring.bay_state(BAY_1): BayState.DISCHARGING}).advance(2.0)
    assert told(made) == 0.0


@given(st.lists(st.tuples(st.floats(0.0, 10_000.0), st.floats(0.1, 900.0)), min_size=1, max_size=8))
def test_p3_what_is_counted_is_never_more_than_what_is_left(flows: list[tuple[float, float]]):
    # given a car at 90 % whose losses are up to a tenth of what it gives
    charge, true_wh, now_s = Charge(pct=90.0, capacity_wh=60_000.0), 54_000.0, 0.0
    for watts, dt_s in flows:
        now_s += dt_s
        reading = BayReading(
            state=Reading(BayState.DISCHARGING, now_s), power_w=Reading(watts, now_s), soc_pct=missing()
        )
        found = after(charge, BAY, reading, max(1.0, watts), dt_s, now_s)
        assert found is not None
        charge, true_wh = found, true_wh - 1.09 * watts * dt_s / 3600.0
        assert left_pct(charge) <= max(0.0, true_wh / 600.0) + 1e-6
