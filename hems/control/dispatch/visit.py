"""A car as one who plans sees it: from when to when it is there, what it needs before it leaves, what it may give."""

from dataclasses import dataclass

from hems.control.dispatch.departure import CHARGED
from hems.model.units import SourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One car; energies in its cells, counted from the least that it keeps while it gives."""

    bay: SourceId
    first: int = 0
    """The first whole quarter of an hour, from now, in which it is there."""
    last: int
    """The first one in which it is not."""
    have_wh: float = 0.0
    leaves_wh: float
    """What it must have when it leaves."""
    most_w: float
    least_w: float = 0.0
    """It takes no less, or nothing: 6 A."""
    gives_w: float = 0.0
    """What it may give on the grid; 0 for one that may not."""
    wear: float = 0.0
    """Per kilowatt-hour given."""
    charged: float = CHARGED
    given: float = CHARGED
    holds: bool = False
    """What it has counts as a part of the reserve."""

    @property
    def wh(self) -> float:
        """What it still needs, at the socket."""
        return max(0.0, self.leaves_wh - self.have_wh) / self.charged
