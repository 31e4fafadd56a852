"""SunSpec points by name: `704.WSet` is point WSet of model 704, `160.DCW[3]` the one of its third module."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from drivers.modbus.codec import Coding, Type, coding
from drivers.sunspec.tables import MODELS, PointDef

TYPES: Mapping[str, tuple[Type, tuple[int | str, ...]]] = {
    "int16": ("s16", (0x8000,)),
    "uint16": ("u16", (0xFFFF,)),
    "count": ("u16", (0xFFFF,)),
    "enum16": ("u16", (0xFFFF,)),
    "bitfield16": ("u16", (0xFFFF,)),
    "sunssf": ("s16", (0x8000,)),
    "int32": ("s32", (0x80000000,)),
    "uint32": ("u32", (0xFFFFFFFF,)),
    "bitfield32": ("u32", (0xFFFFFFFF,)),
    "uint64": ("u64", (0xFFFFFFFFFFFFFFFF,)),
    "acc32": ("u32", (0,)),
    "float32": ("f32", ()),
    "string": ("str", ("",)),
}
"""Coding and the values that mean "not implemented" (for float32 that is NaN)."""

NAME = re.compile(r"(\d{1,5})\.([A-Za-z][\w.]*)(?:\[(\d{1,2})\])?")


@dataclass(frozen=True, slots=True)
class Ref:
    """One point of one model, and which of several like it."""

    model: int
    point: str
    index: int = 1
    """The occurrence in a repeated group, from 1."""

    @property
    def definition(self) -> PointDef:
        """Its line in the table."""
        return MODELS[self.model][self.point]

    @property
    def offset(self) -> int:
        """Registers from the model's ID."""
        return self.definition.offset + self.definition.every * (self.index - 1)

    @property
    def coding(self) -> Coding:
        """How it lies in registers; SunSpec is big endian throughout."""
        return coding(TYPES[self.definition.type][0], length=self.definition.size)

    @property
    def end(self) -> int:
        """Registers from the model's ID to behind it."""
        return self.offset + self.coding.registers

    @property
    def sentinels(self) -> tuple[int | str, ...]:
        """Raw values that mean "not implemented"."""
        return TYPES[self.definition.type][1]

    @property
    def exponent(self) -> "Ref | None":
        """The point that holds its power of ten; one for all occurrences."""
        name = self.definition.exponent
        return Ref(self.model, name) if name else None

    def __str__(self) -> str:
        """As written in a profile."""
        return f"{self.model}.{self.point}" + (f"[{self.index}]" if self.definition.every else "")


def ref(name: str) -> Ref:
    """`704.WMaxLimPct` or `160.DCW[3]` as model, point and occurrence.

    Raises:
        ValueError: hems does not know it.
    """
    parts = NAME.fullmatch(name)
    definition = MODELS.get(int(parts[1]), {}).get(parts[2]) if parts else None
    if parts is None or definition is None:
        raise ValueError(f"'{name}' is no SunSpec point that hems knows; write MODEL.POINT, such as 103.W")
    if (parts[3] is not None) != bool(definition.every) or parts[3] == "0":
        form = f"{parts[1]}.{parts[2]}" + ("[1] for the first, and so on" if definition.every else " without [ ]")
        raise ValueError(f"'{name}': write {form}")
    return Ref(int(parts[1]), parts[2], int(parts[3] or 1))
