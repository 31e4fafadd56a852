"""The building's operating mode and the three facts it is derived from."""

from enum import StrEnum

from hems.model.members import direct


@direct
class Grid(StrEnum):
    """Axis G: the utility's side of the tie."""

    GOOD = "good"
    """In the window for as long as required."""
    QUALIFYING = "qualifying"
    """In the window, not yet for as long as required."""
    BAD = "bad"
    """Present, but out of the window."""
    DEAD = "dead"
    UNKNOWN = "unknown"


@direct
class TiePosition(StrEnum):
    """Axis T: the tie between building and grid."""

    CLOSED = "closed"
    OPEN = "open"
    MOVING = "moving"
    INVALID = "invalid"
    """The contacts contradict each other."""
    UNKNOWN = "unknown"


@direct
class Bus(StrEnum):
    """Axis B: the building's own busbar."""

    LIVE = "live"
    DEAD = "dead"
    UNKNOWN = "unknown"


@direct
class Mode(StrEnum):
    """What hems is doing about it.  Terms after IEEE 2030.7."""

    INIT = "init"
    GRID_CONNECTED = "grid_connected"
    GRID_CONNECTED_DEGRADED = "grid_connected_degraded"
    """Connected, but the grid side cannot be seen: silence is not an outage."""
    GRID_DISTURBED = "grid_disturbed"
    """Out of the window with the tie closed: certified hardware decides whether to ride through."""
    ISLANDING_PLANNED = "islanding_planned"
    """Somebody has asked for an island: circuits go off to plan, nothing flows through the tie, then it is opened."""
    ISLANDED_STABILIZING = "islanded_stabilizing"
    ISLANDED = "islanded"
    GRID_RETURN_QUALIFYING = "grid_return_qualifying"
    RECONNECTING = "reconnecting"
    """Permission is given; the certified device synchronises and closes."""
    RECONNECTED_RESTORING = "reconnected_restoring"
    BLACKOUT = "blackout"
    BLACKOUT_GRID_AVAILABLE = "blackout_grid_available"
    BLACK_START = "black_start"
    """The former has been asked to make voltage on the dead building."""
    FAULT_SAFE = "fault_safe"
    MAINTENANCE = "maintenance"
    """People work on the plant: hems gives power to nothing, and does not touch what they have locked out."""

    @property
    def on_island(self) -> bool:
        """Whether the building feeds itself."""
        return self in ISLAND_MODES


ISLAND_MODES = frozenset({Mode.ISLANDED_STABILIZING, Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING, Mode.RECONNECTING})
