"""The broker as the network page sets it up: who may say what to whom, with a real mosquitto and a real authority."""

import asyncio
import shutil
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import aiomqtt
import pytest

from hems.config.tables.outward import BrokerTable
from hems.northbound.broker import NoBroker, connected
from tests.brokers import Broker
from tests.drivers.mqtt.secure import Authority, SecureBroker, needs_tools

pytestmark = [pytest.mark.wire, needs_tools]

GYM, ASK, TOLD = "gym-plug/rpc", "hems/ask/circuit/laundry", "hems/state"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "house")


@pytest.fixture
def guarded(tmp_path: Path, authority: Authority, checkout: Path) -> Iterator[Broker]:
    """A broker with exactly the example's lines, but for the places of the files and the port."""
    file, key = authority.signed("broker")
    shutil.copy(checkout / "examples/northbound/hems.acl", tmp_path / "hems.acl")
    (tmp_path / "hems.acl").chmod(0o600)
    text = (checkout / "examples/northbound/hems.conf").read_text(encoding="utf-8")
    places = {"certs/ca.pem": authority.file, "certs/broker.crt": file, "certs/broker.key": key}
    for place, path in (*places.items(), ("hems.acl", tmp_path / "hems.acl")):
        text = text.replace(f"/etc/mosquitto/{place}", str(path))
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "listener", "persistence"))]
    broker = SecureBroker(tmp_path, *lines)
    broker.start()
    yield broker
    broker.kill()


def client(broker: Broker, authority: Authority, name: str | None, *, days: int = 2) -> aiomqtt.Client:
    context = ssl.create_default_context(cafile=str(authority.file))
    if name is not None:
        context.load_cert_chain(*authority.signed(name, days=days))
    return aiomqtt.Client("127.0.0.1", broker.port, tls_context=context, timeout=1.5)


async def heard(broker: Broker, authority: Authority, sender: str, topic: str, listener: str) -> bool:
    """Whether what one says there reaches the other; a word that surely does closes the wait."""
    async with client(broker, authority, listener) as ear, client(broker, authority, sender) as mouth:
        await ear.subscribe([(topic, 1), (f"{listener}/end", 1)])
        with suppress(aiomqtt.MqttError):  # refused
            await mouth.publish(topic, "x", qos=1)
        await ear.publish(f"{listener}/end", "", qos=1)
        async with asyncio.timeout(5.0):
            async for message in ear.messages:
                return message.topic.value == topic
    return False


@pytest.mark.parametrize(
    ("sender", "topic", "listener", "may"),
    [
        ("hems", GYM, "gym-plug", True),
        ("homeassistant", GYM, "gym-plug", False),
        ("hot-water-plug", GYM, "gym-plug", False),
        ("homeassistant", ASK, "hems-ha", True),
        ("gym-plug", ASK, "hems-ha", False),
        ("hems-prices", ASK, "hems-ha", False),
        ("hems-ha", TOLD, "homeassistant", True),
        ("homeassistant", TOLD, "hems-ha", False),
        ("hems-ha", TOLD, "gym-plug", False),
    ],
)
async def test_nobody_may_do_more_than_is_written(
    guarded: Broker, authority: Authority, sender: str, topic: str, listener: str, may: bool
) -> None:
    assert await heard(guarded, authority, sender, topic, listener) is may


async def test_who_comes_with_an_expired_certificate_is_told_where_to_look(
    guarded: Broker, authority: Authority
) -> None:
    cert, key = (str(path) for path in authority.signed("hems-ha", days=-1))
    table = BrokerTable(host="127.0.0.1", port=guarded.port, ca=str(authority.file), cert=cert, key=key)
    with pytest.raises(NoBroker) as caught:
        async with connected(table, within_s=1.0):
            pass
    assert f"Has {cert} expired? openssl x509 -enddate" in str(caught.value)
    # and one that is good lets in
    cert, key = (str(path) for path in authority.signed("homeassistant"))
    async with connected(table.model_copy(update={"cert": cert, "key": key})):
        pass


async def test_without_a_certificate_of_the_house_nobody_is_let_in(
    guarded: Broker, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "elsewhere").signed("hems")
    context = ssl.create_default_context(cafile=str(authority.file))
    context.load_cert_chain(*stranger)
    unknown = aiomqtt.Client("127.0.0.1", guarded.port, tls_context=context, timeout=1.5)
    plain = aiomqtt.Client("127.0.0.1", guarded.port, timeout=1.5)
    strangers = (client(guarded, authority, None), unknown, plain, client(guarded, authority, "old", days=-1))
    ends = await asyncio.gather(*(one.__aenter__() for one in strangers), return_exceptions=True)
    assert [type(end) for end in ends] == [aiomqtt.MqttError] * 4
