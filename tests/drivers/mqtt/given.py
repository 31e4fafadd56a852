"""Builders for the tests of the MQTT engine: a clock that can be moved on, a sink that remembers, a running driver."""

import asyncio
import time
import tomllib
from contextlib import asynccontextmanager
from random import Random
from uuid import uuid4

import aiomqtt

from drivers.mqtt import FACTORY
from drivers.mqtt.address import parse_address
from drivers.mqtt.device import Device
from drivers.mqtt.link import Link
from drivers.mqtt.schema import MqttProfile
from drivers.profile.load import parse
from hems.model.instant import Instant
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverContext
from tests.ending import end

GYM = DeviceId("gym_plug")


class RunningClock:
    """Real time, plus what a test adds."""

    def __init__(self):
        self.added_s = 0.0

    def now(self):
        return Instant(self.mono_s())

    def mono_s(self):
        return time.monotonic() + self.added_s


class Readings:
    """Everything a driver delivered, in order."""

    def __init__(self):
        self.all = []

    def __call__(self, device, readings):
        self.all += [(device, point, reading) for point, reading in readings.items()]

    def of(self, point, device=GYM):
        return [reading for name, at, reading in self.all if (name, at) == (device, point)]

    def last(self, point, device=GYM):
        found = self.of(point, device)
        return found[-1] if found else None


class Rig:
    """A driver at work, and what it was given."""

    def __init__(self, specs):
        self.clock = RunningClock()
        self.readings = Readings()
        self.context = DriverContext(clock=self.clock, sink=self.readings, rng=Random(7))
        self.driver = FACTORY.open(specs, self.context)

    def health(self, device=GYM):
        return self.driver.health()[device]

    async def switch(self, on, device=GYM, *, urgent=True, islanded=True):
        return await self.driver.write(device, "closed", on, urgent=urgent, islanded=islanded)

    async def until_answers(self, device=GYM):
        await eventually(lambda: self.health(device).lost_since_s is None)


def plug(url, device=GYM, prefix="gym-plug", **params):
    return DeviceSpec(
        id=device, driver="mqtt", profile="shelly-gen2-switch", link=url, params={"prefix": prefix, **params}
    )


@asynccontextmanager
async def running(*specs, armed=True):
    rig = Rig(specs)
    for spec in specs:
        rig.driver.arm(spec.id, armed)
    task = asyncio.get_running_loop().create_task(rig.driver.run())
    try:
        yield rig
    finally:
        await end(task)


async def eventually(condition, within_s=5.0):
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 the condition is about many things, none of which tells
            await asyncio.sleep(0.01)


class Barrier:
    """Tells when all that was published before has reached the device."""

    def __init__(self, link):
        self._passed = 0
        link.ears.listen("the/barrier", self._pass)

    def _pass(self, _message):
        self._passed += 1

    async def passed_by(self, client):
        before = self._passed
        await client.publish("the/barrier", qos=1)
        await eventually(lambda: self._passed > before)


@asynccontextmanager
async def one_device(broker, text, *, armed=True, begin=()):
    """A device with a profile of its own, and somebody on the same broker who plays it."""
    context = DriverContext(clock=RunningClock(), sink=Readings(), rng=Random(1))
    link = Link(parse_address(broker.url), clock=context.clock, rng=context.rng)
    device = Device(plug(broker.url), parse(MqttProfile, tomllib.loads(text), {}), link, context)
    device.arm(armed)
    async with stranger(broker) as player:
        for topic, payload in begin:
            await player.publish(topic, payload, qos=1, retain=True)
        player.barrier = Barrier(link)
        tasks = [asyncio.create_task(link.serve()), asyncio.create_task(device.run())]
        await eventually(lambda: link.connected)
        yield device, context, player
        await end(*tasks)


async def at_once(device):
    """Let the device look at its duties now, which it would do by itself within a second."""
    device.arm(True)
    await asyncio.sleep(0.15)


@asynccontextmanager
async def stranger(broker):
    """Somebody else on the same broker."""
    async with aiomqtt.Client("127.0.0.1", broker.port, timeout=2) as client:
        yield client


async def heard_by(client, for_s):
    """All messages that reach `client` within a time, as (topic, payload), however slow this machine is."""
    await asyncio.sleep(for_s)
    await client.subscribe("the/end", qos=1)
    end = ("the/end", uuid4().hex)
    await client.publish(*end, qos=1)  # what was sent before is delivered before
    found = []
    async with asyncio.timeout(5):
        while end not in found:
            message = await anext(aiter(client.messages))
            found.append((message.topic.value, message.payload.decode()))
    return [said for said in found if said[0] != "the/end"]
