"""What energy costs: the site's tariff as values, and the price at one local time as a plain function.

Prices are in the site's currency for one kilowatt-hour.  A price that nobody knows is None and never 0.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hems.model.members import direct
from hems.model.prices import Prices, Slot
from hems.model.units import HOUR_S

SATURDAY = 5
HOURS = 24.0


@direct
class Days(StrEnum):
    """On which days a price holds."""

    ALL = "all"
    WORKING = "working"
    """Monday to Friday, holidays left out."""
    FREE = "free"
    """Saturdays, Sundays and holidays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of some days of some months; from an evening to a morning it runs through midnight."""

    from_h: float = 0.0
    to_h: float = HOURS
    days: Days = Days.ALL
    months: tuple[int, ...] = ()
    """1 to 12; all of them when empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What is paid in a window, and for energy fed in where that differs from the tariff's."""

    window: Window
    buy: float
    sell: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandCharge:
    """What the highest mean over a quarter of an hour costs, month by month, in the hours when it counts."""

    per_kw: float
    window: Window = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What the building pays and is paid."""

    currency: str = "EUR"
    buy: float | None = None
    """Where no rate fits and nobody has told a price; None: then it is not known."""
    sell: float | None = 0.0
    """For energy fed in; None: it goes by what is told."""
    rates: tuple[Rate, ...] = ()
    """The first whose window fits counts."""
    demand: tuple[DemandCharge, ...] = ()
    dynamic: bool = False
    """Prices are told from outside, hour by hour; rates do not count then."""
    factor: float = 1.0
    adder: float = 0.0
    """What is told becomes what is paid: times the factor, plus the adder."""
    holidays: frozenset[str] = frozenset()
    """As `2026-12-25`, or every year as `12-25`."""
    co2_g: float | None = None
    """Grams for one kilowatt-hour from the grid, where nobody tells it hour by hour."""
    co2_per_kg: float = 0.0
    """What a kilogram of CO2 counts, on top of what is paid; 0 leaves it out of decisions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """At one instant; None where it is not known."""

    buy: float | None
    sell: float | None
    co2_g: float | None = None
    co2_per_kg: float = 0.0

    @property
    def cost(self) -> float | None:
        """What a kilowatt-hour from the grid counts, CO2 included as far as it is known."""
        return None if self.buy is None else self.buy + self.co2_per_kg * (self.co2_g or 0.0) / 1000.0

    @property
    def gain(self) -> float | None:
        """What a kilowatt-hour fed in counts; it replaces one that somebody else would have made with the same CO2."""
        return None if self.sell is None else self.sell + self.co2_per_kg * (self.co2_g or 0.0) / 1000.0


NOTHING_KNOWN = Price(buy=None, sell=None)


def price_at(tariff: Tariff, local: datetime, told: Prices | None = None, utc: datetime | None = None) -> Price:
    """The price at a local time; `told` counts by `utc`, and not at all without it."""
    heard = None if told is None or utc is None else told.at(utc.timestamp())
    told_g = None if heard is None else heard.co2_g
    rate = None if tariff.dynamic else _rate(tariff, local)
    return Price(
        buy=_buy(tariff, rate, heard),
        sell=_sell(tariff, rate, heard),
        co2_g=tariff.co2_g if told_g is None else told_g,
        co2_per_kg=tariff.co2_per_kg,
    )


def demand_per_kw(tariff: Tariff, local: datetime) -> float:
    """What a kilowatt more costs in the month if it is drawn over this quarter of an hour."""
    return sum(one.per_kw for one in tariff.demand if within(one.window, local, tariff.holidays))


def within(window: Window, local: datetime, holidays: frozenset[str]) -> bool:
    """Whether a local time is inside; after midnight the day on which the window began counts."""
    hour = local.hour + local.minute / 60.0 + local.second / HOUR_S
    wraps = window.to_h <= window.from_h
    inside = (hour >= window.from_h or hour < window.to_h) if wraps else window.from_h <= hour < window.to_h
    if not inside:
        return False
    day = local - timedelta(days=1) if wraps and hour < window.to_h else local
    if window.months and day.month not in window.months:
        return False
    return window.days is Days.ALL or _free(day, holidays) is (window.days is Days.FREE)


def _free(day: datetime, holidays: frozenset[str]) -> bool:
    if day.weekday() >= SATURDAY:
        return True
    return bool(holidays) and (f"{day:%Y-%m-%d}" in holidays or f"{day:%m-%d}" in holidays)


def ahead(
    tariff: Tariff, utc: datetime, offset: timedelta, told: Prices | None, steps: int, step_s: float
) -> tuple[Price, ...]:
    """Prices of the next steps, each by its middle; `offset` is what the local clock is ahead of UTC."""
    middles = (utc + timedelta(seconds=(step + 0.5) * step_s) for step in range(steps))
    return tuple(price_at(tariff, middle + offset, told, middle) for middle in middles)


def _rate(tariff: Tariff, local: datetime) -> Rate | None:
    return next((rate for rate in tariff.rates if within(rate.window, local, tariff.holidays)), None)


def _buy(tariff: Tariff, rate: Rate | None, heard: Slot | None) -> float | None:
    if tariff.dynamic:
        told = None if heard is None else heard.buy
        return tariff.buy if told is None else tariff.factor * told + tariff.adder
    return tariff.buy if rate is None else rate.buy


def _sell(tariff: Tariff, rate: Rate | None, heard: Slot | None) -> float | None:
    if tariff.dynamic and heard is not None and heard.sell is not None:
        return heard.sell
    if tariff.sell is None:
        return None if heard is None else heard.buy
    return tariff.sell if rate is None or rate.sell is None else rate.sell
