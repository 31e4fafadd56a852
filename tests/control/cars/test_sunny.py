"""On an island that can store no more: cars take what would be held back, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from hems.control.cars import sunny
from hems.control.cars.memory import Sunny
from hems.control.energy import Band
from hems.model import wiring
from hems.model.cause import Why
from hems.model.mode import Mode
from hems.model.snapshot import BayState
from hems.model.units import SourceId
from hems.model.wiring import Role
from tests.control.panel import UNMETERED, Panel, on_an_island
from tests.given import bay

BAY_3, MAIN, ROOF = SourceId("bay_3"), SourceId("main"), SourceId("roof")
POWER_3 = wiring.bay_power(BAY_3)


def former(total_w: float) -> dict[Role, Any]:
    return {wiring.former_phase_w(index): total_w / 3.0 for index in range(3)}


def full(band: Band = Band.SURPLUS) -> Panel:
    """A steady island with a full battery, much sun and a car that can only charge."""
    made = on_an_island().says(
        UNMETERED, {wiring.battery_soc(MAIN): 97.0, wiring.pv_power(ROOF): 9000.0}, former(-50.0)
    )
    made.says({wiring.bay_state(BAY_3): BayState.PLUGGED, wiring.bay_power(BAY_3): 0.0}).tick()
    made.state = replace(made.state, band=band)
    return made


def follows(made: Panel, seconds: int, sun_w: float) -> float:
    """The car takes what it is told; the former gives what the sun then does not; what it is told in the end."""
    for _ in range(seconds):
        entry = made.state.sent.get(POWER_3)
        takes_w = -min(0.0, float(entry.value)) if entry is not None else 0.0
        made.says({POWER_3: -takes_w}, former(max(-50.0, takes_w - sun_w))).advance(1.0)
    assert made.mode is Mode.ISLANDED
    return float(made.state.sent[POWER_3].value)


def test_a_car_takes_what_the_island_would_hold_back_before_the_sun_is_held_back():
    made = full()
    # given 3 kW more sun than anybody takes: after three minutes it begins with the least and finds what there is
    assert follows(made, 150, 3000.0) == 0.0
    watts = follows(made, 60, 3000.0)
    assert -3500.0 <= watts <= -1380.0
    assert made.state.sent[POWER_3].cause.why is Why.CHARGE_FROM_SUN
    # when a cloud comes it stops within seconds, and is not told to between pause and least current
    assert follows(made, 5, 0.0) == 0.0
    assert all(one.value == 0 or one.value <= -1380 for _, one in made.commands(POWER_3))


def test_while_the_battery_can_store_it_no_car_charges():
    assert follows(full(Band.NORMAL), 200, 3000.0) == 0.0


def test_what_charges_is_stopped_first_by_every_list_that_is_made_ready():
    made = full()
    follows(made, 200, 3000.0)
    step = made.tick()
    assert step.armed
    assert all(one.commands[0].role == POWER_3 and one.commands[0].value == 0 for one in step.armed)


@pytest.mark.parametrize(("island", "begins_s"), [(False, 60.0), (True, 180.0)])
def test_sun_must_last_before_a_car_begins_and_longer_on_an_island(island: bool, begins_s: float):
    one = bay("bay_3")
    waits = sunny.after(Sunny(), one, one.charge_min_w, 100.0, island=island)
    assert waits == Sunny(enough_since_s=100.0)
    assert 100.0 + begins_s in sunny.due_s(waits)
    assert sunny.after(waits, one, one.charge_min_w, 99.9 + begins_s, island=island).begun_s is None
    begun = sunny.after(waits, one, one.charge_min_w, 100.0 + begins_s, island=island)
    assert begun.begun_s == 100.0 + begins_s
    # and from then on it goes on from where it began
    assert sunny.after(begun, one, one.charge_min_w, 1_000.0, island=island) == begun


@pytest.mark.parametrize(("island", "runs_s"), [(False, 600.0), (True, 0.0)])
def test_once_begun_it_goes_on_for_ten_minutes_on_the_grid_and_ends_at_once_on_an_island(island: bool, runs_s: float):
    one, begun = bay("bay_3"), Sunny(enough_since_s=0.0, begun_s=60.0)
    if runs_s:
        still = sunny.after(begun, one, one.charge_min_w - 1.0, 59.9 + runs_s, island=island)
        assert still == Sunny(begun_s=60.0)
        assert 60.0 + runs_s in sunny.due_s(still)
    assert sunny.after(begun, one, None, 60.0 + runs_s, island=island) == Sunny()
