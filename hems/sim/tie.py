"""The certified device between grid and building: it opens by itself, and closes by itself when permitted."""

from enum import StrEnum

from hems.sim.start import Physics

DEAD_PU = 0.5
LOW_PU = 0.88
WINDOW_PU = (0.85, 1.10)
"""Voltage in which its own qualification counts (EN 50549-1, VDE-AR-N 4105; domain reference 1.5)."""
NEVER_S = float("inf")


class Position(StrEnum):
    """Where the main contacts are."""

    CLOSED = "closed"
    OPEN = "open"
    MOVING = "moving"


class Tie:
    """A contactor with two auxiliary contacts, its own grid sensing and its own patience.

    It opens `tie_detect_s` after the grid has died and takes `tie_travel_s` to do so; a sag that the grid code says to
    ride through opens it only after `tie_sag_s`.  It closes when permitted and after the grid has been in its window
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
        self._good_s = 0.0
        self._moved_s = 0.0

    @property
    def closed_contact(self) -> bool:
        """Auxiliary contact that follows the closed position (52a)."""
        return self.position is Position.CLOSED if self.contacts is None else self.contacts[0]

    @property
    def open_contact(self) -> bool:
        """Auxiliary contact that follows the open position (52b)."""
        return self.position is Position.OPEN if self.contacts is None else self.contacts[1]

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
            if grid_pu < DEAD_PU:
                return self._physics.tie_detect_s - self._dead_s
            return self._physics.tie_sag_s - self._low_s if grid_pu < LOW_PU else NEVER_S
        may_close = self.permit and not self.apart and _in_window(grid_pu)
        return self.qualifying_left_s if may_close else NEVER_S

    def step(self, dt_s: float, grid_pu: float) -> None:
        """Let `dt_s` pass with the grid at `grid_pu`, the worst phase as a multiple of nominal."""
        self._dead_s = self._dead_s + dt_s if grid_pu < DEAD_PU else 0.0
        self._low_s = self._low_s + dt_s if grid_pu < LOW_PU else 0.0
        self._good_s = self._good_s + dt_s if _in_window(grid_pu) else 0.0
        if self.jammed:
            return
        if self.position is Position.MOVING:
            self._travel(dt_s)
        elif self.position is Position.CLOSED:
            failed = _due(self._dead_s, self._physics.tie_detect_s) or _due(self._low_s, self._physics.tie_sag_s)
            if self.apart or failed:
                self._start(opening=True)
        elif self.permit and not self.apart and _due(self._good_s, self._physics.tie_qualify_s):
            self._start(opening=False)

    def _start(self, *, opening: bool) -> None:
        self.position = Position.MOVING
        self._opening = opening
        self._moved_s = 0.0

    def _travel(self, dt_s: float) -> None:
        self._moved_s += dt_s
        if _due(self._moved_s, self._physics.tie_travel_s):
            self.position = Position.OPEN if self._opening else Position.CLOSED
            self._good_s = 0.0


def _in_window(grid_pu: float) -> bool:
    return WINDOW_PU[0] <= grid_pu <= WINDOW_PU[1]


def _due(elapsed_s: float, needed_s: float) -> bool:
    """With a nanosecond of grace: sums of many small steps do not meet a threshold exactly."""
    return elapsed_s >= needed_s - 1e-9
