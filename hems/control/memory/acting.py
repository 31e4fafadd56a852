"""What is remembered of commands, of attempts, and of what went wrong.

Times are seconds on the monotonic clock.  None as a time means "not now".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hems.model.cause import Cause
from hems.model.members import direct
from hems.model.units import CircuitId


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The last command to one role and its fate so far."""

    value: bool | float
    cause: Cause
    sent_s: float
    """First time this value was sent."""
    last_s: float
    """Most recent repetition."""
    tries: int = 1
    acknowledged_s: float | None = None
    observed: bool = False
    """It was not really sent: the device is not armed."""
    refused: bool = False
    short: bool = False
    """It was taken, but not as asked or without showing it; as the commands to this role before it, if none is told."""
    contradicted_since_s: float | None = None
    """Since when the read-back has shown something else."""
    overruled: bool = False
    """When it was told last, the device showed that somebody else had told it more, or the opposite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectMemory:
    """Sheds whose effect at the former is awaited, and how many in a row have had none."""

    since_s: float = 0.0
    """When the first of them was decided."""
    before_w: tuple[float, ...] = ()
    """What the former delivered then beyond what other meters explain, by phase."""
    expected_w: Mapping[CircuitId, float] = field(default_factory=dict)
    """What each should take away; empty while nothing is awaited."""
    vain: int = 0
    """Sheds in a row, while the former is overloaded, that have taken nothing away."""
    rising_w: tuple[float, ...] = ()
    """By how much that, while overloaded and nothing was switched, grew in a second; empty while it is not known."""
    rest_w: tuple[float, ...] = ()
    """What it was when it was seen last; empty when something has been switched since."""
    rest_s: float = 0.0
    """When the former was measured for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptsMemory:
    """Restores on an island that had to be undone."""

    failures: int = 0
    """In a row, of whatever circuits."""
    undone: bool = False
    """The latest was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconnectMemory:
    """Attempts to rejoin the grid."""

    failures: int = 0
    not_before_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackStartMemory:
    """Attempts to make voltage on a dead building."""

    begun_s: float | None = None
    """When the last attempt began."""
    failures: int = 0
    not_before_s: float = 0.0


@direct
class Stage(StrEnum):
    """What a generator has been asked to do, and how far it has come."""

    OFF = "off"
    STARTING = "starting"
    WARMING = "warming"
    RUNNING = "running"
    COOLING = "cooling"


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorMemory:
    """The generator."""

    stage: Stage = Stage.OFF
    since_s: float = 0.0
    wanted: bool = False
    failures: int = 0
    """Starts in a row that led to nothing, or ended by themselves."""
    not_before_s: float = 0.0
    stopped_since_s: float | None = None
    """It says that it stands still although it should run, since then."""
    last_ran: datetime | None = None
    """By the wall clock, as far as that was known."""
    exercise_until_s: float = 0.0
    low: bool = False
    """Little was stored when that was known last."""
    high_since_s: float | None = None
    """The former has been close to its rating since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something abnormal that asks a person to act."""

    priority: str
    since_s: float
    subject: str
    cause: Cause
    seen_by: str = ""
    seen_s: float | None = None
    """When somebody has said to have seen it."""
    aside_until_s: float | None = None
    """Somebody has set it aside until then."""
    aside_by: str = ""
    aside_reason: str = ""
    folded: bool = False
    """It came with the beginning of a power cut and is not urgent."""
    unused: bool = False
    """The power cut itself silences what it is about."""
    gone_s: float | None = None
    """When its cause went away; None while it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A proposal maker that raised."""

    times: int
    """How often in a row."""
    until_s: float
    """Left out until then; in the past while it is still being tried."""
    error: str
