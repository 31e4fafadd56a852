"""The first screen: what flows where, how long the building would last, what needs a person."""

from collections.abc import Sequence
from textwrap import wrap

from hems.model.mode import Mode
from hems.model.picture import CarPicture, DevicePicture, Picture
from hems.model.snapshot import BayState
from hems.tui.format import BLANK, UNKNOWN, Part, Row, Tone, beside, row
from hems.tui.text.circuits import circuit_rows
from hems.tui.text.flow import doing, flow
from hems.tui.text.head import head_rows
from hems.tui.text.notes import alarm_rows, order_rows, plan_note, watching_note
from hems.tui.text.reach import how_long, off_at_once
from hems.wording import duration
from hems.wording.language import say

WIDE = 120
BESIDE_AT = 80
WITH_LINKS = 140

BAY_WORDS = {
    BayState.UNAVAILABLE: "out of use",
    BayState.UNPLUGGED: "no car",
    BayState.PLUGGED: "plugged in",
    BayState.SUSPENDED: "waits",
    BayState.FINISHED: "full",
    BayState.FAULT: "FAULT",
}


def overview(picture: Picture, width: int, height: int) -> tuple[Row, ...]:
    """The body of the Overview screen; from 120 columns on the circuits and devices stand beside it."""
    if width < WIDE:
        return _column(picture, width, height)
    right: tuple[Row, ...] = ()
    for block in (circuit_rows(picture, width - BESIDE_AT, height - 1), car_rows(picture), device_rows(picture, width)):
        room = height - len(right) - 1
        if block and room > 2:
            right = (*right, BLANK, *_within(block, room))
    return beside(_column(picture, BESIDE_AT, height), right, BESIDE_AT)


def _within(block: Sequence[Row], room: int) -> Sequence[Row]:
    """The block, or its head and how many lines there are besides: a list that just ends looks whole."""
    if len(block) <= room:
        return block
    return (*block[: room - 1], row(say(" ... and {what} more", what=len(block) - room + 1)))


def _column(picture: Picture, width: int, height: int) -> tuple[Row, ...]:
    note = watching_note(picture)
    told = [*flow(picture), BLANK, *_reach(picture, width), *order_rows(picture)]
    room = height - len(told) - bool(note)
    told += alarm_rows(picture, width, max(1, room)) if picture.alarms else _calm(picture)
    if note:
        told.append(row(Part(f" {note}", Tone.STRONG)))
    return (BLANK, *told) if len(told) < height else tuple(told)


def _reach(picture: Picture, width: int) -> tuple[Row, ...]:
    if picture.mode is not Mode.GRID_CONNECTED:
        return head_rows(picture, width)
    told = say(
        "IF THE POWER FAILED NOW: essential circuits would run {how_long}.", how_long=how_long(picture.essential_hours)
    )
    rest = (*wrap(told, width - 2), *wrap(off_at_once(picture), width - 2))
    return tuple(row(f" {line}") for line in rest)


def _calm(picture: Picture) -> tuple[Row, ...]:
    if picture.mode is not Mode.GRID_CONNECTED:
        return ()
    plan = plan_note(picture)
    return (BLANK, row(say(" Nothing needs your attention.")), *([row(f" {plan}")] if plan else []))


def car_rows(picture: Picture) -> tuple[Row, ...]:
    """Bays: what the car does, its charge, and what its driver keeps."""
    if not picture.cars:
        return ()
    return (row(say(" BAY         CHARGE KEEPS  DOES")), *(_car_row(car) for car in picture.cars))


def _car_row(car: CarPicture) -> Row:
    charge = "" if car.state is not None and not car.state.has_car else UNKNOWN
    charge = charge if car.soc_pct is None else f"{car.soc_pct:.0f}%"
    does = UNKNOWN if car.state is None else bay_does(car.state, car.power_w)
    return row(f" {car.name[:12]:<12}{charge:>6}{car.floor_pct:5.0f}%  {does}")


def bay_does(state: BayState, power_w: float | None) -> str:
    """`giving 3.3 kW`, `no car`."""
    if state in (BayState.CHARGING, BayState.DISCHARGING):
        return doing(power_w)
    return say(BAY_WORDS[state])


def device_rows(picture: Picture, width: int) -> tuple[Row, ...]:
    """The silent ones first, for they are why somebody looks here; with their links where there is room."""
    ordered = sorted(picture.devices, key=lambda device: device.lost_for_s is None)
    linked = width >= WITH_LINKS
    heading = row(say(" DEVICE            STATE{more}", more=" " * 14 + say("LINK") if linked else ""))
    return (heading, *(_device_row(device, linked) for device in ordered))


def _device_row(device: DevicePicture, linked: bool) -> Row:
    lost = "" if device.lost_for_s is None else say("NO ANSWER {duration}", duration=duration(int(device.lost_for_s)))
    state = lost or (say("answers") if device.armed or device.reads_only else say("only watched"))
    link = f" {device.link}" if linked else ""
    return row(f" {device.id[:16]:<16}  ", Part(f"{state:<18}", Tone.MED if lost else Tone.PLAIN), link)
