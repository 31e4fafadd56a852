"""The inverter that makes the island, and the overload that it really does not survive."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from math import exp, inf, log

from hems.model.members import direct
from hems.sim.start import Physics

FULL_DOSE = 1.0 - 1e-9


@direct
class Stage(StrEnum):
    """What the inverter is doing about the bus."""

    FOLLOWING = "following"
    """The grid makes the voltage."""
    PICKING_UP = "picking_up"
    """The tie has opened; voltage in a moment."""
    FORMING = "forming"
    TRIPPED = "tripped"
    """Overloaded; will try again by itself."""
    OFF = "off"
    """Empty, its car is gone, or it has tried often enough."""


def trip_after_s(load_pu: float, curve: Sequence[tuple[float, float]]) -> float:
    """Seconds of constant `load_pu` until it trips: log-log between the points of its curve and beyond them (2.2)."""
    if load_pu <= 1.0:
        return inf
    beyond = (curve[-2], curve[-1])
    (left_pu, left_s), (right_pu, right_s) = next((part for part in pairwise(curve) if load_pu <= part[1][0]), beyond)
    slope = log(right_s / left_s) / log(right_pu / left_pu)
    return left_s * exp(slope * log(load_pu / left_pu))


FORMING = Stage.FORMING
"""By itself, because it is asked for dozens of times in each step."""


class Former:
    """Grid-forming inverter with a dose per limit: the worst one trips it.

    `ratings` are its limits in W or VA, such as one per phase and one for all together; every load vector given to it
    has the same order.
    """

    def __init__(self, *, curve: Sequence[tuple[float, float]], ratings: tuple[float, ...], physics: Physics) -> None:
        self._curve = tuple(curve)
        self._ratings = ratings
        self._physics = physics
        self.stage = Stage.FOLLOWING
        self.trips = 0
        self.doses = [0.0] * len(ratings)
        self._tries = 0
        self._waited_s = 0.0

    @property
    def dose(self) -> float:
        """Worst limit: 0 cool, 1 trips."""
        return max(self.doses)

    @property
    def forming(self) -> bool:
        """Whether it makes the bus's voltage now."""
        return self.stage is FORMING

    def load_pu(self, loads_w: Sequence[float]) -> tuple[float, ...]:
        """Each load as a multiple of its rating; feeding back loads it as much as giving."""
        return tuple([abs(power_w) / rating for power_w, rating in zip(loads_w, self._ratings, strict=True)])

    def until_s(self, load_pu: Sequence[float], *, may_restart: bool) -> float:
        """Time until it changes by itself at this load."""
        if self.stage is Stage.FORMING:
            doses = zip(self.doses, load_pu, strict=True)
            return min((1.0 - dose) * trip_after_s(pu, self._curve) for dose, pu in doses)
        if self.stage is Stage.PICKING_UP:
            return self._physics.former_pickup_s - self._waited_s
        if self.stage is Stage.TRIPPED and may_restart:
            return max(0.0, self._physics.former_restart_s - self._waited_s)
        return inf

    def step(self, dt_s: float, load_pu: Sequence[float], *, may_restart: bool) -> None:
        """Let `dt_s` pass; `may_restart` says whether the load that waits on a dead bus is below 0.9 of the rating."""
        forming = self.stage is Stage.FORMING
        for index, pu in enumerate(load_pu):
            if forming and pu > 1.0:
                self.doses[index] += dt_s / trip_after_s(pu, self._curve)
            elif self.doses[index] > 0.0:
                self.doses[index] = max(0.0, self.doses[index] - dt_s / self._physics.former_cool_s)
        if forming:
            if self.dose >= FULL_DOSE:
                self.trip()
        elif self.stage in (Stage.PICKING_UP, Stage.TRIPPED):
            self._wait(dt_s, may_restart=may_restart)

    def tie_opened(self, *, able: bool) -> None:
        """The building is on its own; `able` says whether there is energy to form with."""
        if self.stage is Stage.FOLLOWING:
            self._enter(Stage.PICKING_UP if able else Stage.OFF)

    def start(self, *, able: bool) -> None:
        """Make voltage on request, after a trip or after having stopped."""
        if able and self.stage in (Stage.TRIPPED, Stage.OFF):
            self._tries = 0
            self._enter(Stage.PICKING_UP)

    def tie_closed(self) -> None:
        """The grid carries the building again; everything is forgiven but the heat."""
        self._tries = 0
        self._enter(Stage.FOLLOWING)

    def trip(self) -> None:
        """Stop at once.  It tries again by itself, so many times."""
        self.trips += 1
        self.doses = [0.0] * len(self.doses)
        self._enter(Stage.TRIPPED if self._tries < self._physics.former_restarts else Stage.OFF)

    def stop(self) -> None:
        """Stop for want of energy."""
        self._enter(Stage.OFF)

    def _wait(self, dt_s: float, *, may_restart: bool) -> None:
        self._waited_s += dt_s
        if self.stage is Stage.PICKING_UP and self._waited_s >= self._physics.former_pickup_s - 1e-9:
            self._enter(Stage.FORMING)
        elif self.stage is Stage.TRIPPED and may_restart and self._waited_s >= self._physics.former_restart_s - 1e-9:
            self._tries += 1
            self._enter(Stage.FORMING)

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        self._waited_s = 0.0
