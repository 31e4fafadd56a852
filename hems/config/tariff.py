"""The tariff of a site file: what must hold for it, and its values."""

from collections.abc import Iterator

from hems.config.problem import Problem, absent, wrong
from hems.config.schema import SiteTable
from hems.config.tables.tariff import TariffTable, WindowTable
from hems.model.tariff import Days, DemandCharge, Rate, Tariff, Window


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
