"""What happened, for the log, the report and the screens."""

from dataclasses import dataclass
from enum import StrEnum

from hems.model.cause import Cause
from hems.model.instant import Instant
from hems.model.members import direct


@direct
class EventKind(StrEnum):
    """What sort of thing happened."""

    MODE = "mode"
    """`subject` is the new mode."""
    COMMAND = "command"
    """`subject` is the role; `cause.facts` has `value`."""
    OUTCOME = "outcome"
    ALARM_RAISED = "alarm_raised"
    """`subject` is the alarm's key."""
    ALARM_CLEARED = "alarm_cleared"
    EVIDENCE = "evidence"
    """`subject` is an axis (`grid`, `tie`, `bus`); facts name its new value and the witnesses that say so."""
    REQUEST = "request"
    """Somebody asked for something; `subject` is who."""
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened at one instant."""

    at: Instant
    kind: EventKind
    subject: str
    cause: Cause
