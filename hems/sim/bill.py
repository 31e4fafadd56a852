"""What a simulated building pays, month by month, and what it would have paid without parts of what it did.

The arithmetic is the daemon's own account of a day (`hems.control.dispatch.value`), on the plant's true powers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from hems.control.dispatch.memory import Side
from hems.control.dispatch.value import GIVES_W, closed, flowed
from hems.model.prices import Prices
from hems.model.site import Site, Tier
from hems.model.tariff import NOTHING_KNOWN, Price, Tariff, price_at, within
from hems.model.units import HOUR_S, W_PER_KW, CircuitId, SourceId
from hems.sim.battery import Store
from hems.sim.plant import Plant
from hems.sim.start import StartPoint
from hems.sim.traces import Traces

QUARTER_S = 900.0
SETTLES_S = 60.0
"""After a power cut: what carried the building still does when the switch closes, and is told to rest then."""
PRIORITY = (Tier.LIFE_SAFETY, Tier.CRITICAL)
"""What must have power in a power cut."""


class Way(StrEnum):
    """How the same time could have gone."""

    REAL = "real"
    RESTING = "batteries at rest"
    CHARGING = "batteries at rest and cars only charging"


@dataclass(slots=True)
class Month:
    """Energies in Wh."""

    sides: dict[Way, Side] = field(default_factory=lambda: dict.fromkeys(Way, Side()))
    demand_w: dict[Way, list[float]] = field(default_factory=dict)
    """The highest quarter of an hour in the hours of each demand charge."""
    sun_wh: float = 0.0
    given_wh: dict[SourceId, float] = field(default_factory=dict)
    """By each battery and each car, on the grid and in power cuts."""
    taken_wh: dict[SourceId, float] = field(default_factory=dict)
    cars_wh: list[float] = field(default_factory=lambda: [0.0] * 24)
    """What cars took less what they gave, on the grid, by the hour of day."""
    cars_sun_wh: float = 0.0
    """Of what they took, what the sun gave beyond what circuits drew."""


@dataclass(slots=True)
class Cut:
    """One power cut, from the tie opening to its closing."""

    begins_s: float
    ends_s: float | None = None
    wanted_wh: dict[Tier, float] = field(default_factory=lambda: dict.fromkeys(Tier, 0.0))
    served_wh: dict[Tier, float] = field(default_factory=lambda: dict.fromkeys(Tier, 0.0))

    def unserved_wh(self, tiers: tuple[Tier, ...] = tuple(Tier)) -> float:
        """What was wanted and not served."""
        return sum(max(0.0, self.wanted_wh[tier] - self.served_wh[tier]) for tier in tiers)

    def served(self, tiers: tuple[Tier, ...] = tuple(Tier)) -> float:
        """The part of what was wanted that was served, 0 to 1."""
        wanted_wh = sum(self.wanted_wh[tier] for tier in tiers)
        return 1.0 if wanted_wh <= 0.0 else 1.0 - self.unserved_wh(tiers) / wanted_wh


@dataclass
class Bill:
    """What one plant comes to.  It counts from `begin` on."""

    site: Site
    """As hems believes it is: with tariff, tiers and reserves."""
    price: Callable[[datetime], Price]
    clock: datetime
    """What the wall clock shows at the plant's t = 0."""
    months: dict[str, Month] = field(default_factory=dict)
    cuts: list[Cut] = field(default_factory=list)
    left: list[tuple[SourceId, float]] = field(default_factory=list)
    """Each car that left, and how full it was, %."""
    least_above_pct: float = 100.0
    """How near a battery that gave on the grid came to its reserve; below 0 it has touched it."""
    begun: bool = False
    counted_s: float = 0.0
    begin_wh: float = 0.0
    end_wh: float = 0.0
    price_seconds: float = 0.0
    """The price of a kWh from the grid, summed over the time in which it was known, .."""
    priced_s: float = 0.0
    """.. and that time."""
    least_price: float = 0.0
    """The lowest that was seen."""
    _cars: dict[SourceId, Store] = field(default_factory=dict)
    _quarter: int = -1
    _hour: int = 0
    _month: Month = field(default_factory=Month)
    _now: Price = NOTHING_KNOWN

    def __post_init__(self) -> None:
        self._tiers = {one.id: one.tier for one in self.site.circuits}
        self._reserves = {one.id: one.reserve_pct for one in self.site.batteries if one.reserve_pct is not None}

    def begin(self, plant: Plant) -> None:
        """From now on it counts; a second time changes nothing."""
        if not self.begun:
            self.begun, self.begin_wh = True, stored_wh(plant)

    def note(self, plant: Plant, dt_s: float) -> None:
        """`dt_s` is about to pass with the plant's powers as they are."""
        if not self.begun:
            return
        self.counted_s += dt_s
        self._note_cars(plant)
        self._note_clock(plant.t_s)
        if plant.former_running or not plant.bus_live:
            self._note_cut(plant, dt_s)
        else:
            self._note_grid(plant, dt_s / HOUR_S)
        self._note_stores(plant, dt_s / HOUR_S)

    def close(self, plant: Plant) -> None:
        """It is over, and so is the quarter of an hour that is counted."""
        self._end_quarter()
        self._quarter = -1
        self.end_wh = stored_wh(plant)
        if self.cuts and self.cuts[-1].ends_s is None:
            self.cuts[-1].ends_s = plant.t_s

    def at(self, t_s: float) -> datetime:
        """The wall clock at a time of the plant."""
        return self.clock + timedelta(seconds=t_s)

    def _note_clock(self, t_s: float) -> None:
        quarter = int(t_s // QUARTER_S)
        if quarter == self._quarter:
            return
        self._end_quarter()
        self._quarter = quarter
        at = self.at(t_s)
        self._now, self._hour = self.price(at), at.hour
        self._month = self.months.setdefault(f"{at:%Y-%m}", Month())

    def _end_quarter(self) -> None:
        """Peaks count by the quarter's middle."""
        if self._quarter < 0:
            return
        tariff = self.site.tariff or Tariff()
        middle = self.at((self._quarter + 0.5) * QUARTER_S)
        for way, side in self._month.sides.items():
            mean_w = side.quarter_wh * HOUR_S / QUARTER_S
            peaks_w = self._month.demand_w.setdefault(way, [0.0] * len(tariff.demand))
            for place, charge in enumerate(tariff.demand):
                if mean_w > peaks_w[place] and within(
                    charge.window, middle, tariff.holidays if tariff else frozenset()
                ):
                    peaks_w[place] = mean_w
            self._month.sides[way] = closed(side)

    def _note_grid(self, plant: Plant, hours: float) -> None:
        if self.cuts and self.cuts[-1].ends_s is None:
            self.cuts[-1].ends_s = plant.t_s
        batteries_w = sum([store.power_w for store in plant.batteries.values()])
        giving_w = sum([max(0.0, bay.power_w) for bay in plant.bays.values()])
        grid_w, sides = plant.grid_w, self._month.sides
        cars_w = -sum([bay.power_w for bay in plant.bays.values()])
        surplus_w = sum([pv.power_w for pv in plant.pvs.values()]) - plant.load_w
        self._month.cars_wh[self._hour] += cars_w * hours
        self._month.cars_sun_wh += max(0.0, min(cars_w, surplus_w)) * hours
        if self._now.buy is not None:
            self.least_price = min(self._now.buy, self.least_price) if self.priced_s else self._now.buy
            self.price_seconds += self._now.buy * hours * HOUR_S
            self.priced_s += hours * HOUR_S
        for way, watts in (
            (Way.REAL, grid_w),
            (Way.RESTING, grid_w + batteries_w),
            (Way.CHARGING, grid_w + batteries_w + giving_w),
        ):
            sides[way] = flowed(sides[way], watts, self._now, hours)
        settled_s = (self.cuts[-1].ends_s or 0.0) + SETTLES_S if self.cuts else 0.0
        for name, reserve_pct in self._reserves.items():
            store = plant.batteries[name]
            if store.power_w > GIVES_W and plant.t_s >= settled_s:
                self.least_above_pct = min(self.least_above_pct, store.soc_pct - reserve_pct)

    def _note_cut(self, plant: Plant, dt_s: float) -> None:
        if not self.cuts or self.cuts[-1].ends_s is not None:
            self.cuts.append(Cut(plant.t_s))
        cut, hours = self.cuts[-1], dt_s / HOUR_S
        for name, load in plant.circuits.items():
            tier = self._tiers[CircuitId(name)]
            cut.wanted_wh[tier] += max(load.demand_w, load.power_w) * hours
            cut.served_wh[tier] += load.power_w * hours

    def _note_stores(self, plant: Plant, hours: float) -> None:
        month = self._month
        month.sun_wh += sum([pv.power_w for pv in plant.pvs.values()]) * hours
        powers_w = [(name, store.power_w) for name, store in plant.batteries.items()]
        for name, power_w in (*powers_w, *((name, bay.power_w) for name, bay in plant.bays.items())):
            if power_w > 0.0:
                month.given_wh[name] = month.given_wh.get(name, 0.0) + power_w * hours
            elif power_w < 0.0:
                month.taken_wh[name] = month.taken_wh.get(name, 0.0) - power_w * hours

    def _note_cars(self, plant: Plant) -> None:
        """A car whose store is no longer there has left."""
        for name, bay in plant.bays.items():
            before = self._cars.get(name)
            if before is not None and bay.store is not before:
                self.left.append((name, before.soc_pct))
                del self._cars[name]
            if bay.store is not None:
                self._cars[name] = bay.store

    def left_over(self, wh: float) -> float:
        """What is left in store is worth: what is missing costs the mean price, what is more no more than the least."""
        return wh / W_PER_KW * (self.mean_price if wh < 0.0 else self.least_price)

    @property
    def mean_price(self) -> float:
        """Of a kWh from the grid, over time; 0 when none was known."""
        return self.price_seconds / self.priced_s if self.priced_s > 0.0 else 0.0


def stored_wh(plant: Plant) -> float:
    """In batteries."""
    return sum(store.soc_pct / 100.0 * store.capacity_wh for store in plant.batteries.values())


def demand_cost(tariff: Tariff | None, month: Month, way: Way) -> float:
    """What the highest quarters of an hour of a month cost."""
    peaks_w = month.demand_w.get(way, ())
    charges = () if tariff is None else tariff.demand
    return sum(one.per_kw * watts / W_PER_KW for one, watts in zip(charges, peaks_w, strict=False))


def price_of(site: Site, market: Prices | None = None) -> Callable[[datetime], Price]:
    """The tariff's price at a local time, with what the market told; not known without a tariff."""
    tariff = site.tariff
    return (lambda _: NOTHING_KNOWN) if tariff is None else (lambda at: price_at(tariff, at, market, at))


class Metered(Plant):
    """A plant whose bill is kept."""

    def __init__(self, site: Site, traces: Traces, *, start: StartPoint, bill: Bill) -> None:
        self.bill = bill
        super().__init__(site, traces, start=start)

    def _advance(self, dt_s: float) -> None:
        self.bill.note(self, dt_s)
        super()._advance(dt_s)


def wear_of(site: Site, given_wh: Mapping[SourceId, float]) -> float:
    """What giving has cost in wear, in the currency of the tariff."""
    per_kwh = {one.id: one.wear_per_kwh for one in site.batteries}
    per_kwh |= {one.id: one.wear_per_kwh for one in site.bays}
    return sum(per_kwh.get(name, 0.0) * wh / W_PER_KW for name, wh in given_wh.items())
