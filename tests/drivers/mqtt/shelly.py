"""A Shelly Gen2 plug as its maker describes it; knows nothing of hems or its profiles.

Source: shelly-api-docs.shelly.cloud, gen2: Components and Services (MQTT, Switch), General (RPC Protocol, Channels).
"""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

import aiomqtt

from tests.ending import end


class FakeShelly:
    """Connects, tells that it is online, answers RPC frames and `status_update`; comes back when the broker does."""

    def __init__(self, port, prefix="gym-plug", *, on=True):
        self.prefix = prefix
        self.on = on
        self.power_w = 1200.5
        self.deaf = False
        """Hangs: connection up, nothing answered."""
        self.stuck = False
        """Relay welded: answers yes and does not move."""
        self.objects = ""
        """Says no, in these words."""
        self.rpc_frames = []
        self.switched = []
        self.ready = asyncio.Event()
        self._port = port
        self._client = None
        self._task = None

    def start(self):
        self._task = asyncio.get_running_loop().create_task(self._live())

    async def die(self):
        """Lose power: no farewell, so that the broker sends the will."""
        self._client._client._sock_close()
        await self.stop()

    async def stop(self):
        await end(self._task)

    async def tell(self):
        """Publish the status, as after any change and at least every minute."""
        await self._publish("status/switch:0", json.dumps(self.status()))

    def status(self):
        return {
            "id": 0,
            "source": "MQTT",
            "output": self.on,
            "apower": self.power_w if self.on else 0.0,
            "voltage": 231.4,
            "current": 5.19 if self.on else 0.0,
            "freq": 50.0,
            "aenergy": {"total": 4242.1, "by_minute": [0.0, 0.0, 0.0], "minute_ts": 1_700_000_000},
            "temperature": {"tC": 41.2, "tF": 106.2},
        }

    async def _live(self):
        while not asyncio.current_task().cancelling():
            with suppress(aiomqtt.MqttError):
                await self._connect()
            self.ready.clear()
            await asyncio.sleep(0.1)

    async def _connect(self):
        will = aiomqtt.Will(f"{self.prefix}/online", "false", qos=1, retain=True)
        async with aiomqtt.Client("127.0.0.1", self._port, identifier=self.prefix, will=will, timeout=2) as client:
            self._client = client
            await client.subscribe([(f"{self.prefix}/rpc", 1), (f"{self.prefix}/command", 1)])
            await client.publish(f"{self.prefix}/online", "true", qos=1, retain=True)
            await self.tell()
            self.ready.set()
            async for message in client.messages:
                await self._take(message.topic.value, message.payload.decode())

    async def _take(self, topic, payload):
        if self.deaf:
            return
        if topic.endswith("/command"):
            if payload == "status_update":
                await self.tell()
            return
        with suppress(json.JSONDecodeError):
            await self._call(json.loads(payload))

    async def _call(self, frame):
        self.rpc_frames.append(frame)
        answer = {"id": frame["id"], "src": self.prefix, "dst": frame["src"]}
        was_on = self.on
        if frame["method"] != "Switch.Set":
            answer["error"] = {"code": 404, "message": f"No handler for {frame['method']}"}
        elif self.objects:
            answer["error"] = {"code": -114, "message": self.objects}
        elif frame["params"]["id"] != 0:
            answer["error"] = {"code": -105, "message": f"Argument 'id', value {frame['params']['id']} not found!"}
        else:
            answer["result"] = {"was_on": was_on}
            self.switched.append(frame["params"]["on"])
            self.on = was_on if self.stuck else frame["params"]["on"]
        await self._client.publish(f"{frame['src']}/rpc", json.dumps(answer), qos=1)
        if self.on != was_on:
            await self.tell()

    async def _publish(self, topic, payload):
        await self._client.publish(f"{self.prefix}/{topic}", payload, qos=1)


@asynccontextmanager
async def shelly(port, **kwargs):
    device = FakeShelly(port, **kwargs)
    device.start()
    try:
        async with asyncio.timeout(5):
            await device.ready.wait()
        yield device
    finally:
        await device.stop()
