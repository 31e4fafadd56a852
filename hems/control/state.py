"""All that is remembered between two ticks, as frozen values that can be saved and replayed.

Times are seconds on the monotonic clock.  None as a time means "not now".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from hems.control.cars.memory import BayMemory, DriverMemory, Ledger, Usual
from hems.control.dispatch.memory import ConnectionMemory, DayMemory
from hems.control.memory.acting import (
    Alarm,
    AttemptsMemory,
    BlackStartMemory,
    EffectMemory,
    Failing,
    GeneratorMemory,
    ReconnectMemory,
    Sent,
)
from hems.control.memory.seeing import EvidenceMemory, ModeMemory
from hems.control.memory.using import DrawnMemory, Habits, LoadMemory, SavingMemory, SurplusMemory
from hems.model.prices import Prices
from hems.model.request import Override, Standing, Steering, Task
from hems.model.units import CircuitId, SourceId
from hems.model.wiring import Role


@dataclass(frozen=True, kw_only=True)  # without slots: a tick makes some thirty copies of it
class ControlState:
    """Everything."""

    at_s: float
    """When the tick that made this state ran."""
    boot_s: float
    """When this process started: nothing is energised before `boot.hold_energise_s` has passed."""
    evidence: EvidenceMemory = field(default_factory=EvidenceMemory)
    mode: ModeMemory = field(default_factory=ModeMemory)
    dose: tuple[float, ...] = ()
    """Overload dose of each phase of the former; 0 is cool, 1 is its trip."""
    former_w: tuple[float, ...] | None = None
    """What the former bore on each phase at the last tick; None when that could not be read."""
    former_seen_s: float = -inf
    """When that had been read."""
    drawn: DrawnMemory = field(default_factory=DrawnMemory)
    saving: SavingMemory = field(default_factory=SavingMemory)
    surplus: SurplusMemory = field(default_factory=SurplusMemory)
    habits: Habits = field(default_factory=Habits)
    band: str = "normal"
    band_better_since_s: float | None = None
    """Since when stored energy has been good enough for the next better band."""
    loads: Mapping[CircuitId, LoadMemory] = field(default_factory=dict)
    effect: EffectMemory = field(default_factory=EffectMemory)
    attempts: AttemptsMemory = field(default_factory=AttemptsMemory)
    last_shed_s: float | None = None
    last_restore_s: float | None = None
    armed_on_tie_open: tuple[CircuitId, ...] = ()
    """What the reflex was told to shed when the tie opens; the tick that sees it open confirms exactly this."""
    grid_solid_since_s: float | None = None
    """Tie closed, grid good and bus live without a break since then."""
    vouched_since_s: float | None = None
    """Tie closed, bus live, and a person's word in place of a grid that nobody can see, since then."""
    bays: Mapping[SourceId, BayMemory] = field(default_factory=dict)
    astray_s: Mapping[SourceId, float] = field(default_factory=dict)
    """Since when batteries have done more than they were told, or the opposite."""
    idle_s: Mapping[SourceId, float] = field(default_factory=dict)
    """Since when batteries beside the former have given much less than they were asked for, on an island."""
    drivers: Mapping[SourceId, DriverMemory] = field(default_factory=dict)
    """What drivers have said; nothing of a bay whose driver has said nothing."""
    ledgers: Mapping[SourceId, Ledger] = field(default_factory=dict)
    """What bays have taken and given."""
    usual: Mapping[SourceId, Usual] = field(default_factory=dict)
    """What is usual at bays whose drivers tell nothing."""
    connection: ConnectionMemory = field(default_factory=ConnectionMemory)
    """Limits heard, the quarter of an hour that is counted, and what has flowed beyond."""
    reconnect: ReconnectMemory = field(default_factory=ReconnectMemory)
    black_start: BlackStartMemory = field(default_factory=BlackStartMemory)
    generator: GeneratorMemory = field(default_factory=GeneratorMemory)
    orders: Mapping[Task, Standing] = field(default_factory=dict)
    """What people have ordered."""
    held_s: float | None = None
    """When somebody last had everything held as it was."""
    day: DayMemory = field(default_factory=DayMemory)
    """What today has been worth so far."""
    prices: Prices | None = None
    """What energy costs, as told last; by the wall clock."""
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
