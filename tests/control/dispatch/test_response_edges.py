"""What is given for the frequency, at the edges of its band; figures to be worked out by hand."""

from dataclasses import replace

import pytest

from hems.control.dispatch import response
from hems.model.site import Location, Site, Supply, VoltagePoint
from hems.model.snapshot import Snapshot, VoltageReading
from hems.model.supply import FrequencyService
from hems.model.units import PointId
from tests.control.fresh import fresh
from tests.given import flats

DROOP = FrequencyService(most_w=8000.0, dead_hz=0.25, full_hz=1.25)
STREET, BUS, CELLAR = PointId("street"), PointId("bus"), PointId("cellar")


@pytest.mark.parametrize(
    ("away_hz", "watts"),
    [
        (0.0, 0.0),
        (-0.25, 0.0),
        (0.25, 0.0),
        (-0.5, 2000.0),
        (0.5, -2000.0),
        (-0.75, 4000.0),
        (-1.25, 8000.0),
        (1.25, -8000.0),
        (3.0, -8000.0),
        (-3.0, 8000.0),
    ],
)
def test_in_proportion_beyond_the_dead_band(away_hz: float, watts: float):
    assert response.power_w(DROOP, away_hz) == watts


@pytest.mark.parametrize(("away_hz", "watts"), [(0.25, 0.0), (0.26, -8000.0), (-0.26, 8000.0), (-0.25, 0.0)])
def test_or_all_of_it_at_once(away_hz: float, watts: float):
    assert response.power_w(replace(DROOP, step=True), away_hz) == watts


def test_a_band_without_width_is_a_step_too():
    assert response.power_w(replace(DROOP, full_hz=0.25), -0.5) == 8000.0
    # and half a thousandth of a Hertz beyond it is half of a thousandth
    assert response.power_w(FrequencyService(most_w=8000.0, dead_hz=0.0, full_hz=0.0), -0.0005) == 4000.0


def site(*points: tuple[PointId, Location], service: FrequencyService | None = DROOP) -> Site:
    made = tuple(VoltagePoint(id=name, location=where, powered_from=Supply.DC) for name, where in points)
    return replace(flats(), voltage_points=made, grid=replace(flats().grid, frequency=service))


def seen(**hertz: float | None) -> Snapshot:
    return Snapshot(
        voltages={PointId(name): VoltageReading(volts=(), hertz=fresh(value)) for name, value in hertz.items()}
    )


BOTH = site((BUS, Location.BUS), (STREET, Location.UTILITY))


@pytest.mark.parametrize(
    ("there", "snapshot", "hertz"),
    [
        pytest.param(BOTH, seen(bus=50.2, street=49.8), 49.8, id="the street before the building"),
        pytest.param(BOTH, seen(bus=50.2, street=None), 50.2, id="the street is silent"),
        pytest.param(BOTH, seen(bus=50.2, street=0.0), 50.2, id="the street measures none"),
        pytest.param(BOTH, seen(bus=50.2), 50.2, id="the street was never heard"),
        pytest.param(BOTH, seen(), None, id="nothing is heard"),
        pytest.param(site((CELLAR, Location.LOAD)), seen(cellar=50.2), None, id="somewhere in the building"),
    ],
)
def test_where_the_frequency_is_measured(there: Site, snapshot: Snapshot, hertz: float | None):
    assert response.hertz(there, snapshot, 0.0) == hertz


@pytest.mark.parametrize(
    ("there", "snapshot", "wanted"),
    [
        pytest.param(BOTH, seen(street=49.5), (2000.0, 49.5), id="too low"),
        pytest.param(BOTH, seen(street=50.5), (-2000.0, 50.5), id="too high"),
        pytest.param(BOTH, seen(), (0.0, 0.0), id="nobody measures it"),
        pytest.param(site((STREET, Location.UTILITY), service=None), seen(street=49.5), (0.0, 0.0), id="not offered"),
    ],
)
def test_what_is_asked_for(there: Site, snapshot: Snapshot, wanted: tuple[float, float]):
    assert response.wanted_w(there, snapshot, 0.0) == wanted
