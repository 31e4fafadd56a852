"""A command is a lease: it says what, why, and to what it lapses; its fate is an `Outcome` in a later snapshot."""

from dataclasses import dataclass
from enum import StrEnum

from hems.model.cause import Cause
from hems.model.members import direct
from hems.model.wiring import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Ask one actuator for one value.

    `energises` decides the order of writing and acting: what takes power away goes out at once and is journalled
    beside; what gives power waits until its journal entry is on disk.
    """

    role: Role
    """What is commanded, such as `circuits/laundry/closed`."""
    value: bool | float
    cause: Cause
    energises: bool
    lease_s: float = 0.0
    """For how long it holds without being renewed; 0 means until the next command.  A lease lapses only towards
    less: a charge, a discharge or a permit may lapse, an opened circuit never closes by itself."""


@direct
class Fate(StrEnum):
    """What became of a command."""

    CONFIRMED = "confirmed"
    """Written, and the device's read-back shows it."""
    CLAMPED = "clamped"
    """Written and shown, but not as asked: the device's own limit or smallest step came before."""
    UNVERIFIED = "unverified"
    """Written, but nothing reads it back, or the read-back has not followed in time."""
    REFUSED = "refused"
    """The device or its live permission said no; do not repeat blindly."""
    UNREACHABLE = "unreachable"
    """Nothing answered."""
    OBSERVING = "observing"
    """Not sent: the device is not armed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of `command`."""

    command: Command
    fate: Fate
    at_s: float
    """When it was known, on the monotonic clock."""
    took_s: float = 0.0
    """From handing it over to knowing its fate."""
    detail: str = ""
    """The device's own words, if any."""
    overruled: bool = False
    """Before it was written, the device showed that somebody else had changed what it was told before."""

    @property
    def acknowledged(self) -> bool:
        """Whether the device has taken the command."""
        return self.fate in (Fate.CONFIRMED, Fate.CLAMPED, Fate.UNVERIFIED)
