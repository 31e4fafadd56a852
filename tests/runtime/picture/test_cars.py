"""Cars as screens show them."""

from dataclasses import replace

from hems.control.memory.acting import Sent
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.units import SourceId
from hems.runtime.picture.building import paint
from hems.sim.start import Car
from tests.given import bay, flats
from tests.outlook.given import present, scene

BAY = SourceId("bay_1")


def test_the_car_that_makes_the_island_is_not_said_to_do_so_because_of_what_it_was_told_on_the_grid():
    # given a house whose car charged because the grid had room, and now makes the voltage of a power cut
    site = flats(bays=(bay(BAY, discharge_max_w=30_000.0),))
    site = replace(site, former=replace(site.former, source=BAY))
    now = scene(present(fails=True, load=0.2, site=site, cars={BAY: Car(soc_pct=70.0)}))
    told = Sent(value=-5_000.0, cause=Cause(Why.CHARGE_ON_GRID), sent_s=0.0, last_s=0.0)
    sent = {**now.state.sent, wiring.bay_power(BAY): told}
    picture = paint(replace(now, step=replace(now.step, state=replace(now.state, sent=sent))))
    # then no reason is told of it: the grid has no room, there is none
    assert picture.mode.on_island
    assert picture.car_forms == picture.cars[0].name
    assert picture.cars[0].because is None
