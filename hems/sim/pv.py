"""A photovoltaic plant: it follows whoever makes the voltage, and takes its time to come back."""

from collections.abc import Sequence

from hems.model.site import Phase, Pv
from hems.sim.circuits import spread
from hems.sim.start import Physics, WattHz

USUAL = WattHz()
TAKES_BACK_STEP_S = 1.0


class PvArray:
    """Production in W, never negative; stops on a dead bus and waits for good voltage before it feeds again.

    One whose modules hang on the former itself (`direct`) never waits, and fills the former's battery in the dark.
    """

    def __init__(
        self,
        spec: Pv,
        phases: Sequence[Phase],
        physics: Physics,
        *,
        direct: bool = False,
        watt_hz: WattHz = USUAL,
    ) -> None:
        self.spec = spec
        self.direct = direct
        self.shares = spread(spec.phases, phases)
        self.power_w = 0.0
        self.available_w = 0.0
        """What the sun would give."""
        self.limit_w: float | None = None
        self.watt_hz = watt_hz
        self.most_pu = 1.0
        """Share of what it wants that it may give until it has come back from a high frequency."""
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

    def given_pu(self, off_hz: float) -> float:
        """What part of what it wants it gives with the frequency so much above nominal."""
        return min(self.watt_hz.share(off_hz), self.most_pu)

    @property
    def bends_hz(self) -> tuple[float, float]:
        """Between which frequencies above nominal what it gives falls."""
        curve = self.watt_hz
        return (curve.from_hz + curve.span_hz * (1.0 - self.most_pu), curve.from_hz + curve.span_hz)

    def answer(self, off_hz: float, dt_s: float) -> None:
        """Give way to a frequency at once, or take back some of what was given up, for `dt_s`."""
        if not self.watt_hz.hesitates:
            return
        share, back_hz = self.watt_hz.share(off_hz), self.watt_hz.back_hz
        if share <= self.most_pu:
            self.most_pu = share
        elif dt_s > 0.0 and (back_hz is None or off_hz < back_hz):
            self.most_pu = min(share, self.most_pu + self.watt_hz.back_pu_per_s * dt_s)

    def until_s(self, *, live: bool) -> float:
        """Time until it connects by itself; while it takes back what it gave up, it is looked at each second."""
        if self.most_pu < 1.0 and live:
            return TAKES_BACK_STEP_S
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
            self.most_pu = 1.0
