"""One request as values: what is asked of which unit, before any byte is built."""

from dataclasses import dataclass
from enum import StrEnum

from hems.model.members import direct


@direct
class Space(StrEnum):
    """The four tables of a Modbus unit; addresses count from 0 in each."""

    COIL = "coil"
    DISCRETE = "discrete"
    INPUT = "input"
    HOLDING = "holding"

    @property
    def of_bits(self) -> bool:
        """Whether it holds bits rather than registers."""
        return self in (Space.COIL, Space.DISCRETE)


@dataclass(frozen=True, slots=True)
class ReadFrame:
    """Read `count` coils or registers from `address`."""

    unit: int
    space: Space
    address: int
    count: int
    layout: str = ""
    """What the answer is to be taken apart into, as `struct` says; single registers otherwise."""

    def __hash__(self) -> int:
        """Of what is quick to hash, since each poll is looked up."""
        return hash((self.unit, self.address, self.count))


@dataclass(frozen=True, slots=True)
class WriteFrame:
    """Write values from `address`: coils as 0 and 1, or registers.

    `single` uses the function code for one value (5, 6) instead of the one for several (15, 16); some devices know only
    one of the two.
    """

    unit: int
    space: Space
    address: int
    values: tuple[int, ...]
    single: bool

    def __post_init__(self) -> None:
        if self.space not in (Space.COIL, Space.HOLDING):
            raise ValueError(f"{self.space} cannot be written")
        if self.single and len(self.values) != 1:
            raise ValueError("a single write carries one value")

    def __hash__(self) -> int:
        """Of what is quick to hash: twenty relays are looked up as the tie opens."""
        return hash((self.unit, self.address, self.values))


Frame = ReadFrame | WriteFrame
