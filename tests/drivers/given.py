"""Profiles and devices for tests of the engines: small ones written here, so that no test hangs on a product."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from drivers.modbus.check import Declared
from drivers.modbus.driver import BusDriver
from drivers.modbus.factory import address_for, product_of
from drivers.modbus.product import Product
from drivers.modbus.schema import ModbusProfile
from drivers.profile.load import parse
from hems.model.wiring import DeviceSpec
from hil.vloop import VirtualLoop, run
from tests.drivers.bench import Bench, Site, Unit, on_tcp, running


def profile(**sections: Any) -> ModbusProfile:
    """A profile with two holding registers, unless told otherwise."""
    data: dict[str, Any] = {
        "schema": 1,
        "id": "example",
        "title": "Example",
        "class": "meter",
        "engine": "modbus",
        "status": "draft",
        "sources": ["this test"],
        "link": {
            "kinds": ["tcp", "rtu", "rtu-over-tcp"],
            "timeout_ms": 150,
            "quiet_after_timeout_ms": 300,
            "max_gap": 4,
        },
        "poll": {"normal": {"every_ms": 50, "stale_ms": 500}},
        "defaults": {"poll": "normal"},
        "read": {"first": {"at": 10}, "second": {"at": 20}},
    }
    return parse(ModbusProfile, {**data, **sections}, {})


def spec(
    bench: Bench, name: str = "box", *, engine: str = "modbus", product: str = "example", **params: Any
) -> DeviceSpec:
    return DeviceSpec(id=name, driver=engine, profile=product, link=bench.link, params=params)


def declared(bench: Bench, of: ModbusProfile, name: str = "box") -> Declared:
    found = spec(bench, name)
    return Declared(found, product_of(of), address_for(found, of.link))


@asynccontextmanager
async def driven(site: Site, *devices: Declared, armed: Sequence[str] = ()):
    """A running driver for these devices."""
    driver = BusDriver(devices, site.context)
    for name in armed:
        driver.arm(name, True)
    async with running(driver):
        yield driver


Played = Callable[[BusDriver, Bench, Site], Awaitable[None]]


def played(product: ModbusProfile, unit: Unit, story: Played, wire: Any = on_tcp) -> None:
    """Play a story in virtual time with one armed device that has been polled for two seconds."""

    async def main(_loop: VirtualLoop) -> None:
        site = Site()
        async with wire(Bench(u1=unit)) as bench, driven(site, declared(bench, product), armed=["box"]) as driver:
            await asyncio.sleep(2.0)
            await story(driver, bench, site)

    run(main)


__all__ = ["Product", "declared", "driven", "played", "profile", "spec"]
