"""What dispatch remembers from tick to tick."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hems.model.plan import Plan
from hems.model.quick import quick
from hems.model.tariff import Price
from hems.model.units import PanelId, SourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleMemory:
    """The utility's limits as last heard."""

    heard_s: float | None = None
    """Last sign of life."""
    failsafe_since_s: float | None = None
    import_w: float | None = None
    export_w: float | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterMemory:
    """The quarter of an hour that is being counted."""

    begun_s: float | None = None
    drawn_wh: float = 0.0
    seen_s: float | None = None
    """Until when it has been counted; None before the first look."""
    import_w: float = 0.0
    """What flowed then."""
    pace_w: float = 0.0
    """The same, or what could flow on average until it ends, if that is more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessMemory:
    """A limit that is being exceeded."""

    since_s: float | None = None
    wh: float = 0.0
    told_s: float = float("-inf")
    """When an event was told last."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What circuits draw on one phase beyond the sun."""

    watts: float
    lower_since_s: float | None = None
    """It has been seen lower since then."""
    lower_w: float = 0.0
    """The most of what was seen since: meters do not read at one instant, and one low look is no fall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """What the connection's schedule allows at this hour; None where it does not limit."""

    import_w: float | None = None
    export_w: float | None = None


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The most that a car drew a moment ago."""

    watts: float
    at_s: float


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    """What flowed at the last look at which the meters agreed."""

    without_w: float | None = None
    """What the grid would carry if batteries rested; None while nobody can tell."""
    cars_w: float = 0.0
    """What cars gave at that look, negative while they charge."""
    circuits_w: float | None = None
    """What circuits surely draw beyond the sun."""
    cars: Mapping[SourceId, Drawn] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True)
class Found:
    """What a battery did when it was told to do more."""

    gives: bool
    """It was told to give; else to take."""
    watts: float
    pct: float | None
    """Its charge then."""
    at_s: float
    follows: bool = False
    """It has done more since then, when that was tried."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Able:
    """What one battery has shown that it can do."""

    short_since_s: float | None = None
    """It has done less than it was told since then."""
    found: Found | None = None
    """None while it is believed to do what it is rated for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarPrices:
    """At what prices a car charges and gives, in the currency of the tariff per kilowatt-hour at the meter."""

    charge_below: float
    give_above: float
    keeps_wh: float = 0.0
    """Above what it keeps anyhow: for the connection's limit, and not to be given for money."""


@dataclass(frozen=True, kw_only=True)  # without slots: copied in most ticks
class MarketMemory:
    """What energy costs, and what follows from that for the batteries."""

    now: Price | None = None
    """The price of this quarter of an hour; None without a tariff or a clock."""
    month: int = 0
    """The month whose highest quarter of an hour is remembered, counted from year 0."""
    month_peak_w: float = 0.0
    solved_s: float = float("-inf")
    worth: float | None = None
    """What a kilowatt-hour in the batteries is worth, in the currency of the tariff; None while nobody can tell."""
    target_w: float | None = None
    """Import that batteries keep a quarter of an hour below for the demand charge's sake; None: nothing is paid."""
    calm_w: float | None = None
    """What can wait is drawn only below this: it is enough, and no month becomes dearer by a bad quarter of an hour."""
    counts: bool = True
    """A demand charge counts the present instant, where there is one."""
    held_wh: float = 0.0
    """What batteries keep above their reserve for that."""
    limit_wh: float = 0.0
    """What they keep above it for the connection's limit."""
    short_wh: float = 0.0
    """What is bought below that import, because with more the peak could be kept lower."""
    cars: Mapping[SourceId, CarPrices] = field(default_factory=dict)
    """Of those that are here and whose departure is known."""
    seen_cars: tuple[tuple[SourceId, float], ...] = ()
    """Who was here, and when they leave, when that was found."""
    plan: Plan | None = None
    """What the solver found last."""
    planned: bool = False
    """`worth` is the plan's; otherwise it is found in closed form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorseMemory:
    """How much worse bad quarters of an hour are than habits expect."""

    watts: tuple[float, ...] = ()
    """By the hour, UTC; nothing before the first was seen."""
    quarter: int = -1
    """The one that is being watched, counted from 1970."""
    joules: float = 0.0
    seen_s: float = 0.0
    house_w: float | None = None
    """What circuits drew beyond the sun at the last look; None when nobody could tell."""


@dataclass(frozen=True, kw_only=True)  # without slots: copied in most ticks
class ConnectionMemory:
    """All of it."""

    standing: tuple[Standing, ...] = ()
    """Phase by phase; nothing on an island."""
    stood_s: float | None = None
    """When the meter at the street was read, by which circuits were judged last."""
    stood_w: tuple[float, ...] = ()
    """What they drew by that look."""
    silent: frozenset[SourceId] = frozenset()
    """Chargers that nobody heard at that look: what their cars draw counts among circuits."""
    back_s: Mapping[SourceId, float] = field(default_factory=dict)
    """When those answered again that did so lately."""

    panels: Mapping[PanelId, tuple[Standing, ...]] = field(default_factory=dict)
    """The same behind each sub-panel whose meter speaks, with the grid and without."""
    panels_over_s: Mapping[PanelId, float] = field(default_factory=dict)
    """Since when more flows through a panel than its fuses carry for hours."""
    steady: Steady = field(default_factory=Steady)
    able: Mapping[SourceId, Able] = field(default_factory=dict)
    """What batteries can do, where that is less than their rating."""
    flexible: FlexibleMemory = FlexibleMemory()
    hours: Hours = Hours()
    quarter: QuarterMemory = QuarterMemory()
    excess: ExcessMemory = ExcessMemory()
    market: MarketMemory = MarketMemory()
    worse: WorseMemory = WorseMemory()


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What flowed through the meter, and what that cost."""

    bought_wh: float = 0.0
    sold_wh: float = 0.0
    cost: float = 0.0
    co2_g: float = 0.0
    quarter_wh: float = 0.0
    """In the quarter of an hour that is being counted."""
    peak_w: float = 0.0
    demand_w: tuple[float, ...] = ()
    """The highest quarter of an hour in the hours of each demand charge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarsMemory:
    """What cars did today, beside charging at once what their drivers want."""

    left_wh: Mapping[SourceId, float] = field(default_factory=dict)
    """What each that is here would still have to be given then, at the socket; this goes on over midnight."""
    given_wh: float = 0.0
    """What they gave to the building."""
    more_wh: float = 0.0
    """What they took beyond that, and beyond what they would have taken at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMemory:
    """The day so far."""

    day: int = 0
    """Counted from year 1, on the local calendar; 0 before the first."""
    quarter: int = 0
    seen_s: float = 0.0
    real: Side = Side()
    resting: Side = Side()
    """The same with batteries at rest."""
    charging: Side = Side()
    """And with cars that only charge, when they did."""
    at_once: Side = Side()
    """And with cars that charge at once what their drivers want."""
    cars: CarsMemory | None = None
    """None where there is no bay."""
    sun_wh: float = 0.0
    given_wh: float = 0.0
    """By batteries."""
    taken_wh: float = 0.0
    least_above_pct: float = 100.0
    """How near the batteries came to their reserve; below 0 they have touched it."""
