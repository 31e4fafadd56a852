"""A generator with its own controller: it cranks, warms up, takes load, cools down, and sometimes does not start.

Nobody but its controller moves anything; hems only asks it to run.  Its breaker closes onto the building's bus when it
is warm, and the island's former follows it in step; behind a transfer switch it never meets the grid.
"""

from enum import StrEnum
from math import inf

from hems.model.members import direct
from hems.model.site import Generator
from hems.sim.start import Physics


@direct
class EngineStage(StrEnum):
    """What the engine is doing."""

    STOPPED = "stopped"
    CRANKING = "cranking"
    RESTING = "resting"
    """Between two tries of its starter."""
    WARMING = "warming"
    """It makes voltage; its breaker is open."""
    LOADED = "loaded"
    COOLING = "cooling"
    FAILED = "failed"
    """It has tried as often as it may; somebody must look."""


MAKES_VOLTAGE = frozenset({EngineStage.WARMING, EngineStage.LOADED, EngineStage.COOLING})
AT_WORK = MAKES_VOLTAGE | {EngineStage.CRANKING, EngineStage.RESTING}


class Engine:
    """Power is positive when it feeds the bus."""

    def __init__(self, spec: Generator, physics: Physics) -> None:
        self.spec = spec
        self.asked = False
        self.ill = False
        """It turns and does not fire, or stops as soon as it should run: no fuel."""
        self.stage = EngineStage.STOPPED
        self.power_w = 0.0
        self.starts = 0
        self.idled_s = 0.0
        """How long it has run on its bus with less than three tenths of its rating: soot gathers."""
        self._physics = physics
        self._tries = 0
        self._for_s = 0.0

    @property
    def running(self) -> bool:
        """Whether it makes voltage."""
        return self.stage in MAKES_VOLTAGE

    @property
    def loaded(self) -> bool:
        """Whether its breaker is closed."""
        return self.stage is EngineStage.LOADED

    def meets(self, tie_connects: bool) -> bool:
        """Whether it is on a bus that the tie connects to the grid, and nothing keeps it apart."""
        return self.loaded and not self.spec.separated and tie_connects

    def ask(self, run: bool) -> None:
        """What its two-wire start is told."""
        self.asked = run
        self._turn()

    def fall_ill(self, ill: bool) -> None:
        """It runs out of fuel, or is mended and reset by somebody."""
        self.ill = ill
        if ill and self.running:
            self._enter(EngineStage.FAILED)
        elif not ill and self.stage is EngineStage.FAILED:
            self._enter(EngineStage.STOPPED)
        self._turn()

    def carry(self, wanted_w: float) -> float:
        """Feed what is wanted, as far as its rating goes; an engine never takes power back."""
        self.power_w = min(self.spec.rated_w, max(0.0, wanted_w)) if self.loaded else 0.0
        return self.power_w

    def until_s(self) -> float:
        """Time until it changes by itself."""
        return self._lasts_s() - self._for_s

    def step(self, dt_s: float) -> None:
        """Let `dt_s` pass."""
        self._for_s += dt_s
        if self.loaded and self.power_w < self._physics.engine_least_pu * self.spec.rated_w:
            self.idled_s += dt_s
        if self._for_s >= self._lasts_s() - 1e-9:
            self._next()

    def _lasts_s(self) -> float:
        return {
            EngineStage.CRANKING: self._physics.engine_crank_s,
            EngineStage.RESTING: self._physics.engine_rest_s,
            EngineStage.WARMING: self._physics.engine_warmup_s,
            EngineStage.COOLING: self._physics.engine_cooldown_s,
        }.get(self.stage, inf)

    def _next(self) -> None:
        match self.stage:
            case EngineStage.CRANKING if not self.ill:
                self.starts += 1
                self._enter(EngineStage.WARMING)
            case EngineStage.CRANKING:
                spent = self._tries >= self._physics.engine_tries
                self._enter(EngineStage.FAILED if spent else EngineStage.RESTING)
            case EngineStage.RESTING:
                self._crank()
            case EngineStage.WARMING:
                self._enter(EngineStage.LOADED)
            case _:
                self._enter(EngineStage.STOPPED)
                self._turn()

    def _turn(self) -> None:
        """Begin what it was asked for."""
        if self.asked and self.stage is EngineStage.STOPPED:
            self._tries = 0
            self._crank()
        elif self.asked and self.stage is EngineStage.COOLING:
            self._enter(EngineStage.LOADED)
        elif not self.asked and self.stage in (EngineStage.WARMING, EngineStage.LOADED):
            self._enter(EngineStage.COOLING)
        elif not self.asked and self.stage in (EngineStage.CRANKING, EngineStage.RESTING):
            self._enter(EngineStage.STOPPED)

    def _crank(self) -> None:
        self._tries += 1
        self._enter(EngineStage.CRANKING)

    def _enter(self, stage: EngineStage) -> None:
        self.stage = stage
        self._for_s = 0.0
        if not self.loaded:
            self.power_w = 0.0
