"""A daemon for `test_relays`: opens every relay of a board, says so, and goes on until it is killed."""

import asyncio
import sys

from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from tests.drivers.mqtt.given import eventually, running
from tests.drivers.mqtt.relays import FAMILIES


def specs(url: str) -> list[DeviceSpec]:
    """One device of each family."""
    return [
        DeviceSpec(id=DeviceId(name), driver="mqtt", profile=name, link=url, params=params)
        for name, (_, params, _) in FAMILIES.items()
    ]


async def shed(url: str) -> None:
    async with running(*specs(url)) as rig:
        await eventually(lambda: all(health.lost_since_s is None for health in rig.driver.health().values()), 10)
        writes = [
            rig.driver.write(DeviceId(name), command, False, urgent=True, islanded=True)
            for name, (_, _, command) in FAMILIES.items()
        ]
        for reply in await asyncio.gather(*writes):
            print(reply.fate, end=" ")
        print(flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(shed(sys.argv[1]))
