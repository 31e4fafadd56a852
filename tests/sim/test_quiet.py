"""On the grid, with nothing the matter, alarms are rare and records small, counted over a year."""

from dataclasses import replace
from pathlib import Path

import pytest

from hems.app import installed_drivers
from hems.config.load import load
from hems.model.event import EventKind
from hems.sim.play import play
from hems.sim.rig import load_rig
from hems.sim.scenario import plain_day
from hil.places import place
from hil.quiet_year import Year, line, rss_mb

HOME, FLATS = "home", "apartments"


def alarms(name: str, day_of_year: int, hours: float) -> list[str]:
    """What asked for somebody in a simulated stretch of ordinary days."""
    chosen, scenario = place(name), plain_day(hours)
    file = load(chosen.site, installed_drivers())
    rig = replace(load_rig(chosen.rig, scenario.rig), day_of_year=day_of_year)
    record = play(file.site, file.params, rig.plant(), scenario, file.wiring)
    return [event.subject for _, event in record.events if event.kind is EventKind.ALARM_RAISED]


@pytest.mark.long
@pytest.mark.parametrize("name", [HOME, FLATS])
def test_an_ordinary_day_has_no_alarm(name: str) -> None:
    assert alarms(name, 172, 24.0) == []


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", [HOME, FLATS])
def test_a_year_has_fewer_alarms_than_weeks_and_leaves_small_records(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # given the whole year as one run, its records in the real store and a copy each night
    copies = tmp_path / "copies"
    copies.mkdir()
    year, memory_mb = Year(name, tmp_path, copies), [0.0] * 12
    for _ in year.run(365):
        memory_mb[len(year.where.months) - 1] = rss_mb()
    months = year.where.months
    with capsys.disabled():
        print("", *(line(number, one, year.sizes()) for number, one in enumerate(months, start=1)), sep="\n")

    # then it is quiet, the card is spared, and nothing grows with the year
    assert sum(len(one.alarms) for one in months) < 52
    assert max(one.written / one.days for one in months) < 50e6
    assert year.sizes()["history.db"] < 100e6
    assert year.sizes()["state.db"] < 10e6
    assert memory_mb[-1] < 1.1 * memory_mb[2]
