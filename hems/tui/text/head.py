"""The first rows of a screen: the one answer that somebody came for."""

from textwrap import wrap

from hems.model.mode import Bus, Mode
from hems.model.picture import Picture
from hems.tui.format import Part, Row, Tone, row
from hems.tui.text.headline import HEADLINES
from hems.tui.text.reach import essential_rows, how_long
from hems.wording import sentence
from hems.wording.language import say


def head_rows(picture: Picture, width: int) -> tuple[Row, ...]:
    """Until when there is power, or how the building stands instead; two or three rows."""
    if picture.mode.on_island:
        return essential_rows(picture)
    if picture.mode in (Mode.GRID_CONNECTED, Mode.RECONNECTED_RESTORING):
        first = say("NO POWER CUT: the building is on the grid")
        second = say(
            "If it failed now, essential circuits would run {how_long}.", how_long=how_long(picture.essential_hours)
        )
    else:
        first, second = say(HEADLINES[picture.mode]), sentence(picture.mode_because)
    tone = Tone.HIGH if picture.bus is Bus.DEAD else Tone.STRONG
    return row("   ", Part(first, tone)), *(row(f"   {line}") for line in wrap(second, width - 6))
