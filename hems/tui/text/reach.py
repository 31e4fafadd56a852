"""How far the stored energy reaches, in words: until when first, for how long second, always as a range."""

from math import isinf

from hems.model.picture import Picture
from hems.tui.format import Part, Row, Tone, row
from hems.tui.when import WEEK_H, until
from hems.wording import duration, hours
from hems.wording.language import say


def essential_briefly(picture: Picture) -> str:
    """`essential until ~SAT 04:40`, for the banner."""
    if picture.essential_hours is None:
        return say("essential until ??")
    expected = picture.essential_hours[1]
    moment = until(picture, expected)
    return (
        say("essential for ~{hours}", hours=hours(expected))
        if moment is None
        else say("essential until ~{moment}", moment=moment)
    )


def essential_rows(picture: Picture) -> tuple[Row, Row]:
    """The two most important rows of an outage."""
    if picture.essential_hours is None:
        return (
            row("   ", Part(say("HOW LONG ESSENTIAL POWER LASTS IS NOT KNOWN"), Tone.STRONG)),
            row(say("   as long as storage or use cannot be read")),
        )
    earliest, expected, latest = picture.essential_hours
    moment = until(picture, expected)
    if moment is None:
        told = hours(expected).upper() if _endless(expected) else hours(expected)
        bounds = f"   ({_range(earliest, latest)})"
        first = row("   ", Part(say("ESSENTIAL POWER LASTS ABOUT   {told}", told=told), Tone.STRONG), bounds)
        return first, row(say("   from now, {basis}", basis=_basis(picture)))
    bounds = say("   (earliest {what})", what=until(picture, earliest) or "??")
    first = row("   ", Part(say("ESSENTIAL POWER LASTS UNTIL ABOUT   {moment}", moment=moment), Tone.STRONG), bounds)
    return first, row(say("   that is {hours} from now, {basis}", hours=hours(expected), basis=_basis(picture)))


def _basis(picture: Picture) -> str:
    """What the hours rest on: the next days run through in advance, or a mere division."""
    if picture.ahead_age_s is None:
        return say("if use and sun stay as they are")
    return say("by usual use and sun; looked ahead {duration} ago", duration=duration(round(picture.ahead_age_s)))


def how_long(span: tuple[float, float, float] | None) -> str:
    """`about 19 h (15 to 24 h)`."""
    if span is None:
        return say("?? h (not known now)")
    earliest, expected, latest = span
    return (
        hours(expected)
        if _endless(earliest)
        else say("about {hours} ({range})", hours=hours(expected), range=_range(earliest, latest))
    )


def off_at_once(picture: Picture) -> str:
    """What a failing grid would take with it at once, or for how long nothing would have to go off."""
    if picture.off_at_once:
        asleep = {one.name for one in picture.circuits if one.watched_only} if picture.armed else set()
        told = [f"{name} ({say('NOT ARMED')})" if name in asleep else name for name in picture.off_at_once]
        return say("Off at once, more than own power carries: {names}.", names=", ".join(told))
    return say("All circuits would run {how_long}.", how_long=how_long(picture.all_hours))


def _endless(count: float) -> bool:
    return isinf(count) or count > WEEK_H


def _range(earliest: float, latest: float) -> str:
    if _endless(latest):
        return say("{hours} or more", hours=hours(earliest))
    low, high = hours(earliest), hours(latest)
    return (
        say("{more} to {high}", more=low.removesuffix(" h") if high.endswith(" h") else low, high=high)
        if low != high
        else low
    )
