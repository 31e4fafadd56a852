"""Shelly Gen2+ switch with power metering, over MQTT.

Source: shelly-api-docs.shelly.cloud, gen2: "MQTT" (topics `<prefix>/online` as retained last will, `<prefix>/rpc`,
`<prefix>/command`, `<prefix>/status/switch:0`) and "Switch" (Switch.Set with `toggle_after`, `was_on`; status with
output, apower, voltage, freq, current, aenergy, temperature).
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import aiomqtt

from hems.model.units import CircuitId
from hil.emulate.building import Building

RELAY_S = 0.01
LOOK_S = 0.1
REPEAT_S = 30.0
"""A status at least this often; otherwise when something has changed."""
CHANGED_PU = 0.03
RECONNECT_S = 1.0
NO_SUCH_METHOD, BAD_ARGUMENT = 404, -103
KEEPALIVE_S = 10


class Shelly:
    """One plug on one circuit."""

    def __init__(self, building: Building, name: str, table: Mapping[str, Any], *, silent: Callable[[], bool]) -> None:
        self._building = building
        self._name = name
        self._circuit = CircuitId(table["circuit"])
        self._load = building.plant.circuits[self._circuit]
        self._prefix = str(table.get("prefix", name))
        self._silent = silent
        self._phase = self._load.shares.index(max(self._load.shares))
        self._energy = building.meter(name, lambda: self._load.power_w, lifetime_wh=1_204_551.0)
        self._output = self._load.told
        self._source = "init"
        self._told: tuple[bool, float] | None = None
        self._told_s = 0.0
        self.online = asyncio.Event()
        """Set once it has ever been connected."""

    async def run(self, host: str, port: int) -> None:
        """Stay connected until cancelled, as such a plug does."""
        while True:
            try:
                await self._session(host, port)
            except aiomqtt.MqttError:
                await asyncio.sleep(RECONNECT_S)

    @property
    def circuit(self) -> CircuitId:
        """What hangs on it."""
        return self._circuit

    async def haunt(self, host: str, port: int, *, closed: bool) -> None:
        """Leave a retained command with the broker, as somebody's phone did years ago; it comes with each reconnect."""
        async with aiomqtt.Client(host, port, identifier=f"ghost-{self._name}") as client:
            await client.publish(f"{self._prefix}/command/switch:0", "on" if closed else "off", qos=1, retain=True)

    async def _session(self, host: str, port: int) -> None:
        will = aiomqtt.Will(f"{self._prefix}/online", "false", qos=1, retain=True)
        name = f"bench-{self._prefix.replace('/', '-')}"
        async with aiomqtt.Client(host, port, identifier=name, will=will, keepalive=KEEPALIVE_S) as client:
            for topic in ("rpc", "command", "command/switch:0"):
                await client.subscribe(f"{self._prefix}/{topic}", qos=1)
            await client.publish(f"{self._prefix}/online", "true", qos=1, retain=True)
            self._told = None
            self.online.set()
            telling = asyncio.create_task(self._tell(client))
            try:
                await self._listen(client)
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)

    async def _tell(self, client: aiomqtt.Client) -> None:
        """Publish the status when it changes, and now and then."""
        loop = asyncio.get_running_loop()
        while True:
            if not self._silent() and self._worth_telling(loop.time()):
                await self._publish_status(client)
            await asyncio.sleep(LOOK_S)

    def _worth_telling(self, now_s: float) -> bool:
        if self._told is None or now_s - self._told_s > REPEAT_S:
            return True
        output, power_w = self._told
        return output != self._output or abs(power_w - self._load.power_w) > max(5.0, CHANGED_PU * power_w)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            if self._silent():
                continue
            text = message.payload.decode("utf-8", "replace") if isinstance(message.payload, bytes) else ""
            topic = str(message.topic)
            if topic == f"{self._prefix}/rpc":
                await self._rpc(client, text)
            elif topic == f"{self._prefix}/command/switch:0" and text in ("on", "off", "toggle"):
                self._switch(not self._output if text == "toggle" else text == "on", "MQTT")
            elif topic == f"{self._prefix}/command" and text == "status_update":
                await self._publish_status(client)

    async def _rpc(self, client: aiomqtt.Client, text: str) -> None:
        try:
            frame = json.loads(text)
            source, method = frame["src"], frame["method"]
        except (ValueError, KeyError, TypeError):
            return
        reply = {"id": frame.get("id"), "src": self._name, "dst": source} | self._do(method, frame.get("params") or {})
        await client.publish(f"{source}/rpc", json.dumps(reply), qos=1)
        if method == "Switch.Set":
            await self._publish_status(client)

    def _do(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if method == "Switch.GetStatus":
            return {"result": self._status()}
        if method != "Switch.Set":
            return {"error": {"code": NO_SUCH_METHOD, "message": f"No handler for {method}"}}
        if params.get("id") != 0 or not isinstance(params.get("on"), bool):
            return {"error": {"code": BAD_ARGUMENT, "message": "Invalid argument"}}
        was_on = self._output
        self._switch(params["on"], "MQTT")
        if toggle_after := params.get("toggle_after"):
            asyncio.get_running_loop().call_later(float(toggle_after), self._switch, not params["on"], "timer")
        return {"result": {"was_on": was_on}}

    def _switch(self, on: bool, source: str) -> None:
        self._source = source
        self._output = on
        self._building.note("coil", f"{self._name}/switch:0", on)
        self._building.switch(self._circuit, on, after_s=RELAY_S)

    async def _publish_status(self, client: aiomqtt.Client) -> None:
        self._told = (self._output, self._load.power_w)
        self._told_s = asyncio.get_running_loop().time()
        await client.publish(f"{self._prefix}/status/switch:0", json.dumps(self._status()), qos=1)

    def _status(self) -> dict[str, Any]:
        volts = self._building.bus.volts[self._phase]
        power_w = self._load.power_w
        return {
            "id": 0,
            "source": self._source,
            "output": self._output,
            "apower": round(power_w, 1),
            "voltage": round(volts, 1),
            "freq": round(self._building.plant.bus_hz, 2),
            "current": round(power_w / volts, 3) if volts > 1.0 else 0.0,
            "aenergy": {"total": round(self._energy.taken_wh, 3)},
            "temperature": {"tC": 41.2, "tF": 106.2},
        }
