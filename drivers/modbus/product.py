"""What the engine takes from a profile."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from drivers.modbus.force import Keeping
from drivers.modbus.frame import ReadFrame
from drivers.modbus.job import Manners
from drivers.modbus.layout import Layout
from drivers.profile import derive
from drivers.profile.alarms import AlarmGroup
from drivers.profile.schema import Expect, PollClass

Ask = Callable[[ReadFrame], Awaitable[tuple[int, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product, with the parameters of one device filled in."""

    unit: int
    is_meter: bool = False
    """Whether it is one, and nothing else."""
    manners: Manners
    classes: Mapping[str, PollClass]
    computed: Mapping[str, derive.Expression]
    alarms: Mapping[str, AlarmGroup] = field(default_factory=dict)
    identify: Mapping[str, Expect]
    keeping: Keeping
    nominal: Layout
    """Where everything is as far as that can be told offline."""
    find: Callable[[Ask], Awaitable[Layout]]
    """Finds where everything is, by asking the device if need be.  Raises: LinkError, DeviceMismatch."""
    max_read: int = 100
    max_gap: int = 0
    moves: bool = False
    """Whether places may change while the device runs, so that a refused address is a reason to look again."""
