"""Who is told what, and when: priorities, hours of rest, and not the same again and again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hems.config.tables.outward import ChannelTable, QuietTable
from hems.northbound.alarms.news import OUTAGE, RANK, News
from hems.wording import priority_word
from hems.wording.language import say


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one way to people is given."""

    id: str
    """The same at each attempt, so that a receiver can pass over what comes twice."""
    site: str
    made_s: float | None
    """When it was made, in seconds since 1970; None when nobody knew the time."""
    priority: str
    title: str
    text: str


def wanted(channel: ChannelTable, news: News) -> bool:
    """Whether that way is for such news."""
    if news.key == OUTAGE:
        return channel.outages
    return RANK[news.priority] >= RANK[channel.least] and (channel.gone or not news.over)


def message(id: str, site: str, made_s: float | None, news: Iterable[News]) -> Message | None:
    """One message of all news that came together, the most urgent first; None of none."""
    ordered = sorted(news, key=lambda one: (-RANK[one.priority], one.over))
    if not ordered:
        return None
    first, more = ordered[0], len(ordered) - 1
    title = f"{site}: {_headline(first)}" + (say(" (and {count} more)", count=more) if more else "")
    text = "\n\n".join(f"{_headline(one)}\n{one.text}" for one in ordered)
    return Message(id=id, site=site, made_s=made_s, priority=first.priority, title=title, text=text)


def _headline(one: News) -> str:
    if one.key == OUTAGE:
        return one.title
    return say("over: {what}", what=one.title) if one.over else f"{priority_word(one.priority)}: {one.title}"


def resting(quiet: QuietTable | None, priority: str, local: datetime | None) -> bool:
    """Whether a message waits now.  When nobody knows the time, nobody rests."""
    if quiet is None or local is None or RANK[priority] >= RANK[quiet.unless]:
        return False
    begins, ends, now = quiet.begins, quiet.ends, f"{local:%H:%M}"
    return begins <= now < ends if begins <= ends else now >= begins or now < ends


def not_lately(news: Iterable[News], told_s: Mapping[str, float], again_s: float, now_s: float) -> list[News]:
    """Without alarms of which the same was told not long ago; a power cut is always told."""
    return [one for one in news if one.key == OUTAGE or one.over or now_s >= told_s.get(one.key, -again_s) + again_s]
