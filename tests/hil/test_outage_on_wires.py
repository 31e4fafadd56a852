"""Whole outages over real sockets, in real time: the unmodified daemon against the emulated building."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hems.app import installed_drivers
from hems.config.load import load
from hems.model.mode import Mode
from hems.sim.judge import judge
from hems.sim.play import play
from hems.sim.rig import load_rig
from hems.sim.scenario_file import load_scenario
from hil.bench_run import BenchRun, begin
from hil.emulate.remote import Remote
from hil.perform import played
from hil.places import place
from tests.hil.alike import assert_alike

pytestmark = [pytest.mark.wire, pytest.mark.real_time, pytest.mark.timeout(300)]


@pytest.mark.parametrize("building", ["apartments", pytest.param("home", marks=pytest.mark.soak)])
async def test_the_evening_outage_goes_as_expected_and_as_in_fast_forward(building: str, run_dir: Path) -> None:
    # given the building on real sockets, armed and on the grid
    chosen = place(building)
    scenario = load_scenario(chosen.scenario)
    async with begin(chosen, run_dir) as run:
        site_file = load(run.site, installed_drivers())
        # when the grid fails and comes back
        on_wires = await played(run, scenario)
    # then every expectation holds
    verdicts = judge(scenario, site_file.site, site_file.params, on_wires)
    assert [verdict for verdict in verdicts if not verdict.held] == []
    # and the same controller on the same building's equations did the same, for the same reasons, at the same times
    forward = play(site_file.site, site_file.params, load_rig(chosen.rig).plant(), scenario)
    # (a permit waits for two looks in a row: at the street, and at what cars have stopped giving)
    assert_alike(on_wires, forward, looks=2)


async def on_the_island(run: BenchRun, bench: Remote) -> None:
    """Fail the grid and wait until the building runs steadily on its own power."""
    await bench.do("fail_grid")
    await run.settled(Mode.ISLANDED)


def off(truth: Mapping[str, Any]) -> set[str]:
    return {name for name, circuit in truth["circuits"].items() if not circuit["closed"]}


async def test_a_daemon_killed_in_mid_outage_comes_back_without_energising_anything(run_dir: Path) -> None:
    # given an island with circuits off
    async with begin(place("apartments"), run_dir) as run, Remote(run.plant_socket) as bench:
        await on_the_island(run, bench)
        before = await bench.status()
        assert off(before)
        # when the daemon is killed and started again
        run.daemon.send_signal(signal.SIGKILL)
        await run.daemon.wait()
        killed = await bench.status()
        await run.start_daemon()
        await run.settled(Mode.ISLANDED_STABILIZING, Mode.ISLANDED)
        estimated = await bench.status(since=killed["next"])
        # then nothing was given power before it knew how things stand
        energised = [
            entry
            for entry in estimated["history"]
            if (entry["what"] in ("coil", "circuit", "permit") and entry["value"] is True)
            or (entry["what"] == "setpoint" and entry["value"] > 0.0)
        ]
        assert energised == []
        # and the story ends as it would have
        await bench.do("return_grid")
        await run.settled(Mode.GRID_CONNECTED, within_s=40.0)
        assert off(await bench.status()) == set()


async def test_a_screen_that_is_killed_leaves_the_building_alone(run_dir: Path) -> None:
    # given an island with the operator's screen open
    async with begin(place("apartments"), run_dir) as run, Remote(run.plant_socket) as bench:
        screen = await on_a_terminal(run)
        await on_the_island(run, bench)
        before = await run.picture()
        # when the screen is killed
        screen.kill()
        await screen.wait()
        await asyncio.sleep(2.0)
        # then the daemon goes on
        after = await run.picture()
        assert after.mode is before.mode
        assert after.mono_s > before.mono_s
        assert run.daemon.returncode is None


async def on_a_terminal(run: BenchRun) -> asyncio.subprocess.Process:
    master, slave = os.openpty()
    screen = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hems.cli",
        "tui",
        "--run-dir",
        str(run.run_dir),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
    )
    os.close(slave)
    loop = asyncio.get_running_loop()
    drawn = asyncio.Event()
    loop.add_reader(master, lambda: (os.read(master, 65536), drawn.set()))
    await asyncio.wait_for(drawn.wait(), 20.0)
    loop.remove_reader(master)
    return screen
