"""What hems was worth in a simulation: beside the same building in which nobody decides anything on the grid."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hems.control.cars.memory import Ledger
from hems.model.site import Site, Tier
from hems.model.units import HOUR_S, W_PER_KW, SourceId
from hems.report.cars import currency_of
from hems.sim.bill import PRIORITY, Bill, Cut, Month, Way, demand_cost, wear_of

Energies = dict[SourceId, float]
PARTS = ("energy", "demand", "wear", "refill", "total")
EQUAL = 0.001
"""Shares served that differ by less are the same."""
SAME_S = 60.0
"""A power cut begins on both sides at the same time, or nearly."""
READY_PCT = 1.0
"""A car that is so near to its target is ready."""


@dataclass(frozen=True)
class Sum:
    """What one building paid, in the currency of the tariff."""

    energy: float
    demand: float
    wear: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.energy + self.demand + self.wear


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One source of savings; all of them add up to what was saved."""

    name: str
    energy: float
    demand: float
    wear: float
    refill: float
    """What batteries and cars have more, at the lowest price of a kWh, or less, at the mean."""

    @property
    def total(self) -> float:
        """All of it."""
        return self.energy + self.demand + self.wear + self.refill


@dataclass(frozen=True)
class Worth:
    """Two bills of the same days."""

    site: Site
    real: Bill
    base: Bill
    ledgers: dict[SourceId, Ledger]

    @cached_property
    def streams(self) -> tuple[Stream, ...]:
        """Where the savings come from: each step from the baseline to what was."""
        cars = frozenset(bay.id for bay in self.site.bays)
        real_cars, real_stores = _split(given(self.real), cars)
        base_cars, base_stores = _split(given(self.base), cars)
        stored_wh = (self.real.end_wh - self.real.begin_wh) - (self.base.end_wh - self.base.begin_wh)
        charged_wh = _net_wh(self.real, cars) - _net_wh(self.base, cars)
        return (
            self._stream(
                "Cars charge at better times", Way.RESTING, Way.CHARGING, refill=self.base.left_over(charged_wh)
            ),
            Stream(
                name="Cars give to the building",
                energy=_energy(self.real, Way.CHARGING) - _energy(self.real, Way.RESTING),
                demand=_demand(self.real, Way.CHARGING) - _demand(self.real, Way.RESTING),
                wear=wear_of(self.site, base_cars) - wear_of(self.site, real_cars),
                refill=0.0,
            ),
            Stream(
                name="Batteries",
                energy=_energy(self.base, Way.REAL)
                - _energy(self.base, Way.RESTING)
                + _energy(self.real, Way.RESTING)
                - _energy(self.real, Way.REAL),
                demand=_demand(self.base, Way.REAL)
                - _demand(self.base, Way.RESTING)
                + _demand(self.real, Way.RESTING)
                - _demand(self.real, Way.REAL),
                wear=wear_of(self.site, base_stores) - wear_of(self.site, real_stores),
                refill=self.base.left_over(stored_wh),
            ),
        )

    def _stream(self, name: str, before: Way, after: Way, *, refill: float) -> Stream:
        energy = _energy(self.base, before) - _energy(self.real, after)
        demand = _demand(self.base, before) - _demand(self.real, after)
        return Stream(name=name, energy=energy, demand=demand, wear=0.0, refill=refill)

    @property
    def priced(self) -> bool:
        """Whether any price was ever known: money that nobody knows is not 0."""
        return self.site.tariff is not None and self.base.priced_s > 0.0

    @property
    def saved(self) -> float:
        """In all."""
        return sum(one.total for one in self.streams)

    @property
    def cuts(self) -> list[tuple[Cut, Cut]]:
        """Each power cut as it was and with a full battery and no car giving."""
        return [
            (real, base)
            for real in self.real.cuts
            for base in self.base.cuts
            if abs(real.begins_s - base.begins_s) < SAME_S
        ]

    @property
    def served_as_well(self) -> int:
        """Power cuts in which what must have power had at least as much of it as with a full battery."""
        return sum(real.served(PRIORITY) >= base.served(PRIORITY) - EQUAL for real, base in self.cuts)

    @property
    def ready(self) -> int:
        """Cars that left at their target, or as full as the baseline had them."""
        targets = {bay.id: bay.target_pct for bay in self.site.bays}
        both = zip(self.real.left, self.base.left, strict=False)
        return sum(pct >= min(targets[bay], other) - READY_PCT for (bay, pct), (_, other) in both)


def sum_of(bill: Bill, site: Site) -> Sum:
    """What a building paid."""
    return Sum(_energy(bill, Way.REAL), _demand(bill, Way.REAL), wear_of(site, given(bill)))


def _energy(bill: Bill, way: Way) -> float:
    return sum(month.sides[way].cost for month in bill.months.values())


def _demand(bill: Bill, way: Way) -> float:
    return sum(demand_cost(bill.site.tariff, month, way) for month in bill.months.values())


def given(bill: Bill) -> Energies:
    """What each battery and each car gave."""
    return added(bill, lambda month: month.given_wh)


def added(bill: Bill, of: Callable[[Month], Energies]) -> Energies:
    """Energies of all months together."""
    found: Energies = {}
    for month in bill.months.values():
        for name, wh in of(month).items():
            found[name] = found.get(name, 0.0) + wh
    return found


def _net_wh(bill: Bill, names: frozenset[SourceId]) -> float:
    """What stores have taken and not given back."""
    took, gave = added(bill, lambda month: month.taken_wh), given(bill)
    return sum(took.get(name, 0.0) - gave.get(name, 0.0) for name in names)


