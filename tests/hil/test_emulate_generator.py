"""The generator's controller, read and commanded as Deep Sea's GenComm describes it."""

import asyncio

import pytest

from hil.emulate.devices.dse import CANCEL, START
from tests.hil.bench import bench, holding, s32, tcp

pytestmark = pytest.mark.wire
UNIT = 10


async def press(client, key: int) -> bool:
    """Whether a control key was taken."""
    reply = await client.write_registers(4104, [key, 0xFFFF - key], device_id=UNIT)
    return not reply.isError()


async def test_a_key_with_its_complement_starts_the_engine_and_another_one_ends_it(run_dir):
    async with bench(run_dir, "genset", rig="hall") as built, tcp(built.links["genset"]) as client:
        engine = built.plant.engine
        assert engine is not None
        # given a controller in auto mode that knows the keys
        assert await holding(client, 768, 2, unit=UNIT) == [1, 32800]
        assert await holding(client, 772, 1, unit=UNIT) == [1]
        assert await holding(client, 4098, 1, unit=UNIT) == [0xC000]
        # when it is asked to start, it cranks, and makes voltage when it runs
        assert await press(client, START)
        assert await holding(client, 1408, 1, unit=UNIT) == [1]
        assert s32(await holding(client, 1032, 2, unit=UNIT)) == 0
        engine.step(5.0)
        assert await holding(client, 1408, 1, unit=UNIT) == [2]
        assert s32(await holding(client, 1032, 2, unit=UNIT)) == 2300
        # and cooled down when it is asked to stop
        assert await press(client, CANCEL)
        assert await holding(client, 1408, 1, unit=UNIT) == [4]


async def test_half_a_key_and_a_wrong_complement_are_refused(run_dir):
    async with bench(run_dir, "genset", rig="hall") as built, tcp(built.links["genset"]) as client:
        assert (await client.write_registers(4104, [START], device_id=UNIT)).isError()
        assert (await client.write_registers(4104, [START, START], device_id=UNIT)).isError()
        assert not built.plant.engine.asked


async def test_an_engine_that_did_not_start_says_so(run_dir):
    async with bench(run_dir, "genset", rig="hall") as built, tcp(built.links["genset"]) as client:
        built.plant.engine.ill = True
        assert await press(client, START)
        for _ in range(100):
            built.plant.engine.step(0.5)
        assert await holding(client, 39428, 1, unit=UNIT) == [0x0300]
        assert await holding(client, 1408, 1, unit=UNIT) == [5]


async def test_the_building_tells_of_fire_and_button_and_is_asked_for_an_island(run_dir):
    async with bench(run_dir, "tie_io", rig="hall") as built, tcp(built.links["tie_io"]) as client:
        plant = built.plant
        plant.contacts.fire_alarm, plant.contacts.dark_start = True, False
        told = await client.read_discrete_inputs(0, count=8, device_id=1)
        assert told.bits[:5] == [True, False, True, False, False]
        assert not (await client.write_coil(1, True, device_id=1)).isError()
        await asyncio.sleep(0.2)
        assert plant.tie_position == "open"
