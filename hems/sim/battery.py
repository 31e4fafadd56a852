"""Stored energy: the battery of an inverter or of a car, with what it takes, what it gives and what gets lost."""

from collections.abc import Callable

from hems.model.units import HOUR_S

TAPER_FROM_PCT = 95.0
"""A stationary battery is charged more gently from here on."""
CAR_TAPER_FROM_PCT = 80.0


def inverter_loss_w(ac_w: float) -> float:
    """Lost between battery and bus, one way: 5 %, that is 90 % for the round trip."""
    return 0.05 * abs(ac_w)


def car_loss_w(ac_w: float) -> float:
    """Lost between car and bus: 120 W + 3 % + 4 W/kW², the measured 87 % round trip (domain reference 3.5)."""
    power_kw = abs(ac_w) / 1000.0
    return 120.0 + 30.0 * power_kw + 4.0 * power_kw * power_kw if ac_w else 0.0


class Store:
    """Energy that fills and empties through one converter; AC power is positive when it feeds the bus."""

    __slots__ = (
        "_charge_max_w",
        "_discharge_max_w",
        "_error_pct",
        "_loss_w",
        "_taper_from_pct",
        "capacity_wh",
        "power_w",
        "soc_pct",
    )

    def __init__(
        self,
        *,
        capacity_wh: float,
        soc_pct: float,
        charge_max_w: float,
        discharge_max_w: float,
        loss_w: Callable[[float], float] = inverter_loss_w,
        taper_from_pct: float = TAPER_FROM_PCT,
        error_pct: float = 0.0,
    ) -> None:
        self.capacity_wh = capacity_wh
        self.soc_pct = soc_pct
        self.power_w = 0.0
        self._charge_max_w = charge_max_w
        self._discharge_max_w = discharge_max_w
        self._loss_w = loss_w
        self._taper_from_pct = taper_from_pct
        self._error_pct = error_pct

    @property
    def told_pct(self) -> float:
        """What it says it holds; its estimate may be wrong."""
        return min(100.0, max(0.0, self.soc_pct + self._error_pct))

    @property
    def charge_limit_w(self) -> float:
        """Most it takes now: full power up to the taper, then in a straight line down to nothing at 100 %."""
        room = (100.0 - self.soc_pct) / (100.0 - self._taper_from_pct)
        return self._charge_max_w * min(1.0, max(0.0, room))

    @property
    def discharge_limit_w(self) -> float:
        """Most it gives now."""
        return self._discharge_max_w if self.soc_pct > 0.0 else 0.0

    def dc_w(self, ac_w: float) -> float:
        """What leaves the cells for `ac_w` at the bus; negative while they fill."""
        loss_w = self._loss_w(ac_w)
        return min(0.0, ac_w + loss_w) if ac_w < 0.0 else ac_w + loss_w

    def flow(self, dt_s: float) -> None:
        """Let the present power flow for `dt_s`."""
        if self.power_w:
            taken_pct = self.dc_w(self.power_w) * dt_s / HOUR_S / self.capacity_wh * 100.0
            self.soc_pct = min(100.0, max(0.0, self.soc_pct - taken_pct))

    def until_s(self, level_pct: float) -> float:
        """Time until the charge falls to `level_pct` at the present power; infinite when it does not."""
        dc_w = self.dc_w(self.power_w) if self.power_w else 0.0
        if dc_w <= 0.0 or self.soc_pct <= level_pct:
            return float("inf")
        return (self.soc_pct - level_pct) / 100.0 * self.capacity_wh * HOUR_S / dc_w
