"""All that is remembered between two ticks, as frozen values that can be saved and replayed.

Times are seconds on the monotonic clock.  None as a time means "not now".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hems.control.dispatch.memory import ConnectionMemory
from hems.model.cause import Cause, Why
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.request import Override, Standing, Steering, Task
from hems.model.units import CircuitId, PointId, SourceId
from hems.model.wiring import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class GridMemory:
    """Axis G: since when the utility side has been inside its window, outside, or dead."""

    value: Grid = Grid.UNKNOWN
    inside_since_s: float | None = None
    outside_since_s: float | None = None
    """Outside or dead without a break, for the debounce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TieMemory:
    """Axis T: what the contacts said last and since when; since when flag and contacts disagree."""

    value: TiePosition = TiePosition.UNKNOWN
    raw: TiePosition = TiePosition.UNKNOWN
    raw_since_s: float = 0.0
    disagree_since_s: float | None = None

    @property
    def seen(self) -> TiePosition:
        """What is seen right now, before any debounce: the contacts, or the axis where there are none."""
        return self.value if self.raw is TiePosition.UNKNOWN else self.raw


@dataclass(frozen=True, slots=True, kw_only=True)
class BusMemory:
    """Axis B: since when the only news of the bus is a frame of zeros."""

    value: Bus = Bus.UNKNOWN
    zero_since_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointMemory:
    """One voltage point: whether it moves as a live meter does, and whether it moves with the building."""

    values: tuple[float | None, ...] = ()
    """Volts by phase and hertz, as read last."""
    since_s: float = 0.0
    """When these very values were read first."""
    taken_s: float = 0.0
    """When they were read last."""
    moves: int = 0
    longest_s: float = 0.0
    """For how long it has ever stood still and then moved on."""
    power_w: float | None = None
    """The building's power when it began to stand still."""
    power_moved: bool = False
    """That power has changed since."""
    alike_since_s: float | None = None
    """Upstream of an open tie, and the same as the building's own voltage since then."""
    alike_moves: tuple[int, int] = (0, 0)
    """How often it, and the building's own voltage, had moved until then."""
    followed: int = 0
    """How often both have moved since then."""
    unlike_since_s: float | None = None
    """It has differed from it since then: perhaps only because two meters are read one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceMemory:
    """The three axes between ticks."""

    grid: GridMemory = GridMemory()
    tie: TieMemory = TieMemory()
    bus: BusMemory = BusMemory()
    apart_since_s: float | None = None
    """When the tie was seen to leave its closed position; None while it is closed, or was never seen so."""
    points: Mapping[PointId, PointMemory] = field(default_factory=dict)
    crossed_since_s: float | None = None
    """Power flows to or from the grid although the tie is seen open, since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeMemory:
    """The mode, why, and since when each condition that could change it has held."""

    mode: Mode = Mode.INIT
    since_s: float = 0.0
    because: Cause = field(default_factory=lambda: Cause(Why.STARTED))
    true_since: Mapping[str, float] = field(default_factory=dict)
    """Rule key to the time since which its condition has held without a break."""
    outage_since_s: float | None = None
    contradiction: bool = False
    """FAULT_SAFE was entered on a contradiction, so a person must look before hems starts over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadMemory:
    """One circuit: what automation has decided, what was sent, what came of it."""

    shed_because: Cause | None = None
    """Why automation has it off; None when it has not."""
    shed_since_s: float | None = None
    restored_s: float | None = None
    """When automation last switched it back on."""
    demand_w: float | None = None
    """What it drew when last measured on; the best guess of what it would draw."""
    usual_w: float | None = None
    """What it draws on average while it is on; None until it has been seen on."""
    fruitless: int = 0
    """Restores in a row that had to be undone."""
    moves_s: tuple[float, ...] = ()
    """When hems last moved its switch, as far back as its budget reaches."""
    read_back: bool = False
    """Its switch has been read since this process started."""
    deaf: bool = False
    """It did not obey a shed: counted as on and skipped until it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BayMemory:
    """One car."""

    plugged_since_s: float | None = None
    at_floor: bool = False
    """It was stopped at its floor and gives again only above the resume band."""
    astray_since_s: float | None = None
    """It takes or gives more than it was told to, or the other way round, since then."""
    charging_w: float = 0.0
    """What it has drawn lately, learned where its charger is slow to stop: up at once, down slowly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverMemory:
    """What a driver has said of a car."""

    leaving_since_s: float | None = None
    """The driver wants to leave, since then."""
    leaves_s: float | None = None
    """When the car is to leave."""
    keeps_pct: float | None = None
    """What it keeps; None as long as the site file says so."""
    never: bool = False
    """The building takes nothing from it."""


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
class SavingMemory:
    """How energy is being made to last."""

    price: float | None = None
    """What a kilowatt-hour in store is worth, on the scale of what tiers are worth; None when only bands count."""
    sunrise: datetime | None = None
    """When the sun usually begins to carry the critical circuits; None while it does, or never."""
    solved_s: float = float("-inf")
    served: Mapping[int, int] = field(default_factory=dict)
    """How many circuits of a tier are served, for tiers of which not all are."""
    resting: frozenset[CircuitId] = frozenset()
    """Circuits that are off, or go off, so that energy lasts; those in turn included."""
    turns_s: Mapping[CircuitId, float] = field(default_factory=dict)
    """Since when a circuit has had its turn, in tiers that take turns."""
    missed_h: Mapping[CircuitId, float] = field(default_factory=dict)
    """Hours that a circuit did without for others' sake, half forgotten after two days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlState:
    """Everything."""

    at_s: float
    """When the tick that made this state ran."""
    boot_s: float
    """When this process started: nothing is energised before `boot.hold_energise_s` has passed."""
    evidence: EvidenceMemory = EvidenceMemory()
    mode: ModeMemory = ModeMemory()
    dose: tuple[float, ...] = ()
    """Overload dose of each phase of the former; 0 is cool, 1 is its trip."""
    former_w: tuple[float, ...] | None = None
    """What the former bore on each phase at the last tick; None when that could not be read."""
    saving: SavingMemory = SavingMemory()
    habits: Habits = Habits()
    band: str = "normal"
    band_better_since_s: float | None = None
    """Since when stored energy has been good enough for the next better band."""
    loads: Mapping[CircuitId, LoadMemory] = field(default_factory=dict)
    last_shed_s: float | None = None
    last_restore_s: float | None = None
    armed_on_tie_open: tuple[CircuitId, ...] = ()
    """What the reflex was told to shed when the tie opens; the tick that sees it open confirms exactly this."""
    grid_solid_since_s: float | None = None
    """Tie closed, grid good and bus live without a break since then."""
    vouched_since_s: float | None = None
    """Tie closed, bus live, and a person's word in place of a grid that nobody can see, since then."""
    bays: Mapping[SourceId, BayMemory] = field(default_factory=dict)
    drivers: Mapping[SourceId, DriverMemory] = field(default_factory=dict)
    """What drivers have said; nothing of a bay whose driver has said nothing."""
    connection: ConnectionMemory = field(default_factory=ConnectionMemory)
    """Limits heard, the quarter of an hour that is counted, and what has flowed beyond."""
    reconnect: ReconnectMemory = ReconnectMemory()
    black_start: BlackStartMemory = BlackStartMemory()
    generator: GeneratorMemory = GeneratorMemory()
    orders: Mapping[Task, Standing] = field(default_factory=dict)
    """What people have ordered."""
    held_s: float | None = None
    """When somebody last had everything held as it was."""
    drilled: datetime | None = None
    """When a power cut was practised last, or since when that is counted."""
    warm: frozenset[CircuitId] = frozenset()
    """Circuits that keep something cool and have let it get too warm."""
    by_hand: bool = False
    """The red button was pressed when last read: people have taken over."""
    fed_w: Mapping[Role, float] = field(default_factory=dict)
    """What each source besides the former has lately fed the island."""
    nulled_since_s: float | None = None
    """Next to nothing has flowed through the tie since then."""
    sent: Mapping[Role, Sent] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    steering: tuple[Steering, ...] = ()
    acknowledged_s: float | None = None
    """When a person last said to have looked into a contradiction."""
    broken: tuple[str, ...] = ()
    """Invariants that this controller has broken and that a monitor has kept, until a person looks."""
    unbalanced_since_s: float | None = None
    """What sources give and what circuits draw has not added up since then."""
    failing: Mapping[str, Failing] = field(default_factory=dict)
    """Proposal makers that raised."""
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    alarms_gone: Mapping[str, Alarm] = field(default_factory=dict)
    """Gone before anybody had seen them."""


def initial(now_s: float) -> ControlState:
    """The state of a controller that knows nothing yet."""
    return ControlState(at_s=now_s, boot_s=now_s, mode=ModeMemory(since_s=now_s))
