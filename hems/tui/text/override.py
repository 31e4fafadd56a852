"""Keeping a circuit on or off for a while: the form, what it would do, and the one question before it is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import isinf
from textwrap import wrap

from hems.model.consequence import Consequence
from hems.model.event import Event, EventKind
from hems.model.picture import CircuitPicture, Picture
from hems.model.request import Want
from hems.tui.format import BLANK, Part, Row, Tone, row
from hems.tui.when import about_when, local_time, roughly
from hems.wording import clock_time, duration, hours, kw, tier_name
from hems.wording.language import N_, say, translated

REASONS = (N_("tenants asked for it"), N_("medical need"), N_("work on the plant"), N_("test"))
"""Offered when nobody has given a reason yet."""
MOST_REASONS = 5
DURATIONS_S = (900.0, 3600.0, 14400.0, 28800.0)
WIDTH = 72
FIELD = 44
"""Columns of a field to write in."""


class Field(StrEnum):
    """What can be filled in, in the order of the form."""

    WANT = "want"
    DURATION = "duration"
    REASON = "reason"
    WHO = "who"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is filled in, and what the daemon says to it."""

    want: Want
    duration_s: float = 3600.0
    reason: str = ""
    who: str = ""
    at: Field = Field.REASON
    consequence: Consequence | None = None
    waits: bool = False
    """Whether step 1 is filled in and the daemon is asked; in a power cut it looks ahead for some seconds."""
    asks: bool = False
    """Whether this is step 2: one sentence that waits for Y."""
    refused: str = ""
    """Why the daemon does not want it, one sentence."""


