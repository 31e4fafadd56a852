"""What is remembered of witnesses, of what they said, and of the mode.

Times are seconds on the monotonic clock.  None as a time means "not now".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from hems.model.cause import Cause, Why
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.quick import quick
from hems.model.units import PointId


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class GridMemory:
    """Axis G: since when the utility side has been inside its window, outside, or dead."""

    value: Grid = Grid.UNKNOWN
    inside_since_s: float | None = None
    outside_since_s: float | None = None
    """Outside or dead without a break, for the debounce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TieMemory:
    """Axis T: what the contacts said last and since when; since when flag and contacts disagree."""

    value: TiePosition = TiePosition.UNKNOWN
    raw: TiePosition = TiePosition.UNKNOWN
    raw_since_s: float = 0.0
    disagree_since_s: float | None = None

    @property
    def seen(self) -> TiePosition:
        """What is seen right now, before any debounce: the contacts, or the axis where there are none."""
        return self.value if self.raw is TiePosition.UNKNOWN else self.raw


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class BusMemory:
    """Axis B: since when the only news of the bus is a frame of zeros."""

    value: Bus = Bus.UNKNOWN
    zero_since_s: float | None = None


@dataclass(frozen=True, kw_only=True)  # without slots: copied in most ticks
class PointMemory:
    """One voltage point: whether it moves as a live meter does, and whether it moves with the building."""

    begun_s: float = -inf
    """Since when it is watched."""
    values: tuple[float | None, ...] = ()
    """Volts by phase and hertz, as read last."""
    since_s: float = 0.0
    """When these very values were read first."""
    taken_s: float = 0.0
    """When they were read last."""
    moves: int = 0
    longest_s: float = 0.0
    """For how long it has ever stood still and then moved on."""
    power_w: float | None = None
    """The building's power when it began to stand still."""
    power_moved: bool = False
    """That power has changed since."""
    alike_since_s: float | None = None
    """Upstream of an open tie, and the same as the building's own voltage since then."""
    alike_moves: tuple[int, int] = (0, 0)
    """How often it, and the building's own voltage, had moved until then."""
    followed: int = 0
    """How often both have moved since then."""
    unlike_since_s: float | None = None
    """It has differed from it since then: perhaps only because two meters are read one after the other."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceMemory:
    """The three axes between ticks."""

    grid: GridMemory = GridMemory()
    tie: TieMemory = TieMemory()
    bus: BusMemory = BusMemory()
    apart_since_s: float | None = None
    """When the tie was seen to leave its closed position; None while it is closed, or was never seen so."""
    points: Mapping[PointId, PointMemory] = field(default_factory=dict)
    apart_w: float | None = None
    """What flowed through it then, for as long as that stays the same: a meter that repeats itself tells of no tie."""
    crossed_since_s: float | None = None
    """Power flows to or from the grid although the tie is seen open, since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeMemory:
    """The mode, why, and since when each condition that could change it has held."""

    mode: Mode = Mode.INIT
    since_s: float = 0.0
    because: Cause = field(default_factory=lambda: Cause(Why.STARTED))
    true_since: Mapping[str, float] = field(default_factory=dict)
    """Rule key to the time since which its condition has held without a break."""
    outage_since_s: float | None = None
    on_purpose: bool = False
    """That the building is off the grid is what somebody wanted; no longer once the grid has really gone."""
    contradiction: bool = False
    """FAULT_SAFE was entered on a contradiction, so a person must look before hems starts over."""
