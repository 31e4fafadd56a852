"""A device's Modbus registers as fields that ask the plant when they are read and act when they are written."""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.simulator import DataType, SimData, SimDevice

Words = list[int]
READS = (3, 4)
COILS = (1, 5, 15)
INPUTS = (2,)
WRITES = (6, 16)
UNUSED = 65_535
"""The simulator wants every block to have something in it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a value lies in 16-bit words."""

    form: str
    """As in `struct`, big-endian within each word."""
    words: int
    low_first: bool = False
    """Low word first, as some makers do with 32-bit values."""

    def encode(self, value: float) -> Words:
        """The words of `value`; integers are limited to what fits, as a device would."""
        if self.form in "fd":
            raw = struct.pack(f">{self.form}", value)
        else:
            bits = 8 * struct.calcsize(f">{self.form}")
            low, high = (0, (1 << bits) - 1) if self.form.isupper() else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
            raw = struct.pack(f">{self.form}", min(high, max(low, round(value))))
        words = list(struct.unpack(f">{self.words}H", raw))
        return words[::-1] if self.low_first else words

    def decode(self, words: Words) -> float:
        """The value in `words`."""
        ordered = words[::-1] if self.low_first else words
        value: float = struct.unpack(f">{self.form}", struct.pack(f">{self.words}H", *ordered))[0]
        return value


U16 = Kind("H", 1)
S16 = Kind("h", 1)
U32 = Kind("I", 2)
S32 = Kind("i", 2)
F32 = Kind("f", 2)
U64 = Kind("Q", 4)
U32_LOW_FIRST = Kind("I", 2, low_first=True)
S32_LOW_FIRST = Kind("i", 2, low_first=True)


@dataclass(frozen=True, slots=True)
class Field:
    """One value at one address."""

    at: int
    kind: Kind
    read: Callable[[], float]
    write: Callable[[float], bool] | None = None
    """Takes a written value; False refuses it with exception 3.  None makes the field read-only."""

    @property
    def end(self) -> int:
        """The address after it."""
        return self.at + self.kind.words


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that never change, two per word or one."""

    at: int
    words: int
    text: str
    per_word: int = 2

    def encode(self) -> Words:
        """Padded with zeros."""
        if self.per_word == 1:
            return [ord(letter) for letter in self.text.ljust(self.words, "\0")[: self.words]]
        raw = self.text.encode("ascii").ljust(2 * self.words, b"\0")[: 2 * self.words]
        return list(struct.unpack(f">{self.words}H", raw))


@dataclass(frozen=True, slots=True)
class Filler:
    """Addresses that answer, but with nothing of interest."""

    at: int
    words: int
    value: int = 0


Item = Field | Text | Filler


class Registers:
    """One space of registers (holding or input).  Addresses that no item covers answer with exception 2."""

    def __init__(self, items: Iterable[Item], *, longest: int = 125) -> None:
        self._items = tuple(items)
        self._fields = tuple(item for item in self._items if isinstance(item, Field))
        self._longest = longest

    def blocks(self) -> list[SimData]:
        """For the simulator; fields lie over fillers."""
        words: dict[int, int] = {}
        for item in sorted(self._items, key=lambda item: not isinstance(item, Filler)):
            values = self._initial(item)
            words |= dict(zip(range(item.at, item.at + len(values)), values, strict=True))
        if not words:
            return [SimData(UNUSED, values=0, datatype=DataType.REGISTERS)]
        return [SimData(at, values=value, datatype=DataType.REGISTERS) for at, value in sorted(words.items())]

    def refresh(self, start: int, address: int, count: int, registers: Words) -> ExcCodes | None:
        """Put present values into `registers`, whose first address is `start`, for a read of `count` at `address`."""
        if count > self._longest:
            return ExcCodes.ILLEGAL_VALUE
        for field in self._fields:
            if field.at < address + count and field.end > address:
                registers[field.at - start : field.end - start] = field.kind.encode(field.read())
        return None

    def write(self, address: int, words: Words) -> ExcCodes | None:
        """Give a write to the fields it covers; a field written by half, or read-only, refuses it."""
        end = address + len(words)
        touched = [field for field in self._fields if field.at < end and field.end > address]
        if not touched or any(field.write is None or field.at < address or field.end > end for field in touched):
            return ExcCodes.ILLEGAL_ADDRESS
        for field in touched:
            value = field.kind.decode(words[field.at - address : field.end - address])
            if field.write is not None and not field.write(value):
                return ExcCodes.ILLEGAL_VALUE
        return None

    @staticmethod
    def _initial(item: Item) -> Words:
        if isinstance(item, Field):
            return item.kind.encode(item.read())
        return item.encode() if isinstance(item, Text) else [item.value] * item.words


@dataclass(frozen=True, slots=True)
class Bit:
    """One coil or one input."""

    read: Callable[[], bool]
    write: Callable[[bool], None] | None = None


class Bits:
    """Coils or inputs from address 0 on."""

    def __init__(self, bits: Iterable[Bit] = ()) -> None:
        self._bits = tuple(bits)

    def blocks(self) -> list[SimData]:
        """For the simulator."""
        if not self._bits:
            return [SimData(UNUSED, values=[False], datatype=DataType.BITS)]
        return [SimData(0, values=[bit.read() for bit in self._bits], datatype=DataType.BITS)]

    def refresh(self, registers: Words) -> None:
        """Put the present state into the first register; bit 0 is address 0."""
        registers[0] = sum(1 << index for index, bit in enumerate(self._bits) if bit.read())

    def write(self, address: int, values: list[bool]) -> ExcCodes | None:
        """Give each written bit to its taker."""
        if address + len(values) > len(self._bits):
            return ExcCodes.ILLEGAL_ADDRESS
        for bit, value in zip(self._bits[address:], values, strict=False):
            if bit.write is not None:
                bit.write(value)
        return None


def device(
    unit_id: int,
    *,
    holding: Registers | None = None,
    inputs: Registers | None = None,
    coils: Bits | None = None,
    contacts: Bits | None = None,
    before: Callable[[], None],
) -> SimDevice:
    """A simulator device over these spaces; `before` is called ahead of every request, to bring values up to date."""
    spaces = {3: holding or Registers(()), 4: inputs or Registers(()), 6: holding or Registers(())}
    spaces[16] = spaces[3]
    bits = {1: coils or Bits(), 2: contacts or Bits()}

    async def action(
        function: int, start: int, address: int, count: int, registers: Words, values: list[Any] | None
    ) -> ExcCodes | None:
        before()
        if function in READS:
            return spaces[function].refresh(start, address, count, registers)
        if function in WRITES:
            # Without values it is the server's look at what it has just stored, for the echo in the reply.
            return spaces[function].write(address, values) if values is not None else None
        if function in COILS + INPUTS:
            refused = bits[1].write(address, values) if values is not None else None
            if refused is None:
                bits[1 if function in COILS else 2].refresh(registers)
            return refused
        return ExcCodes.ILLEGAL_FUNCTION

    blocks = (bits[1].blocks(), bits[2].blocks(), spaces[3].blocks(), spaces[4].blocks())
    return SimDevice(id=unit_id, simdata=blocks, action=action)
