"""What is remembered of circuits, cars and the energy they share.

Times are seconds on the monotonic clock.  None as a time means "not now".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import inf

from hems.model.cause import Cause
from hems.model.members import direct
from hems.model.units import CircuitId


@direct
class Heard(StrEnum):
    """What a circuit's switch has said to this process."""

    NEVER = "never"
    ON = "on"
    SILENT = "silent"
    """Nothing since it was on."""
    OFF = "off"


@dataclass(frozen=True, kw_only=True)  # without slots: copied in most ticks
class LoadMemory:
    """One circuit: what automation has decided, what was sent, what came of it."""

    shed_because: Cause | None = None
    """Why automation has it off; None when it has not."""
    shed_since_s: float | None = None
    restored_s: float | None = None
    """When automation last switched it back on."""
    hungry: float = 0.0
    """How much of the whole cold-load pick-up it came back with then, 0 to 1."""
    demand_w: float | None = None
    """What it drew when last measured on; the best guess of what it would draw."""
    usual_w: float | None = None
    """What it draws on average while it is on; None until it has been seen on."""
    fruitless: int = 0
    """Restores in a row that had to be undone."""
    moves_s: tuple[float, ...] = ()
    """When hems last moved its switch, as far back as its budget reaches."""
    heard: Heard = Heard.NEVER
    """What its switch said last."""
    let_go_s: float | None = None
    """Since when it is off though neither hems nor, as it seems, a person has opened it."""
    read_back: bool = False
    """Its switch has been read since this process started."""
    deaf: bool = False
    """It did not obey a shed: counted as on and skipped until it answers."""
    welded_s: float | None = None
    """When its contacts were last seen, or could last be feared, to carry current though it was switched off; None for
    contacts that part."""
    vain: int = 0
    """Sheds in a row that showed nothing at the former."""


FRESH = LoadMemory()
"""Of a circuit of which nothing is remembered."""


@dataclass(frozen=True, slots=True)
class DrawnMemory:
    """What the building draws, as it is believed, and a rise of it that is not believed yet."""

    watts: float | None = None
    """None while a meter that matters cannot be read."""
    seen_s: float = inf
    """When the oldest reading in it was taken."""
    rising_since_s: float | None = None
    least_w: float = 0.0
    """What it has been at least since then."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What has been measured of something since the hour began."""

    joules: float = 0.0
    seen_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What the building usually does, by the hour."""

    loads_w: Mapping[CircuitId, tuple[int, ...]] = field(default_factory=dict)
    """W while on, 24 hours of working days and 24 of weekends; -1 where nothing has been seen yet."""
    suns_w: tuple[tuple[int, ...], ...] = ()
    """W from all PV plants in each hour of the last days, the oldest first."""
    today_w: Mapping[int, int] = field(default_factory=dict)
    """The same for the hours of today that are over."""
    cuts_h: tuple[float, ...] = ()
    """How long the last power cuts lasted, the latest last."""
    cut_h: float = 0.0
    """How long the present one has lasted."""
    hour: int = -1
    """The hour that is being watched, counted from 1970; -1 before the first."""
    drew: Mapping[CircuitId, Watched] = field(default_factory=dict)
    sun: Watched = Watched()


@dataclass(frozen=True, slots=True, kw_only=True)
class SurplusMemory:
    """Sun to spare on an island."""

    since_s: float | None = None
    """The battery has been nearly full since then; None while it is not."""
    part: float = 0.0
    """Part of what flows into the battery that is to spare, 0 to 1."""
    sinks: tuple[CircuitId, ...] = ()
    """Flexible circuits that the sun feeds, the first to come on first."""
    moved_s: float = float("-inf")
    """When one of these came or went last."""
    gives_since_s: float | None = None
    """The former has given since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingMemory:
    """How energy is being made to last."""

    price: float | None = None
    """What a kilowatt-hour in store is worth, on the scale of what tiers are worth; None when only bands count."""
    sunrise: datetime | None = None
    """When the sun usually begins to carry the critical circuits; None while it does, or never."""
    solved_s: float = float("-inf")
    served: Mapping[int, int] = field(default_factory=dict)
    """How many circuits of a tier are served, for tiers of which not all are."""
    equals_only: bool = False
    """Of the non-essential tier only circuits of equal rank are served, in turn; the band has all others off."""
    resting: frozenset[CircuitId] = frozenset()
    """Circuits that are off, or go off, so that energy lasts; those in turn included."""
    turns_s: Mapping[CircuitId, float] = field(default_factory=dict)
    """Since when a circuit has had its turn, in tiers that take turns."""
    missed_h: Mapping[CircuitId, float] = field(default_factory=dict)
    """Hours that a circuit did without for others' sake, half forgotten after two days."""
