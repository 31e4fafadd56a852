"""The one line that is always there: grid or outage, until when, alarms, clock, and whether all of it is old."""

from hems.model.picture import Picture
from hems.tui.format import Part, Row, Tone, fitted, joined_within, row, sides
from hems.tui.text.headline import MARKS, hands, headline, name_of, second_thought, tone_of
from hems.tui.view import View
from hems.tui.when import date_and_time, seen_at, time_only, to_the_second
from hems.wording import duration
from hems.wording.language import say


def banner(view: View, width: int) -> Row:
    """The banner, exactly `width` columns."""
    if view.old:
        return fitted(row(Part(_no_contact(view, width), Tone.HIGH)), width)
    if view.picture is None:
        return fitted(row(say(" CONNECTING TO HEMS ...")), width)
    return _frozen(view.picture, width) if view.frozen else _live(view.picture, width)


def _frozen(picture: Picture, width: int) -> Row:
    at = to_the_second(picture)
    when = say(" at {at}", at=at) if at else ""
    told = joined_within(
        [
            say("*FROZEN{when}", when=when),
            say("F goes on"),
            say("then: {headline}", headline=name_of(picture)),
        ],
        width - 1,
    )
    return fitted(row(Part(told, Tone.MED)), width)


def alarm_count(picture: Picture) -> str:
    """`no alarms`, `1 alarm`, `3 alarms`; with `!` when one of them is urgent."""
    count = len(picture.alarms)
    told = {0: say("no alarms"), 1: say("1 alarm")}.get(count, say("{count} alarms", count=count))
    return f"!{told}" if any(alarm.priority == "HIGH" for alarm in picture.alarms) else told


def _live(picture: Picture, width: int) -> Row:
    tone = tone_of(picture)
    calm = tone is Tone.PLAIN
    clock = date_and_time(picture) if calm or width >= 100 else time_only(picture)
    right = f"{alarm_count(picture)} {clock} "
    told = _told(picture, width - len(right) - 2)
    if calm and alarm_count(picture).startswith("!"):
        left = sides(f" {told}", "", width - len(right))
        return fitted(row(left, Part(right, Tone.HIGH)), width)
    return fitted(row(Part(sides(MARKS.get(tone, " ") + told, right, width), tone)), width)


def _told(picture: Picture, room: int) -> str:
    """The headline and what goes with it; the length of the outage gives way before what happens next does."""
    second, rest = second_thought(picture), [picture.site, hands(picture)]
    if not picture.armed and tone_of(picture) is not Tone.PLAIN:
        rest.reverse()
    whole = [piece for piece in (headline(picture), second, *rest) if piece]
    brief = [piece for piece in (headline(picture, brief=True), second, *rest) if piece]
    told = joined_within(whole, room)
    return told if second in told else joined_within(brief, room)


def _no_contact(view: View, width: int) -> str:
    if view.picture is None or view.lost_for_s is None:
        return say("!NO CONTACT WITH HEMS")
    since = seen_at(view.picture, view.lost_for_s)
    told = say("since {since}", since=since) if since else say("for {duration}", duration=duration(view.lost_for_s))
    pieces = [
        say("!NO CONTACT WITH HEMS {told}", told=told),
        say("all below is OLD"),
        say("last seen: {headline}", headline=name_of(view.picture)),
    ]
    return joined_within(pieces, width - 1)
