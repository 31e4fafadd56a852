"""Rows that several screens share: what needs a person, what is old, what hems may do."""

from textwrap import wrap

from hems.model.picture import AlarmPicture, OrderPicture, Picture
from hems.tui.format import BLANK, Row, Tone, row, text_of, toned
from hems.tui.text.headline import MARKS
from hems.tui.view import View
from hems.tui.when import leaves, seen_at, since
from hems.wording import duration, priority_word, sentence, task_name
from hems.wording.language import N_, say, translated

TONES = {"HIGH": Tone.HIGH, "MED": Tone.MED, "LOW": Tone.LOW}
MARGIN = 3


SOON_S = 600.0
"""What ends within this time is told ahead, so that whoever needs it can have it for longer."""
RESTART_S = 60.0
"""HEMS that is started anew, as after an update, is back within this time."""
WITHOUT_HEMS = N_(
    "WHAT TO DO: Look after people: lift, stairs, medical devices. Circuits stay as they are. If there is too much "
    "load, or energy is short: hand switches in the panel, the least important first, P lists them. Call the installer."
)


def old_rows(view: View, width: int, *, whole: bool) -> tuple[Row, ...]:
    """What to think of the numbers below, when contact is lost; the `whole` of it says what to do."""
    if view.lost_for_s is None or view.picture is None:
        return ()
    at = seen_at(view.picture, view.lost_for_s)
    as_of = say(" as of {at}", at=at) if at else ""
    told = say("OLD{as_of} ({duration} ago).", as_of=as_of, duration=duration(view.lost_for_s))
    if view.lost_for_s < RESTART_S:
        return (toned(f" {told} {say('HEMS may be starting again: wait a minute.')}", Tone.STRONG),)
    if not whole:
        return (toned(f" {told} {say('It may have changed. P: what to do.')}", Tone.STRONG),)
    advice = wrap(translated(WITHOUT_HEMS), width - 2)
    head = toned(f" {told} {say('It may have changed.')}", Tone.STRONG)
    return (head, *(toned(f" {line}", Tone.STRONG) for line in advice))


def no_picture(view: View, width: int) -> tuple[Row, ...]:
    """What to show while nothing has ever been seen."""
    if not view.old:
        return (BLANK, row(say("   Waiting for the first picture of the building.")))
    told = [view.reason, translated(WITHOUT_HEMS), say("This screen tries again by itself.")]
    return (BLANK, *(row(f"   {line}") for sentence_ in told for line in wrap(sentence_, width - 2 * MARGIN)))


def alarm_rows(picture: Picture, width: int, most: int) -> tuple[Row, ...]:
    """The alarms in at most `most` rows: whole, else one row each, else the first ones and a count."""
    blocks = [_alarm(picture, alarm, width) for alarm in picture.alarms]
    whole = tuple(line for block in blocks for line in block)
    if len(whole) <= most:
        return whole
    first = tuple(block[0] if len(block) == 1 else toned(_cut(block[0]), block[0][0].tone) for block in blocks)
    if len(first) <= most:
        return first
    left = len(first) - (most - 1)
    return (
        *first[: most - 1],
        toned(say("* and {left} more alarms", left=left) if left > 1 else say("* and 1 more alarm"), Tone.MED),
    )


def _cut(line: Row) -> str:
    return text_of(line).rsplit(" ", 1)[0] + " ..."


def _alarm(picture: Picture, alarm: AlarmPicture, width: int) -> tuple[Row, ...]:
    tone = TONES.get(alarm.priority, Tone.MED)
    why = sentence(alarm.cause, alarm.subject, names_in(picture))
    told = f"{MARKS[tone]}{priority_word(alarm.priority)} {since(picture, alarm.since_s)}  {why}"
    return tuple(toned(line, tone) for line in wrap(told, width - 1, subsequent_indent="      "))


def names_in(picture: Picture) -> dict[str, str]:
    """What circuits and bays are called, for `hems.wording.sentence`."""
    names = {f"circuits/{circuit.id}": circuit.name for circuit in picture.circuits}
    return names | {f"bays/{car.id}": car.name for car in picture.cars}


def order_rows(picture: Picture) -> tuple[Row, ...]:
    """What people have ordered and until when, and what of it ends soon."""
    return tuple(toned(f" {told}", Tone.STRONG) for told in ordered(picture))


def ordered(picture: Picture) -> list[str]:
    """What holds for the whole building because somebody wants it so, and circuits that soon are no longer kept."""
    soon = [
        say(
            "{name} goes back to automatic {at} ({who}); 3, then E, extends it.",
            name=one.name,
            at=at,
            who=one.override_who,
        )
        for one in picture.circuits
        if one.override_who and one.override_left_s is not None and one.override_left_s <= SOON_S
        for at in [leaves(picture, one.override_left_s)]
    ]
    return [*(order_words(order) for order in picture.orders), *soon]


def order_words(order: OrderPicture) -> str:
    """Such as `Hold everything, 12 min more (Ana).`."""
    left = say(", {duration} more", duration=duration(round(order.left_s))) if order.left_s is not None else ""
    waits = say(", begins in {duration}", duration=duration(round(order.begins_in_s))) if order.begins_in_s else ""
    return f"{task_name(order.task)}{waits or left} ({order.who or '?'})."


def plan_note(picture: Picture) -> str:
    """By what batteries act on the grid, and how old that is; empty where no tariff says what energy costs."""
    allowed = picture.connection
    if allowed is None or allowed.by_plan is None:
        return ""
    if allowed.plan_age_s is None:
        return say("Batteries go by fixed rules: there is no plan yet.")
    age = duration(int(allowed.plan_age_s))
    if allowed.by_plan:
        return say("Batteries follow a plan made {age} ago.", age=age)
    return say("Batteries go by fixed rules: the last plan is {age} old.", age=age)


def watching_note(picture: Picture) -> str:
    """What to know when hems commands nothing, or not at its normal pace."""
    if not picture.armed:
        return say("HEMS ONLY WATCHES: its devices are not armed, so it switches nothing.")
    return say("Demonstration: waiting times are shortened.") if picture.shortened else ""
