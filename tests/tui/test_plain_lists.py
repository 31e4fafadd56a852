"""`hems circuits`, `cars` and `alarms`: the same as on the screens, line by line for a screen reader."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from hems.commands.lists import ALARMS, CARS, CIRCUITS, Command
from hems.model.errors import HemsError
from tests.desk import HandMadeDesk, serving
from tests.pictures import normal_day
from tests.tui.screens import assert_looks_like
from tests.tui.states import HEATING, troubled

COMMANDS = {"circuits": CIRCUITS, "cars": CARS, "alarms": ALARMS}


async def said(
    run_dir: Path, capsys: pytest.CaptureFixture[str], command: Command, desk: HandMadeDesk, *words: str
) -> str:
    """What the command prints in front of a daemon that shows the desk's picture."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    args = parser.parse_args([*words, "--run-dir", str(run_dir)])
    async with serving(run_dir, desk):
        assert await asyncio.to_thread(command.run, args) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
async def test_the_lists_as_they_read(run_dir: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    picture = troubled()
    told = await said(run_dir, capsys, COMMANDS[name], HandMadeDesk(picture))

    assert told.isascii()
    assert all(len(line) <= 80 for line in told.splitlines())
    assert_looks_like(f"plain-{name}", told)


async def test_one_thing_can_be_asked_for_and_data_too(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = await said(run_dir, capsys, CIRCUITS, HandMadeDesk(normal_day()), "freez")
    assert one.startswith("Freezers (Essential): ON, 0.8 kW, automatic.")
    assert "Lift" not in one

    data: list[dict[str, Any]] = json.loads(await said(run_dir, capsys, CARS, HandMadeDesk(normal_day()), "--json"))
    assert [car["name"] for car in data] == ["Bay 1", "Bay 2", "Bay 3", "Bay 4"]
    assert await said(run_dir, capsys, ALARMS, HandMadeDesk(normal_day())) == "No alarms. Nothing needs you.\n"


async def test_an_alarm_is_marked_as_seen(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = HandMadeDesk(troubled())
    told = await said(run_dir, capsys, ALARMS, desk, "--seen", HEATING.key, "--who", "Ana")

    assert told == "Noted: seen. It leaves when its cause is gone.\n"
    assert desk.asked[0][:2] == ("seen", {"key": HEATING.key, "who": "Ana"})
    with pytest.raises(HemsError, match="--seen, --aside and --back go alone"):
        await said(run_dir, capsys, ALARMS, desk, "--seen", HEATING.key, "--json")