def _split(wh: Energies, names: frozenset[SourceId]) -> tuple[Energies, Energies]:
    inside = {name: value for name, value in wh.items() if name in names}
    return inside, {name: value for name, value in wh.items() if name not in names}


def flow(bill: Bill, what: str) -> float:
    """A figure of the meter over all months: the highest of peaks, the sum of all else."""
    values = [getattr(month.sides[Way.REAL], what) for month in bill.months.values()]
    return max(values, default=0.0) if what == "peak_w" else sum(values)


def self_used(bill: Bill) -> float | None:
    """The part of the sun that was not fed in; None without any sun."""
    sun_wh = sum(month.sun_wh for month in bill.months.values())
    return None if sun_wh <= 0.0 else max(0.0, 1.0 - flow(bill, "sold_wh") / sun_wh)


def by_hour(bill: Bill) -> list[float]:
    """Wh that cars took, less what they gave, in each hour of the day."""
    return [sum(hours) for hours in zip(*(month.cars_wh for month in bill.months.values()), strict=True)]


def moved_wh(worth: Worth) -> float:
    """What cars did not draw in the hours in which the baseline's did."""
    both = zip(by_hour(worth.base), by_hour(worth.real), strict=False)
    return sum(max(0.0, before - after) for before, after in both)


def both_bills(worth: Worth) -> tuple[tuple[str, Bill], tuple[str, Bill]]:
    """With their names for programs."""
    return ("hems", worth.real), ("baseline", worth.base)


def lasts_s(cut: Cut) -> float:
    """How long a power cut was."""
    return (cut.ends_s or cut.begins_s) - cut.begins_s


def as_plain(worth: Worth) -> dict[str, Any]:
    """Everything in numbers, for JSON."""
    site = worth.site
    return {
        "currency": currency_of(site) if worth.priced else None,
        "hems": _side_plain(worth.real, site),
        "baseline": _side_plain(worth.base, site),
        "saved": round(worth.saved, 2) if worth.priced else None,
        "streams": {one.name.lower(): {key: round(getattr(one, key), 2) for key in PARTS} for one in worth.streams},
        "months": [
            {
                "month": name,
                "hems": _month_plain(site, worth.real.months[name]),
                "baseline": _month_plain(site, worth.base.months.get(name, Month())),
            }
            for name in worth.real.months
        ],
        "outages": [_cut_plain(real, base) for real, base in worth.cuts],
        "outages_served_as_well": worth.served_as_well,
        "cars_by_hour_kwh": {
            name: [round(wh / W_PER_KW, 2) for wh in by_hour(bill)] for name, bill in both_bills(worth)
        },
        "cars_from_surplus_kwh": {
            name: round(sum(month.cars_sun_wh for month in bill.months.values()) / W_PER_KW, 2)
            for name, bill in both_bills(worth)
        },
        "moved_kwh": round(moved_wh(worth) / W_PER_KW, 2),
        "cars_left": len(worth.real.left),
        "cars_ready": worth.ready,
        "reserve_kept": worth.real.least_above_pct >= -0.1,
    }


def _cut_plain(real: Cut, base: Cut) -> dict[str, float]:
    return {
        "begins_h": round(real.begins_s / HOUR_S, 2),
        "lasts_h": round(lasts_s(real) / HOUR_S, 2),
        "priority_served": round(real.served(PRIORITY), 4),
        "priority_served_full_battery": round(base.served(PRIORITY), 4),
        "essential_served": round(real.served((Tier.ESSENTIAL,)), 4),
        "essential_served_full_battery": round(base.served((Tier.ESSENTIAL,)), 4),
        "served": round(real.served(), 4),
        "served_full_battery": round(base.served(), 4),
    }


def _side_plain(bill: Bill, site: Site) -> dict[str, Any]:
    paid, used = sum_of(bill, site), self_used(bill)
    return {
        "energy": round(paid.energy, 2),
        "demand": round(paid.demand, 2),
        "wear": round(paid.wear, 2),
        "paid": round(paid.total, 2),
        "bought_kwh": round(flow(bill, "bought_wh") / W_PER_KW, 2),
        "sold_kwh": round(flow(bill, "sold_wh") / W_PER_KW, 2),
        "peak_kw": round(flow(bill, "peak_w") / W_PER_KW, 2),
        "self_consumption": None if used is None else round(used, 4),
        "co2_kg": round(flow(bill, "co2_g") / 1000.0, 2),
        "given_kwh": {name: round(wh / W_PER_KW, 2) for name, wh in given(bill).items()},
        "taken_kwh": {name: round(wh / W_PER_KW, 2) for name, wh in added(bill, lambda one: one.taken_wh).items()},
    }


def _month_plain(site: Site, month: Month) -> dict[str, float]:
    side = month.sides[Way.REAL]
    return {
        "energy": round(side.cost, 2),
        "demand": round(demand_cost(site.tariff, month, Way.REAL), 2),
        "peak_kw": round(side.peak_w / W_PER_KW, 2),
        "bought_kwh": round(side.bought_wh / W_PER_KW, 2),
        "sold_kwh": round(side.sold_wh / W_PER_KW, 2),
        "co2_kg": round(side.co2_g / 1000.0, 2),
    }


def as_rows(worth: Worth) -> list[dict[str, Any]]:
    """A row for each month, for a spreadsheet."""
    return [
        {
            "month": one["month"],
            **{f"{who}_{key}": value for who in ("hems", "baseline") for key, value in one[who].items()},
        }
        for one in as_plain(worth)["months"]
    ]
