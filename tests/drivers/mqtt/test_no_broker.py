"""Where there is no broker, a device and a search say in one sentence what to look at."""

import asyncio
from contextlib import asynccontextmanager

import aiomqtt
import pytest

from drivers.mqtt import FACTORY
from drivers.mqtt.address import parse_address
from drivers.mqtt.trouble import explained
from hems.ports.device import Held, Sought
from tests.brokers import free_port
from tests.drivers.mqtt.given import eventually, plug, running, stranger


@asynccontextmanager
async def something_else():
    """A web server on the port: it waits for a whole line."""

    async def serve(reader, writer):
        await reader.read(100)
        await reader.read(100)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def told(url, *words):
    """What is said of a plug there once these words are in it."""
    async with running(plug(url), armed=False) as rig:
        await eventually(lambda: all(one in rig.health().detail for one in words), within_s=20.0)
        return rig.health().detail


async def met(url, **sought):
    found = FACTORY.probe(Sought(kind="mqtt", place=url, **sought), lambda _: None, Held())
    return [(one.profile, one.told) async for one in found]


@pytest.mark.wire
async def test_a_port_on_which_nobody_listens():
    port = free_port()
    said = await told(f"mqtt://127.0.0.1:{port}", "does not listen on that port; check the port")
    assert "Errno" not in said
    # and a search says the same
    assert await met(f"mqtt://127.0.0.1:{port}") == [("", said)]


@pytest.mark.wire
async def test_a_port_on_which_something_else_listens():
    async with something_else() as port:
        await told(f"mqtt://127.0.0.1:{port}", "does not speak MQTT; check the port, mostly 1883")


@pytest.mark.wire
async def test_an_encrypted_call_to_a_port_without_encryption(broker):
    await told(broker.url.replace("mqtt://", "mqtts://"), "mqtts:// are different ports, mostly 1883 and 8883")


@pytest.mark.wire
async def test_a_broker_on_which_nobody_speaks_that_is_known_is_told_by_what_was_heard(broker):
    async with stranger(broker) as player:
        await player.publish("cellar/pump", "on", qos=1, retain=True)
        said = "1 topics heard, such as cellar/pump, and none is a known product's"
        assert await met(broker.url, listen_s=0.5) == [("", said)]


@pytest.mark.parametrize(
    ("system", "words"),
    [
        ("[Errno -2] Name or service not known", "nobody knows an address for that name"),
        ("[Errno -3] Temporary failure in name resolution", "nobody knows an address for that name"),
        ("[Errno 113] No route to host", "nothing answers there"),
        ("timed out", "nothing answers there"),
        ("[Errno 24] Too many open files", "Too many open files"),
        ("anything else", "anything else"),
    ],
)
def test_what_the_system_says_in_numbers_is_said_in_words(system, words):
    address = parse_address("mqtt://10.0.20.2")
    assert explained(aiomqtt.MqttError(system), address) == f"no connection to the broker at {address}: {words}"
