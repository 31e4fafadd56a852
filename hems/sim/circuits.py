"""Loads: what they draw, what they draw extra on starting, and how hungry they are after a pause."""

from collections.abc import Sequence
from math import exp

from hems.model.site import Circuit, Phase
from hems.model.units import HOUR_S
from hems.sim.compressor import Compressor, Hermetic
from hems.sim.start import Physics

PICKUP_EXTRA = 1.5
"""Extra draw of a thermostatic load after two hours off, as a multiple of its usual draw (k = 2.5)."""
PICKUP_FULL_H = 2.0
PICKUP_TAU_S = 1800.0
"""Decay of that extra draw.  Domain reference 2.5: P(t) = P * (1 + (k - 1) * exp(-t/tau))."""
INRUSH_OVER = 5.0
"""Time constants after which an inrush is forgotten (0.7 % left)."""
STARTS_BELOW, RUNS_ABOVE = 0.1, 0.5
"""A machine that goes from below the one to above the other, as multiples of its typical draw, has started a motor."""


def spread(on: Sequence[Phase], phases: Sequence[Phase]) -> tuple[float, ...]:
    """Each phase's share of something connected to the phases `on`: equal parts, 0 for the others."""
    return tuple(1.0 / len(on) if phase in on else 0.0 for phase in phases)


class CircuitLoad:
    """One branch: its switch, its draw, its inrush and the heat or cold it is owed."""

    def __init__(
        self,
        spec: Circuit,
        phases: Sequence[Phase],
        physics: Physics,
        *,
        closed: bool = True,
        hermetic: Hermetic | None = None,
    ) -> None:
        self.spec = spec
        self.compressor = Compressor(hermetic) if hermetic is not None else None
        self.told = closed
        """Where its relay stands; the contactor follows, if it can."""
        self.stuck: bool | None = None
        """Where its contacts are welded (True) or broken (False); None while they move."""
        self.dropped = False
        """Held open by a contactor that the tie's own contact feeds, without any software."""
        self.power_w = 0.0
        self.shares = spread(spec.phases, phases)
        self.demand_w = spec.typical_w
        """What its users want, apart from inrush and pick-up."""
        self.owed_wh = 0.0
        """Extra energy it will take when it can: cold-load pick-up."""
        self._tau_s = physics.inrush_tau_s
        self._coast_s = physics.coast_s
        self._off_s = 0.0
        self._inrush_w = 0.0
        self._energised = closed
        self.since_start_s = float("inf")
        """Age of its latest inrush."""

    @property
    def closed(self) -> bool:
        """Whether current can flow."""
        return (self.told if self.stuck is None else self.stuck) and not self.dropped

    @property
    def stalled(self) -> bool:
        """Whether its compressor was started too early and has not got over it."""
        return self.compressor is not None and self.compressor.suffers

    @property
    def starting(self) -> bool:
        """Whether an inrush is still worth small steps."""
        return self._energised and self._inrush_w > 0.0 and self.since_start_s < INRUSH_OVER * self._tau_s

    def draw(self, demand_w: float, *, live: bool) -> float:
        """What it draws now on a live or dead bus, with the extras; remembers `demand_w`."""
        closed = self.told if self.stuck is None else self.stuck
        energised = live and closed and not self.dropped
        if energised and self.spec.inrush_w > 0.0:
            if not self._energised:
                self._start(min(1.0, self._off_s / self._coast_s))
            elif self._motor_starts(demand_w):
                self._start(1.0)
        self.demand_w = demand_w
        self._energised = energised
        if self.compressor is not None:
            self.compressor.supplied(energised)
        if not energised:
            self.power_w = 0.0
            return 0.0
        power_w = demand_w
        if self.owed_wh > 0.0:
            power_w += self.owed_wh * HOUR_S / PICKUP_TAU_S
        if self._inrush_w > 0.0 and self.starting:
            power_w += self._inrush_w * exp(-self.since_start_s / self._tau_s)
        self.power_w = power_w if self.compressor is None else self.compressor.drawn_w(power_w, demand_w)
        return self.power_w

    @property
    def waiting_w(self) -> float:
        """What it would draw if the bus came alive, inrush apart."""
        return self.demand_w + self.owed_wh * HOUR_S / PICKUP_TAU_S if self.closed else 0.0

    def step(self, dt_s: float) -> None:
        """Let `dt_s` pass as things are."""
        if self.compressor is not None:
            self.compressor.step(dt_s)
        if self.since_start_s < 60.0:
            self.since_start_s += dt_s
        self._off_s = 0.0 if self._energised else self._off_s + dt_s
        if not self.spec.thermostatic:
            return
        if self._energised:
            if self.owed_wh > 0.0:
                self.owed_wh *= exp(-dt_s / PICKUP_TAU_S)
                if self.owed_wh < 0.1:
                    self.owed_wh = 0.0
        else:
            self._starve(dt_s)

    def _starve(self, dt_s: float) -> None:
        """Owe what will show as the extra draw: in proportion to the time off, full after two hours."""
        full_wh = PICKUP_EXTRA * self.spec.typical_w * PICKUP_TAU_S / HOUR_S
        self.owed_wh = min(full_wh, self.owed_wh + full_wh * dt_s / (PICKUP_FULL_H * HOUR_S))

    def _start(self, part: float) -> None:
        """Begin an inrush; after a short interruption machines are still turning and need only `part` of it."""
        self.since_start_s = 0.0
        self._inrush_w = self.spec.inrush_w * part

    def _motor_starts(self, demand_w: float) -> bool:
        return self.demand_w < STARTS_BELOW * self.spec.typical_w and demand_w > RUNS_ABOVE * self.spec.typical_w
