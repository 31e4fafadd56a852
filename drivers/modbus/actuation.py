"""How long a shed takes at worst, worked out from profiles and links alone."""

from collections.abc import Iterable, Mapping, Sequence

from drivers.modbus.address import Address
from drivers.modbus.frame import Space
from drivers.modbus.layout import Layout, PlacedStep
from drivers.modbus.product import Product
from hems.model.units import DeviceId

TURN_ROUND_S = 0.05
"""From the end of a request to the beginning of its answer.  Sources: Victron and OpenEMS count with 20 to 50 ms."""
WRITE_OCTETS = 8
"""Request and answer of a write with one value; as many for the answer to a longer one."""
FRAME_OCTETS = 9
"""Of a write with several values, besides the values."""
BITS = 11
"""On a serial line, for each octet."""


def actuation_s(devices: Mapping[DeviceId, tuple[Product, Address]]) -> dict[DeviceId, float]:
    """Worst time in s from handing over an urgent command to its effect on the wire.

    When the command comes, a request of another device may just have begun that will not be answered; then every
    switch on the link may have to go before this one.
    """
    return {name: _worst_s(name, devices) for name in devices}


def _worst_s(name: DeviceId, devices: Mapping[DeviceId, tuple[Product, Address]]) -> float:
    product, address = devices[name]
    sharing = [other for other, place in devices.values() if place.key == address.key]
    ahead_s = sum(switches_s(other, address) for other in sharing)
    own_s = 0.0 if _switches(product.nominal) else command_s(product, address)
    return max(_time_out_s(other, address, own=other is product) for other in sharing) + ahead_s + own_s


def _time_out_s(product: Product, address: Address, *, own: bool) -> float:
    """Until the line is free again; for one's own unit also the silence in which its late answer dies."""
    manners = product.manners
    quiet_s = manners.quiet_s if own and address.kind != "tcp" else 0.0
    connect_s = manners.connect_wait_s if address.kind != "rtu" else 0.0
    return manners.timeout_s + quiet_s + connect_s


def switches_s(product: Product, address: Address) -> float:
    """All switches of one device, in the order that needs most frames: every other relay of a board."""
    steps = _switches(product.nominal)
    coils = sorted({step.register.address for step in steps if step.register.space is Space.COIL})
    others = [step for step in steps if step.register.space is not Space.COIL]
    runs = len(coils) if product.manners.one_coil else _runs_at_worst(coils)
    frames = runs * frame_s(address, 1) + sum(_step_s(step, address) for step in others)
    return frames + _gaps_s(product, runs + len(others))


def command_s(product: Product, address: Address) -> float:
    """The longest command of a device."""
    return max(
        (
            sum(_step_s(step, address) for step in command.steps) + _gaps_s(product, len(command.steps))
            for command in product.nominal.commands.values()
        ),
        default=0.0,
    )


def frame_s(address: Address, registers: int) -> float:
    """One write and its answer."""
    if address.kind == "tcp":
        return TURN_ROUND_S
    octets = 2 * WRITE_OCTETS if registers == 1 else FRAME_OCTETS + 2 * registers + WRITE_OCTETS
    return octets * BITS / address.serial.baud + 2 * address.serial.silence_s + TURN_ROUND_S


def _step_s(step: PlacedStep, address: Address) -> float:
    return frame_s(address, step.register.coding.registers) + step.wait_s


def _gaps_s(product: Product, frames: int) -> float:
    return max(0, frames - 1) * max(product.manners.min_gap_s, product.manners.after_write_s)


def _switches(layout: Layout) -> Sequence[PlacedStep]:
    return [step for command in layout.commands.values() if command.spec.kind == "bool" for step in command.steps]


def _runs_at_worst(coils: Iterable[int]) -> int:
    """Frames for the subset of `coils` that breaks into most runs; a run is one frame."""
    frames, last = 0, -2
    for coil in coils:
        if coil > last + 1:
            frames, last = frames + 1, coil
    return frames
