"""Circuits that open before anything of the commands for it is looked at: what can be made ready is, long before."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hems.model.command import Command
from hems.model.contained import contained
from hems.model.units import DeviceId
from hems.model.wiring import Port, Role
from hems.ports.device import Driver, Prompt

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Opener:
    """What opens some circuits of one device."""

    device: DeviceId
    open_now: Callable[[], None]


class Openers:
    """Every device whose driver can open circuits before it is told so in full."""

    def __init__(self, drivers: Mapping[DeviceId, Driver], writes: Mapping[Role, Port]) -> None:
        self._drivers = {name: driver for name, driver in drivers.items() if isinstance(driver, Prompt)}
        self._writes = writes

    def ready(self, commands: Sequence[Command]) -> Callable[[], None]:
        """What has the circuits opened that open by these commands; each of them is still to be sent as ever."""
        openers: list[_Opener] = []
        for device, points in self._switches(commands).items():
            with contained() as driver:
                openers.append(_Opener(device, self._drivers[device].opener(device, points)))
            if driver.fault is not None:
                _tell(device, driver.fault)

        def open_now() -> None:
            for one in openers:
                with contained() as driver:
                    one.open_now()
                if driver.fault is not None:
                    _tell(one.device, driver.fault)

        return open_now

    def _switches(self, commands: Sequence[Command]) -> Mapping[DeviceId, Sequence[str]]:
        switches: dict[DeviceId, list[str]] = {}
        for command in commands:
            port = self._writes.get(command.role)
            if command.value is False and port is not None and port.device in self._drivers:
                switches.setdefault(port.device, []).append(port.point)
        return switches


def _tell(device: DeviceId, fault: Exception) -> None:
    log.error("The driver of %s failed to open circuits early.", device, exc_info=fault)
