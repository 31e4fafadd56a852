"""What was recorded, as a table that is complete without the plot above it; and what the plot is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hems.model.picture import Picture
from hems.model.site import Tier
from hems.model.trend import Curve, Trend
from hems.model.units import DAY_S, HOUR_S
from hems.tui.format import BLANK, Part, Row, Tone, profile, row
from hems.wording import day, duration, kw_signed, percent, tier_name, weekday
from hems.wording.language import say

SPANS_S = (3600.0, 6 * HOUR_S, 86400.0, 7 * DAY_S, 365 * DAY_S)
SPAN_WORDS = ("1 hour", "6 hours", "24 hours", "7 days", "1 year")
NAMES, FIGURES = 20, 37
"""Columns of a name, and of what else stands before a profile."""
TICKS = 5
MONEY = ("today/paid", "today/saved", "today/saved_later", "today/saved_giving")


@dataclass(frozen=True, slots=True)
class Group:
    """Series that are looked at together."""

    title: str
    names: Mapping[str, str]
    """What each series is called."""
    whole: bool = False
    """Whether names are told in whole, at the cost of how it went."""

    @property
    def columns(self) -> int:
        """Of a name."""
        return max([NAMES, *map(len, self.names.values())]) if self.whole else NAMES


@dataclass(frozen=True, slots=True)
class Line:
    """One curve to draw; `letter` marks its points, so that no meaning is in colour alone."""

    letter: str
    name: str
    points: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a plot shows: lines, and where which words stand at its edges."""

    lines: Sequence[Line]
    times: Mapping[int, str]
    """Words below a step."""
    levels: Mapping[float, str]
    """Words beside a value."""


def groups(picture: Picture) -> tuple[Group, ...]:
    """What can be looked at in this building."""
    power = {"load_w": say("Used by the building"), "grid_w": say("From the grid")}
    power |= {"pv_w": say("Sun power")} if picture.pv_rated_w else {}
    power |= {"battery_w": say("Battery gives")} if picture.battery_capacity_wh else {}
    power |= {"cars_w": say("Cars give")} if picture.cars else {}
    stored = {"battery_soc_pct": say("Battery")} if picture.battery_capacity_wh else {}
    stored |= {f"bays/{car.id}/soc_pct": car.name for car in picture.cars}
    tiers = (Group(say("{tier_name} circuits", tier_name=tier_name(tier)), _circuits(picture, tier)) for tier in Tier)
    worth = _worth(picture) if picture.currency else {}
    found = (
        Group(say("Power of the building"), power),
        Group(say("Stored energy"), stored),
        Group(say("Each day so far, money in {currency}", currency=picture.currency), worth),
        Group(say("Saved each day so far, in {currency}", currency=picture.currency), _saved(picture), whole=True),
        *tiers,
    )
    return tuple(group for group in found if group.names)


def _worth(picture: Picture) -> dict[str, str]:
    """Counted from midnight: the highest of a day is what it came to."""
    worth = {
        "today/paid": say("Paid"),
        "today/peak_w": say("Highest quarter"),
    }
    return worth | ({"today/own_sun_pct": say("Own use of the sun")} if picture.pv_rated_w else {})


def _saved(picture: Picture) -> dict[str, str]:
    """Where it comes from, in the words of the monthly report."""
    if not picture.currency:
        return {}
    cars = {
        "today/saved_later": say("Cars charge at better times"),
        "today/saved_giving": say("Cars give to the building"),
    }
    stored = {"today/saved": say("Batteries")}
    return (cars if picture.cars else {}) | (stored if picture.battery_capacity_wh else {})


def _circuits(picture: Picture, tier: Tier) -> dict[str, str]:
    return {f"circuits/{one.id}/power_w": one.name for one in picture.circuits if one.tier is tier}


def title(group: Group, span: int) -> Row:
    """`Power of the building, the last 24 hours`."""
    return row(Part(f" {group.title}", Tone.STRONG), say(", the last {span}", span=say(SPAN_WORDS[span])))


def table(group: Group, told: Trend | None, note: str, width: int) -> tuple[Row, ...]:
    """Lowest, mean, highest and last of each series, and how it went, from light to dark."""
    if told is None:
        return (BLANK, row(f"   {note or say('HEMS reads its records ...')}"))
    room = width - FIGURES - group.columns - 4
    heading = row(
        f"   {'':<{group.columns + 1}}{say('  LOWEST     MEAN  HIGHEST     LAST')}   {say('HOW IT WENT')[:room]}"
    )
    letters = letters_of(group)
    names = {series: f"{name[: group.columns]:<{group.columns}}" for series, name in group.names.items()}
    lines = [_line(letters[curve.series], names[curve.series], curve, room) for curve in told.curves]
    return (heading, *lines, *_remarks(told, note))


def _line(letter: str, name: str, curve: Curve, room: int) -> Row:
    figures = "".join(f"{figure(curve.series, one):>9}" for one in (curve.low, curve.mean, curve.high, curve.last))
    went = profile(curve.points, min(room, len(curve.points)))
    return row(" ", Part(letter, Tone.STRONG), f" {name}{figures}  {went}")


def _remarks(told: Trend, note: str) -> tuple[Row, ...]:
    if note:
        return (row(Part(f" {note}", Tone.STRONG)),)
    if told.one_in > 1:
        return (row(say(" Of {one_in} minutes one was read: short peaks may be missing.", one_in=told.one_in)),)
    if all(curve.mean is None for curve in told.curves):
        return (row(say(" Nothing was recorded in this time.")),)
    return (BLANK,)


def letters_of(group: Group) -> dict[str, str]:
    """A letter for each series: its first one that is still free."""
    taken: dict[str, str] = {}
    for series, name in group.names.items():
        rest = f"{name}ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".replace(" ", "")
        first = next((char for char in reversed(name) if char.isdigit()), rest[0].upper())
        wanted = (first, *(char.upper() for char in rest), *rest)
        taken[series] = next((char for char in wanted if char not in taken.values()), "*")
    return taken


def drawing(group: Group, told: Trend) -> Drawing:
    """The same for the plot."""
    letters = letters_of(group)
    lines = [Line(letters[one.series], group.names[one.series], one.points) for one in told.curves]
    known = [point for line in lines for point in line.points if point is not None]
    return Drawing(lines, _times(told), _levels(told, known))


def _times(told: Trend) -> dict[int, str]:
    """At even times; the plot's right edge is now."""
    last = len(told.curves[0].points) - 1
    parts = [number / (TICKS - 1) for number in range(TICKS)]
    return {round(part * last): _when(told, told.span_s * (1.0 - part)) for part in parts}


def _when(told: Trend, before_s: float) -> str:
    if told.until is None:
        return f"-{duration(before_s)}"
    moment = (datetime.fromisoformat(told.until) - timedelta(seconds=before_s)).astimezone()
    if told.span_s <= 86400.0:
        return f"{moment:%H:%M}"
    return f"{weekday(moment)} {moment:%H:%M}" if told.span_s <= 7 * DAY_S else day(moment)


def _levels(told: Trend, known: Sequence[float]) -> dict[float, str]:
    low, high = min((0.0, *known)), max((0.0, *known))
    series = told.curves[0].series
    return {level: figure(series, level) for level in sorted({low, 0.0, (low + high) / 2.0, high})}


def figure(series: str, value: float | None) -> str:
    """A value of a series in its unit."""
    if series in MONEY:
        return "?" if value is None else f"{value:.2f}"
    return percent(value) if series.endswith("_pct") else kw_signed(value)
