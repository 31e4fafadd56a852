"""The unmodified daemon against emulated devices over real sockets, in virtual time."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hems.app import installed_drivers
from hems.config.load import load
from hems.model.mode import Mode
from hems.sim.case import Verdict
from hems.sim.judge import judge
from hems.sim.record import Record
from hems.sim.scenario_file import load_scenario
from hil import vloop
from hil.emulate.remote import Remote
from hil.perform import played
from hil.places import place
from hil.virtual import VirtualRun, begin

pytestmark = pytest.mark.wire


def performed(name: str, where: Path) -> tuple[Record, list[Verdict]]:
    """The evening outage at one of the buildings."""

    async def main(loop: vloop.VirtualLoop) -> tuple[Record, list[Verdict]]:
        chosen = place(name)
        scenario = load_scenario(chosen.scenario)
        async with begin(chosen, where, loop, short=True) as run:
            record = await played(run, scenario)
            file = load(run.site, installed_drivers())
            return record, judge(scenario, file.site, file.params, record)

    return vloop.run(main)


@pytest.mark.long
@pytest.mark.parametrize("name", ["apartments", "home"])
def test_the_evening_outage_goes_as_expected_in_virtual_time(name: str, tmp_path: Path) -> None:
    # given the building with its daemon, when the grid fails and comes back
    record, verdicts = performed(name, tmp_path)
    # then everything goes as on a machine that waits
    assert [verdict for verdict in verdicts if not verdict.held] == []
    assert record.events


@pytest.mark.long
def test_losing_any_one_device_changes_nothing_else_and_is_shown(tmp_path: Path) -> None:
    vloop.run(lambda loop: losing_one_after_the_other(loop, tmp_path))


async def losing_one_after_the_other(loop: vloop.VirtualLoop, where: Path) -> None:
    # given an island at rest
    async with begin(place("apartments"), where, loop, short=True) as run, Remote(run.plant_socket) as bench:
        await bench.do("fail_grid")
        await run.settled(Mode.ISLANDED)
        await asyncio.sleep(6.0)
        truth = await bench.status()
        steady, devices = off(truth), sorted(truth["devices"])
        assert len(devices) > 10
        for device in devices:
            # when one device falls silent
            await bench.do("silence", device=device)
            # then the screen says so, and the building stays as it was
            assert await shown_as_lost(run, device), device
            assert off(await bench.status()) <= steady, device  # what had waited for room may have come back by itself
            assert (await run.picture()).mode is Mode.ISLANDED, device
            await bench.do("resume", device=device)
        # and when all is well again, so is hems
        await bench.do("return_grid")
        await run.settled(Mode.GRID_CONNECTED, within_s=70.0)
        assert (await bench.status())["former"]["trips"] == 0


def off(truth: Mapping[str, Any]) -> set[str]:
    return {name for name, circuit in truth["circuits"].items() if not circuit["closed"]}


async def shown_as_lost(run: VirtualRun, device: str) -> bool:
    for _ in range(70):
        if any(one.id == device and one.lost_for_s is not None for one in (await run.picture()).devices):
            return True
        await asyncio.sleep(0.5)
    return False
