"""A photovoltaic plant: it follows whoever makes the voltage, and takes its time to come back."""

from collections.abc import Sequence

from hems.model.site import Phase, Pv
from hems.sim.circuits import spread
from hems.sim.start import Physics


class PvArray:
    """Production in W, never negative; stops on a dead bus and waits for good voltage before it feeds again.

    One whose modules hang on the former itself (`direct`) never waits, and fills the former's battery in the dark.
    """

    def __init__(self, spec: Pv, phases: Sequence[Phase], physics: Physics, *, direct: bool = False) -> None:
        self.spec = spec
        self.direct = direct
        self.shares = spread(spec.phases, phases)
        self.power_w = 0.0
        self.available_w = 0.0
        """What the sun would give."""
        self.limit_w: float | None = None
        self._physics = physics
        self._dead_s = 0.0
        self._wait_s = 0.0

    @property
    def connected(self) -> bool:
        """Whether it is synchronised and may feed."""
        return self.direct or (self._wait_s <= 0.0 and self._dead_s == 0.0)

    def wanted_w(self, sun_pu: float) -> float:
        """What it would feed now, before any frequency shift asks for less."""
        self.available_w = self.spec.rated_w * sun_pu
        if not self.connected:
            return 0.0
        return self.available_w if self.limit_w is None else min(self.available_w, max(0.0, self.limit_w))

    def until_s(self, *, live: bool) -> float:
        """Time until it connects by itself."""
        return self._wait_s if live and self._wait_s > 0.0 and not self.direct else float("inf")

    def step(self, dt_s: float, *, live: bool) -> None:
        """Let `dt_s` pass on a live or dead bus."""
        if live:
            self._wait_s = max(0.0, self._wait_s - dt_s)
            self._dead_s = 0.0
            return
        self._dead_s += dt_s
        if self._dead_s > self._physics.pv_ride_through_s:
            self._wait_s = self._physics.pv_reconnect_s
