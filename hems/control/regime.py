"""The truth table of the three axes: what the building *is*.

`regime` is total over 5 x 5 x 3 = 75 combinations.  An unknown tie is taken to be whichever position makes the proposed
action more dangerous.  Source: domain reference 1.2.
"""

from enum import StrEnum
from functools import cache

from hems.model.members import direct
from hems.model.mode import Bus, Grid, TiePosition


@direct
class Regime(StrEnum):
    """What one combination of the axes means."""

    CONNECTED = "connected"
    DISTURBED = "disturbed"
    RETURNING = "returning"
    """On the grid, which has not yet been good for long enough."""
    DEGRADED = "degraded"
    ISLAND = "island"
    ISLAND_GRID_BACK = "island_grid_back"
    BLACKOUT = "blackout"
    BLACKOUT_GRID_BACK = "blackout_grid_back"
    CONTRADICTION = "contradiction"
    BUS_UNSEEN = "bus_unseen"
    """Nothing tells whether the bus is live: keep the mode for a while."""
    MOVING = "moving"
    TIE_UNKNOWN = "tie_unknown"


IN_WINDOW = frozenset({Grid.GOOD, Grid.QUALIFYING})
GONE = frozenset({Grid.BAD, Grid.DEAD})
ON_LIVE_BUS = {
    Grid.GOOD: Regime.CONNECTED,
    Grid.QUALIFYING: Regime.RETURNING,
    Grid.BAD: Regime.DISTURBED,
    Grid.UNKNOWN: Regime.DEGRADED,
    Grid.DEAD: Regime.CONTRADICTION,
}


@cache
def regime(tie: TiePosition, grid: Grid, bus: Bus) -> Regime:
    """The truth table: every combination of the axes has exactly one meaning."""
    match tie, bus:
        case (TiePosition.MOVING, _):
            return Regime.MOVING
        case (TiePosition.INVALID | TiePosition.UNKNOWN, _):
            return Regime.TIE_UNKNOWN
        case (TiePosition.CLOSED, Bus.LIVE):
            return ON_LIVE_BUS[grid]
        case (TiePosition.CLOSED, Bus.DEAD):
            return Regime.CONTRADICTION if grid in IN_WINDOW else Regime.BLACKOUT
        case (TiePosition.CLOSED, _):
            return Regime.DEGRADED if grid is Grid.GOOD else Regime.BUS_UNSEEN
        case (_, Bus.LIVE):
            return Regime.ISLAND_GRID_BACK if grid in IN_WINDOW else Regime.ISLAND
        case (_, Bus.DEAD):
            return Regime.BLACKOUT_GRID_BACK if grid is Grid.GOOD else Regime.BLACKOUT
        case _:
            return Regime.BUS_UNSEEN
