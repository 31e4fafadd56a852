"""What the daemon asks of the SunSpec engine before any connection."""

from collections.abc import Mapping, Sequence

from drivers.modbus.device import Ask, Product
from drivers.modbus.driver import BusDriver, Declared, clashes
from drivers.modbus.factory import address_for
from drivers.modbus.keep import Keeping
from drivers.modbus.layout import Layout
from drivers.profile.load import profile_for
from drivers.sunspec.place import layout_of
from drivers.sunspec.schema import SunSpecProfile
from drivers.sunspec.walk import NoSunSpec, walk
from hems.model.errors import ConfigError, DeviceMismatch
from hems.model.wiring import DeviceSpec
from hems.ports.device import DriverContext


class SunSpecFactory:
    """The engine `sunspec`."""

    def check(self, specs: Sequence[DeviceSpec]) -> Sequence[str]:
        """Every problem with profiles, parameters and links, offline."""
        problems: list[str] = []
        declared: list[Declared] = []
        for spec in specs:
            try:
                declared.append(declare(spec))
            except ConfigError as wrong:
                problems += wrong.problems
        return [*problems, *clashes(declared)]

    def points(self, spec: DeviceSpec) -> Mapping[str, str]:
        """Readable points and their kind."""
        kinds = profile_for(SunSpecProfile, spec).kinds()
        return {name: kind for name, kind in kinds.items() if not name.startswith("_")}

    def commands(self, spec: DeviceSpec) -> Mapping[str, str]:
        """Commands and their kind."""
        return {name: line.kind for name, line in profile_for(SunSpecProfile, spec).write.items()}

    def witness_ms(self, spec: DeviceSpec, point: str) -> float | None:
        """What the profile states for a point."""
        line = profile_for(SunSpecProfile, spec).read.get(point)
        return None if line is None else line.witness_ms

    def fingerprint(self, spec: DeviceSpec) -> str:
        """The whole profile as text."""
        return profile_for(SunSpecProfile, spec).model_dump_json()

    def open(self, specs: Sequence[DeviceSpec], context: DriverContext) -> BusDriver:
        """A driver for these devices; opens nothing yet."""
        return BusDriver([declare(spec) for spec in specs], context)


def declare(spec: DeviceSpec) -> Declared:
    """One device as the engine takes it.

    Raises:
        ConfigError: profile, parameters or link are wrong.
    """
    profile = profile_for(SunSpecProfile, spec)
    return Declared(spec, _product(spec, profile), address_for(spec, profile.link))


def _product(spec: DeviceSpec, profile: SunSpecProfile) -> Product:
    async def find(ask: Ask) -> Layout:
        try:
            found = await walk(ask, profile.link.unit_id, profile.link.base)
        except NoSunSpec as nothing:
            raise DeviceMismatch(spec.id, expected="a SunSpec device", found=str(nothing)) from nothing
        return layout_of(profile, found)

    watchdog = profile.control.watchdog
    return Product(
        unit=profile.link.unit_id,
        manners=profile.link.manners(),
        classes=profile.poll,
        computed=profile.derive,
        identify={},
        keeping=Keeping(watchdog.kind, watchdog.renew_s, watchdog.hold_max_s) if watchdog else Keeping(),
        find=find,
        max_read=profile.link.max_read,
        max_gap=profile.link.max_gap,
    )
