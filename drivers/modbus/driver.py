"""All devices of one engine: links shared, devices run, commands passed on.  Serves Modbus and SunSpec alike."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.modbus.actuation import actuation_s
from drivers.modbus.address import Address
from drivers.modbus.device import Device, Product
from drivers.modbus.link import PymodbusLink
from drivers.modbus.queue import LinkQueue
from hems.model.command import Fate
from hems.model.snapshot import DeviceHealth
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverContext, Reply, Scalar


@dataclass(frozen=True, slots=True)
class Declared:
    """One device of the site file, its profile read and its link understood."""

    spec: DeviceSpec
    product: Product
    address: Address


class BusDriver:
    """A driver for devices on Modbus links."""

    def __init__(self, declared: Sequence[Declared], context: DriverContext) -> None:
        self._queues = {one.address.key: _shared_queue(one.address, context) for one in declared}
        self._devices = {
            one.spec.id: Device(one.spec, one.product, self._queues[one.address.key], context) for one in declared
        }

    def health(self) -> Mapping[DeviceId, DeviceHealth]:
        """Every device and how it answers."""
        return {name: device.health() for name, device in self._devices.items()}

    def arm(self, device: DeviceId, armed: bool) -> None:
        """Allow or forbid writes to a device."""
        self._devices[device].arm(armed)

    def islanded(self, islanded: bool, *, stabilising: bool = False) -> None:
        """What goes away with the grid rests; units known to be dead are let be while the island stabilises."""
        for device in self._devices.values():
            device.islanded = islanded
        for queue in self._queues.values():
            queue.spare = stabilising

    async def run(self) -> None:
        """Serve all links and run all devices until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for key, queue in self._queues.items():
                tasks.create_task(queue.serve(), name=f"serve {key}")
            for name, device in self._devices.items():
                tasks.create_task(device.run(), name=f"run {name}")

    async def write(
        self, device: DeviceId, command: str, value: Scalar, *, urgent: bool, islanded: bool, lease_s: float = 0.0
    ) -> Reply:
        """Write once, verify, and tell."""
        found = self._devices.get(device)
        if found is None:
            return Reply(fate=Fate.REFUSED, detail=f"there is no device '{device}' here")
        return await found.write(command, value, urgent=urgent, islanded=islanded, lease_s=lease_s)

    async def release(self, device: DeviceId) -> None:
        """Hand control back to the device."""
        await self._devices[device].release()


def _shared_queue(address: Address, context: DriverContext) -> LinkQueue:
    """One queue for each place, whichever driver asks first."""
    key = f"modbus {address.key}"
    if key not in context.shared:
        context.shared[key] = LinkQueue(address, PymodbusLink(address), context.rng)
    queue: LinkQueue = context.shared[key]
    return queue


def worst_s(declared: Sequence[Declared]) -> Mapping[DeviceId, float]:
    """Worst time in s from handing over an urgent command to its effect on the wire, for each device."""
    return actuation_s({one.spec.id: (one.product, one.address) for one in declared})


def clashes(declared: Sequence[Declared]) -> list[str]:
    """Devices that name one tty with different settings, or one place with different framing."""
    first: dict[str, Declared] = {}
    found: list[str] = []
    for one in declared:
        other = first.setdefault(one.address.key, one)
        if other.address != one.address:
            found.append(
                f"devices.{one.spec.id}.link = '{one.spec.link}': {other.spec.id} uses {one.address.key} with other "
                "settings. Devices on one line need the same baud rate, parity and stop bits; give both the same link."
            )
    return found
