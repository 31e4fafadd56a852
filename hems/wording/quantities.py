"""Numbers as a caretaker says them: kW and kWh, minutes and hours, a time of day."""

from datetime import datetime, tzinfo
from math import isfinite

from hems.model.units import W_PER_KW
from hems.wording.language import N_, translated

UNKNOWN = "??"
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
WEEK_H = 168.0
DAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
MONTHS = (
    *(N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun")),
    *(N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")),
)


LONG_MONTHS = (
    *(N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July")),
    *(N_("August"), N_("September"), N_("October"), N_("November"), N_("December")),
)


def kw(power_w: float | None) -> str:
    """`3.1 kW`; the sign is the sentence's business."""
    return UNKNOWN if power_w is None or not isfinite(power_w) else f"{abs(power_w) / W_PER_KW:.1f} kW"


def kw_signed(power_w: float | None) -> str:
    """`-4.1 kW`, for a table, where no sentence says the direction."""
    if power_w is None or not isfinite(power_w):
        return UNKNOWN
    told = f"{power_w / W_PER_KW:.1f}"
    return "0.0 kW" if told == "-0.0" else f"{told} kW"


def kwh(energy_wh: float | None) -> str:
    """`57 kWh`, below ten with one decimal."""
    if energy_wh is None or not isfinite(energy_wh):
        return UNKNOWN
    energy_kwh = energy_wh / W_PER_KW
    return f"{energy_kwh:.0f} kWh" if abs(energy_kwh) >= 10 else f"{energy_kwh:.1f} kWh"


def percent(value: float | None) -> str:
    """`50%`."""
    return UNKNOWN if value is None or not isfinite(value) else f"{value:.0f}%"


def duration(seconds: float | None) -> str:
    """`0.4 s`, `42 s`, `5 min`, `1 h 25 min`, `3 days 4 h`."""
    if seconds is None or not isfinite(seconds):
        return UNKNOWN
    seconds = max(0.0, seconds)
    if seconds < 10:
        return f"{seconds:.1f} s" if seconds % 1 >= 0.05 else f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 2 * MINUTE_S and whole != MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return _two(whole, MINUTE_S, "min", 1, "s") if whole < 10 * MINUTE_S else f"{whole // MINUTE_S} min"
    if whole < 2 * DAY_S:
        return _two(whole, HOUR_S, "h", MINUTE_S, "min")
    return _two(whole, DAY_S, translated(N_("days")), HOUR_S, "h")


def _two(whole: int, large: int, large_unit: str, small: int, small_unit: str) -> str:
    rest = whole % large // small
    return f"{whole // large} {large_unit} {rest} {small_unit}" if rest else f"{whole // large} {large_unit}"


def hours(count: float | None) -> str:
    """An estimate: `14 h`, `2 h 40 min`, `50 min`, `more than a week`; never more exact than it can be."""
    if count is None or count != count:
        return UNKNOWN
    if count > WEEK_H:
        return translated(N_("more than a week"))
    return f"{count:.0f} h" if count >= 3 else duration(MINUTE_S * round(count * 60))


def weekday(moment: datetime) -> str:
    """`Fri`, in the reader's language."""
    return translated(DAYS[moment.weekday()])


def day(moment: datetime) -> str:
    """`20 Nov`, in the reader's language."""
    return f"{moment.day} {translated(MONTHS[moment.month - 1])}"


def month_name(moment: datetime) -> str:
    """`November`, in the reader's language."""
    return translated(LONG_MONTHS[moment.month - 1])


def clock_time(moment: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """`04:40`, or `Sat 04:40` when that is not today; in `zone`, or the machine's own."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == today.date() else f"{weekday(local)} {local:%H:%M}"


def until(moment: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """`until 15:32`."""
    return translated(N_("until {clock_time}")).format(clock_time=clock_time(moment, now, zone))
