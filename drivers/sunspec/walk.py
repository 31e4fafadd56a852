"""Finding out which models an inverter has, and where: fixed addresses are wrong sooner or later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.modbus.errors import Garbled, Refusal
from drivers.modbus.frame import ReadFrame, Space
from drivers.modbus.product import Ask

MARK = (0x5375, 0x6E53)
"""`SunS`."""
END = 0xFFFF
HEADER = 2
"""Registers of ID and length."""
MOST_MODELS = 80
LAST_ADDRESS = 65535


class NoSunSpec(Exception):
    """The device answers, but keeps no SunSpec map where one may be."""


@dataclass(frozen=True, slots=True)
class Block:
    """One model of one device."""

    start: int
    """Address of its ID."""
    length: int
    """Registers behind ID and length."""

    def holds(self, end: int) -> bool:
        """Whether a point that ends `end` registers after the ID lies inside: older editions of a model are shorter."""
        return end <= HEADER + self.length


async def walk(ask: Ask, unit: int, bases: Sequence[int]) -> Mapping[int, Block]:
    """Where each model lies; of several of one kind the first.

    Raises:
        LinkError: it does not answer.
        NoSunSpec: it answers, but there is no map.
    """
    base = await _found(ask, unit, bases)
    models: dict[int, Block] = {}
    address = base + len(MARK)
    for _ in range(MOST_MODELS):
        model, length = await ask(ReadFrame(unit, Space.HOLDING, address, HEADER))
        if model == END:
            return models
        models.setdefault(model, Block(address, length))
        address += HEADER + length
        if address >= LAST_ADDRESS:
            break
    raise Garbled(f"the list of SunSpec models at {base} has no end")


async def _found(ask: Ask, unit: int, bases: Sequence[int]) -> int:
    for base in bases:
        try:
            mark = await ask(ReadFrame(unit, Space.HOLDING, base, len(MARK)))
        except Refusal as refusal:
            if not refusal.about_addresses:
                raise
            continue
        if tuple(mark) == MARK:
            return base
    raise NoSunSpec(f"no 'SunS' at {', '.join(str(base) for base in bases)}")
