"""What to do about it: the truth table of the three axes, and the state machine as one table of rules.

`regime` is total over 5 x 5 x 3 = 75 combinations and says what the building *is*.  `RULES` says how the mode follows: from
where, when, after how long, to where, why.  The chart in `docs/architecture.md` is generated from `RULES`.

Unknown never starts an outage and never ends one; an unknown tie is taken to be whichever position makes the proposed action
more dangerous.  Source: domain reference 1.2 and 1.4.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from hems.control.params import Params
from hems.control.state import ModeMemory
from hems.model.cause import Cause, Why
from hems.model.mode import ISLAND_MODES, Bus, Grid, Mode, TiePosition


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
ON_LIVE_BUS = {
    Grid.GOOD: Regime.CONNECTED,
    Grid.QUALIFYING: Regime.RETURNING,
    Grid.BAD: Regime.DISTURBED,
    Grid.UNKNOWN: Regime.DEGRADED,
    Grid.DEAD: Regime.CONTRADICTION,
}


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
    """Nothing that hems switched off is still off."""
    may_reconnect: bool
    """No back-off or lock-out forbids another attempt."""
    acknowledged: bool
    """A person has looked into the contradiction."""
    contradiction: bool
    """FAULT_SAFE was entered on a contradiction."""

    @property
    def regime(self) -> Regime:
        """The row of the truth table."""
        return regime(self.tie, self.grid, self.bus)


@dataclass(frozen=True, slots=True)
class Rule:
    """From these modes, when this holds for so long, to that mode, because of this."""

    sources: frozenset[Mode]
    when: Callable[[Facts], bool]
    held_for_s: Callable[[Params], float]
    target: Mode
    why: Why


def _any(*modes: Mode) -> frozenset[Mode]:
    return frozenset(modes)


def _is(*regimes: Regime) -> Callable[[Facts], bool]:
    return lambda facts: facts.regime in regimes


def _tie_open(facts: Facts) -> bool:
    """Open with a bus that is not known dead: enough for every island action."""
    return facts.tie is TiePosition.OPEN and facts.bus is not Bus.DEAD


def _at_once(_: Params) -> float:
    return 0.0


ON_GRID = _any(Mode.GRID_CONNECTED, Mode.GRID_CONNECTED_DEGRADED, Mode.GRID_DISTURBED, Mode.RECONNECTED_RESTORING)
ISLAND = ISLAND_MODES
DARK = _any(Mode.BLACKOUT, Mode.BLACKOUT_GRID_AVAILABLE)
ALIVE = ON_GRID | ISLAND
RUNNING = ALIVE | DARK
UNSURE = _is(Regime.CONTRADICTION, Regime.BUS_UNSEEN, Regime.MOVING, Regime.TIE_UNKNOWN)

RULES: tuple[Rule, ...] = (
    # Leaving INIT: wherever the axes say we are, once they have agreed with themselves for a few cycles.
    Rule(_any(Mode.INIT), _is(Regime.CONNECTED, Regime.RETURNING), lambda p: p.boot.settle_s, Mode.RECONNECTED_RESTORING, Why.ESTIMATES_VALID),
    Rule(_any(Mode.INIT), _is(Regime.DEGRADED), lambda p: p.boot.settle_s, Mode.GRID_CONNECTED_DEGRADED, Why.GRID_UNKNOWN),
    Rule(_any(Mode.INIT), _is(Regime.DISTURBED), lambda p: p.boot.settle_s, Mode.GRID_DISTURBED, Why.GRID_OUT_OF_WINDOW),
    Rule(_any(Mode.INIT), _tie_open, lambda p: p.boot.settle_s, Mode.ISLANDED_STABILIZING, Why.TIE_OPENED),
    Rule(_any(Mode.INIT), _is(Regime.BLACKOUT, Regime.BLACKOUT_GRID_BACK), lambda p: p.boot.settle_s, Mode.BLACKOUT, Why.BUS_DEAD),
    Rule(_any(Mode.INIT), lambda f: not f.witnessed, lambda p: p.witness.no_witness_s, Mode.FAULT_SAFE, Why.NO_WITNESS),
    Rule(_any(Mode.INIT), UNSURE, lambda p: p.witness.no_witness_s, Mode.FAULT_SAFE, Why.TIE_INVALID),
    # The outage begins: one credible witness of an open tie is enough.
    Rule(ON_GRID | DARK, _tie_open, _at_once, Mode.ISLANDED_STABILIZING, Why.TIE_OPENED),
    # The outage ends where the certified device has closed the tie.
    Rule(ISLAND, _is(Regime.CONNECTED, Regime.RETURNING), lambda p: p.reconnect.settle_s, Mode.RECONNECTED_RESTORING, Why.TIE_CLOSED),
    Rule(ISLAND, _is(Regime.DISTURBED), lambda p: p.reconnect.settle_s, Mode.GRID_DISTURBED, Why.GRID_OUT_OF_WINDOW),
    Rule(DARK, _is(Regime.CONNECTED, Regime.RETURNING), lambda p: p.reconnect.settle_s, Mode.RECONNECTED_RESTORING, Why.BUS_LIVE),
    # On the island.
    Rule(_any(Mode.ISLANDED_STABILIZING), lambda f: f.island_calm and _tie_open(f), lambda p: p.island.stable_s, Mode.ISLANDED, Why.ISLAND_STABLE),
    Rule(_any(Mode.ISLANDED), _is(Regime.ISLAND_GRID_BACK), _at_once, Mode.GRID_RETURN_QUALIFYING, Why.GRID_SEEN),
    Rule(_any(Mode.GRID_RETURN_QUALIFYING, Mode.RECONNECTING), _is(Regime.ISLAND), _at_once, Mode.ISLANDED, Why.GRID_LOST_AGAIN),
    Rule(_any(Mode.GRID_RETURN_QUALIFYING), lambda f: f.regime is Regime.ISLAND_GRID_BACK and f.grid is Grid.GOOD and f.may_reconnect, _at_once, Mode.RECONNECTING, Why.GRID_QUALIFIED),
    Rule(_any(Mode.RECONNECTING), _is(Regime.ISLAND_GRID_BACK), lambda p: p.reconnect.watchdog_s, Mode.ISLANDED, Why.RECONNECT_TIMED_OUT),
    # On the grid.
    Rule(_any(Mode.RECONNECTED_RESTORING), lambda f: f.restored and f.regime is Regime.CONNECTED, lambda p: p.restore.calm_s, Mode.GRID_CONNECTED, Why.RESTORED_AND_CALM),
    Rule(_any(Mode.GRID_CONNECTED, Mode.RECONNECTED_RESTORING), _is(Regime.DISTURBED), _at_once, Mode.GRID_DISTURBED, Why.GRID_OUT_OF_WINDOW),
    Rule(_any(Mode.GRID_CONNECTED, Mode.RECONNECTED_RESTORING, Mode.GRID_DISTURBED), _is(Regime.DEGRADED), _at_once, Mode.GRID_CONNECTED_DEGRADED, Why.GRID_UNKNOWN),
    Rule(_any(Mode.GRID_CONNECTED_DEGRADED), _is(Regime.DISTURBED), _at_once, Mode.GRID_DISTURBED, Why.GRID_OUT_OF_WINDOW),
    Rule(_any(Mode.GRID_CONNECTED_DEGRADED, Mode.GRID_DISTURBED), lambda f: f.regime is Regime.CONNECTED and f.restored, _at_once, Mode.GRID_CONNECTED, Why.GRID_GOOD),
    Rule(_any(Mode.GRID_CONNECTED_DEGRADED, Mode.GRID_DISTURBED), lambda f: f.regime is Regime.CONNECTED and not f.restored, _at_once, Mode.RECONNECTED_RESTORING, Why.GRID_GOOD),
    # Dark.
    Rule(ALIVE, _is(Regime.BLACKOUT, Regime.BLACKOUT_GRID_BACK), lambda p: p.grid.lost_s, Mode.BLACKOUT, Why.BUS_DEAD),
    Rule(_any(Mode.BLACKOUT), _is(Regime.BLACKOUT_GRID_BACK), _at_once, Mode.BLACKOUT_GRID_AVAILABLE, Why.GRID_GOOD),
    Rule(_any(Mode.BLACKOUT_GRID_AVAILABLE), _is(Regime.BLACKOUT), _at_once, Mode.BLACKOUT, Why.GRID_LOST_AGAIN),
    # What cannot be, must not be acted on.
    Rule(RUNNING, _is(Regime.CONTRADICTION), lambda p: p.witness.contradiction_s, Mode.FAULT_SAFE, Why.CONTRADICTION),
    Rule(RUNNING, _is(Regime.TIE_UNKNOWN), lambda p: p.witness.contradiction_s, Mode.FAULT_SAFE, Why.TIE_INVALID),
    Rule(RUNNING, _is(Regime.BUS_UNSEEN), lambda p: p.witness.bus_unknown_s, Mode.FAULT_SAFE, Why.BUS_UNKNOWN),
    Rule(_any(Mode.FAULT_SAFE), lambda f: not UNSURE(f) and (f.acknowledged or not f.contradiction), lambda p: p.fault.clear_s, Mode.INIT, Why.DATA_GOOD_AGAIN),
)  # fmt: skip


def rules_from(mode: Mode) -> Iterable[Rule]:
    """The rules that can fire in a mode, in order of precedence."""
    return (rule for rule in RULES if mode in rule.sources)


def _key(rule: Rule) -> str:
    return f"{rule.why}>{rule.target}"


def step(memory: ModeMemory, facts: Facts, params: Params, now_s: float) -> tuple[ModeMemory, Rule | None, float]:
    """Fire the first rule of the present mode whose condition has held long enough; else remember since when each has.

    Returns the memory, the rule that fired if any, and when the next rule will be due if nothing else changes.
    """
    holding = {_key(rule): rule for rule in rules_from(memory.mode) if rule.when(facts)}
    since = {key: memory.true_since.get(key, now_s) for key in holding}
    due = {key: since[key] + rule.held_for_s(params) for key, rule in holding.items()}
    for key, rule in holding.items():
        if due[key] <= now_s:
            return _entered(memory, rule, facts, now_s), rule, now_s
    return replace(memory, true_since=since), None, min(due.values(), default=float("inf"))


def _entered(memory: ModeMemory, rule: Rule, facts: Facts, now_s: float) -> ModeMemory:
    target = rule.target
    out = target in ISLAND_MODES or target in DARK
    keeps = target in (Mode.FAULT_SAFE, Mode.INIT)
    started_s = now_s if memory.outage_since_s is None else memory.outage_since_s
    return ModeMemory(
        mode=target,
        since_s=now_s,
        because=Cause(rule.why, {"grid": facts.grid, "tie": facts.tie, "bus": facts.bus}),
        outage_since_s=started_s if out else memory.outage_since_s if keeps else None,
        contradiction=target is Mode.FAULT_SAFE
        and (rule.why is Why.CONTRADICTION or facts.tie is TiePosition.INVALID),
    )
