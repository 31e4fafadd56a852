"""On the grid, with nothing the matter, alarms are rare: fewer than one a week, counted over a year."""

from dataclasses import replace

import pytest

from hems.app import installed_drivers
from hems.config import load
from hems.model.event import EventKind
from hems.sim.play import play
from hems.sim.rig import load_rig
from hems.sim.scenario import plain_day
from hil.places import place

HOME, FLATS = "home", "apartments"


def alarms(name: str, day_of_year: int, hours: float) -> list[str]:
    """What asked for somebody in a simulated stretch of ordinary days."""
    chosen, scenario = place(name), plain_day(hours)
    file = load(chosen.site, installed_drivers())
    rig = replace(load_rig(chosen.rig, scenario.rig), day_of_year=day_of_year)
    record = play(file.site, file.params, rig.plant(), scenario, file.wiring)
    return [event.subject for _, event in record.events if event.kind is EventKind.ALARM_RAISED]


@pytest.mark.parametrize("name", [HOME, FLATS])
def test_an_ordinary_day_has_no_alarm(name: str):
    assert alarms(name, 172, 24.0) == []


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", [HOME, FLATS])
def test_a_year_has_fewer_alarms_than_weeks(name: str):
    raised = [one for week in range(52) for one in alarms(name, 7 * week + 1, 168.0)]
    assert len(raised) < 52, raised
