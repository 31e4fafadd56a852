"""What a person asks for.  Requests reach the tick in its snapshot, like any other input."""

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from hems.model.members import direct
from hems.model.plan import Plan
from hems.model.prices import Prices
from hems.model.units import CircuitId, SourceId


@direct
class Want(StrEnum):
    """What an override asks of a circuit."""

    ON = "on"
    OFF = "off"
    AUTO = "auto"
    """End the override: back to automatic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Keep a circuit on or off for a while, or hand it back."""

    circuit: CircuitId
    want: Want
    who: str
    role: str
    reason: str = ""
    duration_s: float = 3600.0


@direct
class Task(StrEnum):
    """What hems may be ordered to do as a whole, until it is told to stop or the time is over."""

    MAINTENANCE = "maintenance"
    """People work on the plant; `subjects` are locked out."""
    ISLAND = "island"
    """Leave the grid on purpose for a while."""
    STORM = "storm"
    """A power cut is likely: charge to a target and keep it, until it is over."""
    EVACUATION = "evacuation"
    """People may have to leave: cars keep more, and charge first."""
    DRILL = "drill"
    """Practise a power cut: a planned island that ends at the first sign of trouble, or the note of a rehearsal."""
    RETURN = "return"
    """Somebody has said when the grid comes back: energy is made to last until then, when the order ends."""
    FIRE = "fire"
    """The fire alarm has spoken: begins by its contact, ends by a person."""
    HOLD = "hold"
    """Leave all as it is on own power, except for protection and the last reserve."""
    GRID_LOST = "grid_lost"
    """Somebody says that the utility is not there."""
    GRID_PRESENT = "grid_present"
    """Somebody says that the utility is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Begin a task, or end it."""

    task: Task
    begin: bool
    who: str
    role: str
    reason: str = ""
    start_in_s: float = 0.0
    duration_s: float = inf
    subjects: tuple[str, ...] = ()
    """Roles that nobody may command while it stands, such as `circuits/laundry/closed`."""
    target_pct: float = 0.0
    """Stored energy to charge to beforehand."""
    rehearsed: bool = False
    """A drill that was only rehearsed: nothing is to be done but to remember it."""
    found: str = ""
    """What the rehearsal has shown, as JSON: kept with the date for a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An order that is in force or about to be."""

    task: Task
    who: str
    reason: str
    begins_s: float
    """On the monotonic clock; a restart carries over what remains."""
    ends_s: float
    subjects: tuple[str, ...] = ()
    target_pct: float = 0.0
    then: "Standing | None" = None
    """The same task at a later time, as in a utility's rota: takes this one's place when it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steer:
    """Ask a source for a power for a moment, so that it can be proven; positive feeds the building."""

    source: SourceId
    power_w: float
    who: str
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """The same while it is in force."""

    source: SourceId
    power_w: float
    who: str
    expires_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """A person has looked into a contradiction; hems may start over once it is cleared."""

    who: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A request that is in force."""

    circuit: CircuitId
    want: Want
    who: str
    role: str
    reason: str
    set_s: float
    expires_s: float
    """On the monotonic clock; a restart carries over what remains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarWish:
    """What a driver, or an operator for a driver, says of a car; None is not said."""

    bay: SourceId
    who: str
    leaving: bool | None = None
    """The driver is there and leaves now, or does not after all."""
    leaves_in_s: float | None = None
    """Below 0: not known any more."""
    keeps_pct: float | None = None
    target_pct: float | None = None
    """How full it shall be when it leaves."""
    never: bool | None = None
    """The building takes nothing from this car."""
    first: bool | None = None
    """For this visit it charges before others that have time."""


@direct
class AlarmAct(StrEnum):
    """What a person does with an alarm."""

    SEEN = "seen"
    ASIDE = "aside"
    """Say nothing of it for a while."""
    BACK = "back"
    """No longer set aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmMark:
    """Somebody has seen an alarm, sets it aside, or takes it back."""

    key: str
    act: AlarmAct
    who: str
    duration_s: float = 0.0
    reason: str = ""


Asked = Request | Order | Steer | CarWish | AlarmMark | Prices | Plan | Acknowledge
"""Whatever a person may ask, prices that are told, and plans.  Read back from JSON in this order: the last one would
also fit the others' text."""
