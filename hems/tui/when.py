"""Times of day as an operator says them, in the local time of this machine.

The picture brings its own clock; when that has not been checked there is no time of day, only a duration.
"""

from datetime import datetime, timedelta
from math import isinf

from hems.model.instant import seconds_to
from hems.model.picture import Picture
from hems.tui.format import UNKNOWN
from hems.wording import clock_time, day, duration, hours, weekday
from hems.wording.language import N_, say

NO_CLOCK = N_("clock not checked")
WEEK_H = 168.0
ANOTHER_DAY_S = 43200.0
"""After half a day a time alone could be that of another one."""
ROUGH = timedelta(minutes=10)
"""An estimate of hours is not said to the minute."""


def local_time(picture: Picture) -> datetime | None:
    """The picture's instant in local time; None while the daemon's clock has not been checked."""
    return None if picture.utc is None else datetime.fromisoformat(picture.utc).astimezone()


def date_and_time(picture: Picture) -> str:
    """`Fri 20 Nov 14:32`."""
    now = local_time(picture)
    return say(NO_CLOCK) if now is None else f"{weekday(now)} {day(now)} {now:%H:%M}"


def time_only(picture: Picture) -> str:
    """`14:32`."""
    now = local_time(picture)
    return say(NO_CLOCK) if now is None else f"{now:%H:%M}"


def to_the_second(picture: Picture) -> str | None:
    """`14:32:05`, or None."""
    now = local_time(picture)
    return None if now is None else f"{now:%H:%M:%S}"


def seen_at(picture: Picture, age_s: float) -> str | None:
    """`14:32:05`, with the day once that is long ago: `Thu 19 Nov 14:32:05`; None without a clock."""
    now = local_time(picture)
    if now is None:
        return None
    return f"{now:%H:%M:%S}" if age_s < ANOTHER_DAY_S else f"{weekday(now)} {day(now)} {now:%H:%M:%S}"


def since(picture: Picture, age_s: float | None) -> str:
    """`since 13:07`, with the day when it was another one; `for 1 h 25 min` without a clock."""
    if age_s is None:
        return say("since {unknown}", unknown=UNKNOWN)
    now = local_time(picture)
    if now is None:
        return say("for {duration}", duration=duration(int(age_s)))
    return say("since {clock_time}", clock_time=clock_time(now - timedelta(seconds=age_s), now))


def ends(picture: Picture, left_s: float) -> str:
    """`until 16:32`, or `for 2 h` without a clock."""
    now = local_time(picture)
    if now is None:
        return say("for {duration}", duration=duration(left_s))
    return say("until {clock_time}", clock_time=clock_time(now + timedelta(seconds=left_s), now))


def leaves(picture: Picture, in_s: float) -> str:
    """When something is to be: `at 07:30`, or `in 2 h` without a clock."""
    now = local_time(picture)
    if now is None:
        return say("in {duration}", duration=duration(in_s))
    return say("at {clock_time}", clock_time=clock_time(now + timedelta(seconds=in_s), now))


def at(picture: Picture, in_s: float) -> str:
    """The same in a table: `07:30`, `Sat 07:30`, or `2 h`."""
    now = local_time(picture)
    return duration(in_s) if now is None else clock_time(now + timedelta(seconds=in_s), now)


def bare(told: str) -> str:
    """`13:07` of `since 13:07`, for a table."""
    for form in (say("since {clock_time}", clock_time=""), say("for {duration}", duration="")):
        told = told.removeprefix(form)
    return told


UNITS_S = {"m": 60.0, "h": 3600.0}


def seconds_told(picture: Picture, text: str, *, from_in_s: float = 0.0) -> float | None:
    """Seconds until `07:30`, the next one there is, or of `2h` and `30m`; None for what is no time.

    They count from now, or from `from_in_s` seconds later.
    """
    now, (number, unit) = local_time(picture), (text[:-1], text[-1:].lower())
    if unit in UNITS_S and number.replace(".", "", 1).isdigit():
        return float(number) * UNITS_S[unit]
    try:
        at = datetime.strptime(text, "%H:%M")
    except ValueError:
        return None
    if now is None:
        return None
    return seconds_to(at.time(), now + timedelta(seconds=from_in_s))


def target_told(text: str) -> dict[str, float] | None:
    """What is asked with `80%`, `80` or `120 km`; None for what is neither."""
    number, unit = text.strip().lower().replace(",", "."), "%"
    for known in ("km", "%"):
        if number.endswith(known):
            number, unit = number.removesuffix(known).strip(), known
    if not number.replace(".", "", 1).isdigit():
        return None
    return {"target_km" if unit == "km" else "target_pct": float(number)}


def since_and_for(picture: Picture, age_s: float) -> str:
    """`since 13:07 (1 h 25 min)`."""
    told = since(picture, age_s)
    return told if local_time(picture) is None else f"{told} ({duration(int(age_s))})"


def until(picture: Picture, hours_left: float) -> str | None:
    """`SAT 04:40`, to ten minutes on the early side; None without a clock and for more than a week."""
    now = local_time(picture)
    if now is None or isinf(hours_left) or hours_left > WEEK_H:
        return None
    moment = now + timedelta(hours=hours_left)
    if hours_left >= 1.0:
        moment -= timedelta(minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond) % ROUGH
    return clock_time(moment, now).upper()


def roughly(picture: Picture, hours_left: float) -> str:
    """`~17:50`, or `in ~3 h` without a clock: for a table."""
    moment = until(picture, hours_left)
    return say("in ~{hours}", hours=hours(hours_left)) if moment is None else f"~{moment}"


def about_when(picture: Picture, hours_left: float) -> str:
    """`at about 17:50`, or `in about 3 h` without a clock."""
    moment = until(picture, hours_left)
    return (
        say("in about {hours}", hours=hours(hours_left)) if moment is None else say("at about {moment}", moment=moment)
    )
