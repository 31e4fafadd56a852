"""The building that every policy of the outage bench lives in: the plant's own equations, and a book of what it got."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from hems.model.site import Tier
from hems.model.units import HOUR_S, CircuitId, SourceId
from hems.sim.plant import Plant
from hil.outage_scenarios import BATTERY, BEFORE_S, FLATS, Outage

WEIGHTS = {
    Tier.LIFE_SAFETY: 100.0,
    Tier.CRITICAL: 100.0,
    Tier.ESSENTIAL: 30.0,
    Tier.COMFORT: 10.0,
    Tier.NON_ESSENTIAL: 3.0,
    Tier.FLEXIBLE: 1.0,
}
"""What a kilowatt-hour is worth (domain reference 2.1; life safety counts as critical)."""
FULLY = 0.999
"""Share of its demand from which a tier counts as fully served: the blink of the transfer is forgiven."""
FLOOR_SLACK_PCT = 0.1
WAKES_PCT = 10.0
"""Charge at which a hybrid inverter that had run empty starts again."""
WAKES_AGAIN_S = 600.0
"""It does not try that more often."""


@dataclass
class Book:
    """What circuits wanted and got since the grid went, and what it took."""

    wanted_wh: dict[CircuitId, float] = field(default_factory=dict)
    served_wh: dict[CircuitId, float] = field(default_factory=dict)
    switches: int = 0
    refused: int = 0
    """Circuits told to come back before their minimum time off, and cars told to give below their driver's floor."""
    floors_broken: int = 0
    trips: int = 0
    dark_s: float = 0.0
    """Time without voltage in the building."""


class House(Plant):
    """A plant that keeps books, and refuses what would hurt: a start within a circuit's minimum time off.

    Its inverter is a hybrid: when it has stopped for want of energy, the sun fills its battery even so, and it makes
    voltage again by itself once there is something to make it with.
    """

    def __init__(self, outage: Outage) -> None:
        self.book = Book()
        self._outage = outage
        self._wakes_s = 0.0
        self._opened_s: dict[CircuitId, float] = {}
        super().__init__(outage.site, outage.traces, start=outage.start)
        ids = [one.id for one in outage.site.circuits]
        self.book.wanted_wh, self.book.served_wh = dict.fromkeys(ids, 0.0), dict.fromkeys(ids, 0.0)

    def begin(self) -> None:
        """The grid goes; whatever happened before, every policy begins with the same charge."""
        start = self._outage.start
        for store in self.batteries.values():
            store.soc_pct = start.battery_soc_pct
        for name, bay in self.bays.items():
            if bay.store is not None and name in start.cars:
                bay.store.soc_pct = start.cars[name].soc_pct
        self.fail_grid()

    def switch(self, circuit: CircuitId, closed: bool) -> None:
        """As a relay with its own minimum time off."""
        load = self.circuits[circuit]
        if load.told is closed:
            return
        if closed and self.t_s < self._opened_s.get(circuit, -1e9) + load.spec.min_off_s - 1.0:
            self.book.refused += self._counts
            return
        if not closed:
            self._opened_s[circuit] = self.t_s
        self.book.switches += self._counts
        super().switch(circuit, closed)

    def set_bay_power(self, bay: SourceId, power_w: float | None) -> None:
        """A car below what its driver keeps gives nothing, whoever asks."""
        charger = self.bays[bay]
        if power_w is not None and power_w > 0.0 and (charger.soc_pct or 0.0) <= charger.spec.floor_pct:
            self.book.refused += self._counts
            power_w = 0.0
        super().set_bay_power(bay, power_w)

    @property
    def _counts(self) -> bool:
        return self.t_s >= BEFORE_S

    def _advance(self, dt_s: float) -> None:
        if self._counts:
            self._write(dt_s)
        super()._advance(dt_s)
        if self._counts and not self.bus_live:
            self._wake(dt_s)
        self.book.trips = self.former_trips
        for charger in self.bays.values():
            soc_pct = charger.soc_pct
            if charger.power_w > 0.0 and soc_pct is not None:
                self.book.floors_broken += soc_pct < charger.spec.floor_pct - FLOOR_SLACK_PCT

    def _wake(self, dt_s: float) -> None:
        """What a hybrid inverter does in a dark building."""
        store = self.batteries[BATTERY]
        sun_w = sum(pv.rated_w for pv in self.site.pvs) * self._outage.traces.sun_pu(self.t_s)
        store.power_w = -min(sun_w, store.charge_limit_w)
        store.flow(dt_s)
        store.power_w = 0.0
        if store.soc_pct >= WAKES_PCT and self.t_s >= self._wakes_s:
            self._wakes_s = self.t_s + WAKES_AGAIN_S
            self.start_former(True)

    def _write(self, dt_s: float) -> None:
        book, live, hours = self.book, self.bus_live, dt_s / HOUR_S
        book.dark_s += 0.0 if live else dt_s
        for name, load in self.circuits.items():
            wanted_wh = load.demand_w * hours
            book.wanted_wh[name] += wanted_wh
            if live and load.closed:
                book.served_wh[name] += wanted_wh


def worth(outage: Outage, energy_wh: dict[CircuitId, float]) -> float:
    """Energy per circuit weighted by what it is for."""
    return sum(WEIGHTS[one.tier] * energy_wh[one.id] for one in outage.site.circuits)


def share(outage: Outage, book: Book, tiers: Iterable[Tier]) -> float:
    """Part of what the circuits of `tiers` wanted that they got; 1 when they wanted nothing."""
    among = tuple(tiers)
    ids = [one.id for one in outage.site.circuits if one.tier in among]
    wanted_wh = sum(book.wanted_wh[name] for name in ids)
    return sum(book.served_wh[name] for name in ids) / wanted_wh if wanted_wh else 1.0


def jain(shares: Iterable[float]) -> float:
    """Jain's index of fairness: 1 when all got the same, 1/n when one got everything; 1 when nobody got anything."""
    got = tuple(shares)
    squares = sum(one * one for one in got)
    return sum(got) ** 2 / (len(got) * squares) if squares else 1.0


def fairness(book: Book) -> float:
    """Jain's index over the six equal homes, by the part of their demand that was served."""
    return jain(book.served_wh[flat] / book.wanted_wh[flat] if book.wanted_wh[flat] else 1.0 for flat in FLATS)
