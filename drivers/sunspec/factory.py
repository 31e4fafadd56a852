"""What the daemon asks of the SunSpec engine before any connection."""

from collections.abc import AsyncIterator, Callable

from drivers.modbus.bus_factory import BusFactory
from drivers.modbus.check import Declared
from drivers.modbus.factory import address_for
from drivers.modbus.force import keeping_of
from drivers.modbus.layout import Layout
from drivers.modbus.product import Ask, Product
from drivers.profile.load import profile_for
from drivers.sunspec.place import layout_of
from drivers.sunspec.probe import probe
from drivers.sunspec.schema import SunSpecProfile
from drivers.sunspec.tables import MODELS
from drivers.sunspec.walk import LAST_ADDRESS, Block, NoSunSpec, walk
from hems.model.errors import DeviceMismatch
from hems.model.wiring import DeviceSpec
from hems.ports.device import Found, Held, Sought


class SunSpecFactory(BusFactory[SunSpecProfile]):
    """The engine `sunspec`."""

    def __init__(self) -> None:
        super().__init__("sunspec", SunSpecProfile)

    def declare(self, spec: DeviceSpec) -> Declared:
        """One device as the engine takes it."""
        return declared(spec, profile_for(SunSpecProfile, spec))

    def probe(self, sought: Sought, tell: Callable[[str], None], held: Held) -> AsyncIterator[Found]:
        """What answers there with a SunSpec map, by reading only."""
        return probe(sought, tell, held)


def declared(spec: DeviceSpec, profile: SunSpecProfile) -> Declared:
    """One device of this profile.

    Raises:
        ConfigError: the link is wrong.
    """
    return Declared(spec, _product(spec, profile), address_for(spec, profile.link))


def _product(spec: DeviceSpec, profile: SunSpecProfile) -> Product:
    async def find(ask: Ask) -> Layout:
        try:
            found = await walk(ask, profile.link.unit_id, profile.link.base)
        except NoSunSpec as nothing:
            raise DeviceMismatch(spec.id, expected="a SunSpec device", found=str(nothing)) from nothing
        return layout_of(profile, found)

    return Product(
        unit=profile.link.unit_id,
        is_meter=profile.class_ == "meter",
        manners=profile.link.manners(),
        classes=profile.poll,
        computed=profile.derive,
        alarms=profile.alarms,
        identify=profile.identify,
        nominal=layout_of(profile, {model: Block(256 * model, LAST_ADDRESS) for model in MODELS}),
        keeping=keeping_of(profile.control.watchdog),
        find=find,
        max_read=profile.link.max_read,
        max_gap=profile.link.max_gap,
        moves=True,
    )
