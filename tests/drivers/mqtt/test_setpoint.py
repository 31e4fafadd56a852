"""What no shipped product needs yet: set-points, text payloads, a dead-man of the engine, handing back."""

import asyncio
import tomllib
from contextlib import asynccontextmanager, suppress
from random import Random

import pytest

from drivers.mqtt.address import parse_address
from drivers.mqtt.device import Device
from drivers.mqtt.link import Link
from drivers.mqtt.schema import MqttProfile
from drivers.profile.load import parse
from hems.model.command import Fate
from hems.ports.device import DriverContext
from tests.drivers.mqtt.given import Readings, RunningClock, eventually, heard_by, plug, stranger

pytestmark = pytest.mark.wire

CHARGER = """
schema = 1
id = "charger"
title = "A charger that takes a charging power as text"
class = "evse"
engine = "mqtt"
status = "draft"
sources = ["nobody"]
[link]
silent_ms = 30000
[read]
charge_w = { topic = "car/power" }
limit_w = { topic = "car/limit" }
[derive]
power_w = { neg = "charge_w" }
[write.power_w]
lapses_to = "zero"
steps = [{ topic = "car/set", text = "{value}" }]
negate = true
range = ["-limit_w", 0]
min_interval_ms = 300
[control]
safe = [{ topic = "car/set", text = "0" }]
release = [{ topic = "car/mode", text = "auto" }]
watchdog = { kind = "none", hold_max_s = 15 }
"""


@asynccontextmanager
async def charger(broker, armed=True):
    context = DriverContext(clock=RunningClock(), sink=Readings(), rng=Random(1))
    link = Link(parse_address(broker.url), clock=context.clock, rng=context.rng)
    device = Device(plug(broker.url), parse(MqttProfile, tomllib.loads(CHARGER), {}), link, context)
    device.arm(armed)
    tasks = [asyncio.create_task(link.serve()), asyncio.create_task(device.run())]
    async with stranger(broker) as car:
        await car.subscribe([("car/set", 1), ("car/mode", 1)])
        await eventually(lambda: link.connected)
        await car.publish("car/power", "0", qos=1)
        await car.publish("car/limit", "7000", qos=1)
        await eventually(lambda: context.sink.last("limit_w") is not None)
        yield device, context, car
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def sent_to(car, for_s=0.25):
    return [payload for topic, payload in await heard_by(car, for_s)]


async def test_a_set_point_has_the_devices_sign_and_limit_and_nobody_claims_that_it_works(broker):
    async with charger(broker) as (device, context, car):
        writing = asyncio.create_task(device.write("power_w", -9000.0, islanded=False))
        assert await sent_to(car) == ["7000.0"]

        # what the car draws comes in with hems' sign
        await car.publish("car/power", "6900", qos=1)
        await eventually(lambda: context.sink.last("power_w").value == -6900)
        assert (await writing).fate is not Fate.CONFIRMED


async def test_a_stop_does_not_wait_for_the_shortest_interval_but_a_new_set_point_does(broker):
    async with charger(broker) as (device, _, car):
        writes = []
        for watts in (-3000.0, 0.0):
            writes.append(asyncio.create_task(device.write("power_w", watts, islanded=False)))
            await asyncio.sleep(0.02)
        assert await sent_to(car, 0.1) == ["3000.0", "0.0"]

        waiting = asyncio.create_task(device.write("power_w", -2000.0, islanded=False))
        assert await sent_to(car, 0.1) == []
        assert await sent_to(car, 0.3) == ["2000.0"]
        waiting.cancel()


async def test_without_a_fresh_command_the_engine_sends_the_safe_value_once(broker):
    # given a set-point
    async with charger(broker) as (device, context, car):
        writing = asyncio.create_task(device.write("power_w", -3000.0, islanded=False))
        assert await sent_to(car) == ["3000.0"]

        # when the control loop stops asking
        context.clock.added_s += 16
        device.arm(True)  # wakes the duties, which would come by themselves within a second

        # then
        assert await sent_to(car, 0.3) == ["0"]
        writing.cancel()


async def test_handing_back_sends_what_the_profile_says(broker):
    async with charger(broker) as (device, _, car):
        await device.release()
        assert await sent_to(car, 0.1) == ["auto"]


async def test_an_unknown_command_is_refused(broker):
    async with charger(broker) as (device, _, _car):
        assert (await device.write("fly", True, islanded=False)).fate is Fate.REFUSED
