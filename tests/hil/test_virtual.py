"""The unmodified daemon against emulated devices over real sockets, in virtual time."""

import asyncio
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hems.app import installed_drivers
from hems.config.load import load
from hems.config.site_file import SiteFile
from hems.model.mode import Mode
from hems.sim.judge import judge
from hems.sim.play import play
from hems.sim.record import Record
from hems.sim.rig import load_rig
from hems.sim.scenario import Scenario
from hems.sim.scenario_file import load_scenario
from hil import vloop
from hil.emulate.remote import Remote
from hil.perform import played
from hil.places import Place, place
from hil.virtual import VirtualRun, begin
from tests.hil.alike import assert_alike

pytestmark = pytest.mark.wire


PHASE_KVA = 9
"""A small inverter: the evening's loads come back only because cars help."""


def performed(chosen: Place, scenario: Scenario, where: Path) -> tuple[Record, SiteFile]:
    """The evening outage at one of the buildings."""

    async def main(loop: vloop.VirtualLoop) -> tuple[Record, SiteFile]:
        async with begin(chosen, where, loop, short=True) as run:
            return await played(run, scenario), load(run.site, installed_drivers())

    return vloop.run(main)


@pytest.mark.long
@pytest.mark.parametrize("name", ["apartments", "home"])
def test_the_evening_outage_goes_as_expected_and_as_in_fast_forward(name: str, tmp_path: Path) -> None:
    # given the building with its daemon, when the grid fails and comes back
    chosen = place(name)
    scenario = load_scenario(chosen.scenario)
    on_wires, file = performed(chosen, scenario, tmp_path)
    # then everything goes as on a machine that waits
    assert [verdict for verdict in judge(scenario, file.site, file.params, on_wires) if not verdict.held] == []
    # and the same controller on the same building's equations did the same, for the same reasons, at the same times
    # (a permit waits for two looks in a row: at the street, and at what cars have stopped giving)
    assert_alike(on_wires, play(file.site, file.params, load_rig(chosen.rig).plant(), scenario), looks=2)


@pytest.mark.long
def test_losing_any_one_device_or_the_broker_changes_nothing_else_and_is_shown(tmp_path: Path) -> None:
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
        # when the broker dies, then what hangs on it is shown too
        await bench.do("kill_broker")
        assert await shown_as_lost(run, "laundry_plug")
        assert off(await bench.status()) <= steady
        await bench.do("start_broker")
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


@pytest.mark.long
def test_a_stop_on_the_island_sheds_what_the_cars_carried_before_they_stop(run_dir: Path) -> None:
    vloop.run(lambda loop: stopped_on_the_island(loop, run_dir))


async def stopped_on_the_island(loop: vloop.VirtualLoop, where: Path) -> None:
    # given an inverter too small for what is on, and cars that carry the rest
    async with begin(small_inverter(where), where, loop, short=True) as run, Remote(run.plant_socket) as bench:
        await bench.do("fail_grid")
        await run.settled(Mode.ISLANDED)
        await bench.wait_for(lambda truth: carried_by_cars(truth) > 1000.0, within_s=30.0)
        before = await bench.status()
        # when the service is told to stop
        await run.stop_daemon()
        after = await bench.status(since=before["next"])
        # then circuits went off before any car was told to stop, and the inverter held
        opened = [entry["at_s"] for entry in after["history"] if entry["what"] == "coil" and entry["value"] is False]
        stopped = [entry["at_s"] for entry in after["history"] if entry["what"] == "setpoint" and entry["value"] == 0.0]
        assert opened
        assert stopped
        assert max(opened) <= min(stopped)
        await asyncio.sleep(5.0)
        final = await bench.status()
        assert final["former"]["trips"] == 0
        assert max(final["former"]["phase_w"]) <= PHASE_KVA * 1000.0
        assert final["bus_live"]


def small_inverter(where: Path) -> Place:
    """The apartments with a smaller inverter, in the rig and in the site file."""
    chosen = place("apartments")
    changed: dict[str, Path] = {}
    for name in ("site", "rig"):
        text = getattr(chosen, name).read_text(encoding="utf-8")
        assert "phase_kva = [10, 10, 10]" in text
        small = text.replace("phase_kva = [10, 10, 10]", f"phase_kva = {[PHASE_KVA] * 3}")
        changed[name] = where / f"small_{name}.toml"
        changed[name].write_text(small, encoding="utf-8")
    return dataclasses.replace(chosen, site=changed["site"], rig=changed["rig"])


def carried_by_cars(truth: Mapping[str, Any]) -> float:
    """W by which the load exceeds what the former alone may carry after a shed."""
    cars_w = sum(max(0.0, bay["power_w"]) for bay in truth["bays"].values())
    return float(sum(truth["former"]["phase_w"]) + cars_w - 0.8 * 3.0 * PHASE_KVA * 1000.0)
