"""What to do about it: the truth table of the three axes, and the state machine as one table of rules.

`regime` is total over 5 x 5 x 3 = 75 combinations and says what the building *is*.  `RULES` says how the mode follows:
from where, when, after how long, to where, why.  The chart in `docs/architecture.md` is generated from `RULES`.

Unknown never starts an outage and never ends one; an unknown tie is taken to be whichever position makes the proposed
action more dangerous.  Source: domain reference 1.2 and 1.4.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from operator import attrgetter

from hems.control.memory.seeing import ModeMemory
from hems.control.params import Params
from hems.model.again import again
from hems.model.cause import Cause, Why
from hems.model.copies import replace
from hems.model.members import direct
from hems.model.mode import ISLAND_MODES, Bus, Grid, Mode, TiePosition
from hems.model.quick import quick


@direct
class Regime(StrEnum):
    """What one combination of the axes means."""

    CONNECTED = "connected"
    DISTURBED = "disturbed"
    RETURNING = "returning"
    """On the grid, which has not yet been good for long enough."""
    DEGRADED = "degraded"
    ISLAND = "island"
    ISLAND_GRID_BACK = "island_grid_back"
    BLACKOUT = "blackout"
    BLACKOUT_GRID_BACK = "blackout_grid_back"
    CONTRADICTION = "contradiction"
    BUS_UNSEEN = "bus_unseen"
    """Nothing tells whether the bus is live: keep the mode for a while."""
    MOVING = "moving"
    TIE_UNKNOWN = "tie_unknown"


IN_WINDOW = frozenset({Grid.GOOD, Grid.QUALIFYING})
GONE = frozenset({Grid.BAD, Grid.DEAD})
ON_LIVE_BUS = {
    Grid.GOOD: Regime.CONNECTED,
    Grid.QUALIFYING: Regime.RETURNING,
    Grid.BAD: Regime.DISTURBED,
    Grid.UNKNOWN: Regime.DEGRADED,
    Grid.DEAD: Regime.CONTRADICTION,
}


@cache
def regime(tie: TiePosition, grid: Grid, bus: Bus) -> Regime:
    """The truth table: every combination of the axes has exactly one meaning."""
    match tie, bus:
        case (TiePosition.MOVING, _):
            return Regime.MOVING
        case (TiePosition.INVALID | TiePosition.UNKNOWN, _):
            return Regime.TIE_UNKNOWN
        case (TiePosition.CLOSED, Bus.LIVE):
            return ON_LIVE_BUS[grid]
        case (TiePosition.CLOSED, Bus.DEAD):
            return Regime.CONTRADICTION if grid in IN_WINDOW else Regime.BLACKOUT
        case (TiePosition.CLOSED, _):
            return Regime.DEGRADED if grid is Grid.GOOD else Regime.BUS_UNSEEN
        case (_, Bus.LIVE):
            return Regime.ISLAND_GRID_BACK if grid in IN_WINDOW else Regime.ISLAND
        case (_, Bus.DEAD):
            return Regime.BLACKOUT_GRID_BACK if grid is Grid.GOOD else Regime.BLACKOUT
        case _:
            return Regime.BUS_UNSEEN


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a rule may ask."""

    grid: Grid
    tie: TiePosition
    bus: Bus
    witnessed: bool
    """Some witness of tie or bus can be read."""
    island_calm: bool
    """No overload, and every shed is acknowledged or given up on."""
    restored: bool
    """Nothing that hems switched off is still off, apart from what has to wait for a person or lets its relay rest."""
    may_reconnect: bool
    """There is a permission to give, and no back-off or lock-out forbids another attempt."""
    acknowledged: bool
    """A person has looked into the contradiction."""
    contradiction: bool
    """FAULT_SAFE was entered on a contradiction."""
    maintenance: bool = False
    """People work on the plant."""
    opening_asked: bool = False
    """The certified device has been asked to open the tie."""
    island_asked: bool = False
    """Somebody wants the building to leave the grid now, and nothing speaks against it."""
    source_lost: bool = False
    """A source that helped to carry the island has gone at this instant."""
    may_start: bool = False
    """The former may be asked to make voltage on the dead building."""

    @property
    def regime(self) -> Regime:
        """The row of the truth table."""
        return regime(self.tie, self.grid, self.bus)


