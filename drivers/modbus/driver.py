"""All devices of one engine: links shared, devices run, commands passed on.  Serves Modbus and SunSpec alike."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from drivers.modbus.check import Declared, other_settings
from drivers.modbus.device import Device
from drivers.modbus.link import ModbusLink
from drivers.modbus.prober import hold
from drivers.modbus.queue import LinkQueue
from hems.model.command import Fate
from hems.model.errors import ConfigError
from hems.model.snapshot import DeviceHealth
from hems.model.units import DeviceId
from hems.ports.device import DriverContext, Heard, Reply, Scalar


class BusDriver:
    """A driver for devices on Modbus links."""

    def __init__(self, declared: Sequence[Declared], context: DriverContext) -> None:
        self._queues = {one.address.key: _shared_queue(one, context) for one in declared}
        self._devices = {
            one.spec.id: Device(one.spec, one.product, self._queues[one.address.key], context) for one in declared
        }

    def health(self) -> Mapping[DeviceId, DeviceHealth]:
        """Every device and how it answers."""
        return {name: device.health() for name, device in self._devices.items()}

    def arm(self, device: DeviceId, armed: bool) -> None:
        """Allow or forbid writes to a device."""
        self._devices[device].arm(armed)

    def islanded(self, islanded: bool, *, stabilising: bool = False, former: DeviceId | None = None) -> None:
        """What goes away with the grid rests; units known to be dead are let be while the island stabilises."""
        for name, device in self._devices.items():
            device.island(islanded, makes_it=name == former)
        for queue in self._queues.values():
            queue.spare(stabilising)

    async def run(self) -> None:
        """Serve all links and run all devices until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for key, queue in self._queues.items():
                tasks.create_task(queue.serve(), name=f"serve {key}")
            for name, device in self._devices.items():
                tasks.create_task(device.run(), name=f"run {name}")

    async def write(
        self,
        device: DeviceId,
        command: str,
        value: Scalar,
        *,
        urgent: bool,
        islanded: bool,
        lease_s: float = 0.0,
        presses: bool = False,
    ) -> Reply:
        """Write once, verify, and tell."""
        found = self._devices.get(device)
        if found is None:
            return Reply(fate=Fate.REFUSED, detail=f"there is no device '{device}' here")
        return await found.write(command, value, urgent=urgent, islanded=islanded, lease_s=lease_s, presses=presses)

    def opener(self, device: DeviceId, commands: Sequence[str]) -> Callable[[], None]:
        """What has circuits opened in the very turn of the event loop in which it is called, if that is possible."""
        return self._devices[device].opener(commands)

    async def ask(self, device: DeviceId) -> Heard:
        """One question to a device, for a person."""
        return await self._devices[device].ask()

    async def release(self, device: DeviceId) -> str:
        """Hand control back to the device; why not, if it could not be."""
        return await self._devices[device].release()


def _shared_queue(one: Declared, context: DriverContext) -> LinkQueue:
    """One queue for each place, whichever driver asks first.

    Raises:
        ConfigError: another driver uses the place with other settings.
    """
    key = f"modbus {one.address.key}"
    if key not in context.shared:
        context.shared[key] = LinkQueue(one.address, ModbusLink(one.address), context.rng)
    queue: LinkQueue = context.shared[key]
    hold(context.shared, queue, one.product.manners)
    if queue.address != one.address:
        raise ConfigError((other_settings(one.spec, one.address, "a device of another driver"),))
    return queue
