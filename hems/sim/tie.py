"""The certified device between grid and building: it opens by itself, and closes by itself when permitted."""

from enum import StrEnum

from hems.model.members import direct
from hems.sim.start import Physics

DEAD_PU = 0.5
LOW_PU = 0.88
HIGH_PU, FAR_HIGH_PU = 1.10, 1.20
BOUNCE_S = 0.005
"""A contact that rattles changes so often."""
WINDOW_PU = (0.85, 1.10)
"""Voltage in which its own qualification counts (EN 50549-1, VDE-AR-N 4105; domain reference 1.5)."""
NEVER_S = float("inf")


@direct
class Position(StrEnum):
    """Where the main contacts are."""

    CLOSED = "closed"
    OPEN = "open"
    MOVING = "moving"


class Tie:
    """A contactor with two auxiliary contacts, its own grid sensing and its own patience.

    It opens `tie_detect_s` after the grid has died and takes `tie_travel_s` to do so; a sag or a swell that the grid
    code says to ride through opens it only after `tie_sag_s` or `tie_high_s`.  After it has arrived its auxiliary
    contacts rattle for `tie_bounce_s`.  It closes when permitted and after the grid has been in its window
    for `tie_qualify_s`; synchronism is its own affair.
    """

    def __init__(self, physics: Physics) -> None:
        self._physics = physics
        self.position = Position.CLOSED
        self.permit = False
        self.jammed = False
        """Whether its mechanism does not move, whatever it is told."""
        self.contacts: tuple[bool, bool] | None = None
        """What its auxiliary contacts (closed, open) are stuck at, if they are."""
        self.apart = False
        """Asked to be open on purpose."""
        self._opening = False
        self._dead_s = 0.0
        self._low_s = 0.0
        self._high_s = 0.0
        self._rattled_s = NEVER_S
        self._good_s = 0.0
        self._moved_s = 0.0

    @property
    def closed_contact(self) -> bool:
        """Auxiliary contact that follows the closed position (52a)."""
        return self._touches(Position.CLOSED) if self.contacts is None else self.contacts[0]

    @property
    def open_contact(self) -> bool:
        """Auxiliary contact that follows the open position (52b)."""
        return self._touches(Position.OPEN) if self.contacts is None else self.contacts[1]

    @property
    def connects(self) -> bool:
        """Whether current can flow: from the first to the last touch of the main contacts."""
        return self.position is Position.CLOSED

    @property
    def qualifying_left_s(self) -> float:
        """What its own qualification still needs."""
        return max(0.0, self._physics.tie_qualify_s - self._good_s)

    def until_s(self, grid_pu: float) -> float:
        """Time until it changes by itself, if the grid stays as it is."""
        if self.jammed:
            return NEVER_S
        if self.position is Position.MOVING:
            return self._physics.tie_travel_s - self._moved_s
        if self.position is Position.CLOSED:
            if self.apart:
                return 0.0
            return self._opens_s(grid_pu)
        may_close = self.permit and not self.apart and in_window(grid_pu)
        return self.qualifying_left_s if may_close else NEVER_S

    def step(self, dt_s: float, grid_pu: float) -> None:
        """Let `dt_s` pass with the grid at `grid_pu`, the worst phase as a multiple of nominal."""
        self._dead_s = self._dead_s + dt_s if _at_once(grid_pu) else 0.0
        self._low_s = self._low_s + dt_s if grid_pu < LOW_PU else 0.0
        self._high_s = self._high_s + dt_s if grid_pu > HIGH_PU else 0.0
        self._rattled_s += dt_s
        self._good_s = self._good_s + dt_s if in_window(grid_pu) else 0.0
        if self.jammed:
            return
        if self.position is Position.MOVING:
            self._travel(dt_s)
        elif self.position is Position.CLOSED:
            if self.apart or self._failed():
                self._start(opening=True)
        elif self.permit and not self.apart and _due(self._good_s, self._physics.tie_qualify_s):
            self._start(opening=False)

    def _opens_s(self, grid_pu: float) -> float:
        """Time until a closed tie gives up on this grid."""
        own = self._physics
        waits = {
            own.tie_detect_s - self._dead_s: _at_once(grid_pu),
            own.tie_sag_s - self._low_s: grid_pu < LOW_PU,
            own.tie_high_s - self._high_s: grid_pu > HIGH_PU,
        }
        return min((wait_s for wait_s, counts in waits.items() if counts), default=NEVER_S)

    def _failed(self) -> bool:
        own = self._physics
        waits = ((self._dead_s, own.tie_detect_s), (self._low_s, own.tie_sag_s), (self._high_s, own.tie_high_s))
        return any(_due(elapsed_s, needed_s) for elapsed_s, needed_s in waits)

    def _touches(self, position: Position) -> bool:
        """Whether the auxiliary contact of a position is closed; it rattles for a moment after the tie has arrived."""
        rattles = self._rattled_s < self._physics.tie_bounce_s and int(self._rattled_s / BOUNCE_S) % 2 == 1
        return self.position is position and not rattles

    def _start(self, *, opening: bool) -> None:
        self.position = Position.MOVING
        self._opening = opening
        self._moved_s = 0.0

    def _travel(self, dt_s: float) -> None:
        self._moved_s += dt_s
        if _due(self._moved_s, self._physics.tie_travel_s):
            self.position = Position.OPEN if self._opening else Position.CLOSED
            self._good_s = self._rattled_s = 0.0


def _at_once(grid_pu: float) -> bool:
    """Dead, or so far above its window that nothing waits."""
    return grid_pu < DEAD_PU or grid_pu > FAR_HIGH_PU


def in_window(grid_pu: float) -> bool:
    """Whether it would count this voltage as a good grid."""
    return WINDOW_PU[0] <= grid_pu <= WINDOW_PU[1]


def _due(elapsed_s: float, needed_s: float) -> bool:
    """With a nanosecond of grace: sums of many small steps do not meet a threshold exactly."""
    return elapsed_s >= needed_s - 1e-9
