"""A gateway between utility and building that tells limits over MQTT, as the convention `grid-limits` has it.

Source: the notes of drivers/profiles/grid-limits.toml: plain numbers, a limit when it changes and at least once a
minute, a sign of life of the utility, nothing retained.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import aiomqtt

from hil.emulate.building import Building

LOOK_S = 0.1
AGAIN_S = 30.0
RECONNECT_S = 1.0
KEEPALIVE_S = 10


class Gateway:
    """Repeats what the utility says for as long as it is heard."""

    def __init__(self, building: Building, name: str, table: Mapping[str, Any], *, silent: Callable[[], bool]) -> None:
        self._name = name
        self._prefix = str(table.get("prefix", name))
        self._utility = building.plant.utility
        self._silent = silent
        self._told: dict[str, tuple[float, float]] = {}
        """What was told last under each topic, and when."""
        self.online = asyncio.Event()
        """Set once it has ever been connected."""

    async def run(self, host: str, port: int) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                async with aiomqtt.Client(
                    host, port, identifier=f"bench-{self._name}", keepalive=KEEPALIVE_S
                ) as client:
                    self._told.clear()
                    self.online.set()
                    await self._tell(client)
            except aiomqtt.MqttError:
                await asyncio.sleep(RECONNECT_S)

    async def _tell(self, client: aiomqtt.Client) -> None:
        while True:
            for topic, value in () if self._silent() else tuple(self._due(asyncio.get_running_loop().time())):
                await client.publish(f"{self._prefix}/{topic}", f"{value:g}", qos=1)
            await asyncio.sleep(LOOK_S)

    def _due(self, now_s: float) -> Iterator[tuple[str, float]]:
        """What has changed, or was not told for a while."""
        says = {
            "heartbeat": 1.0 if self._utility.heard else None,
            "import_limit_w": self._utility.import_w,
            "export_limit_w": self._utility.export_w,
        }
        for topic, value in says.items():
            before = self._told.get(topic)
            if value is None:
                self._told.pop(topic, None)
            elif before is None or before[0] != value or now_s >= before[1] + AGAIN_S:
                self._told[topic] = (value, now_s)
                yield topic, value
