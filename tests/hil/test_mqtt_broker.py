"""The bench's own MQTT broker, as clients of both versions see it."""

import asyncio

import aiomqtt
import pytest

from hil import vloop
from hil.emulate.broker import free_port
from hil.emulate.mqtt import Embedded, matches

pytestmark = pytest.mark.wire
VERSIONS = [aiomqtt.ProtocolVersion.V311, aiomqtt.ProtocolVersion.V5]


@pytest.mark.parametrize(
    ("wanted", "topic", "taken"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("+", "$SYS", False),
        ("a/b/+", "a/b", False),
    ],
)
def test_filters_take_what_the_standard_says(wanted: str, topic: str, taken: bool) -> None:
    assert matches(wanted, topic) is taken


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_is_retained_comes_to_who_asks_later_and_a_will_when_somebody_goes_silently(
    version: aiomqtt.ProtocolVersion,
) -> None:
    broker, port = Embedded(), free_port()
    await broker.start("127.0.0.1", port)
    will = aiomqtt.Will("plug/online", "false", qos=1, retain=True)
    async with aiomqtt.Client("127.0.0.1", port, protocol=version, will=will, identifier="plug") as plug:
        await plug.publish("plug/online", "true", qos=1, retain=True)
        async with aiomqtt.Client("127.0.0.1", port, protocol=version) as other:
            await other.subscribe("plug/#", qos=1)
            kept = await anext(other.messages)
            assert (kept.payload, kept.retain) == (b"true", True)
            broker.sessions["plug"].cut()
            gone = await asyncio.wait_for(anext(other.messages), 2.0)
            assert (gone.payload, gone.retain) == (b"false", False)
            with pytest.raises(aiomqtt.MqttError):
                await anext(plug.messages)
    broker.kill()


def test_whoever_is_silent_for_half_as_long_again_as_was_promised_is_cut_off() -> None:
    async def main(loop: vloop.VirtualLoop) -> float:
        broker, port = Embedded(), free_port()
        await broker.start("127.0.0.1", port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(bytes.fromhex("100e 00044d515454 04 02 000a 0002 6162"))
        assert await reader.read(4) == bytes.fromhex("20020000")
        began_s = loop.time()
        with pytest.raises(ConnectionError):
            if not await reader.read(1):
                raise ConnectionError
        broker.kill()
        writer.close()
        return loop.time() - began_s

    assert vloop.run(main) == pytest.approx(15.0, abs=0.1)


async def test_when_it_is_killed_every_connection_ends_at_once() -> None:
    broker, port = Embedded(), free_port()
    await broker.start("127.0.0.1", port)
    async with aiomqtt.Client("127.0.0.1", port) as client:
        broker.kill()
        with pytest.raises(aiomqtt.MqttError):
            await asyncio.wait_for(anext(client.messages), 2.0)
