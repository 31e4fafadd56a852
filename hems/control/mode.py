"""What to do about it: the state machine as one table of rules.

`RULES` says how the mode follows from what the building is (`regime`): from where, when (`conditions`), after how long,
to where, why.  The chart in `docs/architecture.md` is generated from it.

Unknown never starts an outage and never ends one.  Source: domain reference 1.2 and 1.4.
"""

from dataclasses import dataclass
from operator import attrgetter

from hems.control import conditions as when
from hems.control.conditions import Facts, When
from hems.control.memory.seeing import ModeMemory
from hems.control.params import Params
from hems.control.regime import GONE
from hems.model.again import again
from hems.model.cause import Cause, Value, Why
from hems.model.copies import replace
from hems.model.mode import ISLAND_MODES, Mode, TiePosition


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
    Rule(frozenset(Mode) - MAINTENANCE, when.in_maintenance, "", Mode.MAINTENANCE, Why.MAINTENANCE),
    Rule(MAINTENANCE, when.released, "", Mode.INIT, Why.RELEASED),
    # Leaving INIT: to wherever the axes say we are, once they have agreed with themselves for a few cycles.
    Rule(INIT, when.connected, "boot.settle_s", Mode.RECONNECTED_RESTORING, Why.ESTIMATES_VALID),
    Rule(INIT, when.degraded, "boot.settle_s", Mode.GRID_CONNECTED_DEGRADED, Why.GRID_UNKNOWN),
    Rule(INIT, when.disturbed, "boot.settle_s", Mode.GRID_DISTURBED, Why.GRID_OUT_OF_WINDOW),
    Rule(INIT, when.tie_open, "boot.settle_s", Mode.ISLANDED_STABILIZING, Why.TIE_OPENED),
    Rule(INIT, when.dark, "boot.settle_s", Mode.BLACKOUT, Why.BUS_DEAD),
    Rule(INIT, when.nothing_seen, "witness.no_witness_s", Mode.FAULT_SAFE, Why.NO_WITNESS),
    Rule(INIT, when.contradiction, "witness.no_witness_s", Mode.FAULT_SAFE, Why.CONTRADICTION),
    Rule(INIT, when.bus_unseen, "witness.no_witness_s", Mode.FAULT_SAFE, Why.BUS_UNKNOWN),
    Rule(INIT, when.tie_unsure, "witness.no_witness_s", Mode.FAULT_SAFE, Why.TIE_INVALID),
    # The outage begins: one credible witness of an open tie is enough.  A dark building needs to see its bus live.
    Rule(PLANNED, when.left_on_purpose, "", Mode.ISLANDED_STABILIZING, Why.LEFT_ON_PURPOSE),
    Rule(ON_GRID, when.tie_open, "", Mode.ISLANDED_STABILIZING, Why.TIE_OPENED),
    Rule(BLACKOUT | BLACKOUT_GRID, when.on_own_power, "grid.lost_s", Mode.ISLANDED_STABILIZING, Why.TIE_OPENED),
    Rule(STARTING, when.on_own_power, "black_start.stable_s", Mode.ISLANDED_STABILIZING, Why.BLACK_START_DONE),
    # Leaving the grid on purpose.
    Rule(CONNECTED, when.island_asked, "", Mode.ISLANDING_PLANNED, Why.ISLAND_ASKED),
    Rule(PLANNED, when.island_called_off, "", Mode.RECONNECTED_RESTORING, Why.ISLAND_CALLED_OFF),
    Rule(PLANNED, when.island_still_asked, "plan.timeout_s", Mode.RECONNECTED_RESTORING, Why.ISLAND_NOT_REACHED),
    # The outage ends where the certified device has closed the tie; what the grid is worth decides what comes back.
    Rule(ISLAND_MODES, when.connected, "reconnect.settle_s", Mode.RECONNECTED_RESTORING, Why.TIE_CLOSED),
    Rule(DARK, when.connected, "reconnect.settle_s", Mode.RECONNECTED_RESTORING, Why.BUS_LIVE),
    Rule(ISLAND_MODES | DARK, when.disturbed, "reconnect.settle_s", Mode.GRID_DISTURBED, Why.GRID_OUT_OF_WINDOW),
    Rule(ISLAND_MODES | DARK, when.degraded, "reconnect.settle_s", Mode.GRID_CONNECTED_DEGRADED, Why.GRID_UNKNOWN),
    # On the island.
    Rule(STABILIZING, when.island_at_rest, "island.stable_s", Mode.ISLANDED, Why.ISLAND_STABLE),
    Rule(ISLANDED | QUALIFYING, when.source_lost, "", Mode.ISLANDED_STABILIZING, Why.SOURCE_LOST),
    Rule(ISLANDED, when.grid_stays, "", Mode.GRID_RETURN_QUALIFYING, Why.GRID_STAYS),
    Rule(ISLANDED, when.grid_back, "", Mode.GRID_RETURN_QUALIFYING, Why.GRID_SEEN),
    Rule(QUALIFYING | RECONNECTING, when.island_in_earnest, "", Mode.ISLANDED, Why.GRID_GONE_MEANWHILE),
    Rule(QUALIFYING | RECONNECTING, when.island, "", Mode.ISLANDED, Why.GRID_LOST_AGAIN),
    Rule(QUALIFYING, when.grid_qualified, "", Mode.RECONNECTING, Why.GRID_QUALIFIED),
    Rule(RECONNECTING, when.stays_apart, "", Mode.ISLANDED, Why.STAYS_APART),
    Rule(RECONNECTING, when.grid_wavered, "", Mode.GRID_RETURN_QUALIFYING, Why.GRID_LOST_AGAIN),
    Rule(RECONNECTING, when.grid_back, "reconnect.watchdog_s", Mode.ISLANDED, Why.RECONNECT_TIMED_OUT),
    # On the grid.
    Rule(RESTORING, when.all_restored, "restore.calm_s", Mode.GRID_CONNECTED, Why.RESTORED_AND_CALM),
    Rule(ON_GRID - DISTURBED, when.disturbed, "", Mode.GRID_DISTURBED, Why.GRID_OUT_OF_WINDOW),
    Rule(ON_GRID - DEGRADED, when.degraded, "", Mode.GRID_CONNECTED_DEGRADED, Why.GRID_UNKNOWN),
    Rule(DEGRADED | DISTURBED, when.all_restored, "", Mode.GRID_CONNECTED, Why.GRID_GOOD),
    Rule(DEGRADED | DISTURBED, when.still_restoring, "", Mode.RECONNECTED_RESTORING, Why.GRID_GOOD),
    # Dark.
    Rule(ALIVE, when.dark, "grid.lost_s", Mode.BLACKOUT, Why.BUS_DEAD),
    Rule(BLACKOUT, when.dark_grid_back, "", Mode.BLACKOUT_GRID_AVAILABLE, Why.GRID_GOOD),
    Rule(BLACKOUT_GRID, when.dark_alone, "", Mode.BLACKOUT, Why.GRID_LOST_AGAIN),
    Rule(BLACKOUT, when.may_start, "black_start.wait_s", Mode.BLACK_START, Why.BLACK_START),
    Rule(STARTING, when.dark_grid_back, "", Mode.BLACKOUT_GRID_AVAILABLE, Why.GRID_GOOD),
    Rule(STARTING, when.dark_alone, "black_start.timeout_s", Mode.BLACKOUT, Why.BLACK_START_FAILED),
    # What cannot be, must not be acted on.
    Rule(RUNNING, when.contradiction, "witness.contradiction_s", Mode.FAULT_SAFE, Why.CONTRADICTION),
    Rule(RUNNING, when.tie_unknown, "witness.contradiction_s", Mode.FAULT_SAFE, Why.TIE_INVALID),
    Rule(RUNNING, when.bus_unseen, "witness.bus_unknown_s", Mode.FAULT_SAFE, Why.BUS_UNKNOWN),
    Rule(FAULT_SAFE, when.sure_again, "fault.clear_s", Mode.INIT, Why.DATA_GOOD_AGAIN),
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
    told: dict[str, Value] = {"grid": facts.grid, "tie": facts.tie, "bus": facts.bus}
    if memory.mode is Mode.INIT and memory.outage_since_s is not None and out:
        told["outage_s"] = now_s - memory.outage_since_s  # nothing has happened but that hems looks around afresh
    return ModeMemory(
        mode=target,
        since_s=now_s,
        because=Cause(rule.why, told),
        outage_since_s=started_s if out else memory.outage_since_s if keeps else None,
        on_purpose=(out or keeps) and (rule.why is Why.LEFT_ON_PURPOSE or memory.on_purpose),
        contradiction=target is Mode.FAULT_SAFE and (when.contradiction(facts) or facts.tie is TiePosition.INVALID),
    )
