"""Every screen as it looks, line by line: `snapshots/` is what an operator sees."""

from dataclasses import replace
from pathlib import Path

import pytest

from hems.model.cause import Cause, Why
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.picture import AlarmPicture, Picture
from hems.tui.plain import lines
from tests.pictures import grid_returning, home, normal_day, power_cut, tiers, unknown
from tests.tui.screens import app_of, assert_looks_like, text_of, watching

DARK = tuple(replace(row, power_w=0.0) for row in power_cut().circuits)
BLACKOUT = power_cut(
    circuits=DARK,
    tiers=tiers(DARK),
    mode=Mode.BLACKOUT,
    mode_because=Cause(Why.BUS_DEAD),
    bus=Bus.DEAD,
    load_w=0.0,
    battery_w=0.0,
    cars_w=0.0,
    pv_w=0.0,
)
FAULT = power_cut(
    mode=Mode.FAULT_SAFE,
    mode_because=Cause(Why.TIE_INVALID),
    tie=TiePosition.INVALID,
    outage_for_s=None,
    alarms=(
        AlarmPicture(key="mode", priority="HIGH", since_s=12.0, cause=Cause(Why.TIE_INVALID), subject="mode"),
        AlarmPicture(
            key="device/tie_io",
            priority="MED",
            since_s=15.0,
            subject="tie_io",
            cause=Cause(Why.DEVICE_SILENT, {"device": "tie_io", "detail": "no answer in 0.5 s"}),
        ),
    ),
)
RESTORING = power_cut(
    mode=Mode.RECONNECTED_RESTORING,
    mode_because=Cause(Why.TIE_CLOSED),
    grid=Grid.GOOD,
    tie=TiePosition.CLOSED,
    outage_for_s=None,
    grid_w=9800.0,
    grid_v=(231.0, 230.0, 229.0),
    battery_w=-2000.0,
    alarms=(),
)

PICTURES = {
    "normal_day": normal_day(),
    "power_cut": power_cut(),
    "grid_returning": grid_returning(),
    "restoring": RESTORING,
    "starting": unknown(),
    "blackout": BLACKOUT,
    "fault": FAULT,
    "home": home(),
    "watching_only": power_cut(armed=False),
    "no_clock": power_cut(utc=None),
}


@pytest.mark.parametrize("name", PICTURES)
async def test_both_screens_at_80_by_24(run_dir: Path, name: str) -> None:
    async with watching(run_dir, PICTURES[name]) as (pilot, _):
        for key, screen in (("1", "overview"), ("2", "outage")):
            await pilot.press(key)
            await pilot.pause()
            assert_looks_like(f"{name}-{screen}", text_of(app_of(pilot)))


@pytest.mark.parametrize("size", [(120, 30), (140, 40)])
async def test_both_screens_use_a_wide_terminal(run_dir: Path, size: tuple[int, int]) -> None:
    async with watching(run_dir, power_cut(), size=size) as (pilot, _):
        for key, screen in (("1", "overview"), ("2", "outage")):
            await pilot.press(key)
            await pilot.pause()
            assert_looks_like(f"power_cut-{screen}-{size[0]}x{size[1]}", text_of(app_of(pilot)))


@pytest.mark.parametrize("key", ["1", "2"])
async def test_the_help_of_each_screen(run_dir: Path, key: str) -> None:
    async with watching(run_dir, normal_day()) as (pilot, _):
        await pilot.press(key, "question_mark")
        await pilot.pause()
        assert_looks_like(f"help-{key}", text_of(app_of(pilot)))


@pytest.mark.parametrize("name", ["normal_day", "power_cut", "starting", "fault"])
def test_the_same_in_plain_lines(name: str) -> None:
    picture: Picture = PICTURES[name]

    assert_looks_like(f"{name}-plain", "\n".join(lines(picture)) + "\n")
