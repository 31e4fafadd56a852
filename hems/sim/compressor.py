"""A compressor that cannot start against its own pressure: too early a start stalls it until its protection trips."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from hems.model.members import direct


@dataclass(frozen=True, slots=True, kw_only=True)
class Hermetic:
    """What it is like."""

    equalise_s: float = 180.0
    """From its last turn until it starts again; the pressures of a refrigerant circuit need 3 to 5 minutes."""
    rides_s: float = 0.1
    """Longest interruption in which it goes on turning."""
    locked_pu: float = 5.0
    """What it draws at standstill, as a multiple of its usual draw; 5 to 8 (domain reference 2.5)."""
    protects_s: float = 8.0
    """From standstill under voltage to its own protection opening."""
    cools_s: float = 120.0
    """From that to its next try."""


@direct
class Turn(StrEnum):
    """What it does."""

    TURNING = "turning"
    RESTING = "resting"
    """Without voltage."""
    STALLED = "stalled"
    """Under voltage and at standstill; its winding grows hot."""
    TRIPPED = "tripped"
    """Opened by its own protection."""


class Compressor:
    """One of them, turning when a simulation begins."""

    def __init__(self, spec: Hermetic) -> None:
        self.turn = Turn.TURNING
        self.trips = 0
        """How often its protection has opened: each of them has aged it."""
        self._spec = spec
        self._still_s = 0.0
        self._since_s = 0.0

    @property
    def suffers(self) -> bool:
        """Whether it was started too early and has not got over it."""
        return self.turn in (Turn.STALLED, Turn.TRIPPED)

    def drawn_w(self, usual_w: float, wanted_w: float) -> float:
        """What it draws in place of `usual_w`, the draw of one that turns; `wanted_w` is that without any extras."""
        return {Turn.TURNING: usual_w, Turn.STALLED: self._spec.locked_pu * wanted_w}.get(self.turn, 0.0)

    def supplied(self, energised: bool) -> None:
        """It has voltage, or none."""
        if not energised:
            self.turn = Turn.RESTING
        elif self.turn is Turn.RESTING:
            self._try()

    def until_s(self) -> float:
        """Time until it changes by itself."""
        lasts_s = {Turn.STALLED: self._spec.protects_s, Turn.TRIPPED: self._spec.cools_s}.get(self.turn, inf)
        return max(0.0, lasts_s - self._since_s)

    def step(self, dt_s: float) -> None:
        """Let `dt_s` pass."""
        self._since_s += dt_s
        self._still_s = 0.0 if self.turn is Turn.TURNING else self._still_s + dt_s
        if self.until_s() > 1e-9:
            return
        if self.turn is Turn.STALLED:
            self.trips += 1
            self._enter(Turn.TRIPPED)
        else:
            self._try()

    def _try(self) -> None:
        turns = self._still_s <= self._spec.rides_s or self._still_s >= self._spec.equalise_s
        self._enter(Turn.TURNING if turns else Turn.STALLED)

    def _enter(self, turn: Turn) -> None:
        self.turn, self._since_s = turn, 0.0
