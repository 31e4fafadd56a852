"""The building's state in a few words: what the banner and the first plain line say."""

from hems.model.cause import Why
from hems.model.mode import Mode
from hems.model.picture import Picture
from hems.model.request import Task
from hems.tui.format import Tone
from hems.tui.text.reach import essential_briefly
from hems.tui.when import since, since_and_for
from hems.wording import duration
from hems.wording.language import N_, say

HEADLINES = {
    Mode.INIT: "STARTING",
    Mode.GRID_CONNECTED: "GRID OK",
    Mode.GRID_CONNECTED_DEGRADED: "GRID NOT SEEN",
    Mode.GRID_DISTURBED: "GRID UNSTEADY",
    Mode.ISLANDED_STABILIZING: "POWER CUT",
    Mode.ISLANDED: "POWER CUT",
    Mode.GRID_RETURN_QUALIFYING: "POWER CUT",
    Mode.RECONNECTING: "POWER CUT",
    Mode.RECONNECTED_RESTORING: "GRID IS BACK",
    Mode.BLACKOUT: "NO POWER IN THE BUILDING",
    Mode.BLACKOUT_GRID_AVAILABLE: "NO POWER IN THE BUILDING",
    Mode.BLACK_START: "NO POWER IN THE BUILDING",
    Mode.ISLANDING_PLANNED: "ABOUT TO LEAVE THE GRID",
    Mode.FAULT_SAFE: "HEMS HOLDS STILL",
    Mode.MAINTENANCE: "PEOPLE AT WORK",
}

ON_PURPOSE = N_("OFF THE GRID ON PURPOSE")

TONES = {
    Mode.INIT: Tone.PLAIN,
    Mode.GRID_CONNECTED: Tone.PLAIN,
    Mode.GRID_CONNECTED_DEGRADED: Tone.MED,
    Mode.GRID_DISTURBED: Tone.MED,
    Mode.ISLANDING_PLANNED: Tone.MED,
    Mode.MAINTENANCE: Tone.MED,
    Mode.RECONNECTED_RESTORING: Tone.LOW,
}
"""Every other mode is HIGH."""

NEVER_LEFT = frozenset({Why.ESTIMATES_VALID, Why.ISLAND_CALLED_OFF, Why.ISLAND_NOT_REACHED})
"""Why circuits come on one by one although the grid was there: HEMS has started, or an island came to nothing."""

APART = (Task.ISLAND, Task.DRILL)
"""What keeps a building off a grid that is there."""

MARKS = {Tone.HIGH: "!", Tone.MED: "*", Tone.LOW: "-"}
"""What a tone looks like without colour."""


def tone_of(picture: Picture) -> Tone:
    """How far the mode is from normal."""
    if picture.on_purpose and picture.mode.on_island:
        return Tone.MED
    return TONES.get(picture.mode, Tone.HIGH)


def name_of(picture: Picture) -> str:
    """The mode in words; an island that somebody wanted is no power cut."""
    if picture.mode is Mode.RECONNECTED_RESTORING and not came_back(picture):
        return say(HEADLINES[Mode.GRID_CONNECTED])
    return say(ON_PURPOSE if picture.on_purpose and picture.mode.on_island else HEADLINES[picture.mode])


def came_back(picture: Picture) -> bool:
    """Whether the grid, as far as HEMS has seen, was away before it was there."""
    return picture.mode_because.why not in NEVER_LEFT


def headline(picture: Picture, *, brief: bool = False) -> str:
    """`POWER CUT since 13:07 (1 h 25 min)`, or `GRID OK`; the duration is left out of a brief one."""
    told = name_of(picture)
    if picture.outage_for_s is not None and (picture.mode.on_island or is_dark(picture)):
        when = since if brief else since_and_for
        return f"{told} {when(picture, picture.outage_for_s)}"
    return told


def second_thought(picture: Picture) -> str:
    """What matters most next to the headline."""
    if picture.on_purpose and any(order.task in APART and not order.begins_in_s for order in picture.orders):
        return essential_briefly(picture)
    match picture.mode:
        case Mode.GRID_RETURN_QUALIFYING if generator_holds(picture):
            if not picture.generator_left_s:
                return say("grid is back, generator must stop")
            left = duration(round(picture.generator_left_s))
            return say("grid is back, generator runs {duration} more", duration=left)
        case Mode.GRID_RETURN_QUALIFYING if picture.on_purpose:
            return say("goes back to the grid once that has stayed good")
        case Mode.GRID_RETURN_QUALIFYING if picture.qualifying_left_s is not None:
            return say("grid is back, waits {duration} more", duration=duration(round(picture.qualifying_left_s)))
        case Mode.GRID_RETURN_QUALIFYING:
            return say("grid is back, waits for it to stay")
        case Mode.RECONNECTING:
            return say("switching over to the grid")
        case Mode.RECONNECTED_RESTORING:
            return say("circuits come on again one by one")
        case Mode.BLACKOUT_GRID_AVAILABLE:
            return say("the grid is there")
        case Mode.BLACK_START:
            return say("starting on its own power")
        case Mode.ISLANDING_PLANNED:
            return say("circuits go off to plan")
        case Mode.MAINTENANCE:
            return say("HEMS switches nothing on")
        case Mode.FAULT_SAFE:
            return say("it cannot trust its measurements")
        case Mode.ISLANDED | Mode.ISLANDED_STABILIZING:
            return essential_briefly(picture)
        case Mode.GRID_CONNECTED_DEGRADED | Mode.GRID_DISTURBED:
            return since(picture, picture.mode_for_s)
        case _:
            return ""


def generator_holds(picture: Picture) -> bool:
    """Whether the way back to the grid waits for the generator, and for nothing longer than that."""
    return picture.generator_left_s is not None and picture.generator_left_s >= (picture.qualifying_left_s or 0.0)


def is_dark(picture: Picture) -> bool:
    """Whether the building has no power at all."""
    return picture.mode in (Mode.BLACKOUT, Mode.BLACKOUT_GRID_AVAILABLE, Mode.BLACK_START)


def hands(picture: Picture) -> str:
    """Whether hems acts or only watches."""
    return say("auto") if picture.armed else say("ONLY WATCHING")
