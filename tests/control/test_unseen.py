"""What circuits without meters are taken to draw while what feeds the building cannot be read."""

import pytest

from hems.control.params import Params
from hems.control.remembered import held_w
from hems.model import wiring
from hems.model.site import Circuit
from hems.model.units import CircuitId
from tests.control.panel import UNMETERED, Panel
from tests.given import flats

SITE = flats()
TYPICAL_W = sum(one.typical_w for one in SITE.circuits)
NOBODY_TELLS = {wiring.GRID_POWER: None}
LAUNDRY = SITE.circuit(CircuitId("laundry"))


def drawing(part: float) -> dict[wiring.Role, float]:
    """All circuits together draw such a part of what is typical."""
    return {wiring.GRID_POWER: part * TYPICAL_W}


def on_the_grid_without_meters() -> Panel:
    """A controller that has just started and has read everything but what flows from the grid."""
    return Panel(SITE, Params()).says(UNMETERED, NOBODY_TELLS)


def held(made: Panel, circuit: Circuit = LAUNDRY) -> float:
    """What it is remembered for."""
    return held_w(circuit, made.state)


@pytest.mark.parametrize("part", [0.6, 1.0, 1.4])
def test_what_circuits_draw_is_not_guessed_and_then_remembered_before_the_buildings_load_is_known(part: float):
    # given a start, at which the grid's meter is read last
    made = on_the_grid_without_meters()
    made.tick()
    # when it is read
    made.says(drawing(part)).advance(0.1)
    # then each circuit is held for its part of that, as if nobody had wondered before
    assert held(made) == pytest.approx(part * LAUNDRY.typical_w)
    assert made.state.loads[LAUNDRY.id].usual_w == pytest.approx(part * LAUNDRY.typical_w)


def test_nothing_goes_off_for_want_of_a_reading_once_it_is_there():
    # given two buildings of which hardly anything is drawn; of one the load was known from the first tick on
    late, known = on_the_grid_without_meters(), on_the_grid_without_meters().says(drawing(0.5))
    for made in (late, known):
        made.tick()
        made.says(drawing(0.5)).advance(20.0)
    # then both would shed the same if the tie opened now
    assert late.state.armed_on_tie_open == known.state.armed_on_tie_open


def test_while_nobody_can_tell_circuits_count_with_their_typical_power_when_the_tie_opens():
    # given a building that draws little, as was measured for a while, and what would go off if the tie opened
    made = on_the_grid_without_meters().says(drawing(0.5))
    made.advance(20.0)
    little = made.state.armed_on_tie_open
    unknown = on_the_grid_without_meters()
    unknown.advance(30.0)
    # when its meter falls silent
    made.says(NOBODY_TELLS).advance(10.0)
    # then as much would go as where nothing was ever known, because much may have been switched on since
    assert set(little) < set(made.state.armed_on_tie_open) == set(unknown.state.armed_on_tie_open)
    # and that is forgotten as soon as the meter is back
    made.says(drawing(0.5)).advance(0.1)
    assert made.state.armed_on_tie_open == little


def test_that_a_building_drew_much_is_not_forgotten_while_nobody_can_tell():
    # given a building that draws twice what is typical
    made = on_the_grid_without_meters().says(drawing(2.0))
    made.advance(5.0)
    much = made.state.armed_on_tie_open
    # when its meter falls silent for minutes
    made.says(NOBODY_TELLS).advance(300.0, every_s=60.0)
    # then as much would go when the tie opens, although typical power is less
    assert held(made) == pytest.approx(2.0 * LAUNDRY.typical_w)
    assert made.state.armed_on_tie_open == much


def test_a_circuits_own_meter_is_believed_whatever_is_known_of_the_building():
    made = on_the_grid_without_meters().says({wiring.circuit_power(LAUNDRY.id): 7000.0})
    made.tick()
    assert held(made) == 7000.0
