"""The screen of a power cut: until when, what goes next, what happens when the grid returns, what to do."""

from textwrap import wrap

from hems.model.mode import Mode
from hems.model.picture import Picture
from hems.tui.format import BLANK, Part, Row, Tone, bar, beside, row
from hems.tui.text.circuits import GROUP_HEADING, circuit_rows, group_row, names
from hems.tui.text.flow import cars_plugged
from hems.tui.text.head import head_rows
from hems.tui.text.headline import is_dark
from hems.tui.text.notes import alarm_rows, watching_note
from hems.tui.when import about_when
from hems.wording import duration, kw, kwh, sentence

NARROW = 80
WIDE = 120
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
        GROUP_HEADING,
        *(group_row(picture, group) for group in picture.tiers),
        BLANK,
        *_next(picture, width),
        *_return(picture, width),
    )
    room = height - sum(bool(line) for line in told)  # blank rows give way
    alarms = alarm_rows(picture, width, max(1, room))
    advice = _advice(picture, width) if live and room > len(alarms) else ()
    tail = (BLANK, *alarms, *advice) if alarms or advice else ()
    reasons = _reasons(picture, width)
    return (*told, *tail, *reasons) if len(told) + len(tail) + len(reasons) <= height else (*told, *tail)


def _energy(picture: Picture) -> tuple[Row, ...]:
    percent = "??%" if picture.stored_pct is None else f"{picture.stored_pct:.0f}%"
    using = f"Using {kw(picture.load_w):>8}"
    sun = f"   Sun {kw(picture.pv_w):>8}" if picture.pv_rated_w else ""
    rows = [row(f"   Stored {percent:>4} {bar(picture.stored_pct, 20)} {kwh(picture.stored_wh):>7}    {using}{sun}")]
    if picture.cars:
        cars = f"{cars_plugged(picture)} of {len(picture.cars)} plugged in; what drivers keep is not touched"
        rows.append(row(f"   of which cars {kwh(picture.cars_free_wh)} ({cars})"))
    return tuple(rows)


def _next(picture: Picture, width: int) -> tuple[Row, ...]:
    circuits = [circuit for circuit in picture.circuits if circuit.next_off]
    if not picture.mode.on_island:
        return ()
    if not circuits:
        return (row(" NEXT: nothing more is due to be switched off."),)
    groups = [group for group in picture.tiers if group.next_off]
    told, does = "NEXT: ", "switches off" if picture.armed else "would switch off"
    if picture.next_off_h is not None:
        return _paragraph(f"{told}{about_when(picture, picture.next_off_h)}, HEMS {does} {names(circuits)}.", width)
    if groups and groups[0].hours_left is not None:
        told += f"{about_when(picture, groups[0].hours_left)}, "
    if groups and groups[0].until_soc_pct is not None:
        told += f"when stored energy reaches {groups[0].until_soc_pct:.0f}%, HEMS {does} {names(circuits)}."
    else:
        told += f"if more is used than there is, HEMS {does} {names(circuits)}."
    return _paragraph(told, width)


def _return(picture: Picture, width: int) -> tuple[Row, ...]:
    off = [circuit for circuit in picture.circuits if not circuit.wanted]
    match picture.mode:
        case Mode.GRID_RETURN_QUALIFYING:
            left = "" if picture.qualifying_left_s is None else f" {duration(round(picture.qualifying_left_s))} more"
            told = f"THE GRID IS BACK: HEMS waits{left} for it to stay, then switches over."
        case Mode.RECONNECTING:
            told = "THE GRID IS BACK and steady: the island switch is closing now."
        case Mode.RECONNECTED_RESTORING:
            told = f"THE GRID IS BACK: circuits come on again one by one. Still off: {names(off) or 'none'}."
        case _ if not picture.mode.on_island:
            return ()
        case _:
            wait = f"wait {duration(picture.reconnect_wait_s)}" if picture.reconnect_wait_s else "wait a while"
            told = f"WHEN THE GRID RETURNS: {wait}, switch over, then circuits one by one."
    return _paragraph(told, width)


def _advice(picture: Picture, width: int) -> tuple[Row, ...]:
    note = watching_note(picture)
    if note:
        return (row(Part(f" {note}", Tone.STRONG)),)
    if is_dark(picture):
        return (row(Part(" See the card on the panel door.", Tone.STRONG)),)
    if picture.by_hand:
        return (row(Part(" RED BUTTON PRESSED - HEMS gives no commands.", Tone.STRONG)),)
    if picture.car_forms:
        told = f" DO NOT UNPLUG the car at {picture.car_forms}: it alone powers the building."
        return (row(Part(told[:width], Tone.HIGH)),)
    if not picture.mode.on_island or any(alarm.priority == "HIGH" for alarm in picture.alarms):
        return ()
    return (row(" YOU NEED DO NOTHING: HEMS switches by itself, also when this screen is closed."[:width]),)


def _reasons(picture: Picture, width: int) -> tuple[Row, ...]:
    """Why circuits are off, one sentence for all that share it; only where there is room."""
    by_sentence: dict[str, list[str]] = {}
    for circuit in picture.circuits:
        if not circuit.wanted and circuit.because is not None:
            by_sentence.setdefault(sentence(circuit.because), []).append(circuit.name)
    if not by_sentence:
        return ()
    told = [line for why, off in by_sentence.items() for line in _paragraph(f"{', '.join(off)}: {why}", width)]
    return (BLANK, row(" WHY OFF"), *told)


def _paragraph(text: str, width: int) -> tuple[Row, ...]:
    return tuple(row(f" {line}") for line in wrap(text, width - 3, subsequent_indent=INDENT[1:]))
