"""What is new since the last look: alarms that came and went, a power cut, its end, a daemon that fell silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hems.model.picture import AlarmPicture, Picture
from hems.model.units import HOUR_S
from hems.northbound.latest import names_in
from hems.wording import duration, sentence
from hems.wording.guidance import guidance
from hems.wording.language import say

OUTAGE, SILENT = "power cut", "silence"
"""Keys of what is no alarm."""
SAME_S = 10.0
"""Two times of raising that are nearer are the same alarm."""
RANK = {"LOW": 0, "MED": 1, "HIGH": 2}


@dataclass(frozen=True, slots=True)
class News:
    """One thing worth telling."""

    key: str
    priority: str
    over: bool
    """Whether it has ended."""
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Known:
    """Something that was told and is not over."""

    priority: str
    raised_s: float | None
    """When it was raised, in seconds since 1970; None when nobody knew the time."""
    title: str


def look(picture: Picture, known: Mapping[str, Known]) -> tuple[list[News], dict[str, Known]]:
    """The news, and what is known from now on."""
    now = {key: one for key, one in known.items() if key != SILENT}
    news = [_heard_again(known[SILENT])] if SILENT in known else []
    news += _outage(picture, now)
    names = names_in(picture)
    there = {one.key for one in (*picture.alarms, *picture.alarms_folded, *picture.alarms_aside)}
    for key in [key for key in now if key != OUTAGE and key not in there]:
        gone = now.pop(key)
        news.append(News(key, gone.priority, True, gone.title, say("This is over.")))
    for alarm in picture.alarms:
        raised_s, before = _raised_s(picture, alarm), now.get(alarm.key)
        if before is None or _another(before.raised_s, raised_s):
            title = sentence(alarm.cause, alarm.subject, names)
            now[alarm.key] = Known(alarm.priority, raised_s, title)
            news.append(News(alarm.key, alarm.priority, False, title, _help(alarm)))
    return news, now


def silent(for_s: float, known: Mapping[str, Known]) -> tuple[list[News], dict[str, Known]]:
    """The news that the daemon has not been heard for so long."""
    if SILENT in known:
        return [], dict(known)
    title = say("HEMS is silent.")
    text = say("Nothing was heard of it for {time}. Circuits stay as they are.", time=duration(for_s))
    return [News(SILENT, "HIGH", False, title, text)], {**known, SILENT: Known("HIGH", None, title)}


def _heard_again(before: Known) -> News:
    return News(SILENT, before.priority, True, before.title, say("It is heard again."))


def _outage(picture: Picture, now: dict[str, Known]) -> list[News]:
    cut = picture.outage_for_s is not None
    if cut and OUTAGE not in now:
        title = say("POWER CUT")
        now[OUTAGE] = Known("HIGH", None, title)
        return [News(OUTAGE, "HIGH", False, title, _stands(picture))]
    if not cut and OUTAGE in now:
        del now[OUTAGE]
        return [News(OUTAGE, "HIGH", True, say("The grid is back."), say("The power cut is over."))]
    return []


def _stands(picture: Picture) -> str:
    lines = [sentence(picture.mode_because)]
    if picture.essential_hours is not None and picture.essential_hours[1] < float("inf"):
        lasts = duration(HOUR_S * picture.essential_hours[1])
        lines.append(say("Essential power lasts about {time}.", time=lasts))
    off = [one.name for one in picture.circuits if one.closed is False]
    if off:
        lines.append(say("Off now: {circuits}.", circuits=", ".join(off)))
    return "\n".join(lines)


def _help(alarm: AlarmPicture) -> str:
    found = guidance(alarm.cause)
    return "\n".join(
        [found.means, *(f"- {step}" for step in found.do), say("If nobody does anything: {wait}", wait=found.wait)]
    )


def _raised_s(picture: Picture, alarm: AlarmPicture) -> float | None:
    if picture.utc is None:
        return None
    return datetime.fromisoformat(picture.utc).timestamp() - alarm.since_s


def _another(before_s: float | None, now_s: float | None) -> bool:
    """Whether an alarm of the same key was raised anew, as far as the times are known."""
    return before_s is not None and now_s is not None and abs(now_s - before_s) > SAME_S
