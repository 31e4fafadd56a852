"""The building in plain lines, for `hems status`: no columns to see, no colour, good for a screen reader and a log."""

from collections.abc import Iterator
from datetime import datetime
from textwrap import wrap

from hems.model.picture import ConnectionPicture, Picture
from hems.tui.format import text_of
from hems.tui.text.circuits import group_row
from hems.tui.text.flow import GRID_WORDS, TIE_WORDS, cars_plugged, doing, doing_together, volts
from hems.tui.text.headline import hands, headline, is_dark, second_thought
from hems.tui.text.notes import alarm_rows, ordered, plan_note, watching_note
from hems.tui.text.reach import essential_rows, how_long, off_at_once
from hems.tui.when import date_and_time
from hems.wording import day, duration, kw, kwh, sentence, weekday
from hems.wording.language import N_, say, translated
from hems.wording.spoken import spoken

NO_HEMS = (
    N_(
        "Circuits stay as they are. The inverter, the grid switch and the chargers protect themselves without HEMS; "
        "what each device does alone stands on `hems checklist`."
    ),
    N_(
        "What to do: use the hand switches in the panel, the least important circuits first; the card on the panel "
        "door names them. Then tell your installer. Root may switch one circuit at a time with `sudo hems emergency`."
    ),
)


def lines(picture: Picture, width: int = 80) -> list[str]:
    """Everything Overview and Outage say about `picture`, wrapped to `width` columns."""
    told = [line for sentence_ in _sentences(picture) for line in wrap(sentence_, width, subsequent_indent="  ")]
    groups = [told for group in picture.tiers for told in _group(text_of(group_row(picture, group)).strip(), width)]
    alarms = [text_of(alarm) for alarm in alarm_rows(picture, width, most=100)]
    return [*told, "", *groups, "", *(alarms or [say("No alarms.")])]


def _group(told: str, width: int) -> list[str]:
    """One group as in a table, or in a narrow window, such as that of a telephone, as running text."""
    return [told] if len(told) <= width else wrap(" ".join(told.split()), width, subsequent_indent="  ")


def old_lines(picture: Picture, reason: str, written: datetime, age_s: float, width: int = 80) -> list[str]:
    """The last picture of a daemon that does not answer, clearly old, and what to do."""
    at = f"{weekday(written)} {day(written)} {written:%H:%M:%S}"
    told = (
        say("NO CONTACT WITH HEMS. {reason}", reason=reason),
        say("What follows is OLD: from {at}, {age} ago. It may have changed.", at=at, age=duration(age_s)),
        *(translated(sentence_) for sentence_ in NO_HEMS),
    )
    head = [line for sentence_ in told for line in wrap(sentence_, width, subsequent_indent="  ")]
    return [*head, "-" * width, *(f"{say('OLD')} {line}".rstrip() for line in lines(picture, width - 4))]


def _sentences(picture: Picture) -> Iterator[str]:
    yield f"{picture.site}, {date_and_time(picture)}, {hands(picture)}"
    yield ", ".join(part for part in (headline(picture), second_thought(picture)) if part) + "."
    yield sentence(picture.mode_because)
    yield from _warnings(picture)
    yield from ordered(picture)
    yield from _lasts(picture)
    yield from _grid(picture)
    if picture.connection is not None:
        yield from _connection(picture, picture.connection)
    yield " ".join(_sources(picture))
    yield from _silent(picture)
    if watching_note(picture):
        yield watching_note(picture)


def _warnings(picture: Picture) -> Iterator[str]:
    if picture.by_hand:
        yield say("RED BUTTON PRESSED - HEMS gives no commands.")
    if picture.car_forms:
        yield say(
            "Do not unplug the car at {car_forms}: it alone powers the building, and without it all is dark.",
            car_forms=picture.car_forms,
        )


def _lasts(picture: Picture) -> Iterator[str]:
    """How long own power lasts, or would."""
    if picture.mode.on_island:
        yield " ".join(" ".join(text_of(line) for line in essential_rows(picture)).split()) + "."
    elif not is_dark(picture):
        yield say(
            "If the power failed now, essential circuits would run {how_long}.",
            how_long=how_long(picture.essential_hours),
        )
        yield off_at_once(picture)


def _grid(picture: Picture) -> Iterator[str]:
    switch = " ".join(say(line) for line in TIE_WORDS[picture.tie]).strip()
    yield say(
        "Grid: {grid}, {volts}. Island switch: {switch}.",
        grid=say(GRID_WORDS[picture.grid]),
        volts=volts(picture),
        switch=switch,
    )
    direction = say("To") if picture.grid_w is not None and picture.grid_w < 0.0 else say("From")
    flows = say(
        "{direction} the grid {kw}. Using {kw2}.", direction=direction, kw=kw(picture.grid_w), kw2=kw(picture.load_w)
    )
    room = say("Room for {kw} more.", kw=kw(picture.room_w)) if picture.mode.on_island else ""
    yield f"{flows} {room}".rstrip()


def _connection(picture: Picture, allowed: ConnectionPicture) -> Iterator[str]:
    yield say("The connection may draw {kw}. {sentence}", kw=kw(allowed.import_w), sentence=sentence(allowed.import_by))
    if allowed.reserve_pct is not None:
        yield say("Kept in the battery for a power cut: {reserve_pct:.0f}%.", reserve_pct=allowed.reserve_pct)
    if plan_note(picture):
        yield plan_note(picture)


def _silent(picture: Picture) -> Iterator[str]:
    """Devices that do not answer, and why."""
    for device in picture.devices:
        if device.lost_for_s is not None:
            why, silent = spoken(device.detail).rstrip(".") or say("no answer"), duration(int(device.lost_for_s))
            told = say("nothing usable for {duration}", duration=silent)
            yield f"{device.id} ({device.link}): {why}; {told}."


def _sources(picture: Picture) -> Iterator[str]:
    if picture.pv_rated_w:
        yield say("Sun: {kw} of {kw2}.", kw=kw(picture.pv_w), kw2=kw(picture.pv_rated_w))
    if picture.battery_capacity_wh:
        percent = "??" if picture.battery_soc_pct is None else f"{picture.battery_soc_pct:.0f}"
        yield say("Battery: {percent}%, {doing}.", percent=percent, doing=doing(picture.battery_w))
    if picture.cars:
        yield say(
            "Cars: {cars_plugged} of {len} plugged in, {doing},",
            cars_plugged=cars_plugged(picture),
            len=len(picture.cars),
            doing=doing_together(picture.cars_w),
        )
        yield say("{kwh} free.", kwh=kwh(picture.cars_free_wh))
    if picture.fuel_wh is not None:
        yield say("Fuel in the generator's tank: {kwh}.", kwh=kwh(picture.fuel_wh))
