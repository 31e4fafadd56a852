"""What the daemon asks of the Modbus engine before any connection: are the profiles right, what do they offer."""

from collections.abc import AsyncIterator, Callable

from drivers.modbus.address import Address, parse_address
from drivers.modbus.bus_factory import BusFactory
from drivers.modbus.check import Declared
from drivers.modbus.force import keeping_of
from drivers.modbus.layout import Layout
from drivers.modbus.link_section import LinkSection
from drivers.modbus.place import layout_of
from drivers.modbus.probe import probe
from drivers.modbus.product import Ask, Product
from drivers.modbus.schema import ModbusProfile
from drivers.profile.load import profile_for
from hems.model.errors import ConfigError
from hems.model.wiring import DeviceSpec
from hems.ports.device import Found, Held, Sought


class ModbusFactory(BusFactory[ModbusProfile]):
    """The engine `modbus`."""

    def __init__(self) -> None:
        super().__init__("modbus", ModbusProfile)

    def declare(self, spec: DeviceSpec) -> Declared:
        """One device as the engine takes it."""
        return declare(spec)

    def probe(self, sought: Sought, tell: Callable[[str], None], held: Held) -> AsyncIterator[Found]:
        """What answers there, by reading only."""
        return probe(sought, tell, held)


def declare(spec: DeviceSpec) -> Declared:
    """One device as the engine takes it.

    Raises:
        ConfigError: profile, parameters or link are wrong.
    """
    profile = profile_for(ModbusProfile, spec)
    return Declared(spec, product_of(profile), address_for(spec, profile.link))


def address_for(spec: DeviceSpec, link: LinkSection) -> Address:
    """Where the device answers.

    Raises:
        ConfigError: the link is none, or not of a kind this product has.
    """
    try:
        address = parse_address(spec.link, port=link.port, serial=link.serial.line())
    except ValueError as wrong:
        raise ConfigError((f"devices.{spec.id}.link = '{spec.link}': {wrong}.",)) from wrong
    if address.kind not in link.kinds:
        kinds = " or ".join(f"{kind}://" for kind in link.kinds)
        raise ConfigError(
            (f"devices.{spec.id}.link = '{spec.link}': {spec.profile} is reached by {kinds}. Correct it.",)
        )
    return address


def product_of(profile: ModbusProfile) -> Product:
    """What the engine takes from a profile."""
    layout = layout_of(profile)

    async def find(_ask: Ask) -> Layout:
        return layout

    return Product(
        unit=profile.link.unit_id,
        is_meter=profile.class_ == "meter",
        manners=profile.link.manners(),
        classes=profile.poll,
        computed=profile.derive,
        alarms=profile.alarms,
        identify=profile.identify,
        nominal=layout,
        keeping=keeping_of(profile.control.watchdog),
        find=find,
        max_read=profile.link.max_read,
        max_gap=profile.link.max_gap,
    )
