"""Weeks on the grid for `hems bench dispatch`: one apartment house, invented days and prices, any seed."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import cos, pi
from pathlib import Path
from random import Random

from hems.control import habits
from hems.control.dispatch import worse
from hems.control.dispatch.memory import WorseMemory
from hems.control.memory.using import Habits
from hems.model.prices import Prices, Slot
from hems.model.site import Battery, Bay, Circuit, Location, Site, Supply, Tier, VoltagePoint
from hems.model.tariff import Days, DemandCharge, Price, Rate, Tariff, Window, price_at
from hems.model.units import DAY_S, HOUR_S, CircuitId, PointId, SourceId
from hems.sim.exchange import told_by
from hems.sim.generated import GeneratedTraces
from hems.sim.measured import MeasuredTraces
from hems.sim.start import Car, StartPoint
from hems.sim.traces import SlotTraces, Traces
from hil.dispatch_measured import MeasuredSessions, exchange
from hil.outage_scenarios import ALL, HISTORY_DAYS, outage

QUARTER_S = 900.0
BEFORE_S = 7200.0
"""Time before the week begins to count, so that a controller has found its feet."""
KINDS = ("flat", "time of use", "dynamic", "flat, peak paid", "time of use, peak paid", "dynamic, peak paid")
LOADS = (
    ("fire_panel", Tier.LIFE_SAFETY, 200.0),
    ("network", Tier.CRITICAL, 300.0),
    ("freezers", Tier.ESSENTIAL, 900.0),
    ("kitchens", Tier.ESSENTIAL, 3000.0),
    ("heat_pump", Tier.COMFORT, 3500.0),
    ("hot_water", Tier.COMFORT, 2500.0),
    ("flats", Tier.NON_ESSENTIAL, 4500.0),
    ("laundry", Tier.NON_ESSENTIAL, 1800.0),
)
"""Name, tier, typical W."""
CAR_BEST = 0.926
"""The most of a kWh at the socket that can get into a car (`hems.sim.battery`, at 5.5 kW)."""
TARGET_PCT = 80.0
POINTS = (
    VoltagePoint(id=PointId("street"), location=Location.UTILITY, powered_from=Supply.UPS),
    VoltagePoint(id=PointId("bus"), location=Location.BUS, powered_from=Supply.UPS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A car from its coming to its leaving, both in s after t = 0."""

    bay: SourceId
    comes_s: float
    leaves_s: float
    stored_wh: float
    """What it needs, in its battery, .."""

    @property
    def wh(self) -> float:
        """.. and at least at the socket."""
        return self.stored_wh / CAR_BEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One of them.  It begins at midnight, `BEFORE_S` after t = 0."""

    seed: int
    kind: str
    site: Site
    start: StartPoint
    traces: Traces
    begins: datetime
    """UTC, and the clock on the wall."""
    days: int
    market: Prices | None
    """What the exchange will have told, all of it."""
    visits: tuple["Stay", ...] = ()
    """Of cars that leave within the week, by their departures."""
    later: tuple["Stay", ...] = ()
    """Of cars that come within it and leave after it: their drivers say so too, but nothing of it is counted."""

    @property
    def ends_s(self) -> float:
        """Last instant that counts, s after t = 0."""
        return BEFORE_S + self.days * DAY_S

    @property
    def title(self) -> str:
        """For people."""
        store = self.site.batteries[0]
        return (
            f"seed {self.seed}: {self.kind}, {self.begins:%d %b}, {store.capacity_wh / 1000:.0f} kWh of which "
            f"{store.reserve_pct:.0f} % are kept, {self.site.pvs[0].rated_w / 1000:.0f} kWp"
        )

    def utc(self, t_s: float) -> datetime:
        """The clock at a time of the traces."""
        return self.begins + timedelta(seconds=t_s - BEFORE_S)

    def price(self, t_s: float) -> Price:
        """What energy really costs then."""
        utc = self.utc(t_s)
        tariff = self.site.tariff
        assert tariff is not None
        return price_at(tariff, utc, self.market, utc)

    def told_at(self, t_s: float) -> Prices | None:
        """What the exchange has told by then."""
        return None if self.market is None else told_by(self.market, self.utc(t_s))

    def net_w(self, t_s: float) -> float:
        """What circuits draw beyond the sun."""
        loads = sum(self.traces.load_w(one.id, t_s) for one in self.site.circuits)
        return loads - sum(pv.rated_w for pv in self.site.pvs) * self.traces.sun_pu(t_s)


def week(seed: int, data: Path | None = None, days: int = 7, cars: int = 0) -> Week:
    """The week of a seed: equipment, season and tariff are drawn from it; measured loads and sun with `data`."""
    rng = Random(f"dispatch/{seed}")
    kind = KINDS[seed % len(KINDS)]
    store = Battery(
        id=outage(seed).site.batteries[0].id,
        name="Battery",
        capacity_wh=rng.uniform(20e3, 60e3),
        charge_max_w=15e3,
        discharge_max_w=15e3,
        controllable=True,
        reserve_pct=rng.choice((20.0, 30.0, 40.0)),
    )
    house = outage(seed).site
    sun = replace(house.pvs[0], rated_w=rng.uniform(8e3, 30e3))
    site = replace(
        house,
        name="Dispatch bench",
        batteries=(store,),
        pvs=(sun,),
        bays=tuple(
            Bay(id=SourceId(f"bay_{number}"), name=f"Bay {number}", phases=ALL, charge_max_w=11e3, capacity_wh=60e3)
            for number in range(1, cars + 1)
        ),
        circuits=tuple(
            Circuit(
                id=CircuitId(name), name=name, tier=tier, phases=ALL, typical_w=watts, switchable=tier > Tier.CRITICAL
            )
            for name, tier, watts in LOADS
        ),
        voltage_points=POINTS,
        tie=replace(house.tie, listing="a listed transfer switch"),
        tariff=_tariff(kind, rng),
    )
    day_of_year = rng.randint(1, 350)
    begins = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day_of_year)
    hour = 24.0 - BEFORE_S / HOUR_S
    made: Traces = GeneratedTraces(site, seed, hour, day_of_year=day_of_year)
    if data is not None:
        made = MeasuredTraces(data, site, hour, others=made, day_of_year=day_of_year, seed=seed)
        made = MeasuredSessions(data, site, made, start_hour=hour, days=days + 3, seed=seed)
    traces = SlotTraces(made, QUARTER_S)
    ends_s = BEFORE_S + days * DAY_S
    stays = _stays(traces, ends_s + 2.0 * DAY_S, site)
    return Week(
        visits=tuple(one for one in stays if one.leaves_s < ends_s),
        later=tuple(one for one in stays if one.comes_s < ends_s <= one.leaves_s),
        seed=seed,
        kind=kind,
        site=site,
        start=StartPoint(seed=seed, battery_soc_pct=50.0),
        traces=traces,
        begins=begins,
        days=days,
        market=_told(begins, days, rng, data) if kind.startswith("dynamic") else None,
    )


def _stays(traces: Traces, ends_s: float, site: Site) -> tuple[Stay, ...]:
    """Of all that leave before the end."""
    there: dict[SourceId, tuple[float, Car]] = {}
    found, event = list[Stay](), traces.next_car(0.0) if site.bays else None
    while event is not None and event.t_s < ends_s:
        if event.car is not None:
            there[event.bay] = event.t_s, event.car
        elif event.bay in there:
            comes_s, car = there.pop(event.bay)
            stored_wh = max(0.0, TARGET_PCT - car.soc_pct) / 100.0 * car.capacity_wh
            found.append(Stay(bay=event.bay, comes_s=comes_s, leaves_s=event.t_s, stored_wh=stored_wh))
        event = traces.next_car(event.t_s)
    return tuple(found)


def habits_of(case: Week) -> Habits:
    """What the controller would have learned in the days before, looking every ten minutes."""
    rated_w = sum(pv.rated_w for pv in case.site.pvs)
    found = Habits()
    for look in range(-HISTORY_DAYS * 24 * 6, 1):
        t_s = look * 600.0
        watts = {one.id: case.traces.load_w(one.id, t_s) for one in case.site.circuits}
        found = habits.after(found, case.utc(t_s), watts, rated_w * case.traces.sun_pu(t_s), 600.0)
    return found


def worse_of(case: Week, known: Habits) -> WorseMemory:
    """What it would have learned of bad quarters of an hour in them."""
    found, last = tuple[float, ...](), int(case.utc(0.0).timestamp() // QUARTER_S)
    for back in range(HISTORY_DAYS * 96, 0, -1):
        mean_w = case.net_w((1 - back) * QUARTER_S - QUARTER_S / 2.0)
        found = worse.learned(found, case.site, known, last - back, mean_w)
    return WorseMemory(watts=found)


def _tariff(kind: str, rng: Random) -> Tariff:
    demand = (DemandCharge(per_kw=rng.uniform(4.0, 12.0)),) if kind.endswith("paid") else ()
    buy, sell = rng.uniform(0.26, 0.38), rng.uniform(0.05, 0.12)
    if kind.startswith("dynamic"):
        return Tariff(dynamic=True, factor=1.2, adder=0.16, sell=sell, demand=demand)
    if kind.startswith("flat"):
        return Tariff(buy=buy, sell=sell, demand=demand)
    spread = rng.uniform(0.05, 0.22)
    evening = Rate(window=Window(from_h=17.0, to_h=21.0, days=Days.WORKING), buy=buy + spread)
    night = Rate(window=Window(from_h=23.0, to_h=6.0), buy=buy - spread / 2.0)
    return Tariff(buy=buy, sell=sell, rates=(evening, night), demand=demand)


def _told(begins: datetime, days: int, rng: Random, data: Path | None) -> Prices:
    return _market(begins, days, rng) if data is None else exchange(data, begins, days)


def _market(begins: datetime, days: int, rng: Random) -> Prices:
    """Hourly prices with a morning and an evening peak, cheap noons, and days that differ."""
    slots, level, first = [], 0.0, begins - timedelta(days=1)
    for hour in range(24 * (days + 3)):
        if hour % 24 == 0:
            level, sunny = rng.gauss(0.09, 0.025), rng.uniform(0.0, 0.09)
        of_day = hour % 24
        shape = 0.035 * cos(2.0 * pi * (of_day - 19.0) / 24.0) + 0.02 * cos(4.0 * pi * (of_day - 8.0) / 24.0)
        dip = sunny * max(0.0, cos(pi * (of_day - 13.0) / 10.0)) if 8 <= of_day <= 18 else 0.0
        buy = level + shape - dip + rng.gauss(0.0, 0.008)
        begins_s = (first + timedelta(hours=hour)).timestamp()
        slots.append(Slot(begins_s=begins_s, ends_s=begins_s + HOUR_S, buy=buy))
    return Prices(source="invented exchange", told_s=first.timestamp(), slots=tuple(slots))
