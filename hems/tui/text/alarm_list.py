"""The alarms, and for the chosen one what it means and what to do."""

from collections.abc import Iterator
from textwrap import wrap

from hems.model.picture import AlarmPicture, Picture
from hems.tui.format import Part, Row, Tone, row
from hems.tui.text.headline import MARKS
from hems.tui.text.listing import Item, Listing, detail_width, paragraphs
from hems.tui.text.notes import TONES, names_in
from hems.tui.when import bare, ends, local_time, since
from hems.wording import priority_word, sentence
from hems.wording.guidance import guidance
from hems.wording.language import say

HEADING = row("  PRIO  SINCE      WHAT                                   STATE")
LABEL = 17
"""Columns of `What it means`."""
FOLDED = "folded"
"""Key of the line that stands for all messages of the same power cut."""
ROOMY = 40
"""Columns of text below which a label stands above it instead of before it."""


def alarm_list(picture: Picture, chosen: str, find: str, width: int) -> Listing:
    """What stands, the most urgent first, then what went away unseen."""
    alarms = found(picture, find)
    items = [Item(alarm.key, _line(picture, alarm)) for alarm in alarms]
    if picture.alarms_folded and not find:
        items.append(Item(FOLDED, _folded_line(picture)))
    one = next((alarm for alarm in alarms if alarm.key == chosen), None)
    details = () if one is None else tuple(_details(picture, one, detail_width(width)))
    if chosen == FOLDED:
        details = paragraphs([told(picture, alarm) for alarm in picture.alarms_folded], detail_width(width))
    empty = say('No alarm has "{find}" in it.', find=find) if find else say("No alarms. Nothing needs your attention.")
    return Listing((HEADING,), items, details, empty=empty)


def found(picture: Picture, find: str) -> list[AlarmPicture]:
    """The alarms with `find` in their words."""
    everything = (*picture.alarms, *picture.alarms_gone, *picture.alarms_aside)
    return [alarm for alarm in everything if find.lower() in told(picture, alarm).lower()]


def about(picture: Picture, alarm: AlarmPicture) -> list[str]:
    """Everything about one alarm, as sentences to read one after the other."""
    help_ = guidance(alarm.cause)
    since_when = f"{priority_word(alarm.priority)} {since(picture, alarm.since_s)}"
    head = f"{since_when}, {state_words(picture, alarm)}: {told(picture, alarm)}"
    steps = " ".join(help_.do)
    return [
        head,
        say("What it means: {means}", means=help_.means),
        say("What to do: {steps}", steps=steps),
        say("If you wait: {wait}", wait=help_.wait),
        say("Key: {key}", key=alarm.key),
    ]


def told(picture: Picture, alarm: AlarmPicture) -> str:
    """The alarm in a sentence or two."""
    return sentence(alarm.cause, alarm.subject, names_in(picture))


def in_brief(text: str) -> str:
    """The first half of the first sentence: what it is about."""
    ends = [text.find(mark) for mark in (". ", ": ", " (")]
    return text[: min((end for end in ends if end > 0), default=len(text))].rstrip(".")


def state_words(picture: Picture, alarm: AlarmPicture) -> str:
    """`NEW`, `SEEN by Ana 13:20` or `GONE, not seen`."""
    if alarm.gone_for_s is not None:
        return say("GONE, not seen")
    if alarm.unused:
        return say("NOT USED in a power cut")
    if alarm.aside_left_s is not None:
        return say("ASIDE {until}", until=ends(picture, alarm.aside_left_s))
    if not alarm.seen_by:
        return say("NEW")
    at = f" {bare(since(picture, alarm.seen_for_s))}" if local_time(picture) else ""
    return say("SEEN by {seen_by}{at}", seen_by=alarm.seen_by, at=at)


def _folded_line(picture: Picture) -> Row:
    count = len(picture.alarms_folded)
    return row(" ", say("{count} messages folded into this power cut's start", count=count))


def _line(picture: Picture, alarm: AlarmPicture) -> Row:
    tone = Tone.PLAIN if alarm.gone_for_s is not None else TONES.get(alarm.priority, Tone.MED)
    mark = MARKS.get(tone, " ")
    at = bare(since(picture, alarm.since_s))
    what = in_brief(told(picture, alarm))
    urgency = f"{mark}{priority_word(alarm.priority):<5}"
    return row(Part(f"{urgency} {at[:10]:<10} {what[:38]:<38} {state_words(picture, alarm)}", tone))


def _details(picture: Picture, alarm: AlarmPicture, width: int) -> Iterator[Row]:
    yield from _labelled(say("What happened"), [told(picture, alarm)], width)
    help_ = guidance(alarm.cause)
    yield from _labelled(say("What it means"), [help_.means], width)
    steps = [f"{number}. {step}" for number, step in enumerate(help_.do, start=1)] if len(help_.do) > 1 else help_.do
    yield from _labelled(say("What to do"), steps, width, tone=Tone.STRONG)
    yield from _labelled(say("If you wait"), [help_.wait], width)


def _labelled(label: str, texts: list[str] | tuple[str, ...], width: int, tone: Tone = Tone.PLAIN) -> Iterator[Row]:
    room = width - LABEL - 2
    if room < ROOMY:
        yield row(f" {label}")
        yield from (row("   ", Part(line, tone)) for text in texts for line in wrap(text, width - 4))
        return
    for text in texts:
        for line in wrap(text, room):
            yield row(f" {label:<{LABEL - 1}}", Part(line, tone))
            label = ""
