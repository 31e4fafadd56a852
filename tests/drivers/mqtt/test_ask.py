"""A question that a person has put to a device behind a broker: its own request, if it has one."""

import asyncio

import pytest

from hems.ports.device import Answer
from tests.drivers.mqtt.given import one_device
from tests.drivers.mqtt.test_setpoint import CHARGER

pytestmark = pytest.mark.wire

REQUEST = """
[[link.request]]
topic = "car/tell"
text = "now"
every_ms = 0
harmless = "makes the charger say everything again"
"""


async def test_a_device_that_can_be_asked_is_asked_and_has_answered_when_it_speaks(broker):
    text = CHARGER.replace("[read]", f"{REQUEST}[read]", 1)
    async with one_device(broker, text, armed=False) as (device, _context, car):
        await car.subscribe("car/tell", qos=1)
        asking = asyncio.create_task(device.ask())
        async for message in car.messages:
            assert str(message.topic) == "car/tell"
            break
        assert not asking.done()
        await car.publish("car/power", "0", qos=1)
        assert (await asyncio.wait_for(asking, 5.0)).answer is Answer.GOOD


async def test_one_that_only_speaks_by_itself_says_so(broker):
    async with one_device(broker, CHARGER, armed=False) as (device, _context, _car):
        assert (await device.ask()).answer is Answer.SPEAKS
