"""The bench buildings that ship, and what is said of a mistaken one."""

from dataclasses import replace
from pathlib import Path

import pytest

from hems.model import wiring
from hems.model.errors import ConfigError
from hems.model.site import Location, Supply, VoltagePoint
from hems.model.units import CircuitId, PointId, SourceId
from hems.sim.observe import actuate, observe
from hems.sim.rig import load_rig
from tests.sim.given import BAY, circuit, islanded, plant, site

RIGS = Path(__file__).resolve().parents[2] / "hil" / "rigs"


@pytest.mark.parametrize(("name", "load_kw", "rated_kva"), [("apartments", (36, 40), 30), ("home", (12, 15), 10)])
def test_a_shipped_evening_needs_shedding_and_leaves_ten_to_twenty_seconds_for_it(name, load_kw, rated_kva):
    # given the evening as the rig says
    building = load_rig(RIGS / f"{name}.toml").plant()
    assert load_kw[0] <= building.load_w / 1000.0 <= load_kw[1]
    assert building.load_w > 0.8 * 1000.0 * rated_kva
    assert len({round(power_w) for power_w in building.load_phase_w}) > 1, "uneven"
    # when the grid fails and nobody does anything
    building.fail_grid()
    while not building.former_trips and building.t_s < 30.0:
        building.step(0.1)
    # then the inverter bears it for as long as its curve says
    assert 10.0 < building.t_s < 20.0


def test_the_cars_of_the_evening_are_plugged_and_willing():
    building = load_rig(RIGS / "apartments.toml").plant()
    assert all(70.0 <= (bay.soc_pct or 0.0) <= 80.0 for bay in building.bays.values())
    assert [bay.discharge_ready for bay in building.bays.values()] == [True, True, False, False]


def test_the_first_hours_of_the_evening_bring_no_surprise_from_the_cars():
    building = load_rig(RIGS / "apartments.toml").plant()
    for _ in range(12):
        building.step(300.0)
    assert all(bay.car is not None for bay in building.bays.values())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = 3\n", "start is missing; add the table [start]"),
        ("nonsense", "correct the text there"),
        (
            'title = "x"\nphases = ["L9"]\n[start]\nhour = 1\n[grid]\n[former]\n[circuits]\n',
            'phases[0] = "L9" is none of the known words',
        ),
    ],
)
def test_a_mistaken_rig_is_named_with_what_is_wrong(tmp_path, text, says):
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_rig(path)
    assert "wrong.toml" in str(raised.value)
    assert says in str(raised.value)


def test_an_unknown_physical_quantity_is_refused(tmp_path):
    text = (RIGS / "home.toml").read_text(encoding="utf-8").replace("tie_qualify_s = 3", "tie_qualfy_s = 3")
    (tmp_path / "home.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="tie_qualfy_s"):
        load_rig(tmp_path / "home.toml")


@pytest.mark.data
def test_the_same_evening_can_be_had_with_measured_loads(measured_data):
    building = load_rig(RIGS / "apartments.toml").plant(data=measured_data)
    assert building.load_w == pytest.approx(38_000.0)
    building.fail_grid()
    building.step(60.0)
    assert building.former_trips >= 1, "nobody shed anything"


POINTS = (
    VoltagePoint(id=PointId("street"), location=Location.UTILITY, powered_from=Supply.UPS),
    VoltagePoint(id=PointId("busbar"), location=Location.BUS, powered_from=Supply.DC),
)


def test_every_role_of_a_site_can_be_observed_and_tells_both_sides_of_the_tie():
    building = islanded(plant(circuit("lights", 3000.0)))
    believed = replace(site(circuit("lights", 1.0)), voltage_points=POINTS)
    seen = observe(building, believed)
    assert seen[wiring.voltage(PointId("street"), 0)] == 0.0
    assert seen[wiring.voltage(PointId("busbar"), 0)] == pytest.approx(230.0, abs=3.0)
    assert seen[wiring.frequency(PointId("busbar"))] == 50.0
    assert seen[wiring.TIE_OPEN_CONTACT] is True
    assert seen[wiring.TIE_FLAG] is False
    assert seen[wiring.former_phase_w(2)] == pytest.approx(1000.0)
    assert wiring.bay_soc(BAY) not in seen, "nobody is plugged in"


def test_what_is_actuated_is_seen():
    building = plant(circuit("lights", 3000.0))
    believed = building.site
    lights = wiring.circuit_closed(CircuitId("lights"))
    actuate(building, lights, False)
    actuate(building, wiring.TIE_PERMIT, True)
    actuate(building, wiring.battery_power(SourceId("main")), -5000.0)
    seen = observe(building, believed)
    assert (seen[lights], seen[wiring.TIE_PERMIT]) == (False, True)
    assert seen[wiring.GRID_POWER] == pytest.approx(5000.0)


def test_a_role_that_nothing_can_be_told_is_refused():
    with pytest.raises(KeyError):
        actuate(plant(circuit("lights", 1.0)), wiring.GRID_POWER, 1.0)
