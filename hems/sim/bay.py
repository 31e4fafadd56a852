"""A charger and the car in it: sessions, permissions and the ways a car says no."""

from collections.abc import Sequence

from hems.model.site import Bay, Phase
from hems.model.snapshot import BayState
from hems.sim.battery import CAR_TAPER_FROM_PCT, Store, car_loss_w
from hems.sim.circuits import spread
from hems.sim.start import Car, Physics

FULL_PCT = 99.9
SWITCHES_S = 5.0
"""How long a charger takes to switch its phases."""


class BayCharger:
    """Power is positive when the car feeds the building.

    It charges and discharges at the commanded power within what car and charger permit, pauses below the smallest
    charging power, and refuses without a word to discharge below the maker's floor or in a session that may not.
    One with its `own_supply`, as island-formers have, lives through a dead bus.
    """

    def __init__(self, spec: Bay, phases: Sequence[Phase], physics: Physics, *, own_supply: bool = False) -> None:
        self.spec = spec
        self._own_supply = own_supply
        self.shares = spread(spec.phases, phases)
        self._phases = phases
        self.three = True
        """It uses all its phases, and not only the first."""
        self.setpoint_w: float | None = None
        self.power_w = 0.0
        self.forming = False
        """Whether its car makes the island; its power then follows the building, not a command."""
        self.car: Car | None = None
        self.store: Store | None = None
        self._physics = physics
        self._dead_s = 0.0
        self._pause_s = 0.0
        self._boot_s = 0.0
        self._offered = False
        self._sleeps = 0
        self.dropped = False
        """Whether a contactor has taken it off its supply."""

    @property
    def floor(self) -> float:
        """Percent below which the car's maker refuses to discharge."""
        return self.spec.maker_floor_pct

    @property
    def soc_pct(self) -> float | None:
        """What the car tells, true or not; None without one."""
        if self.store is None or self.car is None:
            return None
        if not self.car.tells:
            return None
        return self.store.soc_pct if self.car.told_pct is None else self.car.told_pct

    @property
    def capacity_wh(self) -> float | None:
        """What the car tells; None without one."""
        return self.store.capacity_wh if self.store else None

    @property
    def answers(self) -> bool:
        """Whether its electronics are alive."""
        return self._boot_s <= 0.0 and self._dead_s <= self._physics.charger_hold_up_s

    @property
    def discharge_ready(self) -> bool:
        """Whether car and charger offer to discharge right now."""
        return (
            self.spec.bidirectional
            and self.car is not None
            and self.car.gives
            and self.store is not None
            and self.store.soc_pct > self.floor
            and self.answers
        )

    @property
    def state(self) -> BayState:
        """As a charger would tell it."""
        if not self.answers:
            return BayState.UNAVAILABLE
        if self.store is None:
            return BayState.UNPLUGGED
        if self.power_w > 0.0 or self.forming:
            return BayState.DISCHARGING
        if self.power_w < 0.0:
            return BayState.CHARGING
        if self.store.soc_pct >= FULL_PCT:
            return BayState.FINISHED
        return BayState.SUSPENDED if self.setpoint_w is not None else BayState.PLUGGED

    def use_phases(self, three: bool) -> None:
        """Switch between all its phases and the first; what flows is interrupted."""
        if three is not self.three:
            self.three = three
            self.shares = spread(self.spec.phases if three else self.spec.phases[:1], self._phases)
            self._pause_s = max(self._pause_s, SWITCHES_S)
            self._set_power(0.0)

    def plug(self, car: Car) -> None:
        """A car arrives."""
        self.car = car
        self.store = Store(
            capacity_wh=car.capacity_wh,
            soc_pct=car.soc_pct,
            charge_max_w=self.spec.charge_max_w,
            discharge_max_w=self.spec.discharge_max_w,
            loss_w=car_loss_w,
            taper_from_pct=CAR_TAPER_FROM_PCT,
        )
        self.setpoint_w = None
        self._offered, self._sleeps = False, car.knocks
        self._set_power(0.0)

    def unplug(self) -> None:
        """It leaves, whatever it was doing."""
        self._set_power(0.0)
        self.car = self.store = self.setpoint_w = None

    def target_w(self, *, live: bool) -> float:
        """Where its power goes: the command, as far as everybody permits it."""
        if (
            not live
            or self.dropped
            or self.store is None
            or self.car is None
            or not self.answers
            or self._pause_s > 0.0
        ):
            return 0.0
        wish_w = self.setpoint_w
        if self.car.deaf or (wish_w is None and self.car.resumes):
            wish_w = -self.spec.charge_max_w
        if wish_w is None:
            return 0.0
        if wish_w < 0.0 and self._sleeps > 0:
            return 0.0
        if wish_w < 0.0:
            part = 1.0 if self.three else 1.0 / len(self.spec.phases)
            taken_w = min(-wish_w, part * self.spec.charge_max_w, self.store.charge_limit_w)
            return -taken_w if -wish_w >= part * self.spec.charge_min_w and taken_w > 0.0 else 0.0
        if wish_w < self.spec.discharge_min_w or not self.discharge_ready or not self.car.gives_when_asked:
            return 0.0
        return min(wish_w, self.spec.discharge_max_w)

    def follow(self, dt_s: float, *, live: bool) -> float:
        """Move towards the target for `dt_s` and return the power; a dead bus stops it at once."""
        target_w = self.target_w(live=live)
        reach_w = self._physics.charger_ramp_w_per_s * dt_s
        stopped = not live or self.dropped or self.store is None
        self._set_power(target_w if stopped else min(self.power_w + reach_w, max(self.power_w - reach_w, target_w)))
        return self.power_w

    def carry(self, power_w: float) -> None:
        """Form the island: give what the building takes."""
        self._set_power(power_w)

    def ramping(self, *, live: bool) -> bool:
        """Whether it is still on its way to its target."""
        return not self.forming and abs(self.target_w(live=live) - self.power_w) > 1.0

    def until_s(self, *, live: bool) -> float:
        """Time until it changes by itself."""
        waits = [wait_s for wait_s in (self._pause_s, self._boot_s) if wait_s > 0.0 and live and not self.dropped]
        if self.store is not None and self.power_w > 0.0:
            waits.append(self.store.until_s(self.floor))
        return min(waits, default=float("inf"))

    def step(self, dt_s: float, *, live: bool) -> None:
        """Let `dt_s` pass on a live or dead bus."""
        if self.store is not None:
            self.store.flow(dt_s)
        offered = -(self.setpoint_w or 0.0) >= self.spec.charge_min_w * (1.0 if self.three else 0.3)
        if offered and not self._offered:
            self._sleeps = max(0, self._sleeps - 1)
        self._offered = offered
        if (live and not self.dropped) or self.forming or self._own_supply:
            if self._dead_s > 0.0 and not self.forming:
                self._supply_returns()
            else:
                self._pause_s = max(0.0, self._pause_s - dt_s)
                self._boot_s = max(0.0, self._boot_s - dt_s)
            self._dead_s = 0.0
        else:
            self._dead_s += dt_s

    def _supply_returns(self) -> None:
        """A short interruption costs a pause, a long one the session and its command."""
        self._pause_s = self._physics.charger_resync_s
        if self._dead_s > self._physics.charger_hold_up_s:
            self._boot_s = self._physics.charger_boot_s
            self.setpoint_w = None

    def _set_power(self, power_w: float) -> None:
        self.power_w = power_w
        if self.store is not None:
            self.store.power_w = power_w
