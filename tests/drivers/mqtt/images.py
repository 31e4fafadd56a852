"""Topic dumps written by hand from the makers' facts, and a player that puts one on a broker."""

import asyncio
import json
import tomllib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import aiomqtt

from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from tests.drivers.mqtt.given import eventually, running, stranger
from tests.ending import end

IMAGES = sorted((Path(__file__).parent / "images").glob("*.toml"))
BOX = DeviceId("box")


@dataclass(frozen=True)
class Image:
    """One product in one situation."""

    told: dict
    product: str

    def spec(self, url):
        return DeviceSpec(id=BOX, driver="mqtt", profile=self.product, link=url, params=self.told.get("params", {}))

    @property
    def topics(self):
        """What the device itself publishes to."""
        return {message["topic"] for message in self.told["messages"]}


@cache
def image(path):
    """Nobody changes it."""
    told = tomllib.loads(path.read_text())
    return Image(told, told.get("profile", path.stem))


@dataclass
class Heard:
    """Everything on the broker that the device has not said itself."""

    own: set
    device: aiomqtt.Client
    messages: list = field(default_factory=list)

    async def answer(self, messages):
        """Let the device say these."""
        await _tell(self.device, messages)

    def take(self, message):
        if message.topic.value not in self.own:
            self.messages.append((message.topic.value, message.payload.decode()))

    def beside(self, requests):
        """What is none of these."""
        asked = {(asking.topic, asking.payload) for asking in (request.outgoing({}) for request in requests)}
        return [said for said in self.messages if said not in asked]


@asynccontextmanager
async def played(told, broker, *, armed):
    """The driver at work on a device that has told what its image says; all that hems sends is heard."""
    async with stranger(broker) as device, aiomqtt.Client("127.0.0.1", broker.port, timeout=2) as ear:
        heard = Heard(told.topics, device)
        await ear.subscribe("#", qos=1)
        listening = asyncio.create_task(_listen(ear, heard))
        await _tell(device, [message for message in told.told["messages"] if message.get("retained")])
        async with running(told.spec(broker.url), armed=armed) as rig:
            await eventually(lambda: rig.health(BOX).lost_since_s is None or "never" in rig.health(BOX).detail)
            await _tell(device, [message for message in told.told["messages"] if not message.get("retained")])
            wanted = [*told.told["points"], *told.told.get("unknown", {})]
            await eventually(lambda: all(rig.readings.last(point, BOX) is not None for point in wanted))
            yield rig, heard
        await end(listening)


async def _tell(device, messages):
    for message in messages:
        await device.publish(message["topic"], message["text"], qos=1, retain=message.get("retained", False))


async def _listen(ear, heard):
    async for message in ear.messages:
        heard.take(message)


def as_told(payload, like):
    """The payload of a message, cut down to what an image says about it."""
    return payload if "text" in like else cut(json.loads(payload), like["json"])


def cut(found, like):
    if isinstance(like, dict) and isinstance(found, dict):
        return {key: cut(found.get(key), item) for key, item in like.items()}
    if isinstance(like, list) and isinstance(found, list) and len(like) == len(found):
        return [cut(*pair) for pair in zip(found, like, strict=True)]
    return found
