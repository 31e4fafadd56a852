"""The turn of the mode in one tick: the facts for the table of rules, and what a change leaves behind."""

from hems.control import (
    attempts,
    black_start,
    conditions,
    evidence,
    generator,
    going,
    mode,
    monitor,
    orders,
    planned,
    said,
    sources,
    wear,
)
from hems.control.dispatch import relief
from hems.control.given import Given, Told
from hems.control.memory.acting import ReconnectMemory
from hems.control.memory.seeing import ModeMemory
from hems.control.memory.using import LoadMemory
from hems.control.shedding import DARK
from hems.control.state import ControlState
from hems.control.tuning.island import RestoreParams
from hems.model.cause import Why
from hems.model.copies import replace, revised
from hems.model.event import EventKind
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.request import Task

PATIENCE_S = 1.0
"""A turn that an invariant forbids is not looked at again before this."""


def moded(given: Given, state: ControlState, found: evidence.Evidence, told: Told) -> tuple[ControlState, float]:
    """At most one change of mode per tick; another one that is due comes in the tick right after."""
    fed_w, lost = sources.fed(given.site, state, given.snapshot, given.now_s)
    state = revised(state, fed_w=fed_w)
    facts = _facts(given, state, found, source_lost=bool(lost))
    memory, rule, due_s = mode.step(state.mode, facts, given.params, given.now_s)
    broken = monitor.turns(state.mode.mode, memory.mode)
    if broken is not None:
        memory, rule, due_s = state.mode, None, given.now_s + PATIENCE_S
        state = replace(state, broken=tuple(dict.fromkeys((*state.broken, broken))))
    if rule is not None:
        told.append((EventKind.MODE, memory.mode, memory.because))
        state = _turned(given, state, memory, rule)
    vouched_s = None if not said.present(state, given.now_s) else (state.vouched_since_s or given.now_s)
    entered = revised(
        state, mode=memory, grid_solid_since_s=_solid_since_s(given, state, found), vouched_since_s=vouched_s
    )
    return _nulled(given, entered), due_s


def _facts(given: Given, state: ControlState, found: evidence.Evidence, *, source_lost: bool) -> conditions.Facts:
    site, snapshot, params, now_s = given.site, given.snapshot, given.params, given.now_s
    stays_apart = planned.asked(site, state, snapshot, params, now_s)
    return conditions.Facts(
        grid=found.grid,
        tie=found.tie,
        bus=found.bus,
        witnessed=found.tie is not TiePosition.UNKNOWN or found.bus is not Bus.UNKNOWN,
        island_calm=max(state.dose, default=0.0) < params.overload.dose_block and going.settled(site, state),
        restored=not any(_comes_back(one, params.restore, now_s) for one in state.loads.values() if one.shed_because),
        may_reconnect=site.tie.has_permit
        and not state.by_hand
        and not stays_apart
        and generator.out_of_the_way(site, snapshot, now_s)
        and now_s >= state.reconnect.not_before_s
        and state.reconnect.failures < params.reconnect.tries,
        acknowledged=state.acknowledged_s is not None and state.acknowledged_s >= state.mode.since_s,
        contradiction=state.mode.contradiction,
        maintenance=orders.stands(state, Task.MAINTENANCE, now_s),
        opening_asked=planned.opening_asked(state),
        island_asked=stays_apart,
        source_lost=source_lost,
        on_purpose=state.mode.on_purpose,
        may_start=site.former.startable
        and not state.by_hand
        and black_start.obstacle(site, state, snapshot, params, given.now) is None,
    )


def _comes_back(memory: LoadMemory, params: RestoreParams, now_s: float) -> bool:
    """Whether it is off and next in turn for coming back; what a person must look at, or whose relay rests, is not.

    A relay may rest for most of a day, a limit of the connection may last as long, and neither cars nor the word that
    all is normal wait for that: cars may be what keeps the limit.
    """
    if not memory.shed_because or not memory.read_back or memory.shed_because.why in relief.FOR_A_LIMIT:
        return False
    return memory.fruitless < params.tries and wear.closes_s(memory, params) <= now_s


def _solid_since_s(given: Given, state: ControlState, found: evidence.Evidence) -> float | None:
    """Since when the grid carries the building without a break; what a debounce overlooks is no firm ground either."""
    solid = found.tie is TiePosition.CLOSED and found.grid is Grid.GOOD and found.bus is Bus.LIVE
    if not solid or state.evidence.grid.outside_since_s is not None:
        return None
    return given.now_s if state.grid_solid_since_s is None else state.grid_solid_since_s


def _turned(given: Given, state: ControlState, memory: ModeMemory, rule: mode.Rule) -> ControlState:
    """What a change of mode leaves behind: attempts are counted, and a planned island that failed is over."""
    if state.mode.mode.on_island and memory.mode in DARK:
        state = attempts.collapsed(state, given.now_s)
    fails = rule.why in (Why.ISLAND_CALLED_OFF, Why.ISLAND_NOT_REACHED)
    left = orders.begun(state.orders, planned.APART, given.now_s) if fails else frozenset[Task]()
    return replace(
        state,
        reconnect=_reconnecting(given, state, memory, rule),
        black_start=black_start.remembered(state, state.mode.mode, memory.mode, given.params, given.now_s),
        orders=orders.without(state.orders, left) if left else state.orders,
    )


def _nulled(given: Given, state: ControlState) -> ControlState:
    """The state with since when nothing has flowed through a tie that is to be opened."""
    since_s = planned.nulled_since(given.site, state, given.snapshot, given.params, given.now_s)
    return revised(state, nulled_since_s=since_s)


def _reconnecting(given: Given, state: ControlState, memory: ModeMemory, rule: mode.Rule) -> ReconnectMemory:
    """Back off after each permit that led to nothing; forget the failures once the grid carries the building."""
    if rule.why is Why.RECONNECT_TIMED_OUT:
        failures = state.reconnect.failures + 1
        pause_s = given.params.reconnect.backoff_s * 2.0 ** (failures - 1)
        return ReconnectMemory(failures=failures, not_before_s=given.now_s + pause_s)
    return ReconnectMemory() if memory.mode is Mode.GRID_CONNECTED else state.reconnect
