"""What makes or stores energy."""

from typing import Annotated

from pydantic import Field

from hems.config.tables.words import Id, Kw, Name, OverloadPoint, Pct, Phases, Ports, PortText, Table


class FormerTable(Table):
    """What makes voltage and frequency while the grid is away."""

    source: Id = Field(examples=["main"])
    """The battery it draws on, or the bay whose car forms the island."""
    name: Name | None = Field(None, examples=["Hybrid inverter"])
    """For people; the source's name when not given."""
    start: PortText | None = Field(None, examples=["hybrid/start"])
    """Command that asks it to make voltage on a dead building; without it it starts by itself or by hand."""
    wakes: PortText | None = Field(None, examples=["bay_1/dark_start_ok"])
    """Whether the small battery that wakes it in the dark has charge; without it a black start is tried anyway."""
    phase_kva: list[Kw] = Field(min_length=1, max_length=3, examples=[[10.0, 10.0, 10.0]])
    """Continuous rating of each phase."""
    surge: float = Field(1.5, ge=1.0, le=10.0)
    """What it carries for about 3 s, as a multiple of the rating: the limit for motor starts."""
    curve: list[OverloadPoint] | None = Field(None, min_length=2, max_length=12, examples=[[[1.1, 600.0], [2.0, 1.0]]])
    """Overload curve of its data sheet as pairs of (multiple of the rating, seconds until it trips), rising.  Without
    it a deliberately pessimistic one is taken."""
    power: Ports | None = Field(None, examples=[["hybrid/l1_w", "hybrid/l2_w", "hybrid/l3_w"]])
    """Where its output is measured, one point per phase."""


class GeneratorTable(Table):
    """An engine that HEMS may ask to run; its own controller starts and protects it."""

    name: Name | None = Field(None, examples=["Generator"])
    """For people."""
    rated_kw: Kw = Field(examples=[20.0])
    """Continuous rating."""
    separated: bool = False
    """Whether a listed transfer switch keeps it apart from the grid in every position.  Without one it is only asked to
    run while the grid switch is open."""
    run: PortText = Field(examples=["genset/run"])
    """Command that asks it to run: a two-wire start or its controller's own."""
    running: PortText = Field(examples=["genset/running"])
    """Whether it makes voltage; without an answer nobody is let back to the grid."""
    power: PortText | None = Field(None, examples=["genset/power_w"])
    """Where its output is measured."""
    fuel: PortText | None = Field(None, examples=["genset/fuel_pct"])
    """Where the level of its tank is read, in percent.  What is not read counts as nothing."""
    tank_kwh: Kw | None = Field(None, examples=[300.0])
    """What it makes of a full tank; about 3 kWh a litre of diesel."""


class BatteryTable(Table):
    """Stationary storage behind an inverter."""

    name: Name | None = Field(None, examples=["Battery"])
    """For people; made from the key when not given."""
    capacity_kwh: float = Field(gt=0, le=50_000, examples=[10.0])
    """Usable energy between empty and full."""
    charge_max_kw: Kw = Field(examples=[5.0])
    """Highest charging power."""
    discharge_max_kw: Kw = Field(examples=[5.0])
    """Highest power towards the building."""
    shutdown_pct: Pct = 5.0
    """Below this the inverter stops by itself, so it is not counted as stored.  What goes off at which charge is set in
    `[params.band]`."""
    power: PortText | None = Field(None, examples=["hybrid/battery_w"])
    """Where its power is measured, discharge positive."""
    soc: PortText = Field(examples=["hybrid/soc_pct"])
    """Where its state of charge is read."""
    discharge_limit: PortText | None = Field(None, examples=["hybrid/battery_permits_w"])
    """What the battery's own management permits to be taken now, where a device tells it: less in the cold."""
    setpoint: PortText | None = Field(None, examples=["hybrid/battery_w"])
    """Command for its power; without it the inverter decides alone."""
    reserve_pct: Pct | None = Field(None, examples=[60.0])
    """Kept for power cuts.  With it and `setpoint` HEMS decides on the grid what the battery does: it takes the sun,
    serves the building and keeps the connection inside its limits, never below this.  Set the same in the inverter."""
    reserve_winter_pct: Pct | None = Field(None, examples=[80.0])
    """Kept in `winter_months` instead, if that is more."""
    winter_months: list[Annotated[int, Field(ge=1, le=12)]] = Field([11, 12, 1, 2], min_length=1, max_length=12)
    """Months in which power cuts are likelier, or the sun brings little."""
    reserve_by_history: bool = False
    """Keep at least what life safety, critical and essential circuits usually need through four of five of this
    building's own last power cuts; never more than 90%."""
    wear_per_kwh: float = Field(0.04, ge=0, le=10)
    """What giving a kWh costs in wear, in the currency of the tariff: price of the battery, less what it is worth in
    the end, by the kWh it gives in its life.  It is never given for less."""


class ReserveTable(Table):
    """What batteries and cars keep together for power cuts."""

    kwh: Kw = Field(examples=[40.0])
    """So much, above the charge at which batteries stop and above what drivers keep.  A car holds a part of it for as
    long as it may give and is not to leave within four hours; batteries keep the rest, besides their `reserve_pct`."""
    winter_kwh: Kw | None = Field(None, examples=[60.0])
    """Kept in `winter_months` instead, if that is more."""
    winter_months: list[Annotated[int, Field(ge=1, le=12)]] = Field([11, 12, 1, 2], min_length=1, max_length=12)
    """Months in which power cuts are likelier, or the sun brings little."""
    by_history: bool = False
    """Keep at least what life safety, critical and essential circuits usually need through four of five of this
    building's own last power cuts."""


class PvTable(Table):
    """A photovoltaic plant."""

    name: Name | None = Field(None, examples=["Roof"])
    """For people; made from the key when not given."""
    rated_kw: Kw = Field(examples=[5.0])
    """Highest power of its inverter."""
    phases: Phases = Field(examples=[["L1"]])
    """Where it feeds in."""
    power: PortText = Field(examples=["roof/power_w"])
    """Where its production is measured."""
    available: PortText | None = Field(None, examples=["roof/available_w"])
    """What the sun would let it give, where a device tells that also while the building is dark: an irradiance sensor,
    or an inverter that lives on its modules.  HEMS starts a dark building with little stored by it."""
    limit: PortText | None = Field(None, examples=["roof/power_limit_w"])
    """Command that caps it.  With it an export limit is kept even when batteries are full and no car charges."""
    direct: bool | None = None
    """Whether its modules hang on the inverter that forms the island (DC coupled) and so produce also while the
    building is dark.  When not given: whether `power` is read from a device of `[former] power`."""
