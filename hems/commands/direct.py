"""Devices without the daemon: only while its lock is free, and nothing is armed, so nothing can be written."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from hems.config.site_file import SiteFile
from hems.model.reading import Reading
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec, Port
from hems.ports.clock import Clock
from hems.ports.device import Driver, DriverContext, DriverFactory
from hems.runtime.process import sole_instance
from hems.runtime.supervise import Running

END_WITHIN_S = 3.0
LOOK_S = 0.05


class Watch:
    """Some devices, polled; the latest reading of each point."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.points: dict[Port, Reading[Any]] = {}
        self.drivers: Mapping[str, Driver] = {}

    def __call__(self, device: DeviceId, readings: Mapping[str, Reading[Any]]) -> None:
        """Take what one answer or message held, by point."""
        self.points.update((Port(device, point), reading) for point, reading in readings.items())


@asynccontextmanager
async def watched(
    site_file: SiteFile, specs: Sequence[DeviceSpec], factories: Mapping[str, DriverFactory], clock: Clock
) -> AsyncIterator[Watch]:
    """Poll `specs` for as long as the context lasts.  Raises: HemsError while a daemon runs this site."""
    with sole_instance(site_file.settings.run_dir):
        watch, running = Watch(clock), Running()
        context = DriverContext(clock=clock, sink=watch, rng=Random(os.getpid()))
        watch.drivers = {
            name: factories[name].open([spec for spec in specs if spec.driver == name], context)
            for name in dict.fromkeys(spec.driver for spec in specs)
        }
        for name, driver in watch.drivers.items():
            running.keep(f"driver {name}", driver.run)
        try:
            yield watch
        finally:
            await running.end(within_s=END_WITHIN_S)


async def first_answers(watch: Watch, ports: Sequence[Port], *, within_s: float) -> None:
    """Wait until every one of `ports` has been delivered, but not longer than that."""
    end_s = watch.clock.mono_s() + within_s
    while any(port not in watch.points for port in ports) and watch.clock.mono_s() < end_s:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_S)
