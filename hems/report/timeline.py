"""One event as a line of a timeline, as it happens."""

from collections.abc import Mapping

from hems.model.event import Event, EventKind
from hems.report.layout import TIME, hanging, offset
from hems.wording import sentence
from hems.wording.language import N_, say

TAGS: Mapping[EventKind, str] = {
    EventKind.MODE: N_("MODE"),
    EventKind.COMMAND: N_("SET"),
    EventKind.OUTCOME: N_("DONE"),
    EventKind.ALARM_RAISED: N_("ALARM"),
    EventKind.ALARM_CLEARED: N_("CLEAR"),
    EventKind.EVIDENCE: N_("SEEN"),
    EventKind.REQUEST: N_("ASKED"),
    EventKind.SYSTEM: N_("NOTE"),
}
TAG = 7
"""Columns of the tag."""


def timeline_line(event: Event, t0_s: float, names: Mapping[str, str] | None = None) -> str:
    """Time since `t0_s` on the monotonic clock, what sort of thing it was, and the sentence.

    Longer sentences go on below, so the text may have several lines; each has 80 columns at most.
    """
    head = f"{offset(event.at.mono_s - t0_s)}  {tag(event)}"
    return "\n".join(hanging(head, told(event, names or {}), TIME + 2 + TAG))


def tag(event: Event) -> str:
    """A word for the eye to jump to: `OFF` and `ON` for switches, otherwise the kind."""
    if event.kind is EventKind.COMMAND and event.subject.endswith("/closed"):
        return say("ON") if event.cause.facts.get("value") else say("OFF")
    return say(TAGS[event.kind])


def told(event: Event, names: Mapping[str, str]) -> str:
    """The event's sentence; a mode tells about the building, so it needs no name."""
    return sentence(event.cause, None if event.kind is EventKind.MODE else event.subject, names)
