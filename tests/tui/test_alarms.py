"""The alarms: what each means and what to do, in one key from anywhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from hems.model.cause import Cause, Why
from hems.model.picture import AlarmPicture, Picture
from tests.desk import HandMadeDesk, until
from tests.pictures import normal_day, power_cut
from tests.tui.screens import app_of, assert_looks_like, lines_of, see, text_of, watching

HEATING = AlarmPicture(
    key="circuits/heat_pump/closed/deaf",
    priority="HIGH",
    since_s=60.0,
    cause=Cause(Why.SHED_NOT_OBEYED),
    subject="circuits/heat_pump/closed",
)
METER = AlarmPicture(
    key="voltage_points/grid/frozen",
    priority="MED",
    since_s=90000.0,
    cause=Cause(Why.POINT_FROZEN),
    subject="voltage_points/grid",
    seen_by="Ana",
    seen_for_s=4300.0,
)
BAY = AlarmPicture(
    key="device/bay_2",
    priority="MED",
    since_s=6000.0,
    cause=Cause(Why.DEVICE_SILENT, {"device": "bay_2", "detail": "no answer in 0.5 s"}),
    subject="bay_2",
    gone_for_s=5000.0,
)


def troubled() -> Picture:
    """Four alarms in their four states."""
    picture = power_cut()
    return replace(picture, alarms=(HEATING, METER, *picture.alarms), alarms_gone=(BAY,))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("name", ["normal_day", "power_cut", "troubled"])
async def test_the_alarms_as_they_look(run_dir: Path, name: str, size: tuple[int, int]) -> None:
    picture = {"normal_day": normal_day(), "power_cut": power_cut(), "troubled": troubled()}[name]
    async with watching(run_dir, picture, size=size, door="operate") as (pilot, _):
        await pilot.press("5")
        await pilot.pause()
        assert_looks_like(f"{name}-alarms-{size[0]}x{size[1]}", text_of(app_of(pilot)))


async def test_what_the_alarm_asks_of_me_is_one_key_away(run_dir: Path) -> None:
    async with watching(run_dir, troubled()) as (pilot, _):
        await pilot.press("5")
        await pilot.pause()
        told = " ".join(text_of(app_of(pilot)).split())

    assert "Heat pump does not obey" in told
    assert "What to do 1. Switch it off by hand at its breaker" in told
    assert "If you wait In a power cut the inverter may be overloaded" in told


async def test_whoever_comes_to_the_alarms_sees_the_most_urgent_one_first(run_dir: Path) -> None:
    # given somebody who looked at a small alarm and went elsewhere
    async with watching(run_dir, power_cut()) as (pilot, server):
        await pilot.press("5", "1")
        # when an urgent one comes, and somebody looks again
        await see(pilot, server, troubled())
        await pilot.press("5")
        await pilot.pause()
        # then it is the chosen one
        assert any(line.startswith(">!HIGH") for line in lines_of(app_of(pilot)))


async def test_space_says_that_somebody_has_seen_it(run_dir: Path) -> None:
    desk = HandMadeDesk(troubled())
    async with watching(run_dir, troubled(), door="operate", desk=desk) as (pilot, server):
        await pilot.press("5", "space")
        await until(lambda: desk.asked)
        assert desk.asked[0][:2] == ("seen", {"key": HEATING.key, "who": ""})

        await see(pilot, server, replace(troubled(), alarms=(replace(HEATING, seen_by="Bo", seen_for_s=1.0), METER)))
        assert "SEEN by Bo 14:32" in text_of(app_of(pilot))


async def test_a_viewer_cannot_say_so(run_dir: Path) -> None:
    async with watching(run_dir, troubled()) as (pilot, _):
        await pilot.press("5", "space")
        await pilot.pause(0.3)  # long enough for the daemon to refuse, if it were asked
        assert "needs the role" not in text_of(app_of(pilot))
        assert lines_of(app_of(pilot))[-3] == " / find"
