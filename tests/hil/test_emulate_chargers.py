"""Chargers, read and commanded as public sources describe them."""

import asyncio

import pytest

from hems.model.units import SourceId
from hems.sim.start import Car
from tests.hil.bench import bench, f32, holding, inputs, s32, tcp, two_words

pytestmark = pytest.mark.wire
X = 100


async def test_the_bidirectional_charger_identifies_itself_and_its_car(run_dir):
    async with bench(run_dir, "bay_1") as built, tcp(built.links["bay_1"]) as client:
        model = b"".join(word.to_bytes(2, "big") for word in await holding(client, 26, 10))
        assert b"crema" in model
        assert s32(await holding(client, X, 2)) == 10, "waits for a command"
        assert s32(await holding(client, X + 4, 2)) == 5, "a bidirectional session"
        assert s32(await holding(client, X + 12, 2)) == 780, "per mille"
        assert f32(await holding(client, X + 58, 2)) == 60_000.0
        assert f32(await holding(client, X + 22, 2)) == -10_000.0


async def test_it_discharges_on_command_and_says_what_it_follows(run_dir):
    async with bench(run_dir, "bay_1") as built, tcp(built.links["bay_1"]) as client:
        await client.write_registers(X + 86, two_words(-6000), device_id=1)
        await asyncio.sleep(1.4)
        assert built.plant.bays["bay_1"].power_w == pytest.approx(6000.0)
        assert f32(await holding(client, X + 10, 2)) == pytest.approx(-6000.0), "negative is discharge"
        assert f32(await holding(client, X + 46, 2)) == pytest.approx(-6000.0)
        assert s32(await holding(client, X, 2)) == 8


@pytest.mark.parametrize("watts", [-499, 300, -12_000, 12_000])
async def test_set_points_too_small_or_outside_the_window_are_refused(run_dir, watts):
    async with bench(run_dir, "bay_1") as built, tcp(built.links["bay_1"]) as client:
        reply = await client.write_registers(X + 86, two_words(watts), device_id=1)
        assert reply.isError()
        assert reply.exception_code == 3
        assert built.plant.bays["bay_1"].setpoint_w is None


async def test_in_a_session_that_may_not_a_discharge_is_taken_and_not_done(run_dir):
    async with bench(run_dir, "bay_1") as built, tcp(built.links["bay_1"]) as client:
        built.plant.plug(SourceId("bay_1"), Car(soc_pct=70.0, gives=False))
        assert s32(await holding(client, X + 4, 2)) == 1
        assert f32(await holding(client, X + 22, 2)) == 0.0
        assert not (await client.write_registers(X + 86, two_words(-3000), device_id=1)).isError()
        await asyncio.sleep(0.3)
        assert built.plant.bays["bay_1"].power_w == 0.0
        assert f32(await holding(client, X + 46, 2)) == 0.0


async def test_addresses_between_its_fields_do_not_exist_and_half_a_value_cannot_be_written(run_dir):
    async with bench(run_dir, "bay_1") as built, tcp(built.links["bay_1"]) as client:
        assert (await client.read_holding_registers(X, count=30, device_id=1)).exception_code == 2
        assert (await client.write_registers(X + 87, [1], device_id=1)).exception_code == 2
        assert (await client.write_registers(X + 10, [0, 0], device_id=1)).exception_code == 2


async def test_any_traffic_keeps_the_last_set_point_alive_and_silence_ends_it(run_dir):
    async with bench(run_dir, "bay_1") as built, tcp(built.links["bay_1"]) as client:
        await client.write_registers(42, two_words(1), device_id=1)
        await client.write_registers(X + 86, two_words(-3000), device_id=1)
        for _ in range(4):
            await asyncio.sleep(0.4)
            await holding(client, X, 2)
        assert built.plant.bays["bay_1"].setpoint_w == 3000.0, "reading alone feeds its timer"
        await asyncio.sleep(1.3)
        assert built.plant.bays["bay_1"].setpoint_w == 0.0
        assert s32(await holding(client, 42, 2)) == 1
        assert (await client.write_registers(42, two_words(601), device_id=1)).isError()


async def test_an_empty_bay_has_no_car_and_the_state_says_so(run_dir):
    async with bench(run_dir, "bay_1") as built, tcp(built.links["bay_1"]) as client:
        built.plant.unplug("bay_1")
        assert s32(await holding(client, X, 2)) == 1
        assert s32(await holding(client, X + 12, 2)) == 0


async def test_the_one_way_charger_takes_amperes_from_unit_255(run_dir):
    async with bench(run_dir, "bay_3") as built, tcp(built.links["bay_3"]) as client:
        assert await inputs(client, 1004, 1, unit=255) == [3], "a car is locked to it"
        assert await inputs(client, 1001, 1, unit=255) == [0]
        await client.write_register(5004, 10, device_id=255)
        await asyncio.sleep(1.6)
        assert await inputs(client, 1000, 2, unit=255) == [2, 1]
        assert s32(await inputs(client, 1020, 2, unit=255)) == pytest.approx(6900, abs=10)
        assert built.plant.bays["bay_3"].power_w == pytest.approx(-6900.0)
        await client.write_register(5004, 0, device_id=255)
        await asyncio.sleep(1.6)
        assert s32(await inputs(client, 1020, 2, unit=255)) == 0
        with pytest.raises(Exception, match="No response"):
            await client.read_input_registers(1000, count=1, device_id=1)


async def test_without_a_sign_of_life_it_goes_to_its_failsafe_current_and_stays_there(run_dir):
    async with bench(run_dir, "bay_3") as built, tcp(built.links["bay_3"]) as client:
        await client.write_register(2002, 1, device_id=255)
        await client.write_register(5004, 12, device_id=255)
        for _ in range(3):
            await asyncio.sleep(0.5)
            await client.write_register(6000, 1, device_id=255)
        assert await holding(client, 5004, 1, unit=255) == [12]
        await asyncio.sleep(1.3)
        assert await holding(client, 5004, 1, unit=255) == [0]
        await client.write_register(6000, 1, device_id=255)
        await asyncio.sleep(0.1)
        assert await holding(client, 5004, 1, unit=255) == [0], "only a new current ends it"
