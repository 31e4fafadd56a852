"""The bench as a process and as a whole."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from hems.sim.faults import Says
from hil.emulate.lines import TcpLine
from hil.emulate.remote import BenchError, wait_until_ready
from tests.hil.bench import RIGS, bench, holding, remote, tcp

pytestmark = pytest.mark.wire


async def started(rig: Path, run_dir: Path, *more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hil.emulate",
        "--rig",
        str(rig),
        "--run",
        str(run_dir),
        *more,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_the_process_says_where_everything_is_and_leaves_nothing_behind(run_dir):
    # given the whole apartment house on the wire
    process = await started(RIGS / "apartments.toml", run_dir)
    links = await wait_until_ready(run_dir)
    assert len(links) == 12
    assert links["utility_meter"] == f"rtu://{run_dir}/ttyMeter?baud=9600&parity=N&stop_bits=1"
    assert (run_dir / "ttyMeter").is_symlink()
    assert (run_dir / "plant.sock").is_socket()
    async with remote(run_dir) as world:
        assert (await world.status())["bus_live"] is True
    # when it is told to stop
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(5):
        code = await process.wait()
    # then it does, cleanly and soon
    assert code == 0
    assert list(run_dir.iterdir()) == []


async def test_a_mistaken_rig_ends_it_with_a_sentence(run_dir):
    wrong = run_dir / "wrong.toml"
    text = (RIGS / "home.toml").read_text(encoding="utf-8").replace('"sunspec-inverter"', '"perpetuum-mobile"')
    wrong.write_text(text, encoding="utf-8")
    process = await started(wrong, run_dir, "--broker", "none")
    _, said = await process.communicate()
    assert process.returncode == 78
    assert b"perpetuum-mobile" in said
    assert b"Traceback" not in said


async def test_an_unshed_evening_trips_the_inverter_on_schedule_and_devices_on_the_bus_fall_silent(run_dir):
    # given the evening of the rig with the kitchen wired to one phase, which the inverter bears for a moment only
    async with bench(run_dir, "bay_3", "hybrid") as built, remote(run_dir) as world:
        kitchen = built.plant.circuits["kitchen"]
        kitchen.shares = (1.0, 0.0, 0.0)
        failed_s = (await world.do("fail_grid"))["at_s"]
        truth = await world.wait_for(lambda truth: truth["former"]["stage"] == "forming", within_s=1.0)
        assert truth["load_phase_w"][0] > 19_000.0, "about 2 pu: a second or so by the curve"
        truth = await world.wait_for(lambda truth: truth["former"]["trips"] == 1, within_s=4.0)
        tripped_s = next(entry["at_s"] for entry in truth["history"] if entry["name"] == "trips")
        assert 0.5 < tripped_s - failed_s < 3.0
        assert truth["bus_live"] is False
        # then the charger, fed from the bus, is silent, and the hybrid on its battery is not
        await world.wait_for(lambda truth: truth["devices"]["bay_3"]["silent"], within_s=1.0)
        async with tcp(built.links["bay_3"]) as charger:
            with pytest.raises(Exception, match="No response"):
                await charger.read_input_registers(1000, count=1, device_id=255)
        async with tcp(built.links["hybrid"]) as hybrid:
            reply = await hybrid.read_input_registers(12999, count=1, device_id=1)
            assert reply.registers == [0x0100], "fault"


async def test_the_grid_returns_qualifies_and_recloses_with_permit(run_dir):
    async with bench(run_dir, "tie_io") as built, remote(run_dir) as world, tcp(built.links["tie_io"]) as client:
        for circuit in ("kitchen", "laundry", "heat_pump"):
            built.plant.switch(circuit, False)
        await world.do("fail_grid")
        await world.wait_for(lambda truth: truth["open_contact"], within_s=1.0)
        returned_s = (await world.do("return_grid"))["at_s"]
        await client.write_coil(0, True, device_id=1)
        truth = await world.wait_for(lambda truth: truth["closed_contact"], within_s=6.0)
        closed_s = [entry["at_s"] for entry in truth["history"] if entry["what"] == "contact"][-1]
        assert closed_s - returned_s == pytest.approx(3.02, abs=0.15), "the rig's qualification time, then the travel"
        assert truth["former"]["trips"] == 0


async def test_silence_is_silence_and_resume_is_its_end_without_late_answers(run_dir):
    async with bench(run_dir, "relays") as built, remote(run_dir) as world, tcp(built.links["relays"]) as client:
        await world.do("silence", device="relays")
        with pytest.raises(Exception, match="No response"):
            await client.write_coil(0, False, device_id=1)
        await world.do("resume", device="relays")
        await asyncio.sleep(0.1)
        assert (await client.read_coils(0, count=1, device_id=1)).bits[0] is True
        assert built.plant.circuits["medical_sockets"].closed


async def test_cars_come_and_go_by_request(run_dir):
    async with bench(run_dir, "bay_1") as built, remote(run_dir) as world, tcp(built.links["bay_1"]) as client:
        await world.do("unplug", bay="bay_1")
        assert (await holding(client, 100, 2))[1] == 1
        await world.do("plug", bay="bay_1", soc_pct=55, capacity_wh=40_000)
        assert (await holding(client, 112, 2))[1] == 550


@pytest.mark.parametrize(
    ("act", "facts"),
    [("dance", {}), ("unplug", {"bay": "nowhere"}), ("silence", {"device": "nobody"}), ("plug", {}), ("sag", {})],
)
async def test_what_cannot_be_done_is_refused_in_words(run_dir, act, facts):
    async with bench(run_dir, "tie_io"), remote(run_dir) as world:
        with pytest.raises(BenchError, match=r"unknown or missing|not understood"):
            await world.do(act, **facts)
        assert (await world.status())["tie"] == "closed"


async def test_the_journal_can_be_read_on_from_where_one_stopped(run_dir):
    async with bench(run_dir, "tie_io"), remote(run_dir) as world:
        seen = (await world.status())["next"]
        await world.do("sag", pu=0.9)
        history = (await world.status(since=seen))["history"]
        assert [entry["what"] for entry in history] == ["world", "grid"]


async def test_a_taken_port_is_said(run_dir):
    async with bench(run_dir, "tie_io") as built:
        taken = int(built.links["tie_io"].rsplit(":", 1)[1])
        line = TcpLine(built._lines[0]._devices[0], port=taken, speech=lambda _: Says.TRUTH)  # type: ignore[union-attr]
        with pytest.raises(RuntimeError):
            await line.open()
