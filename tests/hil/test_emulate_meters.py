"""Meter and inverters, read as their makers' documents say."""

import asyncio

import pytest
from sunspec2.modbus import client as sunspec_client

from tests.hil.bench import bench, f32, holding, inputs, remote, rtu, s16, s32_low_first, tcp

pytestmark = pytest.mark.wire


async def test_the_utility_meter_answers_on_its_serial_line_as_slowly_as_9600_baud(run_dir):
    async with bench(run_dir, "utility_meter") as built, rtu(built.links["utility_meter"]) as client:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        words = await inputs(client, 0x00, 0x4C)
        # 8 bytes there and 157 back at 1.04 ms each
        assert 0.17 < loop.time() - began_s < 0.35
        assert f32(words[0x00:0x02]) == pytest.approx(230.0, abs=5.0)
        watts = [f32(words[at : at + 2]) for at in (0x0C, 0x0E, 0x10)]
        assert f32(words[0x34:0x36]) == pytest.approx(sum(watts), rel=1e-3)
        assert sum(watts) == pytest.approx(built.plant.grid_w, rel=0.02)
        assert f32(words[0x06:0x08]) == pytest.approx(watts[0] / f32(words[0x00:0x02]), rel=0.02)
        assert f32(words[0x46:0x48]) == pytest.approx(50.0, abs=0.1)
        assert f32(words[0x48:0x4A]) > 1000.0


async def test_the_meter_refuses_more_than_80_registers_and_writes(run_dir):
    async with bench(run_dir, "utility_meter") as built, rtu(built.links["utility_meter"]) as client:
        assert (await client.read_input_registers(0, count=82, device_id=1)).isError()
        assert (await client.write_register(0, 1, device_id=1)).isError()


async def test_two_meters_share_a_line_and_one_can_fall_silent(run_dir):
    names = ("main_meter", "house_meter")
    async with bench(run_dir, *names, rig="home") as built, rtu(built.links["main_meter"]) as client:
        assert built.links["main_meter"] == built.links["house_meter"]
        assert f32(await inputs(client, 0x46, 2, unit=1)) == pytest.approx(60.0, abs=0.1)
        assert f32(await inputs(client, 0x34, 2, unit=2)) == pytest.approx(0.0), "the car does not give yet"
        built.silence("main_meter", True)
        with pytest.raises(Exception, match="No response"):
            await client.read_input_registers(0x46, count=2, device_id=1)
        await asyncio.sleep(0.1)
        assert f32(await inputs(client, 0x46, 2, unit=2)) == pytest.approx(60.0, abs=0.1)


async def test_the_hybrid_tells_grid_loss_in_its_running_state_with_the_low_word_first(run_dir):
    async with bench(run_dir, "hybrid") as built, tcp(built.links["hybrid"]) as client, remote(run_dir) as world:
        assert await inputs(client, 12999, 1) == [0x0040]
        assert s32_low_first(await inputs(client, 13009, 2)) == pytest.approx(-built.plant.grid_w, abs=500)
        assert (await inputs(client, 13022, 1))[0] == pytest.approx(620, abs=1)
        await world.do("fail_grid")
        await world.wait_for(lambda truth: truth["bus_live"] and truth["tie"] == "open", within_s=1.0)
        assert await inputs(client, 12999, 1) == [0x1000]
        phases_w = [s16(word) for word in await inputs(client, 5722, 3)]
        assert sum(phases_w) == pytest.approx(built.plant.load_w, rel=0.05)
        assert s32_low_first(await inputs(client, 5213, 2)) == pytest.approx(sum(phases_w), rel=0.05)
        assert all(word / 10 > 150 for word in await inputs(client, 5018, 3)), "averaged over cycles: a dip, not dead"
        assert s32_low_first(await inputs(client, 5600, 2)) == 0x7FFF_FFFF, "its meter is fed by the grid"


async def test_the_hybrid_obeys_while_its_heartbeat_lasts_and_then_falls_back(run_dir):
    async with bench(run_dir, "hybrid") as built, tcp(built.links["hybrid"]) as client:
        store = built.plant.batteries["main"]
        for at, value in ((13079, 1), (13051, 5000), (13050, 0xAA), (13049, 3)):
            assert not (await client.write_register(at, value, device_id=1)).isError()
        assert store.power_w == pytest.approx(-5000.0)
        assert await inputs(client, 12999, 1) == [0x4000]
        await asyncio.sleep(1.2)
        assert await holding(client, 13049, 1) == [0]
        assert store.power_w > 0.0, "self-consumption again"


async def test_the_hybrid_refuses_what_its_document_does_not_know(run_dir):
    async with bench(run_dir, "hybrid") as built, tcp(built.links["hybrid"]) as client:
        assert (await client.write_register(13050, 0x11, device_id=1)).exception_code == 3
        assert (await client.write_register(13049, 7, device_id=1)).exception_code == 3
        assert (await client.read_input_registers(9000, count=1, device_id=1)).exception_code == 2


async def test_an_independent_sunspec_client_finds_the_models_and_their_values(run_dir):
    async with bench(run_dir, "roof") as built:
        port = int(built.links["roof"].rsplit(":", 1)[1])

        def read() -> dict[str, object]:
            device = sunspec_client.SunSpecModbusClientDeviceTCP(
                slave_id=1, ipaddr="127.0.0.1", ipport=port, timeout=2.0
            )
            try:
                device.scan()
                inverter, nameplate, controls = device.models[103][0], device.models[120][0], device.models[123][0]
                return {
                    "models": sorted(key for key in device.models if isinstance(key, int)),
                    "volts": inverter.points["PhVphA"].cvalue,
                    "hertz": inverter.points["Hz"].cvalue,
                    "watts": inverter.points["W"].cvalue,
                    "energy_wh": inverter.points["WH"].cvalue,
                    "rated_w": nameplate.points["WRtg"].cvalue,
                    "limit_pct": controls.points["WMaxLimPct"].cvalue,
                    "unimplemented": inverter.points["VAr"].cvalue,
                    "state": inverter.points["St"].cvalue,
                }
            finally:
                device.close()

        seen = await asyncio.to_thread(read)
        assert seen["models"] == [1, 103, 120, 122, 123]
        assert seen["volts"] == pytest.approx(230.0, abs=5.0)
        assert seen["hertz"] == pytest.approx(50.0, abs=0.1)
        assert (seen["watts"], seen["state"]) == (0, 2), "after sunset"
        assert seen["energy_wh"] == pytest.approx(61_402_117, abs=5)
        assert seen["rated_w"] == pytest.approx(30_000)
        assert seen["limit_pct"] == pytest.approx(100.0)
        assert seen["unimplemented"] is None


async def test_a_pv_limit_holds_once_enabled_and_reverts_by_itself(run_dir):
    controls = 40_002 + 68 + 52 + 28 + 46
    async with bench(run_dir, "roof") as built, tcp(built.links["roof"]) as client:
        assert await holding(client, controls, 2) == [123, 24]
        await client.write_registers(controls + 7, [1], device_id=1)
        await client.write_registers(controls + 5, [2500], device_id=1)
        assert built.plant.pvs["roof"].limit_w is None, "not in force before it is enabled"
        await client.write_registers(controls + 9, [1], device_id=1)
        assert built.plant.pvs["roof"].limit_w == pytest.approx(7500.0)
        await asyncio.sleep(1.2)
        assert built.plant.pvs["roof"].limit_w is None
