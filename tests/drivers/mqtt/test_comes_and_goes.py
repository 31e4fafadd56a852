"""A device behind a broker that comes and goes makes one alarm, whatever makes it go."""

import pytest

from drivers.losses import OFTEN
from hems.model.snapshot import COMES_AND_GOES
from tests.drivers.mqtt.given import at_once, eventually, one_device

pytestmark = pytest.mark.wire

BOX = """
schema = 1
id = "box"
title = "A thermometer"
class = "meter"
engine = "mqtt"
status = "draft"
sources = ["nobody"]
[link]
silent_ms = 30000
available = [{ topic = "box/online", yes = "true", no = ["false"] }]
[read]
temperature_c = { topic = "box/c" }
"""


def codes(device):
    return [alarm.code for alarm in device.health().alarms]


async def told(player, topic, payload):
    await player.publish(topic, payload, qos=1)
    await player.barrier.passed_by(player)


async def test_a_last_will_again_and_again_is_one_alarm_that_stands_for_an_hour(broker):
    async with one_device(broker, BOX) as (device, context, player):
        await told(player, "box/c", "21")
        # when it loses its radio now and then, no alarm; often, one
        for times in range(1, OFTEN + 3):
            await told(player, "box/online", "false")
            await told(player, "box/online", "true")
            assert codes(device) == ([COMES_AND_GOES] if times >= OFTEN else [])
        # and an hour later none
        context.clock.added_s += 3601
        assert codes(device) == []


async def test_silence_again_and_again_is_the_same_alarm(broker):
    async with one_device(broker, BOX) as (device, context, player):
        for _ in range(OFTEN + 1):
            await told(player, "box/c", "21")
            context.clock.added_s += 31
            await at_once(device)
        assert codes(device) == [COMES_AND_GOES]


async def test_a_broker_that_dies_again_and_again_takes_its_devices_along(broker):
    async with one_device(broker, BOX) as (device, _, player):
        await told(player, "box/c", "21")
        for _ in range(OFTEN):
            assert codes(device) == []
            broker.kill()
            await eventually(lambda: device.health().lost_since_s is not None)
            broker.start()
            await eventually(lambda: device.health().lost_since_s is None)
        assert codes(device) == [COMES_AND_GOES]


async def test_a_device_that_has_never_been_heard_does_not_come_and_go(broker):
    async with one_device(broker, BOX) as (device, _, player):
        for _ in range(OFTEN + 1):
            await told(player, "box/online", "false")
            await told(player, "box/online", "true")
        assert codes(device) == []
