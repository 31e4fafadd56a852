"""The screen of a power cut: until when, what goes next, what happens when the grid returns, what to do."""

from collections.abc import Sequence
from math import inf
from textwrap import wrap

from hems.model.mode import Mode
from hems.model.picture import Picture, TierPicture
from hems.tui.format import BLANK, Part, Row, Tone, bar, beside, row, squeezed
from hems.tui.text.circuits import circuit_rows, group_heading, group_row, names
from hems.tui.text.flow import cars_plugged
from hems.tui.text.head import head_rows
from hems.tui.text.headline import came_back, generator_holds, is_dark
from hems.tui.text.notes import alarm_rows, order_rows, watching_note
from hems.tui.when import about_when
from hems.wording import duration, kw, kwh, sentence
from hems.wording.language import say

NARROW = 80
WIDE = 120
TELL_H = 0.25
"""Hours before something goes off, in which people are to be told of it."""
FEWEST = 8
"""Rows below which a list of circuits is not worth beginning."""
INDENT = " " * 7


def outage(picture: Picture, width: int, height: int, *, live: bool = True) -> tuple[Row, ...]:
    """The body of the Outage screen; from 120 columns on the circuits stand beside it.

    Without `live` nothing is promised about what HEMS will do: it may no longer run.
    """
    if width >= WIDE:
        right = (BLANK, *circuit_rows(picture, width - NARROW, height - 1))
        return beside(_column(picture, NARROW, height, live), right, NARROW)
    column = _column(picture, width, height, live)
    spare = height - len(column) - 1
    return (*column, BLANK, *circuit_rows(picture, width, spare)) if spare >= FEWEST else column


def _column(picture: Picture, width: int, height: int, live: bool) -> tuple[Row, ...]:
    told = (
        *head_rows(picture, width),
        BLANK,
        *_energy(picture),
        BLANK,
        group_heading(),
        *(group_row(picture, group) for group in picture.tiers),
        BLANK,
        *(course(picture, width) if live else ()),
    )
    room = height - sum(bool(line) for line in told)  # blank rows give way
    alarms = alarm_rows(picture, width, max(1, room))
    advice = _advice(picture, width) if live and room > len(alarms) else ()
    tail = (BLANK, *alarms, *advice) if alarms or advice else ()
    whole = (*told, *tail, *_reasons(picture, width))
    fits = sum(bool(line) for line in whole) <= height
    return squeezed(whole, height) if fits else (*told, *tail)


def _energy(picture: Picture) -> tuple[Row, ...]:
    percent = "??%" if picture.stored_pct is None else f"{picture.stored_pct:.0f}%"
    using = say("Using {kw:>8}", kw=kw(picture.load_w))
    sun = say("   Sun {kw:>8}", kw=kw(picture.pv_w)) if picture.pv_rated_w else ""
    rows = [
        row(
            say(
                "   Stored {percent:>4} {bar} {kwh:>7}    {using}{sun}",
                percent=percent,
                bar=bar(picture.stored_pct, 20),
                kwh=kwh(picture.stored_wh),
                using=using,
                sun=sun,
            )
        )
    ]
    if picture.cars:
        cars = say(
            "{cars_plugged} of {len} plugged in; what drivers keep is not touched",
            cars_plugged=cars_plugged(picture),
            len=len(picture.cars),
        )
        rows.append(row(say("   of which cars {kwh} ({cars})", kwh=kwh(picture.cars_free_wh), cars=cars)))
    if picture.fuel_wh is not None:
        left_out = say(" (not in the hours told here)") if picture.ahead_age_s is not None else ""
        fuel = say("   and fuel {kwh} in the generator's tank", kwh=kwh(picture.fuel_wh))
        rows.append(row(f"{fuel}{left_out}"))
    return tuple(rows)


def course(picture: Picture, width: int) -> tuple[Row, ...]:
    """How it goes on: what goes off next, and what happens when the grid returns."""
    return (*_next(picture, width), *_return(picture, width))


def _next(picture: Picture, width: int) -> tuple[Row, ...]:
    circuits = [circuit for circuit in picture.circuits if circuit.next_off]
    if not picture.mode.on_island:
        return ()
    if not circuits:
        return (row(say(" NEXT: nothing more is due to be switched off.")),)
    groups = [group for group in picture.tiers if group.next_off]
    acting = [circuit for circuit in circuits if circuit.due] if picture.armed else []
    does, what = say("switches off") if acting else say("would switch off"), names(acting or circuits)
    asleep = [circuit for circuit in circuits if not circuit.due] if picture.armed else []
    stay = say(" It stays on, because its device is not armed: {names}.", names=names(asleep)) if asleep else ""
    tell = say(" Tell tenants now: T.") if acting and _due_h(picture, groups) <= TELL_H else ""
    return _paragraph(f"{say('NEXT: ')}{_when_next(picture, groups, does, what)}{stay}{tell}", width)


def _due_h(picture: Picture, groups: Sequence[TierPicture]) -> float:
    """Hours until something goes off, as it is told."""
    told = picture.next_off_h if picture.next_off_h is not None or not groups else groups[0].hours_left
    return inf if told is None else told


