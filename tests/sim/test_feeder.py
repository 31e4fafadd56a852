"""A feeder to a garage is lost, and with it every car that carried the island: the former carries what is left."""

import pytest

from hems.control.params import Params
from hems.model.mode import Mode
from hems.model.units import SourceId
from hems.sim.plant import Plant
from hems.sim.run import Act, FastForward
from hems.sim.start import Car, StartPoint
from hems.sim.traces import ConstantTraces
from tests.given import flats

CARS = (SourceId("bay_1"), SourceId("bay_2"))


def lost(plant: Plant) -> None:
    for bay in CARS:
        plant.unplug(bay)


@pytest.mark.parametrize("load", [0.75, 0.9])
def test_all_cars_of_a_feeder_gone_in_one_instant_do_not_trip_the_former(load: float):
    # given an island with a low battery, carried by two cars and the former close to its rating
    site = flats()
    traces = ConstantTraces({one.id: load * one.typical_w for one in site.circuits})
    cars = {bay: Car(soc_pct=95.0, capacity_wh=80_000.0) for bay in CARS}
    plant = Plant(site, traces, start=StartPoint(battery_soc_pct=60.0, cars=cars))
    made = FastForward(site, Params(), plant)
    for _ in made.run(60.0):
        pass
    for _ in made.run(700.0, [Act(61.0, Plant.fail_grid)]):
        pass
    given_w = sum(plant.bays[bay].power_w for bay in CARS)
    assert given_w > 5_000.0, "they carry a good part"
    # when the feeder trips
    for _ in made.run(800.0, [Act(701.0, lost)]):
        pass
    # then the island stands
    assert plant.former_running
    assert plant.former_trips == 0
    assert made.state.mode.mode in (Mode.ISLANDED, Mode.ISLANDED_STABILIZING)
