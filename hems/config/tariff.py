"""The tariff of a site file: what must hold for it, and its values."""

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from hems.config.problem import Path, Problem, absent, wrong
from hems.config.schema import SiteTable
from hems.config.tables.tariff import TariffTable, WindowTable
from hems.model.tariff import Days, DemandCharge, Rate, Tariff, Window

DEAR = dict.fromkeys(("AUD", "CAD", "CHF", "EUR", "GBP", "NZD", "SGD", "USD"), 2.0) | dict.fromkeys(
    ("CNY", "DKK", "NOK", "PLN", "SEK"), 20.0
)
"""Above this a kilowatt-hour has most likely been priced in hundredths of the currency; others are not judged.
A household's costs some tenths of a euro; what is left above that is for peaks."""
PER_KWH = ("buy", "sell", "adder", "wear_per_kwh", "credit_per_kwh")


def tariff_problems(site: SiteTable) -> Iterator[Problem]:
    """A price for every hour, told in one way."""
    tariff = site.tariff
    if tariff is None:
        return
    if tariff.buy is None and not tariff.dynamic and not _all_day(tariff):
        yield absent(("tariff", "buy"), "write what a kWh costs at the hours for which no rate is given")
    if tariff.dynamic and tariff.rates:
        where = ("tariff", "dynamic")
        yield wrong(where, True, "leaves no use for rates", "remove one of them", ("tariff", "rates"))


def _all_day(tariff: TariffTable) -> bool:
    return any(
        (rate.to_h - rate.from_h) % 24.0 == 0.0 and rate.days == "all" and not rate.months
        for rate in tariff.rates.values()
    )


def hundredths(site: SiteTable) -> Iterator[Problem]:
    """Prices that somebody most likely has written in cents."""
    currency = "EUR" if site.tariff is None else site.tariff.currency
    most = DEAR.get(currency, inf)
    for where, price in _per_kwh((), site.model_dump()):
        if abs(price) > most:
            told = f" = {price:g} is {price:g} {currency} for a kWh; write {price / 100:g} if hundredths are meant."
            yield Problem(where, told)


def _per_kwh(where: Path, tables: Mapping[str, Any]) -> Iterator[tuple[Path, float]]:
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from _per_kwh((*where, key), value)
        elif key in PER_KWH and value is not None:
            yield (*where, key), value


def tariff_of(table: TariffTable | None) -> Tariff | None:
    """As values; None without one."""
    if table is None:
        return None
    nothing = None if table.dynamic else 0.0
    return Tariff(
        currency=table.currency,
        buy=table.buy,
        sell=nothing if table.sell is None else table.sell,
        rates=tuple(Rate(window=window_of(rate), buy=rate.buy, sell=rate.sell) for rate in table.rates.values()),
        demand=tuple(DemandCharge(per_kw=one.per_kw, window=window_of(one)) for one in table.demand.values()),
        dynamic=table.dynamic,
        factor=table.factor,
        adder=table.adder,
        holidays=frozenset(table.holidays),
        co2_g=table.co2_g,
        co2_per_kg=table.co2_per_kg,
    )


def window_of(table: WindowTable) -> Window:
    """The hours of a table as a value."""
    return Window(from_h=table.from_h, to_h=table.to_h, days=Days(table.days), months=tuple(table.months))
