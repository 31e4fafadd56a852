"""Power cuts for `hems bench outage`: one apartment house, invented days, any seed; the same for the same seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hems.model.site import Battery, Bay, Circuit, Former, Phase, Pv, Site, Tie, Tier
from hems.model.supply import GridConnection
from hems.model.units import DAY_S, HOUR_S, CircuitId, SourceId
from hems.sim.generated import GeneratedTraces
from hems.sim.measured import MeasuredTraces
from hems.sim.start import Car, StartPoint
from hems.sim.traces import CarEvent, SlotTraces, Traces

SLOT_S = 300.0
"""Loads, sun and cars keep still within one slot, and every policy may decide at its beginning."""
BEFORE_S = 600.0
"""Time on the grid before the cut, so that a controller has found its feet."""
HISTORY_DAYS = 10
"""Days before the cut that a policy may have learned from."""
ALL = (Phase.L1, Phase.L2, Phase.L3)
BATTERY, SUN = SourceId("battery"), SourceId("sun")
FLATS = tuple(CircuitId(f"flat_{number}") for number in range(1, 7))
"""Six equal homes: what fairness is measured on."""

LOADS: tuple[tuple[str, Tier, float, int], ...] = (
    ("fire_panel", Tier.LIFE_SAFETY, 80.0, 0),
    ("emergency_light", Tier.LIFE_SAFETY, 120.0, 1),
    ("lift", Tier.LIFE_SAFETY, 800.0, 3),
    ("network", Tier.CRITICAL, 120.0, 2),
    ("medical", Tier.CRITICAL, 250.0, 1),
    ("sump", Tier.CRITICAL, 500.0, 0),
    ("fridge_medicine", Tier.CRITICAL, 250.0, 2),
    ("freezers", Tier.ESSENTIAL, 700.0, 0),
    ("stairs_lighting", Tier.ESSENTIAL, 400.0, 1),
    ("door", Tier.ESSENTIAL, 150.0, 2),
    ("common_kitchen", Tier.ESSENTIAL, 1800.0, 1),
    ("heat_pump", Tier.COMFORT, 3500.0, 3),
    ("ventilation", Tier.COMFORT, 600.0, 2),
    ("hot_water", Tier.COMFORT, 2000.0, 0),
    *((str(flat), Tier.NON_ESSENTIAL, 900.0, index % 3) for index, flat in enumerate(FLATS)),
    ("laundry", Tier.NON_ESSENTIAL, 1800.0, 1),
    ("pool", Tier.FLEXIBLE, 1000.0, 2),
)
"""Name, tier, typical W, phase (3 for all three)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One power cut."""

    seed: int
    site: Site
    start: StartPoint
    """How full everything is when the grid goes."""
    hour: float
    """Time of day at t = 0 of the traces; the grid goes `BEFORE_S` later."""
    hours: float
    """How long it stays away.  No policy is told."""
    day_of_year: int
    traces: Traces
    homecomings: tuple[CarEvent, ...] = ()
    """Cars that came in the days before the cut; what a policy may have learned of them."""

    @property
    def ends_s(self) -> float:
        """Last instant that counts, s after t = 0."""
        return BEFORE_S + self.hours * HOUR_S

    @property
    def title(self) -> str:
        """For people: what makes it different."""
        store, pv = self.site.batteries[0], self.site.pvs[0]
        return (
            f"seed {self.seed}: {self.hours:.0f} h from {(self.hour + BEFORE_S / HOUR_S) % 24:.0f}:00, day "
            f"{self.day_of_year}, {store.capacity_wh / 1000:.0f} kWh {self.start.battery_soc_pct:.0f} % full, "
            f"{pv.rated_w / 1000:.0f} kWp, {len(self.site.bays)} bays"
        )


def outage(seed: int, data: Path | None = None) -> Outage:
    """The power cut of a seed: size of the equipment, season, hour, length, charge and cars are all drawn from it.

    With a directory of measured `data` its loads and sun are measured ones, and only the rest is invented.
    """
    rng = Random(f"outage/{seed}")
    bays = tuple(_bay(number) for number in range(1, rng.randint(2, 4) + 1))
    site = _site(bays, store_wh=rng.uniform(35e3, 75e3), sun_w=rng.uniform(10e3, 22e3))
    hour, day_of_year = rng.uniform(0.0, 24.0), rng.randint(1, 365)
    hours = float(rng.randint(12, 72))
    home = {bay.id: Car(soc_pct=rng.uniform(45.0, 85.0), capacity_wh=bay.capacity_wh) for bay in bays}
    home = {bay: car for bay, car in home.items() if rng.random() < (0.8 if not 8.0 < hour < 17.0 else 0.25)}
    start = StartPoint(seed=seed, battery_soc_pct=rng.uniform(45.0, 98.0), cars=home)
    invented = GeneratedTraces(site, seed, hour, day_of_year=day_of_year, home=tuple(home))
    days: Traces = invented
    if data is not None:
        days = MeasuredTraces(data, site, hour, others=days, day_of_year=day_of_year, seed=seed)
    return Outage(
        seed=seed,
        site=site,
        start=start,
        hour=hour,
        hours=hours,
        day_of_year=day_of_year,
        traces=SlotTraces(days, SLOT_S),
        homecomings=tuple(invented.came_home(HISTORY_DAYS)),
    )


@dataclass(frozen=True, slots=True)
class Usual:
    """What an hour of the day is usually like."""

    loads_w: Mapping[Tier, float]
    sun_pu: float
    """On average."""
    poor_sun_pu: float
    """Nine days in ten are better."""


def learned(outage: Outage) -> Mapping[int, Usual]:
    """What the days before the cut showed, by the hour of the day."""
    return {hour: _usual(outage, hour) for hour in range(24)}


def _usual(outage: Outage, hour: int) -> Usual:
    days = [_tenths(outage, hour, day) for day in range(1, HISTORY_DAYS + 1)]
    every = [t_s for day in days for t_s in day]
    by_tier = {
        tier: sum(
            outage.traces.load_w(one.id, t_s) for one in outage.site.circuits if one.tier is tier for t_s in every
        )
        / len(every)
        for tier in Tier
    }
    suns = sorted(sum(outage.traces.sun_pu(t_s) for t_s in day) / len(day) for day in days)
    return Usual(by_tier, sum(suns) / len(suns), suns[len(suns) // 10])


def _tenths(outage: Outage, hour: int, day: int) -> list[float]:
    """Instants ten minutes apart in an hour so many days before t = 0."""
    begin_s = (hour - outage.hour - 24.0 * day) * HOUR_S
    instants = [begin_s + 600.0 * part for part in range(6)]
    return [t_s - DAY_S if t_s >= 0.0 else t_s for t_s in instants]


def _bay(number: int) -> Bay:
    return Bay(
        id=SourceId(f"bay_{number}"),
        name=f"Bay {number}",
        phases=ALL,
        charge_max_w=11_000.0,
        discharge_max_w=7_400.0,
        capacity_wh=60_000.0,
    )


def _circuit(name: str, tier: Tier, typical_w: float, phase: int) -> Circuit:
    return Circuit(
        id=CircuitId(name),
        name=name,
        tier=tier,
        phases=ALL if phase == len(ALL) else (ALL[phase],),
        typical_w=typical_w,
        thermostatic=name in ("heat_pump", "hot_water", "freezers"),
        protected=name == "network",
        switchable=tier is not Tier.LIFE_SAFETY and name != "network",
    )


def _site(bays: tuple[Bay, ...], *, store_wh: float, sun_w: float) -> Site:
    return Site(
        name="Outage bench",
        phases=ALL,
        grid=GridConnection(nominal_v=230.0, nominal_hz=50.0, service_a=63.0),
        tie=Tie(has_contacts=True, has_flag=True, has_permit=True),
        former=Former(source=BATTERY, name="Inverter", phase_va=(6000.0,) * 3),
        circuits=tuple(_circuit(*load) for load in LOADS),
        batteries=(Battery(id=BATTERY, name="Battery", capacity_wh=store_wh, charge_max_w=15e3, discharge_max_w=18e3),),
        pvs=(Pv(id=SUN, name="Sun", rated_w=sun_w, phases=ALL, limitable=True),),
        bays=bays,
    )
