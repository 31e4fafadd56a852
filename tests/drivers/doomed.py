"""A daemon reduced to its drivers, to be killed: sheds every switch of some devices in an outage, and gives a permit.

    python -m tests.drivers.doomed ENGINE PRODUCT LINK PARAMS

Says `shed` when all is done, and lives on until it is killed.
"""

import asyncio
import contextlib
import json
import sys

from hems.model.wiring import DeviceSpec
from tests.drivers.bench import Site
from tests.drivers.test_images import FACTORIES


async def main(engine: str, product: str, link: str, params: str) -> None:
    factory = FACTORIES[engine]
    spec = DeviceSpec(id="box", driver=engine, profile=product, link=link, params=json.loads(params))
    driver = factory.open([spec], Site().context)
    driver.arm("box", True)
    driver.islanded(True)
    running = asyncio.create_task(driver.run())
    switches = [name for name, kind in factory.commands(spec).items() if kind == "bool"]
    for name in switches:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5.0):
                await driver.write("box", name, False, urgent=True, islanded=True)
    await driver.write("box", switches[-1], True, urgent=False, islanded=True, lease_s=60.0)
    print("shed", flush=True)
    await running


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
