"""Relays of several makers on one broker, with the timers that each of them has; knows nothing of hems or its profiles.

A relay here does what its maker says it does with a command, also with one that asks for a timer, and takes what lies
retained when it connects.  `later` lets the timers run.

Sources: tasmota/docs Commands.md (Power, PulseTime, Backlog with Delay), zigbee2mqtt.io topics page and device pages
(on_time, off_wait_time, TOGGLE), shelly-api-docs gen1 (relay/N/command) and gen2 (Switch.Set toggle_after, command
on,SECONDS), Venus OS D-Bus (Relay/N/State), dbus-flashmq README (W and N topics).
"""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

import aiomqtt

from tests.ending import end


class Relay:
    """One relay; a family says what a message on which topic means."""

    topics: tuple[str, ...] = ()

    def __init__(self):
        self.closed = True
        self.closings = 0
        self._due = []

    def switch(self, closed, *, back_after_s=None):
        """Move, and move back after a time if so asked."""
        self.closings += closed and not self.closed
        self.closed = closed
        self._due = [] if back_after_s is None else [(back_after_s, not closed)]

    def later(self, seconds):
        """Let its own timers run."""
        due, self._due = self._due, []
        for after_s, closed in due:
            if after_s <= seconds:
                self.switch(closed)

    def take(self, topic, payload):
        raise NotImplementedError

    def tells(self):
        raise NotImplementedError


class Tasmota(Relay):
    topics = ("cmnd/cellar/#",)

    def take(self, topic, payload):
        name = topic.rpartition("/")[2].lower()
        if name in ("power", "power1") and payload:
            self.switch({"on": True, "1": True, "off": False, "0": False, "toggle": not self.closed}[payload.lower()])
        elif name.startswith("pulsetime") and payload:
            value = int(payload)
            self._due = [(value - 100 if value > 111 else value / 10, not self.closed)]
        elif name == "backlog":
            self.switch(False, back_after_s=1)

    def tells(self):
        yield "stat/cellar/POWER", "ON" if self.closed else "OFF"


class Zigbee(Relay):
    topics = ("zigbee2mqtt/attic/set/#", "zigbee2mqtt/attic/get/#")

    def take(self, topic, payload):
        said = {"state": payload} if topic.endswith("/set/state") else {}
        if topic.endswith("/set"):
            said = json.loads(payload)
        if "state" in said:
            wanted = {"ON": True, "OFF": False, "TOGGLE": not self.closed}[said["state"]]
            self.switch(wanted, back_after_s=said.get("on_time") or said.get("off_wait_time"))

    def tells(self):
        yield "zigbee2mqtt/attic", json.dumps({"state": "ON" if self.closed else "OFF"})


class ShellyOne(Relay):
    topics = ("shellies/shelly1-AA/relay/0/command", "shellies/shelly1-AA/command")

    def take(self, topic, payload):
        if topic.endswith("/relay/0/command") and payload:
            self.switch({"on": True, "off": False, "toggle": not self.closed}[payload])

    def tells(self):
        yield "shellies/shelly1-AA/relay/0", "on" if self.closed else "off"


class ShellyTwo(Relay):
    topics = ("hall/rpc", "hall/command/#")

    def __init__(self):
        super().__init__()
        self._answers = []

    def take(self, topic, payload):
        if topic == "hall/command/switch:0" and payload:
            word, _, seconds = payload.partition(",")
            wanted = {"on": True, "off": False, "toggle": not self.closed}[word]
            self.switch(wanted, back_after_s=float(seconds) if seconds else None)
        elif topic == "hall/rpc" and payload:
            frame = json.loads(payload)
            self.switch(frame["params"]["on"], back_after_s=frame["params"].get("toggle_after"))
            self._answers.append((f"{frame['src']}/rpc", json.dumps({"id": frame["id"], "result": {"was_on": True}})))

    def tells(self):
        answers, self._answers = self._answers, []
        yield from answers
        yield "hall/status/switch:0", json.dumps({"id": 0, "output": self.closed})


class Venus(Relay):
    topics = ("W/aabbcc/#", "R/aabbcc/#")

    def take(self, topic, payload):
        if topic == "W/aabbcc/system/0/Relay/0/State" and payload:
            self.switch(bool(json.loads(payload)["value"]))

    def tells(self):
        yield "N/aabbcc/vebus/276/Ac/Out/NominalInverterPower", '{"value": 3000}'
        yield "N/aabbcc/system/0/Relay/0/State", json.dumps({"value": int(self.closed)})


FAMILIES = {
    "tasmota-switch": (Tasmota, {"topic": "cellar"}, "closed"),
    "zigbee2mqtt-switch": (Zigbee, {"name": "attic"}, "closed"),
    "shelly-gen1-switch": (ShellyOne, {"id": "shelly1-AA"}, "closed"),
    "shelly-gen2-switch": (ShellyTwo, {"prefix": "hall"}, "closed"),
    "victron-gx": (Venus, {"portal": "aabbcc", "vebus": 276}, "relay_0"),
}
"""Profile to its relay, what the site file says of it, and the command that switches it."""


class Board:
    """All relays, each with its own connection."""

    def __init__(self, port):
        self.relays = {name: family() for name, (family, _, _) in FAMILIES.items()}
        self._port = port

    @asynccontextmanager
    async def connected(self):
        """As after a power cut: every relay connects, takes what lies there for it, and tells how it is."""
        lives = [asyncio.create_task(self._live(relay)) for relay in self.relays.values()]
        try:
            yield
        finally:
            await end(*lives)

    async def _live(self, relay):
        async with aiomqtt.Client("127.0.0.1", self._port, timeout=2) as client:
            await client.subscribe([(topic, 1) for topic in relay.topics])
            await self._tell(client, relay)
            async for message in client.messages:
                with suppress(KeyError):
                    relay.take(message.topic.value, message.payload.decode())
                await self._tell(client, relay)

    async def _tell(self, client, relay):
        for topic, payload in relay.tells():
            await client.publish(topic, payload, qos=1)