def override_rows(picture: Picture, circuit: CircuitPicture, form: Form, width: int) -> tuple[Row, ...]:
    """The form in a frame."""
    power_cut = say(" in a power cut") if picture.mode.on_island else ""
    title = say(
        "KEEP {want}  {name}  ({tier_name}){power_cut}",
        want=_want(form.want),
        name=circuit.name,
        tier_name=tier_name(circuit.tier),
        power_cut=power_cut,
    )
    inner = [
        row(Part(title, Tone.STRONG)),
        BLANK,
        row(say("What this does")),
        *(row(f"  {line}") for line in _effects(picture, form)),
        BLANK,
        _choice(form, Field.WANT, say("Keep it"), [(want, _want(want)) for want in (Want.ON, Want.OFF)], form.want),
        _choice(form, Field.DURATION, say("For how long"), [(s, _span(s)) for s in DURATIONS_S], form.duration_s),
        _text(form, Field.REASON, say("Reason"), form.reason, "" if form.reason else say("LEFT/RIGHT offers some")),
        _text(form, Field.WHO, say("Your name"), form.who),
        BLANK,
        *_question(picture, circuit, form),
    ]
    margin = " " * max(1, (width - WIDTH - 4) // 2)
    edge = row(f"{margin}+{'-' * (WIDTH + 2)}+")
    return (edge, *(_framed(line, margin) for line in inner), edge)


def _framed(line: Row, margin: str) -> Row:
    length = sum(len(part.text) for part in line)
    return row(f"{margin}| ", *line, " " * max(0, WIDTH - length), " |")


def _effects(picture: Picture, form: Form) -> Sequence[str]:
    if form.refused:
        return wrap(form.refused, WIDTH - 2)
    if form.consequence is None:
        return [say("HEMS is asked ...")]
    told = effects(picture, form.consequence)
    return [line for text in told for line in wrap(text, WIDTH - 2)]


def effects(picture: Picture, told: Consequence) -> list[str]:
    """What an override would do, sentence by sentence."""
    if not told.on_island:
        end = say("The building is on the grid: this costs no stored energy.")
        return [end, *_limits(told)]
    room = "" if told.room_w is None else say(" Room left on own power now: {kw}.", kw=kw(told.room_w))
    return [
        _essential(picture, told),
        *_next(picture, told),
        say("Uses about {kw}.{room}", kw=kw(told.draws_w), room=room),
        *_limits(told),
    ]


def _essential(picture: Picture, told: Consequence) -> str:
    now_h, then_h = told.essential_now_h, told.essential_then_h
    if now_h is None or then_h is None:
        return say("How long essential power then lasts is not known.")
    then, now = roughly(picture, then_h), roughly(picture, now_h)
    if isinf(now_h) and isinf(then_h):
        return say("Essential power lasts {hours}, as before.", hours=hours(now_h))
    if then == now:
        return say("Essential power lasts until {now} as before.", now=now)
    return say("Essential power would last until {then} (now {now}).", then=then, now=now)


def _next(picture: Picture, told: Consequence) -> list[str]:
    if not told.next_off or told.next_off_h is None:
        return []
    return [
        say(
            "Next to go off would then be {next_off}, {about_when}.",
            next_off=told.next_off,
            about_when=about_when(picture, told.next_off_h),
        )
    ]


def _limits(told: Consequence) -> list[str]:
    if told.want is Want.OFF:
        return [say("Afterwards it comes back by itself, in its turn.")]
    waits = [say("It is NOT switched on at once: HEMS waits for its turn and for room.")] if told.waits else []
    limits = say(
        "HEMS still switches it off without asking when stored energy reaches {floor_pct:.0f}% or the "
        "inverter is overloaded in a power cut, or when somebody presses the red button.",
        floor_pct=told.floor_pct,
    )
    return [*waits, limits]


def _question(picture: Picture, circuit: CircuitPicture, form: Form) -> Sequence[Row]:
    if form.waits:
        return (row(Part(say("HEMS is asked ..."), Tone.STRONG)),)
    if not form.asks:
        return (row(say("Step 1 of 2   ENTER go on   TAB next   LEFT/RIGHT choose   ESC stop")),)
    span_s = form.duration_s if form.consequence is None else form.consequence.duration_s
    ask = say(
        "Keep {name} {want} {until_when}?",
        name=circuit.name,
        want=_want(form.want),
        until_when=until_when(picture, span_s),
    )
    told = (say("Step 2 of 2   {ask}", ask=ask), say("Press Y to do it, any other key to stop."))
    return [row(Part(line, Tone.STRONG)) for line in told]


def until_when(picture: Picture, span_s: float) -> str:
    """`until 15:32`, or `for 1 h` without a clock."""
    now = local_time(picture)
    if now is None:
        return say("for {duration}", duration=duration(span_s))
    return say("until {clock_time}", clock_time=clock_time(now + timedelta(seconds=span_s), now))


def reasons(events: Sequence[Event]) -> tuple[str, ...]:
    """Reasons to choose from: the last ones that people gave, then those that are usual."""
    given = [str(event.cause.facts.get("reason", "")) for event in reversed(events) if event.kind is EventKind.REQUEST]
    usual = [translated(reason) for reason in REASONS]
    return tuple(dict.fromkeys(reason for reason in (*given, *usual) if reason))[:MOST_REASONS]


def _choice(form: Form, field: Field, label: str, choices: Sequence[tuple[object, str]], value: object) -> Row:
    told = "   ".join(f"({'*' if one == value else ' '}) {words}" for one, words in choices)
    return _field(form, field, label, told)


def _text(form: Form, field: Field, label: str, text: str, hint: str = "") -> Row:
    here = form.at is field and not form.asks
    shown = f"{text}_" if here else text
    if here and hint:
        shown += hint.rjust(FIELD - len(shown))
    return _field(form, field, label, f"[ {shown[-FIELD:]:<{FIELD}} ]")


def _field(form: Form, field: Field, label: str, told: str) -> Row:
    here = form.at is field and not form.asks
    return row(Part(f"{'>' if here else ' '} {label:<14}{told}", Tone.STRONG if here else Tone.PLAIN))


def _want(want: Want) -> str:
    return say("ON") if want is Want.ON else say("OFF")


def _span(seconds: float) -> str:
    return duration(seconds)