When = Callable[[Facts], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """From these modes, when this holds for so long, to that mode, because of this."""

    sources: frozenset[Mode]
    when: When
    held_for: str
    """Name of the waiting time in `Params`, such as `grid.lost_s`; empty for at once."""
    target: Mode
    why: Why

    def held_for_s(self, params: Params) -> float:
        """How long the condition must hold without a break."""
        return float(attrgetter(self.held_for)(params)) if self.held_for else 0.0


def regime_is(*regimes: Regime) -> When:
    """The row of the truth table is one of these."""
    return lambda facts: facts.regime in regimes


def tie_open(facts: Facts) -> bool:
    """Open with a bus that is not known dead: enough for every island action."""
    return facts.tie is TiePosition.OPEN and facts.bus is not Bus.DEAD


def left_on_purpose(facts: Facts) -> bool:
    """Opened because it was asked to, by a grid that nobody has seen go."""
    return tie_open(facts) and facts.opening_asked and facts.grid not in GONE


def nothing_seen(facts: Facts) -> bool:
    """No witness of tie or bus can be read."""
    return not facts.witnessed


def island_at_rest(facts: Facts) -> bool:
    """No overload, nothing still on its way off."""
    return facts.island_calm and tie_open(facts)


def grid_qualified(facts: Facts) -> bool:
    """The utility has been good for the whole qualification time, and nothing forbids another attempt."""
    return facts.regime is Regime.ISLAND_GRID_BACK and facts.grid is Grid.GOOD and facts.may_reconnect


def grid_wavered(facts: Facts) -> bool:
    """Still there, but not without a break: the wait begins again, and the permission ends."""
    return facts.regime is Regime.ISLAND_GRID_BACK and facts.grid is not Grid.GOOD


def all_restored(facts: Facts) -> bool:
    """On a good grid with nothing left to switch on."""
    return facts.regime is Regime.CONNECTED and facts.restored


def still_restoring(facts: Facts) -> bool:
    """On a good grid with something left to switch on."""
    return facts.regime is Regime.CONNECTED and not facts.restored


def sure_again(facts: Facts) -> bool:
    """Nothing contradicts any more, and where something did, a person has looked."""
    return not unsure(facts) and (facts.acknowledged or not facts.contradiction)


def in_maintenance(facts: Facts) -> bool:
    """People work on the plant."""
    return facts.maintenance


def released(facts: Facts) -> bool:
    """Nobody works on the plant any more."""
    return not facts.maintenance


def island_asked(facts: Facts) -> bool:
    """Somebody wants to leave a good grid."""
    return facts.regime is Regime.CONNECTED and facts.island_asked


def island_still_asked(facts: Facts) -> bool:
    """The tie is still closed, whatever has been tried."""
    return facts.regime in (Regime.CONNECTED, Regime.RETURNING) and facts.island_asked


def island_called_off(facts: Facts) -> bool:
    """Nobody wants to leave the grid any more, or something speaks against it."""
    return facts.regime in (Regime.CONNECTED, Regime.RETURNING) and not facts.island_asked


def source_lost(facts: Facts) -> bool:
    """On its own power, and with less of it from now on."""
    return facts.source_lost and tie_open(facts)


def may_start(facts: Facts) -> bool:
    """The building is dark, and its own source may be tried."""
    return facts.regime is Regime.BLACKOUT and facts.may_start


connected = regime_is(Regime.CONNECTED, Regime.RETURNING)
disturbed = regime_is(Regime.DISTURBED)
degraded = regime_is(Regime.DEGRADED)
island = regime_is(Regime.ISLAND)
grid_back = regime_is(Regime.ISLAND_GRID_BACK)
dark = regime_is(Regime.BLACKOUT, Regime.BLACKOUT_GRID_BACK)
on_own_power = regime_is(Regime.ISLAND, Regime.ISLAND_GRID_BACK)
dark_alone = regime_is(Regime.BLACKOUT)
dark_grid_back = regime_is(Regime.BLACKOUT_GRID_BACK)
contradiction = regime_is(Regime.CONTRADICTION)
tie_unknown = regime_is(Regime.TIE_UNKNOWN)
bus_unseen = regime_is(Regime.BUS_UNSEEN)
tie_unsure = regime_is(Regime.MOVING, Regime.TIE_UNKNOWN)
unsure = regime_is(Regime.CONTRADICTION, Regime.BUS_UNSEEN, Regime.MOVING, Regime.TIE_UNKNOWN)


def _only(*modes: Mode) -> frozenset[Mode]:
    return frozenset(modes)


INIT = _only(Mode.INIT)
CONNECTED, DEGRADED = _only(Mode.GRID_CONNECTED), _only(Mode.GRID_CONNECTED_DEGRADED)
DISTURBED, RESTORING = _only(Mode.GRID_DISTURBED), _only(Mode.RECONNECTED_RESTORING)
STABILIZING, ISLANDED = _only(Mode.ISLANDED_STABILIZING), _only(Mode.ISLANDED)
QUALIFYING, RECONNECTING = _only(Mode.GRID_RETURN_QUALIFYING), _only(Mode.RECONNECTING)
BLACKOUT, BLACKOUT_GRID = _only(Mode.BLACKOUT), _only(Mode.BLACKOUT_GRID_AVAILABLE)
FAULT_SAFE, MAINTENANCE = _only(Mode.FAULT_SAFE), _only(Mode.MAINTENANCE)
PLANNED, STARTING = _only(Mode.ISLANDING_PLANNED), _only(Mode.BLACK_START)
ON_GRID = CONNECTED | DEGRADED | DISTURBED | RESTORING | PLANNED
DARK = BLACKOUT | BLACKOUT_GRID | STARTING
ALIVE = ON_GRID | ISLAND_MODES
RUNNING = ALIVE | DARK

RULES: tuple[Rule, ...] = (
    # People who work on the plant come first; afterwards hems looks around afresh.
    Rule(frozenset(Mode) - MAINTENANCE, in_maintenance, "", Mode.MAINTENANCE, Why.MAINTENANCE),
    Rule(MAINTENANCE, released, "", Mode.INIT, Why.RELEASED),
    # Leaving INIT: to wherever the axes say we are, once they have agreed with themselves for a few cycles.
    Rule(INIT, connected, "boot.settle_s", Mode.RECONNECTED_RESTORING, Why.ESTIMATES_VALID),
    Rule(INIT, degraded, "boot.settle_s", Mode.GRID_CONNECTED_DEGRADED, Why.GRID_UNKNOWN),
    Rule(INIT, disturbed, "boot.settle_s", Mode.GRID_DISTURBED, Why.GRID_OUT_OF_WINDOW),
    Rule(INIT, tie_open, "boot.settle_s", Mode.ISLANDED_STABILIZING, Why.TIE_OPENED),
    Rule(INIT, dark, "boot.settle_s", Mode.BLACKOUT, Why.BUS_DEAD),
    Rule(INIT, nothing_seen, "witness.no_witness_s", Mode.FAULT_SAFE, Why.NO_WITNESS),
    Rule(INIT, contradiction, "witness.no_witness_s", Mode.FAULT_SAFE, Why.CONTRADICTION),
    Rule(INIT, bus_unseen, "witness.no_witness_s", Mode.FAULT_SAFE, Why.BUS_UNKNOWN),
    Rule(INIT, tie_unsure, "witness.no_witness_s", Mode.FAULT_SAFE, Why.TIE_INVALID),
    # The outage begins: one credible witness of an open tie is enough.  A dark building needs to see its bus live.
    Rule(PLANNED, left_on_purpose, "", Mode.ISLANDED_STABILIZING, Why.LEFT_ON_PURPOSE),
    Rule(ON_GRID, tie_open, "", Mode.ISLANDED_STABILIZING, Why.TIE_OPENED),
    Rule(BLACKOUT | BLACKOUT_GRID, on_own_power, "grid.lost_s", Mode.ISLANDED_STABILIZING, Why.TIE_OPENED),
    Rule(STARTING, on_own_power, "black_start.stable_s", Mode.ISLANDED_STABILIZING, Why.BLACK_START_DONE),
    # Leaving the grid on purpose.
    Rule(CONNECTED, island_asked, "", Mode.ISLANDING_PLANNED, Why.ISLAND_ASKED),
    Rule(PLANNED, island_called_off, "", Mode.RECONNECTED_RESTORING, Why.ISLAND_CALLED_OFF),
    Rule(PLANNED, island_still_asked, "plan.timeout_s", Mode.RECONNECTED_RESTORING, Why.ISLAND_NOT_REACHED),
    # The outage ends where the certified device has closed the tie; what the grid is worth decides what comes back.
    Rule(ISLAND_MODES, connected, "reconnect.settle_s", Mode.RECONNECTED_RESTORING, Why.TIE_CLOSED),
    Rule(DARK, connected, "reconnect.settle_s", Mode.RECONNECTED_RESTORING, Why.BUS_LIVE),
    Rule(ISLAND_MODES | DARK, disturbed, "reconnect.settle_s", Mode.GRID_DISTURBED, Why.GRID_OUT_OF_WINDOW),
    Rule(ISLAND_MODES | DARK, degraded, "reconnect.settle_s", Mode.GRID_CONNECTED_DEGRADED, Why.GRID_UNKNOWN),
    # On the island.
    Rule(STABILIZING, island_at_rest, "island.stable_s", Mode.ISLANDED, Why.ISLAND_STABLE),
    Rule(ISLANDED | QUALIFYING, source_lost, "", Mode.ISLANDED_STABILIZING, Why.SOURCE_LOST),
    Rule(ISLANDED, grid_back, "", Mode.GRID_RETURN_QUALIFYING, Why.GRID_SEEN),
    Rule(QUALIFYING | RECONNECTING, island, "", Mode.ISLANDED, Why.GRID_LOST_AGAIN),
    Rule(QUALIFYING, grid_qualified, "", Mode.RECONNECTING, Why.GRID_QUALIFIED),
    Rule(RECONNECTING, grid_wavered, "", Mode.GRID_RETURN_QUALIFYING, Why.GRID_LOST_AGAIN),
    Rule(RECONNECTING, grid_back, "reconnect.watchdog_s", Mode.ISLANDED, Why.RECONNECT_TIMED_OUT),
    # On the grid.
    Rule(RESTORING, all_restored, "restore.calm_s", Mode.GRID_CONNECTED, Why.RESTORED_AND_CALM),
    Rule(CONNECTED | RESTORING | DEGRADED | PLANNED, disturbed, "", Mode.GRID_DISTURBED, Why.GRID_OUT_OF_WINDOW),
    Rule(CONNECTED | RESTORING | DISTURBED | PLANNED, degraded, "", Mode.GRID_CONNECTED_DEGRADED, Why.GRID_UNKNOWN),
    Rule(DEGRADED | DISTURBED, all_restored, "", Mode.GRID_CONNECTED, Why.GRID_GOOD),
    Rule(DEGRADED | DISTURBED, still_restoring, "", Mode.RECONNECTED_RESTORING, Why.GRID_GOOD),
    # Dark.
    Rule(ALIVE, dark, "grid.lost_s", Mode.BLACKOUT, Why.BUS_DEAD),
    Rule(BLACKOUT, dark_grid_back, "", Mode.BLACKOUT_GRID_AVAILABLE, Why.GRID_GOOD),
    Rule(BLACKOUT_GRID, dark_alone, "", Mode.BLACKOUT, Why.GRID_LOST_AGAIN),
    Rule(BLACKOUT, may_start, "black_start.wait_s", Mode.BLACK_START, Why.BLACK_START),
    Rule(STARTING, dark_grid_back, "", Mode.BLACKOUT_GRID_AVAILABLE, Why.GRID_GOOD),
    Rule(STARTING, dark_alone, "black_start.timeout_s", Mode.BLACKOUT, Why.BLACK_START_FAILED),
    # What cannot be, must not be acted on.
    Rule(RUNNING, contradiction, "witness.contradiction_s", Mode.FAULT_SAFE, Why.CONTRADICTION),
    Rule(RUNNING, tie_unknown, "witness.contradiction_s", Mode.FAULT_SAFE, Why.TIE_INVALID),
    Rule(RUNNING, bus_unseen, "witness.bus_unknown_s", Mode.FAULT_SAFE, Why.BUS_UNKNOWN),
    Rule(FAULT_SAFE, sure_again, "fault.clear_s", Mode.INIT, Why.DATA_GOOD_AGAIN),
)


def rules_from(mode: Mode) -> tuple[Rule, ...]:
    """The rules that can fire in a mode, in order of precedence."""
    return _from(mode, RULES)


@again
def _from(mode: Mode, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if mode in rule.sources)


def _key(rule: Rule) -> str:
    return f"{rule.why}>{rule.target}"


def step(memory: ModeMemory, facts: Facts, params: Params, now_s: float) -> tuple[ModeMemory, Rule | None, float]:
    """Fire the first rule of the present mode whose condition has held long enough; else remember since when each has.

    Returns the memory, the rule that fired if any, and when the next rule will be due if nothing else changes.
    """
    if memory.on_purpose and facts.grid in GONE:
        memory = replace(memory, on_purpose=False)
    holding = {_key(rule): rule for rule in rules_from(memory.mode) if rule.when(facts)}
    since = {key: memory.true_since.get(key, now_s) for key in holding}
    due = {key: since[key] + rule.held_for_s(params) for key, rule in holding.items()}
    for key, rule in holding.items():
        if due[key] <= now_s:
            return _entered(memory, rule, facts, now_s), rule, now_s
    same = since == memory.true_since
    return memory if same else replace(memory, true_since=since), None, min(due.values(), default=float("inf"))


def _entered(memory: ModeMemory, rule: Rule, facts: Facts, now_s: float) -> ModeMemory:
    target = rule.target
    out = target in ISLAND_MODES | DARK
    keeps = target in (Mode.FAULT_SAFE, Mode.INIT, Mode.MAINTENANCE)
    started_s = now_s if memory.outage_since_s is None else memory.outage_since_s
    return ModeMemory(
        mode=target,
        since_s=now_s,
        because=Cause(rule.why, {"grid": facts.grid, "tie": facts.tie, "bus": facts.bus}),
        outage_since_s=started_s if out else memory.outage_since_s if keeps else None,
        on_purpose=out and (rule.why is Why.LEFT_ON_PURPOSE or memory.on_purpose),
        contradiction=target is Mode.FAULT_SAFE and (contradiction(facts) or facts.tie is TiePosition.INVALID),
    )
