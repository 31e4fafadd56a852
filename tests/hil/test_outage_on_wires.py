"""Whole outages over real sockets, in real time: the unmodified daemon against the emulated building."""

import asyncio
import dataclasses
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
from hems.sim.judge import judge, sequence
from hems.sim.play import play
from hems.sim.record import Record
from hems.sim.rig import load_rig
from hems.sim.scenario_file import load_scenario
from hil.bench_run import BenchRun, begin
from hil.emulate.remote import Remote
from hil.perform import played
from hil.places import place

pytestmark = [pytest.mark.wire, pytest.mark.real_time, pytest.mark.timeout(300)]

PHASE_KVA = 9
"""A small inverter: the evening's loads come back only because cars help."""
POLL_AND_A_SECOND_S = 3.0
"""The slowest device here is polled every 2 s; and one period of the tick."""


@pytest.mark.parametrize("building", ["apartments", "home"])
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
    assert [mode for _, mode in on_wires.modes()] == [mode for _, mode in forward.modes()]
    there, here = by_what(on_wires), by_what(forward)
    assert {what: len(times) for what, times in there.items()} == {what: len(times) for what, times in here.items()}
    late = {
        what: (on_wire_s, forward_s)
        for what in here
        for on_wire_s, forward_s in zip(there[what], here[what], strict=True)
        if abs(on_wire_s - forward_s) > POLL_AND_A_SECOND_S
    }
    assert late == {}


def by_what(record: Record) -> dict[tuple[str, str, str], list[float]]:
    """When each mode was entered and each thing was commanded, by what it was, to what and why."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for t_s, *what in sequence(record.events):
        found.setdefault((str(what[0]), str(what[1]), str(what[2])), []).append(t_s)
    return found


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


async def test_a_stop_on_the_island_sheds_what_the_cars_carried_before_they_stop(run_dir: Path) -> None:
    # given an inverter too small for what is on, and cars that carry the rest
    chosen = small_inverter(run_dir)
    async with begin(chosen, run_dir) as run, Remote(run.plant_socket) as bench:
        await on_the_island(run, bench)
        await bench.wait_for(lambda truth: carried_by_cars(truth) > 1000.0, within_s=30.0)
        before = await bench.status()
        # when the service is told to stop
        run.daemon.send_signal(signal.SIGTERM)
        await run.daemon.wait()
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


def small_inverter(run_dir: Path) -> Any:
    """The apartments with a smaller inverter, in the rig and in the site file."""
    chosen = place("apartments")
    changed = {}
    for name in ("site", "rig"):
        text = getattr(chosen, name).read_text(encoding="utf-8")
        assert "phase_kva = [10, 10, 10]" in text
        small = text.replace("phase_kva = [10, 10, 10]", f"phase_kva = {[PHASE_KVA] * 3}")
        changed[name] = run_dir / f"small_{name}.toml"
        changed[name].write_text(small, encoding="utf-8")
    return dataclasses.replace(chosen, **changed)


def carried_by_cars(truth: Mapping[str, Any]) -> float:
    """W by which the load exceeds what the former alone may carry after a shed."""
    cars_w = sum(max(0.0, bay["power_w"]) for bay in truth["bays"].values())
    return float(sum(truth["former"]["phase_w"]) + cars_w - 0.8 * 3.0 * PHASE_KVA * 1000.0)


async def test_losing_the_broker_changes_nothing_else_and_is_shown(run_dir: Path) -> None:
    # given an island at rest
    async with begin(place("apartments"), run_dir) as run, Remote(run.plant_socket) as bench:
        await on_the_island(run, bench)
        await asyncio.sleep(6.0)
        steady = off(await bench.status())
        # when the broker dies
        await bench.do("kill_broker")
        # then what hangs on it is shown as lost, and the building stays as it was
        assert await shown_as_lost(run, "laundry_plug")
        assert off(await bench.status()) <= steady
        # and when all is well again, so is hems
        await bench.do("start_broker")
        await back_on_the_grid(run, bench)


async def back_on_the_grid(run: BenchRun, bench: Remote) -> None:
    await bench.do("return_grid")
    await run.settled(Mode.GRID_CONNECTED, within_s=70.0)
    assert (await bench.status())["former"]["trips"] == 0


async def shown_as_lost(run: BenchRun, device: str) -> bool:
    for _ in range(350):
        pictures = (await run.picture()).devices
        if any(one.id == device and one.lost_for_s is not None for one in pictures):
            return True
        await asyncio.sleep(0.1)
    return False


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
