"""All drivers together: who drives which device, who may be written to, how each answers."""

import hashlib
from collections.abc import Mapping, Sequence

from hems.model.instant import Instant
from hems.model.snapshot import DeviceHealth
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec, Port, Role
from hems.ports.device import Driver, DriverContext, DriverFactory
from hems.ports.store import ArmingRecords


class Fleet:
    """The site's devices.  Nothing may be written to unless it was armed for exactly this set-up."""

    def __init__(
        self, devices: Mapping[DeviceId, Driver], fingerprints: Mapping[DeviceId, str], arming: ArmingRecords
    ) -> None:
        self.devices = devices
        self.drivers: Sequence[Driver] = list({id(driver): driver for driver in devices.values()}.values())
        self._fingerprints = fingerprints
        self._arming = arming

    def rearm(self, at: Instant) -> list[DeviceId]:
        """Arm again what was armed for this very set-up; the devices that were armed for another one are returned."""
        changed = []
        for device, fingerprint in self._arming.armed().items():
            if self._fingerprints.get(device) == fingerprint:
                self.devices[device].arm(device, True)
            else:
                self._arming.disarm(device, who="hems", at=at, because="the site file or profile has changed")
                changed.append(device)
        return changed

    async def arm(self, device: DeviceId, *, who: str, at: Instant) -> None:
        """Allow writes to a device, as it is set up now.  Raises: StoreError when that cannot be recorded."""
        await self._arming.arm(device, self._fingerprints[device], who=who, at=at)
        self.devices[device].arm(device, True)

    def disarm(self, device: DeviceId, *, who: str, at: Instant) -> None:
        """Forbid writes to a device."""
        self.devices[device].arm(device, False)
        self._arming.disarm(device, who=who, at=at)

    def audit(self, who: str, action: str, subject: str, detail: str) -> None:
        """Record what a person did."""
        self._arming.audit(who, action, subject, detail, self._at)

    def watched_only(self, writes: Mapping[Role, Port], health: Mapping[DeviceId, DeviceHealth]) -> frozenset[Role]:
        """Roles that are commanded through devices which are not armed."""
        unarmed = {device for device, one in health.items() if not one.armed}
        return frozenset(role for role, port in writes.items() if port.device in unarmed)

    def health(self, at: Instant) -> dict[DeviceId, DeviceHealth]:
        """Every device and how it answers."""
        self._at = at
        return {device: health for driver in self.drivers for device, health in driver.health().items()}

    _at = Instant(0.0)


def open_fleet(
    specs: Sequence[DeviceSpec],
    factories: Mapping[str, DriverFactory],
    context: DriverContext,
    arming: ArmingRecords,
    *,
    digest: str,
) -> Fleet:
    """One driver per protocol for all its devices; fingerprints tie an arming to site file and device."""
    devices: dict[DeviceId, Driver] = {}
    for name in {spec.driver for spec in specs}:
        own = [spec for spec in specs if spec.driver == name]
        driver = factories[name].open(own, context)
        devices |= {spec.id: driver for spec in own}
    fingerprints = {
        spec.id: hashlib.sha256(f"{digest} {spec.id} {factories[spec.driver].fingerprint(spec)}".encode()).hexdigest()
        for spec in specs
    }
    ordered = {spec.id: devices[spec.id] for spec in specs}
    return Fleet(ordered, fingerprints, arming)
