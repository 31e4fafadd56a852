"""A real relay board in place of an emulated one; here another emulated one plays the real part."""

import asyncio
from pathlib import Path

import pytest

from hems.model.errors import ConfigError
from hems.model.units import CircuitId
from hems.sim.faults import Says
from hems.sim.rig import load_rig
from hil import stage
from hil.emulate.bench import Bench
from hil.emulate.devices.waveshare import waveshare
from hil.emulate.lines import TcpLine
from hil.places import place
from hil.run import on_rig

RIG = """
[devices.relays]
link = "tcp://127.0.0.1:{port}"
"""
WITHIN_S = 5.0


@pytest.mark.wire
async def test_the_buildings_contactors_follow_a_real_board_and_nobody_makes_it_lie(tmp_path: Path) -> None:
    # given a board that stands apart, and a bench whose relays are that board
    apart = load_rig(place("apartments").rig)
    elsewhere = Bench(apart.plant(), {}, tmp_path / "none", None)
    simulated, board = waveshare(elsewhere.building, "relays", apart.devices["relays"])
    line = TcpLine(simulated, port=0, speech=lambda _: Says.TRUTH)
    await line.open()
    overlay = {"devices": {"relays": {"link": f"tcp://127.0.0.1:{line.port}"}}}
    built = load_rig(place("apartments").rig, overlay)
    bench = Bench(built.plant(), {"relays": built.devices["relays"]}, tmp_path, None)
    await bench.open()
    running = asyncio.create_task(bench.run())
    try:
        # then hems is sent to the real one
        assert bench.links["relays"] == f"tcp://127.0.0.1:{line.port}"
        # and when its third relay drops out, the kitchen goes off
        went, kitchen = asyncio.Event(), bench.plant.circuits[CircuitId("kitchen")]
        bench.building.each_round(lambda: None if kitchen.told else went.set())
        board.set(2, False)
        async with asyncio.timeout(WITHIN_S):
            await went.wait()
        with pytest.raises(ValueError, match="by hand"):
            bench.silence("relays", True)
    finally:
        running.cancel()
        await asyncio.wait({running})
        await bench.close()
        await line.close()


def test_a_rig_is_laid_over_a_scenario_and_lives_in_real_time(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    path.write_text(RIG.format(port=502), encoding="utf-8")
    scenario = on_rig(stage.scenarios("T1-a")[0], path, ["real"])
    assert scenario.rig["devices"]["relays"]["link"] == "tcp://127.0.0.1:502"
    with pytest.raises(ConfigError, match="--way real"):
        on_rig(scenario, path, None)
    with pytest.raises(ConfigError, match="does not exist; give the path"):
        on_rig(scenario, tmp_path / "nothing.toml", ["real"])
