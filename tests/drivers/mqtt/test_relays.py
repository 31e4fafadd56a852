"""What a shed leaves behind when hems dies in the outage: nothing that closes a relay again, by whatever maker."""

import asyncio
import sys
from contextlib import suppress

import pytest

from drivers.profile.load import available, load_raw
from tests.drivers.mqtt import shed_and_hang
from tests.drivers.mqtt.given import running, stranger
from tests.drivers.mqtt.relays import FAMILIES, Board

pytestmark = pytest.mark.wire
PRIORITIES_ONLY = {"span-panel"}


async def lying_on(broker):
    """Topics with something retained."""
    found = set()
    async with stranger(broker) as late:
        await late.subscribe("#", qos=1)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                async for message in late.messages:
                    found |= {message.topic.value} if message.retain else set()
    return found


def test_every_relay_product_is_tried():
    raw = {name: load_raw(name) for name in available()}
    switches = {name for name, data in raw.items() if (data["engine"], data["class"]) == ("mqtt", "load_switch")}
    assert switches - PRIORITIES_ONLY <= set(FAMILIES)


async def test_no_relay_closes_when_the_daemon_is_killed_in_an_outage(broker):
    # given all relays closed, and a daemon on the island that opens every one of them
    board = Board(broker.port)
    async with board.connected():
        command = (sys.executable, "-m", "tests.drivers.mqtt.shed_and_hang", broker.url)
        daemon = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        try:
            fates = (await asyncio.wait_for(daemon.stdout.readline(), 30)).decode().split()
            assert fates == ["confirmed"] * len(FAMILIES)
        finally:
            # when it is killed
            daemon.kill()
            await daemon.wait()
        await asyncio.sleep(0.1)

    # and an hour passes, then the supply of the relays blinks and they connect again
    for relay in board.relays.values():
        relay.later(3600)
    async with board.connected():
        await asyncio.sleep(0.3)

    # then none has closed at any time
    assert {name: (relay.closed, relay.closings) for name, relay in board.relays.items()} == dict.fromkeys(
        FAMILIES, (False, 0)
    )

    # and the broker keeps nothing of what was sent
    assert await lying_on(broker) == set()


async def test_a_retained_command_left_by_somebody_is_cleared_before_the_relay_comes_back(broker):
    # given closing commands that somebody left lying for relays that are away
    ghosts = {
        "tasmota-switch": ("cmnd/cellar/POWER", "ON"),
        "zigbee2mqtt-switch": ("zigbee2mqtt/attic/set", '{"state": "ON"}'),
        "shelly-gen1-switch": ("shellies/shelly1-AA/relay/0/command", "on"),
        "shelly-gen2-switch": ("hall/command/switch:0", "on"),
        "victron-gx": ("W/aabbcc/system/0/Relay/0/State", '{"value": 1}'),
    }
    assert set(ghosts) == set(FAMILIES)
    board = Board(broker.port)
    for relay in board.relays.values():
        relay.closed = False
    async with stranger(broker) as phone:
        for topic, payload in ghosts.values():
            await phone.publish(topic, payload, qos=1, retain=True)

    # when hems runs, armed, for a moment
    async with running(*shed_and_hang.specs(broker.url)):
        async with asyncio.timeout(5):
            while await lying_on(broker):
                pass

        # then the relays that come back stay open
        async with board.connected():
            await asyncio.sleep(0.3)
    assert {name: relay.closings for name, relay in board.relays.items()} == dict.fromkeys(FAMILIES, 0)
