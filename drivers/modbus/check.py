"""What is wrong with devices on links, as far as that can be told offline: sentences for `hems check`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from drivers.modbus.actuation import actuation_s
from drivers.modbus.address import Address
from drivers.modbus.frame import Space
from drivers.modbus.layout import Layout, PlacedStep
from drivers.modbus.product import Product
from drivers.profile.expression import UnknownValueError, evaluate
from hems.model.units import DeviceId
from hems.model.wiring import DeviceSpec

Places = frozenset[tuple[Space, int]]


@dataclass(frozen=True, slots=True)
class Declared:
    """One device of the site file, its profile read and its link understood."""

    spec: DeviceSpec
    product: Product
    address: Address


def worst_s(declared: Sequence[Declared]) -> Mapping[DeviceId, float]:
    """Worst time in s from handing over an urgent command to its effect on the wire, for each device."""
    return actuation_s({one.spec.id: (one.product, one.address) for one in declared})


def problems(declared: Sequence[Declared]) -> list[str]:
    """All of them, each naming device, key, value and remedy."""
    alone = (told for one in declared for told in (*_broadcasts(one), *_undone(one)))
    return [*_lines(declared), *_doubles(declared), *alone]


def other_settings(one: DeviceSpec, address: Address, other: str) -> str:
    """The sentence for two devices that want one line to be different things."""
    return (
        f"devices.{one.id}.link = '{one.link}': {other} uses {address.key} with other settings. Devices on one line "
        "need the same baud rate, parity and stop bits; give both the same link."
    )


def _lines(declared: Sequence[Declared]) -> Iterator[str]:
    """One tty with different settings or two names, one place with different framing."""
    first: dict[str, Declared] = {}
    for one in declared:
        other = first.setdefault(_line(one.address), one)
        if other.address.key != one.address.key:
            yield (
                f"devices.{one.spec.id}.link = '{one.spec.link}': this is the line of {other.spec.id} under another "
                f"name, and only one program may speak on a line. Write {other.spec.link} for both."
            )
        elif other.address != one.address:
            yield other_settings(one.spec, one.address, other.spec.id)


def _line(address: Address) -> str:
    """The same for all names of one tty; `/dev/serial/by-id` is full of links."""
    return str(Path(address.place).resolve()) if address.kind == "rtu" else address.key


def _doubles(declared: Sequence[Declared]) -> Iterator[str]:
    """Two devices of the site file that are one device, or command the same of it."""
    for place, one in enumerate(declared):
        for other in declared[:place]:
            if _line(other.address) != _line(one.address) or other.product.unit != one.product.unit:
                continue
            where = f"devices.{one.spec.id}: link {one.address} and unit {one.product.unit}"
            shared = _commanded(one.product.nominal) & _commanded(other.product.nominal)
            if (other.spec.profile, other.spec.params) == (one.spec.profile, one.spec.params):
                yield f"{where} are those of {other.spec.id}. Remove one of the two, or correct its link or unit_id."
            elif one.spec.profile != other.spec.profile and _are_two(one, other):
                yield (
                    f"{where} are those of {other.spec.id}, another product, and answers would collide. "
                    "Give one of the two another number, on the device and as its unit_id."
                )
            elif shared:
                space, address = min(shared)
                yield (
                    f"{where} are also those of {other.spec.id}, and both command {space} {address}. "
                    "Let only one of them command it."
                )


def _broadcasts(one: Declared) -> Iterator[str]:
    """Number 0 on a line, which nobody answers and everybody obeys."""
    if one.product.unit == 0 and one.address.kind != "tcp":
        yield (
            f"devices.{one.spec.id}.params.unit_id = 0: on a serial line that is every device at once, and none "
            "answers. Write the number that is set on the device, 1 to 247."
        )


def _undone(one: Declared) -> Iterator[str]:
    """Writing that would give power without being asked: a shed must never be undone by what makes safe."""
    layout = one.product.nominal
    for name, command in layout.commands.items():
        if command.spec.kind != "bool":
            continue
        off = {_place(step): _number(step, 0.0) for step in command.steps}
        for step in (*layout.safe, *layout.renew):
            if _place(step) in off and off[_place(step)] != _number(step, 0.0):
                yield (
                    f"devices.{one.spec.id}.profile = '{one.spec.profile}': its [control] writes {step.to} to "
                    f"{step.register.space} {step.register.address}, which would undo that {name} was switched off. "
                    "Correct the profile."
                )


def _are_two(one: Declared, other: Declared) -> bool:
    """Whether no one box is both: a board may have several profiles, a meter on a line is a meter and nothing else."""
    meters = one.product.is_meter + other.product.is_meter
    return meters == 2 or (meters == 1 and one.address.kind != "tcp")


def _commanded(layout: Layout) -> Places:
    return frozenset(
        (step.register.space, address)
        for command in layout.commands.values()
        for step in command.steps
        for address in range(step.register.address, step.register.end)
    )


def _place(step: PlacedStep) -> tuple[Space, int]:
    return step.register.space, step.register.address


def _number(step: PlacedStep, value: float) -> float | None:
    """What it writes for `value`, if that hangs on nothing else."""
    try:
        return evaluate(step.to, {"value": value})
    except UnknownValueError:
        return None
