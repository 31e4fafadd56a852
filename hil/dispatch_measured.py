"""Prices of an exchange and sessions of cars as they were measured, for the dispatch bench, from the directory of data.

Day-ahead prices stay at their hour of their day of the year.  When private chargers are used, for how long and for how
much is known as three distributions: each car's session is drawn from them, one a day at most, and needs no more than
its charger can give in that time.  Nothing is copied; licences stay with the data (its PROVENANCE.md).
"""

import csv
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

from hems.model.prices import Prices, Slot
from hems.model.site import Site
from hems.model.units import DAY_S, HOUR_S, W_PER_KW, CircuitId, SourceId
from hems.sim.start import Car
from hems.sim.traces import CarEvent, Traces

PRICES = "ev2gym_nl_dayahead_last_year.csv.gz"
SESSIONS = "ev2gym_elaad"
CAPACITY_WH, TARGET_PCT, LEAST_PCT = 60_000.0, 80.0, 10.0
FITS = 0.7
"""Part of what a charger could give in a session that a car needs at most."""


def exchange(directory: Path, begins: datetime, days: int) -> Prices:
    """As told for a week that begins so: the same days of the year that was measured, hour by hour, for a kWh."""
    by_hour: dict[tuple[int, int, int], float] = {}
    with gzip.open(directory / PRICES, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            at = datetime.strptime(row["Datetime (UTC)"], "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
            by_hour[at.month, at.day, at.hour] = float(row["Price (EUR/MWhe)"]) / 1000.0
    first, slots, buy = begins - timedelta(days=1), list[Slot](), 0.1
    for hour in range(24 * (days + 3)):
        at = first + timedelta(hours=hour)
        buy = by_hour.get((at.month, at.day, at.hour), buy)  # an hour that clocks left out costs what the last did
        slots.append(Slot(begins_s=at.timestamp(), ends_s=at.timestamp() + HOUR_S, buy=buy))
    return Prices(source="measured day-ahead prices", told_s=first.timestamp(), slots=tuple(slots))


class MeasuredSessions:
    """Loads and sun of `others`, cars from the distributions of private chargers."""

    def __init__(self, directory: Path, site: Site, others: Traces, *, start_hour: float, days: int, seed: int) -> None:
        self._others = others
        folder = directory / SESSIONS
        arrivals = _column(folder / "distribution-of-arrival.csv")
        self._ends = list(accumulate(arrivals))
        self._lasts_h = _column(folder / "distribution-of-connection-time.csv")
        self._needs_kwh = _column(folder / "distribution-of-energy-demand.csv")
        found = (
            event
            for bay in site.bays
            for event in self._sessions(bay.id, bay.charge_max_w, start_hour, days, Random(f"{seed}/{bay.id}"))
        )
        self._events = sorted(found, key=lambda one: one.t_s)

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """As the others have it."""
        return self._others.load_w(circuit, t_s)

    def sun_pu(self, t_s: float) -> float:
        """As the others have it."""
        return self._others.sun_pu(t_s)

    def next_car(self, after_s: float) -> CarEvent | None:
        """The next that comes or goes."""
        return next((one for one in self._events if one.t_s > after_s), None)

    def _sessions(self, bay: SourceId, most_w: float, start_hour: float, days: int, rng: Random) -> Sequence[CarEvent]:
        found, free_s = list[CarEvent](), 0.0
        for day in range(days):
            comes_s = day * DAY_S + _place(self._ends, rng) * DAY_S / len(self._ends) - start_hour * HOUR_S
            lasts_s = max(0.25, rng.choice(self._lasts_h)) * HOUR_S
            needs_wh = min(rng.choice(self._needs_kwh) * W_PER_KW, FITS * most_w * lasts_s / HOUR_S)
            if comes_s <= free_s:
                continue
            soc_pct = max(LEAST_PCT, TARGET_PCT - 100.0 * needs_wh / CAPACITY_WH)
            free_s = comes_s + lasts_s
            found += [
                CarEvent(comes_s, bay, Car(soc_pct=soc_pct, capacity_wh=CAPACITY_WH)),
                CarEvent(free_s, bay, None),
            ]
        return found


def _column(path: Path) -> list[float]:
    """The private chargers', as numbers."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [float(row["private"]) for row in csv.DictReader(lines)]


def _place(ends: Sequence[float], rng: Random) -> int:
    """One of the parts, by its share."""
    drawn = rng.uniform(0.0, ends[-1])
    return next(place for place, end in enumerate(ends) if drawn <= end)
