"""The building in plain lines, for `hems status`: no columns to see, no colour, good for a screen reader and a log."""

from collections.abc import Iterator
from textwrap import wrap

from hems.model.picture import Picture
from hems.tui.format import text_of
from hems.tui.text.circuits import group_row
from hems.tui.text.flow import GRID_WORDS, TIE_WORDS, cars_plugged, doing, volts
from hems.tui.text.headline import hands, headline, is_dark, second_thought
from hems.tui.text.notes import alarm_rows, watching_note
from hems.tui.text.reach import essential_rows, how_long, off_at_once
from hems.tui.when import date_and_time
from hems.wording import duration, kw, kwh, sentence


def lines(picture: Picture, width: int = 80) -> list[str]:
    """Everything Overview and Outage say about `picture`, wrapped to `width` columns."""
    told = [line for sentence_ in _sentences(picture) for line in wrap(sentence_, width, subsequent_indent="  ")]
    groups = [text_of(group_row(picture, group)).strip() for group in picture.tiers]
    alarms = [text_of(alarm) for alarm in alarm_rows(picture, width, most=100)]
    return [*told, "", *groups, "", *(alarms or ["No alarms."])]


def _sentences(picture: Picture) -> Iterator[str]:
    yield f"{picture.site}, {date_and_time(picture)}, {hands(picture)}"
    yield ", ".join(part for part in (headline(picture), second_thought(picture)) if part) + "."
    yield sentence(picture.mode_because)
    if picture.by_hand:
        yield "RED BUTTON PRESSED - HEMS gives no commands."
    if picture.car_forms:
        yield f"Do not unplug the car at {picture.car_forms}: it alone powers the building, and without it all is dark."
    if picture.mode.on_island:
        yield " ".join(" ".join(text_of(line) for line in essential_rows(picture)).split()) + "."
    elif not is_dark(picture):
        yield f"If the power failed now, essential circuits would run {how_long(picture.essential_hours)}."
        yield off_at_once(picture)
    switch = " ".join(TIE_WORDS[picture.tie]).strip()
    yield f"Grid: {GRID_WORDS[picture.grid]}, {volts(picture)}. Island switch: {switch}."
    direction = "To" if picture.grid_w is not None and picture.grid_w < 0.0 else "From"
    yield f"{direction} the grid {kw(picture.grid_w)}. Using {kw(picture.load_w)}. Room for {kw(picture.room_w)} more."
    if picture.connection is not None:
        allowed = picture.connection
        yield f"The connection may draw {kw(allowed.import_w)}. {sentence(allowed.import_by)}"
        if allowed.reserve_pct is not None:
            yield f"Kept in the battery for a power cut: {allowed.reserve_pct:.0f}%."
    yield " ".join(_sources(picture))
    for device in picture.devices:
        if device.lost_for_s is not None:
            why = device.detail.rstrip(".") or "no answer"
            yield f"{device.id} ({device.link}): {why}; nothing usable for {duration(int(device.lost_for_s))}."
    if watching_note(picture):
        yield watching_note(picture)


def _sources(picture: Picture) -> Iterator[str]:
    if picture.pv_rated_w:
        yield f"Sun: {kw(picture.pv_w)} of {kw(picture.pv_rated_w)}."
    if picture.battery_capacity_wh:
        percent = "??" if picture.battery_soc_pct is None else f"{picture.battery_soc_pct:.0f}"
        yield f"Battery: {percent}%, {doing(picture.battery_w)}."
    if picture.cars:
        yield f"Cars: {cars_plugged(picture)} of {len(picture.cars)} plugged in, {doing(picture.cars_w)},"
        yield f"{kwh(picture.cars_free_wh)} free."
