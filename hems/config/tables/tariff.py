"""What energy costs."""

from typing import Annotated, Literal

from pydantic import Field

from hems.config.tables.words import Id, Table

DayName = Literal["all", "working", "free"]
Month = Annotated[int, Field(ge=1, le=12)]
Money = Annotated[float, Field(ge=-100, le=100)]
Hour = Annotated[float, Field(ge=0, le=24)]
Day = Annotated[str, Field(pattern=r"^(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class WindowTable(Table):
    """When a price holds."""

    from_h: Hour = Field(0.0, examples=[22.0])
    """From this hour on, where the building stands: 6.5 is half past six."""
    to_h: Hour = Field(24.0, examples=[6.0])
    """Until this hour; one that is not later than `from_h` is on the next day."""
    days: DayName = "all"
    """`working` is Monday to Friday without holidays, `free` is Saturdays, Sundays and holidays."""
    months: list[Month] = Field(default_factory=list, max_length=12, examples=[[11, 12, 1, 2]])
    """Months of the year; all when not given."""


class RateTable(WindowTable):
    """A price at some hours."""

    buy: Money = Field(examples=[0.22])
    """For a kWh from the grid."""
    sell: Money | None = Field(None, examples=[0.08])
    """For a kWh fed in; that of the tariff when not given."""


class DemandTable(WindowTable):
    """What the highest quarter of an hour of a month costs."""

    per_kw: float = Field(ge=0, le=1000, examples=[9.5])
    """For each kW of it, in the hours of this table."""


class TariffTable(Table):
    """What energy costs, all taxes included.  With it batteries and cars act by price."""

    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", examples=["EUR"])
    """Three letters."""
    buy: Money | None = Field(None, examples=[0.30])
    """For a kWh from the grid at all hours for which no rate is given, or nobody has told a price."""
    sell: Money | None = Field(None, examples=[0.08])
    """For a kWh fed in.  Without it: nothing, or with `dynamic` what is told for a kWh from the grid."""
    dynamic: bool = False
    """Prices are told hour by hour, by `hems prices` from a file or by a price service.  Rates do not count then."""
    factor: float = Field(1.0, ge=0, le=10)
    """What is told becomes what is paid by this factor, such as 1.2 for a tax, .."""
    adder: Money = 0.0
    """.. plus this for each kWh, such as network fees."""
    holidays: list[Day] = Field(default_factory=list, max_length=200, examples=[["01-01", "2026-04-06"]])
    """Days that count like Sundays: `12-25` every year, `2026-04-06` once."""
    co2_g: float | None = Field(None, ge=0, le=2000, examples=[380.0])
    """Grams of CO2 for a kWh from the grid, where nobody tells it hour by hour."""
    co2_per_kg: float = Field(0.0, ge=0, le=100)
    """What a kilogram of it counts in decisions, on top of what is paid."""
    rates: dict[Id, RateTable] = Field(default_factory=dict)
    """`[tariff.rates.NAME]`, the first that fits counts."""
    demand: dict[Id, DemandTable] = Field(default_factory=dict)
    """`[tariff.demand.NAME]`, what the highest quarter of an hour costs."""
