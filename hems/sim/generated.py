"""Loads, sun and cars from a seed: the traces that ship with hems."""

from collections.abc import Collection
from functools import lru_cache
from math import asin, cos, pi, radians, sin
from random import Random

from hems.model.site import Circuit, Site, Tier
from hems.model.units import DAY_S, HOUR_S, CircuitId, SourceId
from hems.sim.shapes import ANY_CRITICAL, ANY_OTHER, MINUTES, SHAPES, Shape
from hems.sim.start import Car
from hems.sim.traces import CarEvent

MINUTE_S = 60.0
LOOK_AHEAD_DAYS = 3
DAYS_KEPT = 10
"""Of each circuit and of the sun; a year of them would fill the memory."""


class GeneratedTraces:
    """A building's days, invented but the same for the same seed.

    `start_hour` is the time of day at t = 0 and `day_of_year` its date; `home` names the bays with a car in them at
    that moment, whose first event is therefore a departure.  `drives_wh` is what each car uses on an average day;
    without it cars come home with 38 to 70 %.
    """

    def __init__(
        self,
        site: Site,
        seed: int,
        start_hour: float,
        *,
        day_of_year: int = 290,
        latitude_deg: float = 51.0,
        home: Collection[SourceId] = (),
        drives_wh: float | None = None,
    ) -> None:
        self._seed = seed
        self._start_s = start_hour * HOUR_S
        self._day_of_year = day_of_year
        self._latitude_deg = latitude_deg
        self._circuits = {circuit.id: circuit for circuit in site.circuits}
        self._bays = tuple(bay.id for bay in site.bays)
        self._capacity_wh = {bay.id: bay.capacity_wh for bay in site.bays}
        self._home = frozenset(home)
        self._drives_wh = drives_wh
        self._loads: dict[tuple[CircuitId, int], list[float]] = {}
        self._suns: dict[int, list[float]] = {}
        self._events: dict[int, tuple[CarEvent, ...]] = {}

    def load_w(self, circuit: CircuitId, t_s: float) -> float:
        """Constant within each minute."""
        day, second = divmod(self._start_s + t_s, DAY_S)
        key = (circuit, int(day))
        minutes = self._loads.get(key)
        if minutes is None:
            if len(self._loads) >= DAYS_KEPT * len(self._circuits):
                self._loads.clear()
            minutes = self._loads[key] = self._load_day(self._circuits[circuit], int(day))
        return minutes[int(second / MINUTE_S)]

    def sun_pu(self, t_s: float) -> float:
        """Clear sky at this latitude and season, less the clouds of the day."""
        day, second = divmod(self._start_s + t_s, DAY_S)
        minutes = self._suns.get(int(day))
        if minutes is None:
            if len(self._suns) >= DAYS_KEPT:
                self._suns.clear()
            minutes = self._suns[int(day)] = self._sun_day(int(day))
        return minutes[int(second / MINUTE_S)]

    def next_car(self, after_s: float) -> CarEvent | None:
        """Cars leave in the morning and come home in the evening, emptier."""
        first_day = int((self._start_s + max(after_s, 0.0)) // DAY_S)
        for day in range(first_day, first_day + LOOK_AHEAD_DAYS):
            for event in self._car_day(day):
                if event.t_s > after_s:
                    return event
        return None

    def came_home(self, days: int) -> list[CarEvent]:
        """The arrivals of so many days before t = 0, the first first."""
        last = int(self._start_s // DAY_S)
        past = [self._away(bay, day)[1] for day in range(last - days, last + 1) for bay in self._bays]
        return sorted((event for event in past if event.t_s < 0.0), key=lambda event: event.t_s)

    def _load_day(self, circuit: Circuit, day: int) -> list[float]:
        shape = shape_of(circuit)
        typical_w = circuit.typical_w
        return [typical_w * value for value in shape(self._rng(circuit.id, day))]

    def _sun_day(self, day: int) -> list[float]:
        rng = self._rng("sun", day)
        clouds = rng.betavariate(2.0, 2.5)
        shade = 0.0
        values: list[float] = []
        for minute in range(MINUTES):
            if minute % 5 == 0:
                shade = 0.7 * shade + 0.3 * rng.random() * 2.0 * clouds
            clear = clear_sky_pu(minute / 60.0, self._day_of_year + day, self._latitude_deg)
            values.append(clear * max(0.1, 1.0 - 0.9 * min(1.0, shade)))
        return values

    def _car_day(self, day: int) -> tuple[CarEvent, ...]:
        events = self._events.get(day)
        if events is None:
            both = [event for bay in self._bays for event in self._trip(bay, day)]
            events = self._events[day] = tuple(sorted(both, key=lambda event: event.t_s))
        return events

    def _trip(self, bay: SourceId, day: int) -> tuple[CarEvent, ...]:
        """One car's day away, as far as it lies ahead and fits where the car was at t = 0."""
        ahead = tuple(event for event in self._away(bay, day) if event.t_s > 0.0)
        is_first = day == 0 or (day == 1 and self._away(bay, 0)[-1].t_s <= 0.0)
        if is_first and ahead and (ahead[0].car is None) is not (bay in self._home):
            return ahead[1:]
        return ahead

    def _away(self, bay: SourceId, day: int) -> tuple[CarEvent, CarEvent]:
        rng = self._rng(bay, day)
        leaves_s = day * DAY_S + rng.uniform(6.8, 8.8) * HOUR_S - self._start_s
        returns_s = day * DAY_S + rng.uniform(16.6, 19.4) * HOUR_S - self._start_s
        return CarEvent(leaves_s, bay, None), CarEvent(returns_s, bay, self._car(bay, rng))

    def _car(self, bay: SourceId, rng: Random) -> Car:
        """As it comes home: from 80 %, less what it has driven, where that is told."""
        capacity_wh = self._capacity_wh[bay]
        if self._drives_wh is None:
            return Car(soc_pct=rng.uniform(38.0, 70.0), capacity_wh=capacity_wh)
        used_wh = self._drives_wh * rng.uniform(0.5, 1.5)
        return Car(soc_pct=max(10.0, 80.0 - 100.0 * used_wh / capacity_wh), capacity_wh=capacity_wh)

    def _rng(self, what: str, day: int) -> Random:
        return Random(f"{self._seed}/{what}/{day}")


def shape_of(circuit: Circuit) -> Shape:
    """By its name, else by how much it matters."""
    for part, shape in SHAPES:
        if part in circuit.id:
            return shape
    return ANY_CRITICAL if circuit.tier <= Tier.CRITICAL else ANY_OTHER


@lru_cache(maxsize=4096)
def clear_sky_pu(hour: float, day_of_year: int, latitude_deg: float) -> float:
    """Sun without clouds as a fraction of PV rating: the sine of its height, less some haze low down."""
    declination = radians(23.44) * sin(2.0 * pi * (day_of_year - 81) / 365.0)
    latitude = radians(latitude_deg)
    angle = pi * (hour - 12.0) / 12.0
    height = asin(sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(angle))
    return 0.95 * sin(height) ** 1.15 if height > 0.0 else 0.0