def _when_next(picture: Picture, groups: Sequence[TierPicture], does: str, what: str) -> str:
    """When `what` goes, and by what that is decided."""
    if picture.next_off_h is not None:
        about = about_when(picture, picture.next_off_h)
        return say("{about_when}, HEMS {does} {names}.", about_when=about, does=does, names=what)
    group = groups[0] if groups else None
    about = f"{about_when(picture, group.hours_left)}, " if group is not None and group.hours_left is not None else ""
    if group is not None and group.by_price:
        return about + say("when energy is worth more later, HEMS {does} {names}.", does=does, names=what)
    if group is not None and group.until_soc_pct is not None:
        stored = say(
            "when stored energy reaches {until_soc_pct:.0f}%, HEMS {does} {names}.",
            until_soc_pct=group.until_soc_pct,
            does=does,
            names=what,
        )
        return about + stored
    return about + say("if more is used than there is, HEMS {does} {names}.", does=does, names=what)


def _return(picture: Picture, width: int) -> tuple[Row, ...]:
    off = [circuit for circuit in picture.circuits if not circuit.wanted]
    match picture.mode:
        case Mode.GRID_RETURN_QUALIFYING if generator_holds(picture):
            told = _waits_for_generator(picture)
        case Mode.GRID_RETURN_QUALIFYING:
            left = (
                ""
                if picture.qualifying_left_s is None
                else say(" {duration} more", duration=duration(round(picture.qualifying_left_s)))
            )
            told = say("THE GRID IS BACK: HEMS waits{left} for it to stay, then switches over.", left=left)
        case Mode.RECONNECTING:
            told = say("THE GRID IS BACK and steady: the island switch is closing now.")
        case Mode.RECONNECTED_RESTORING:
            told = _comes_on(picture, names(off) or say("none"))
        case _ if not picture.mode.on_island:
            return ()
        case _:
            wait = (
                say("wait {duration}", duration=duration(picture.reconnect_wait_s))
                if picture.reconnect_wait_s
                else say("wait a while")
            )
            told = say("WHEN THE GRID RETURNS: {wait}, switch over, then circuits one by one.", wait=wait)
    return _paragraph(told, width)


def _comes_on(picture: Picture, off: str) -> str:
    if came_back(picture):
        return say("THE GRID IS BACK: circuits come on again one by one. Still off: {what}.", what=off)
    return say("Circuits come on one by one. Still off: {what}.", what=off)


def _waits_for_generator(picture: Picture) -> str:
    if not picture.generator_left_s:
        return say(
            "THE GRID IS BACK: HEMS waits for the generator, which was asked to stop and does not show that it stands "
            "still. Until then nobody is let back to the grid."
        )
    return say(
        "THE GRID IS BACK: HEMS waits for the generator, which runs its least time and cools down, about {duration} "
        "more. Before it stands still nobody is let back to the grid.",
        duration=duration(round(picture.generator_left_s)),
    )


def _advice(picture: Picture, width: int) -> tuple[Row, ...]:
    if ordered := order_rows(picture):
        return ordered
    note = watching_note(picture)
    if note:
        return (row(Part(f" {note}", Tone.STRONG)),)
    if picture.mode is Mode.FAULT_SAFE:
        return (row(say(" WHEN THE ELECTRICIAN HAS FOUND WHY: 9 orders, say that somebody has looked.")[:width]),)
    if is_dark(picture):
        return (row(Part(say(" See the card on the panel door."), Tone.STRONG)),)
    if picture.by_hand:
        return (row(Part(say(" RED BUTTON PRESSED - HEMS gives no commands."), Tone.STRONG)),)
    if picture.car_forms:
        told = say(" DO NOT UNPLUG the car at {car_forms}: it alone powers the building.", car_forms=picture.car_forms)
        return (row(Part(told[:width], Tone.HIGH)),)
    if not picture.mode.on_island or any(alarm.priority == "HIGH" for alarm in picture.alarms):
        return ()
    return (row(say(" YOU NEED DO NOTHING: HEMS switches by itself, also when this screen is closed.")[:width]),)


def _reasons(picture: Picture, width: int) -> tuple[Row, ...]:
    """Why circuits are off, one sentence for all that share it; in a dark building there is but one reason."""
    if is_dark(picture):
        return ()
    by_sentence: dict[str, list[str]] = {}
    for circuit in picture.circuits:
        if not circuit.wanted and circuit.because is not None:
            by_sentence.setdefault(sentence(circuit.because), []).append(circuit.name)
    if not by_sentence:
        return ()
    told = [line for why, off in by_sentence.items() for line in _paragraph(f"{', '.join(off)}: {why}", width)]
    return (BLANK, row(say(" WHY OFF")), *told)


def _paragraph(text: str, width: int) -> tuple[Row, ...]:
    return tuple(row(f" {line}") for line in wrap(text, width - 3, subsequent_indent=INDENT[1:]))
