"""Whatever feeds the bus besides the grid: batteries, sun, and the inverter that makes the island of one of them."""

from collections.abc import Mapping, Sequence

from hems.model.site import Battery, Site
from hems.model.units import SourceId
from hems.sim.battery import Store
from hems.sim.bay import BayCharger
from hems.sim.engine import Engine
from hems.sim.former import Former, Stage
from hems.sim.pv import USUAL, PvArray
from hems.sim.start import StartPoint


class Supply:
    """Batteries, PV and the former, in balance with what the circuits and chargers leave for them."""

    def __init__(self, site: Site, start: StartPoint, bays: Mapping[SourceId, BayCharger]) -> None:
        physics = start.physics
        self.batteries: dict[SourceId, Store] = {spec.id: _store(spec, start) for spec in site.batteries}
        self.pvs: dict[SourceId, PvArray] = {
            spec.id: PvArray(
                spec,
                site.phases,
                physics,
                direct=spec.id in start.direct_pvs,
                watt_hz=start.watt_hz.get(spec.id, USUAL),
            )
            for spec in site.pvs
        }
        self._direct = [pv for pv in self.pvs.values() if pv.direct]
        self.former = Former(
            curve=site.former.curve, ratings=(*site.former.phase_va, _source_max_w(site)), physics=physics
        )
        self.wishes: dict[SourceId, float | None] = dict.fromkeys(self.batteries)
        """What each battery is commanded to do on the grid; None is its own self-consumption."""
        self.engine = Engine(site.generator, physics) if site.generator is not None else None
        self.shift_hz = 0.0
        """How far the former lifts the island's frequency to hold back PV."""
        self.excess_w = 0.0
        """Surplus that nothing can take: an over-voltage in the making."""
        self._physics = physics
        self._phases = range(len(site.phases))
        self._source = site.former.source
        self._bays = bays
        self._excess_s = 0.0

    @property
    def able(self) -> bool:
        """Whether the island-former has energy to form with: its own, or that of a generator that has some to spare."""
        if self.engine is not None and self.engine.loaded and self.engine.power_w < self.engine.spec.rated_w:
            return True
        if self._source in self._bays:
            return self._bays[self._source].discharge_ready
        return self.batteries[self._source].soc_pct > self._physics.empty_pct

    def stop_when_empty(self) -> None:
        """End the island when its source has nothing left or is gone."""
        if self.former.stage not in (Stage.FOLLOWING, Stage.OFF) and not self.able:
            self.former.stop()

    def source_phase_w(self) -> tuple[float, ...]:
        """What the former's source feeds per phase while the grid makes the voltage."""
        if self._source in self._bays:
            bay = self._bays[self._source]
            return tuple(bay.power_w * share for share in bay.shares)
        return (self.batteries[self._source].power_w / len(self._phases),) * len(self._phases)

    def through_former(self, rest_w: Sequence[float]) -> tuple[float, ...]:
        """What the former's phases deliver where its source gives `rest_w`: the sun on its own side passes them too."""
        total_w = list(rest_w)
        for pv in self._direct:
            subtract(total_w, -pv.power_w, pv.shares)
        return tuple(total_w)

    def until_s(self, net_w: Sequence[float], *, live: bool, may_restart: bool) -> float:
        """Time until something here changes by itself, loads as they are."""
        until_s = self.former.until_s(self._load_pu(net_w), may_restart=may_restart)
        for pv in self.pvs.values():
            until_s = min(until_s, pv.until_s(live=live))
        if self.engine is not None:
            until_s = min(until_s, self.engine.until_s())
        if self.former.forming and self._source in self.batteries:
            until_s = min(until_s, self.batteries[self._source].until_s(self._physics.empty_pct))
        return until_s

    def step(self, dt_s: float, net_w: Sequence[float], *, live: bool, may_restart: bool) -> None:
        """Let `dt_s` pass with powers as they are."""
        for store in self.batteries.values():
            store.flow(dt_s)
        for pv in self.pvs.values():
            pv.step(dt_s, live=live)
        if self.engine is not None:
            self.engine.step(dt_s)
        self.former.step(dt_s, self._load_pu(net_w), may_restart=may_restart)
        self._excess_s = self._excess_s + dt_s if self.excess_w > 0.0 else 0.0
        if self.former.forming and self._excess_s >= self._physics.overcharge_s - 1e-9:
            self.former.trip()

    def balance(self, net_w: list[float], *, sun_pu: float, live: bool, off_hz: float, dt_s: float) -> None:
        """Take from `net_w`, what is still to be fed per phase, all that sun and following batteries give.

        What remains is the grid's or the former's.  `off_hz` is how far the grid runs above its nominal frequency.
        """
        self.shift_hz = self.excess_w = 0.0
        for pv in self.pvs.values():
            pv.power_w = pv.wanted_w(sun_pu) if live or pv.direct else 0.0
        if self.former.forming:
            off_hz = self.shift_hz = self._shift_hz(sum(net_w) + self._charge_room_w())
        for pv in self.pvs.values():
            pv.power_w *= pv.given_pu(off_hz)
            pv.answer(off_hz, dt_s)
            subtract(net_w, pv.power_w, pv.shares)
        for battery, store in self.batteries.items():
            forms = self.former.forming and battery == self._source
            store.power_w = 0.0 if forms or not live else self._following_w(battery, sum(net_w))
            if not live and battery == self._source:
                store.power_w = -min(store.charge_limit_w, sum([pv.power_w for pv in self.pvs.values()]))
            subtract(net_w, store.power_w, (1.0 / len(self._phases),) * len(self._phases))
        if self.former.forming:
            self._run_engine(net_w)
            self._carry(sum(net_w))
        elif self.engine is not None:
            self.engine.carry(0.0)

    def overloaded(self, net_w: Sequence[float]) -> bool:
        """Whether some limit of the former is exceeded, so that its dose grows."""
        return max(self._load_pu(net_w)) > 1.0

    def _load_pu(self, net_w: Sequence[float]) -> tuple[float, ...]:
        if not self.former.forming:
            return (0.0,) * (len(self._phases) + 1)
        return self.former.load_pu((*self.through_former(net_w), max(0.0, sum(net_w))))

    def _run_engine(self, net_w: list[float]) -> None:
        """A generator on the bus carries what nobody else feeds, and fills the former's battery as far as that is told.

        A battery that is empty leaves all of it to the generator.
        """
        if self.engine is None:
            return
        filling_w = min(self._charge_room_w(), max(0.0, -(self.wishes.get(self._source) or 0.0)))
        given_w = self.engine.carry(sum(net_w) + filling_w)
        subtract(net_w, given_w, (1.0 / len(self._phases),) * len(self._phases))

    def _shift_hz(self, room_w: float) -> float:
        """How far the frequency must rise for PV to give no more than loads and the former's store can take.

        All inverters hear the same frequency and each has its own line; what they give together falls in straight
        pieces from one bend of a line to the next.
        """

        def given_w(off_hz: float) -> float:
            return sum([pv.power_w * pv.given_pu(off_hz) for pv in self.pvs.values()])

        low_hz, more_w = 0.0, given_w(0.0)
        if more_w <= max(0.0, room_w) or more_w <= 0.0:
            self.excess_w = max(0.0, -room_w)
            return 0.0
        for high_hz in sorted({bend for pv in self.pvs.values() for bend in pv.bends_hz}):
            less_w = given_w(high_hz)
            if less_w <= room_w:
                return low_hz + (high_hz - low_hz) * (more_w - room_w) / (more_w - less_w)
            low_hz, more_w = high_hz, less_w
        self.excess_w = more_w - room_w
        return low_hz

    def _charge_room_w(self) -> float:
        store = self._bays[self._source].store if self._source in self._bays else self.batteries[self._source]
        return store.charge_limit_w if store is not None else 0.0

    def _following_w(self, battery: SourceId, residual_w: float) -> float:
        """A battery on somebody else's voltage: its command, or zero import as far as its reserve allows."""
        store = self.batteries[battery]
        wish_w = self.wishes[battery]
        if wish_w is None:
            if self.former.forming:
                return 0.0
            wish_w = residual_w if residual_w < 0.0 or store.soc_pct > self._physics.reserve_pct else 0.0
        return min(store.discharge_limit_w, max(-store.charge_limit_w, wish_w))

    def _carry(self, power_w: float) -> None:
        if self._source in self._bays:
            self._bays[self._source].carry(power_w)
        else:
            self.batteries[self._source].power_w = power_w


def subtract(net_w: list[float], power_w: float, shares: Sequence[float]) -> None:
    """Take `power_w`, spread by `shares`, from a vector of phases."""
    if power_w:
        for phase, share in enumerate(shares):
            net_w[phase] -= power_w * share


def _store(spec: Battery, start: StartPoint) -> Store:
    return Store(
        capacity_wh=spec.capacity_wh,
        soc_pct=start.battery_soc_pct,
        charge_max_w=spec.charge_max_w,
        discharge_max_w=spec.discharge_max_w,
        error_pct=start.soc_error_pct,
    )


def _source_max_w(site: Site) -> float:
    """What the former's source gives at most; a limit besides its phases."""
    for battery in site.batteries:
        if battery.id == site.former.source:
            return battery.discharge_max_w
    return next(bay.discharge_max_w for bay in site.bays if bay.id == site.former.source)
