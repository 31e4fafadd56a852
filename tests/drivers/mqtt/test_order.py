"""What leaves first when commands for several drivers are handed over at the same time."""

import asyncio

from tests.drivers.mqtt.given import Rig, plug


async def test_frames_of_other_drivers_leave_before_a_message_is_made():
    # given a plug behind a broker, and a link whose frame leaves two turns of the event loop after it was asked for
    rig, order = Rig([plug("mqtt://127.0.0.1:1883")]), []

    async def message():
        await rig.switch(False)
        order.append("message")

    async def frame():
        for _ in range(2):
            await asyncio.sleep(0)
        order.append("frame")

    # when both are told at once, the plug first
    await asyncio.gather(message(), frame())
    assert order == ["frame", "message"]
