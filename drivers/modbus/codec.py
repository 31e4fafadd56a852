"""Registers to numbers and back: types, word order and byte order, nothing about meaning."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Type = Literal["u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "str", "bool"]
Order = Literal["big", "little"]
Raw = bool | int | float | str

WIDTHS = {"u16": 1, "s16": 1, "u32": 2, "s32": 2, "f32": 2, "u64": 4, "s64": 4, "f64": 4, "bool": 1}
FORMATS = {"u16": "H", "s16": "h", "u32": "I", "s32": "i", "f32": "f", "u64": "Q", "s64": "q", "f64": "d"}
BOUNDS = {
    kind: (-(1 << 16 * WIDTHS[kind] - 1), (1 << 16 * WIDTHS[kind] - 1) - 1)
    if kind.startswith("s")
    else (0, (1 << 16 * WIDTHS[kind]) - 1)
    for kind in ("u16", "s16", "u32", "s32", "u64", "s64")
}


class BadReading(Exception):
    """Registers that cannot be the declared type."""


@dataclass(frozen=True, slots=True)
class Coding:
    """How one value lies in registers."""

    type: Type
    registers: int = 1
    word: Order = "big"
    """`little`: the low word comes first."""
    byte: Order = "big"

    @property
    def bits(self) -> int:
        """Width on the wire."""
        return 16 * self.registers

    @property
    def whole(self) -> bool:
        """Whether only whole numbers can be written."""
        return self.type in BOUNDS


def coding(kind: Type, *, length: int | None = None, word: Order = "big", byte: Order = "big") -> Coding:
    """The coding of a type; `length` in registers, for text only.

    Raises:
        ValueError: with a sentence, if the parts do not fit each other.
    """
    if (kind == "str") != (length is not None):
        raise ValueError("len, in registers, belongs to type str and to no other")
    registers = length if length is not None else WIDTHS[kind]
    if registers < 1 or registers > 125:
        raise ValueError("len must be between 1 and 125 registers")
    if word == "little" and registers == 1:
        raise ValueError("word order matters for 32 and 64 bits only; for 16 bits say byte")
    return Coding(kind, registers, word, byte)


def decode(how: Coding, registers: Sequence[int]) -> Raw:
    """The value in `registers`.

    Raises:
        BadReading: wrong number of registers, a register out of 16 bits, or text that is none.
    """
    if len(registers) != how.registers or any(not 0 <= register <= 0xFFFF for register in registers):
        raise BadReading(f"{len(registers)} registers for a {how.type} of {how.registers}")
    if how.type == "bool":
        return bool(registers[0])
    octets = _ordered(how, b"".join(register.to_bytes(2, "big") for register in registers))
    if how.type == "str":
        return _text(octets)
    value: int | float = struct.unpack(f">{FORMATS[how.type]}", octets)[0]
    return value


def decoder(places: Sequence[tuple[int, Coding]]) -> Callable[[Sequence[int]], Sequence[Raw | BadReading]]:
    """`decode` for values that begin at places of an answer, in this order."""
    if all(how.type == "bool" for _, how in places):
        starts = [start for start, _ in places]
        return lambda words: [bool(words[start]) for start in starts]
    each = [(how, start, start + how.registers) for start, how in places]
    return lambda words: [_decoded(how, words[start:end]) for how, start, end in each]


def straight(places: Sequence[tuple[int, Coding]], width: int) -> str:
    """Values at places of an answer of `width` words as one structure with holes, which `struct` reads in one go.

    Empty where they overlap, are no numbers, or need turning round.
    """
    layout, free = "", 0
    for start, how in places:
        if how.type not in FORMATS or how.word == "little" or how.byte == "little" or start < free:
            return ""
        layout += f"{2 * (start - free)}x{FORMATS[how.type]}"
        free = start + how.registers
    return f"{layout}{2 * (width - free)}x"


def _decoded(how: Coding, words: Sequence[int]) -> Raw | BadReading:
    try:
        return decode(how, words)
    except BadReading as wrong:
        return wrong


def encode(how: Coding, value: Raw) -> tuple[int, ...]:
    """`value` as registers; whole-number types cut towards zero, which is towards less.

    Raises:
        ValueError: the value does not fit the type.
    """
    if how.type == "bool":
        return (int(bool(value)),)
    if how.type == "str":
        octets = str(value).encode("ascii", "strict").ljust(2 * how.registers, b"\0")
        if len(octets) > 2 * how.registers:
            raise ValueError(f"'{value}' is longer than {2 * how.registers} characters")
    else:
        octets = struct.pack(f">{FORMATS[how.type]}", _fitting(how, value))
    octets = _ordered(how, octets)
    return tuple(int.from_bytes(octets[place : place + 2], "big") for place in range(0, len(octets), 2))


def _fitting(how: Coding, value: Raw) -> int | float:
    number = float(value) if not isinstance(value, int) else value
    if not how.whole:
        return number
    whole = number if isinstance(number, int) else int(round(number, 6))
    low, high = BOUNDS[how.type]
    if not low <= whole <= high:
        raise ValueError(f"{value} does not fit into {how.type}")
    return whole


def _ordered(how: Coding, octets: bytes) -> bytes:
    """Between wire order and big endian; the same both ways."""
    words = [octets[place : place + 2] for place in range(0, len(octets), 2)]
    if how.byte == "little":
        words = [word[::-1] for word in words]
    if how.word == "little":
        words.reverse()
    return b"".join(words)


def _text(octets: bytes) -> str:
    try:
        return octets.split(b"\0", 1)[0].decode("ascii").strip()
    except UnicodeDecodeError:
        raise BadReading("text with bytes that are no characters") from None
