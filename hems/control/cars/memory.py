"""What is remembered of cars and of what their drivers have said.  Times are seconds on the monotonic clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Rung(IntEnum):
    """How far the ladder has been climbed with a car that does nothing."""

    NONE = 0
    LEAST = 1
    """It is offered the least current: some cars wake at a change."""
    MORE = 2
    """It is offered all again."""
    BREAK = 3
    """Its current is interrupted, by the charger's own way to wake a car where there is one."""
    AGAIN = 4
    """After the interruption."""
    RESTART = 5
    """Its charger is restarted, where that can be asked for."""
    GIVEN_UP = 6
    """A person is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waking:
    """Whether a car does what it is told, and what has been tried."""

    way: int = 0
    """1: told to give, -1: told to charge, 0: neither."""
    rung: Rung = Rung.NONE
    since_s: float = 0.0
    """Since when it has been on this rung without doing anything."""
    obeyed: bool = False
    """It has done what it was told since it was told so."""
    idle_since_s: float | None = None
    """It had charged, and has taken nothing since then although it may."""
    sated: bool = False
    """It has charged and then stopped by itself."""
    pauses: int = 0
    """Interruptions since it was plugged in."""
    wakes_s: tuple[float, ...] = ()
    """When it was woken lately."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """How full a car was when it last told, and what has flowed out of it since."""

    pct: float
    capacity_wh: float
    given_wh: float = 0.0
    stale: bool = False
    """It no longer tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sunny:
    """Charging from surplus."""

    enough_since_s: float | None = None
    """There has been enough for this car since then."""
    begun_s: float | None = None
    """It charges from it since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseMemory:
    """A charger that can switch between three phases and one."""

    since_s: float | None = None
    """It should be the other way since then."""
    to: bool | None = None
    """It is being switched, to three phases or to one; None while it is not."""
    begun_s: float = 0.0
    """Since when its car rests for that."""
    told: bool = False
    """The command is out."""
    moves_s: tuple[float, ...] = ()
    """When it was switched, as far back as its budget reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual at one bay, of its last visits; hours are counted from Monday."""

    departures: tuple[float, ...] = ()
    taken_wh: tuple[float, ...] = ()
    arrivals: tuple[float, ...] = ()
    spare_wh: tuple[float, ...] = ()
    """What cars could spare when they came."""
    came_on: tuple[int, ...] = ()
    """The days of these arrivals, counted from the year 1."""
    left_in_cut: bool = False
    """The car that is away left in a power cut: nobody knows with what it will come home."""


@dataclass(frozen=True, kw_only=True)  # without slots: copied in most ticks
class BayMemory:
    """One car, from plug to plug."""

    plugged_since_s: float | None = None
    at_floor: bool = False
    """It was stopped at its floor and gives again only above the resume band."""
    astray_since_s: float | None = None
    """It takes or gives more than it was told to, or the other way round, since then."""
    charging_w: float = 0.0
    """What it has drawn lately, learned where its charger is slow to stop: up at once, down slowly."""
    charge: Charge | None = None
    waking: Waking = Waking()
    proven: bool = False
    """It has been seen to give since it was plugged in."""
    taken_wh: float = 0.0
    """What it has taken since then, as measured."""
    sunny: Sunny = Sunny()
    phases: PhaseMemory = PhaseMemory()
    usually_leaves_s: float | None = None
    """When a car at this bay usually leaves, the next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverMemory:
    """What a driver has said of a car."""

    leaving_since_s: float | None = None
    """The driver wants to leave, since then."""
    leaves_s: float | None = None
    """When the car is to leave."""
    keeps_pct: float | None = None
    """What it keeps; None as long as the site file says so."""
    target_pct: float | None = None
    """How full it shall be when it leaves; None as long as the site file says so."""
    never: bool = False
    """The building takes nothing from it."""
    first: bool = False
    """It charges before others that have time, until it is unplugged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What one bay has done in a month, as its charger measures it."""

    taken_wh: float = 0.0
    outage_wh: float = 0.0
    """Given to the building in power cuts."""
    grid_wh: float = 0.0
    """Given to the building on the grid."""
    giving_s: float = 0.0
    """How long it has given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What one bay has done since it is counted."""

    months: Mapping[str, Month] = field(default_factory=dict)
    """By month, such as `2026-11`; those of long ago are folded into `before`."""
    before: Month = Month()
