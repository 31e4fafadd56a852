"""One turn of what the connection remembers, and word of a limit that was exceeded and is kept again."""

from hems.control.dispatch import (
    able,
    excess,
    flexible,
    heard_again,
    market,
    panels,
    quarter,
    relief,
    schedule,
    standing,
    steady,
    storage,
    value,
    worse,
)
from hems.control.dispatch.envelope import Envelope, envelope
from hems.control.dispatch.flows import flows, house_phase_w, looked_s, sure
from hems.control.dispatch.memory import ConnectionMemory, ExcessMemory, QuarterMemory
from hems.control.given import Given, Told
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.copies import replace, revised
from hems.model.event import EventKind


def connected(given: Given, state: ControlState, told: Told, dt_s: float) -> ControlState:
    """What is known of limits, of the counted quarter and of excess after `dt_s` more."""
    site, snapshot, now_s = given.site, given.snapshot, given.now_s
    memory = heard_again.after(site, state.connection, snapshot, now_s)
    if site.grid.flexible is not None:
        heard = flexible.after(site.grid.flexible, memory.flexible, snapshot.limits, now_s)
        memory = replace(memory, flexible=heard)
    if site.grid.schedule:
        memory = replace(memory, hours=schedule.hours(site, given.local))
    counted = _counted(given, memory, dt_s)
    prices = market.peaked(given, market.after(given, state), memory.quarter, counted)
    if site.panels:
        over_s = panels.over_s(site, memory.panels_over_s, snapshot, now_s)
        memory = replace(memory, panels=panels.after(site, memory.panels, snapshot, now_s), panels_over_s=over_s)
    if site.tariff is not None and site.tariff.demand:
        memory = revised(memory, worse=worse.after(given, state, memory.worse, dt_s))
    steadied, can = steady.after(given, state, memory), able.after(given, state, storage.steered(site), memory.able)
    memory = replace(_stood(given, state, memory), steady=steadied, able=can, quarter=counted, market=prices)
    over = _exceeded(given, state, memory, envelope(site, memory, snapshot, now_s), dt_s)
    since_s = memory.excess.since_s
    if since_s is not None and over.since_s is None and excess.worth_telling(memory.excess, now_s):
        facts = {"excess_wh": memory.excess.wh, "for_s": now_s - since_s}
        told.append((EventKind.SYSTEM, wiring.GRID_POWER, Cause(Why.LIMIT_KEPT_AGAIN, facts)))
        over = replace(over, told_s=now_s)
    day, over_day = value.after(given, state, state.day, dt_s)
    if over_day is not None:
        told.append((EventKind.SYSTEM, "value", over_day))
    return replace(state, connection=revised(memory, excess=over), day=day)


def _counted(given: Given, memory: ConnectionMemory, dt_s: float) -> QuarterMemory:
    tariff, demand_max_w = given.site.tariff, given.site.grid.demand_max_w
    if demand_max_w is None and tariff is not None and tariff.demand:
        demand_max_w = memory.market.target_w or 0.0
    if demand_max_w is None:
        return memory.quarter
    return quarter.after(memory.quarter, given.snapshot.grid_w.known(given.now_s), demand_max_w, dt_s, given.now)


def _stood(given: Given, state: ControlState, memory: ConnectionMemory) -> ConnectionMemory:
    """What circuits draw, judged anew by each new look at the street only.

    A battery that takes over the building is often read before the meter at the street is: beside the old look at the
    street everything would seem to be drawn twice, and cars would be told to stop at the very instant of a power cut.
    """
    if state.mode.mode.on_island:
        return revised(memory, standing=(), stood_s=None, stood_w=(), silent=frozenset())
    flow, now_s = flows(given.site, given.snapshot, given.now_s), given.now_s
    if flow is None:
        return replace(memory, standing=standing.unseen(memory.standing))
    if memory.standing and not steady.settled(given.site, state, given.snapshot):
        return memory
    look_s = looked_s(given.snapshot)
    old = look_s == memory.stood_s and look_s < now_s  # what was read at this very instant is never old
    drawn_w = memory.stood_w if old else house_phase_w(given.site, given.snapshot, flow, now_s)
    found = standing.after(memory.standing, drawn_w, now_s, falls=sure(given.site, given.snapshot))
    silent = memory.silent if old else heard_again.unheard(given.site, given.snapshot, now_s)
    return revised(memory, standing=found, stood_s=look_s, stood_w=drawn_w, silent=silent)


def _exceeded(
    given: Given, state: ControlState, memory: ConnectionMemory, bounds: Envelope, dt_s: float
) -> ExcessMemory:
    """What flows beyond the limits; an island ends the event."""
    if state.mode.mode.on_island:
        return excess.over(memory.excess)
    above_w = excess.over_w(given.snapshot.grid_w.known(given.now_s), bounds.import_w, bounds.export_w)
    return excess.after(memory.excess, above_w, dt_s, given.now_s)


def due_s(state: ControlState, given: Given) -> list[float]:
    """When something of it comes due by time alone: a silence that becomes the failsafe, an excess that is told."""
    limits, heard_s = given.site.grid.flexible, state.connection.flexible.heard_s
    silence = [heard_s + limits.heartbeat_s] if limits is not None and heard_s is not None else []
    since_s = state.connection.excess.since_s
    for known in (state.connection.standing, *state.connection.panels.values()):
        silence += standing.due_s(known)
    waits_s = (relief.STANDS_S, given.params.connection.settle_s)
    acts_s = [at_s + wait_s for at_s in state.connection.panels_over_s.values() for wait_s in waits_s]
    silence += [at_s for at_s in acts_s if at_s > given.now_s]
    silence += schedule.due_s(given.site, given.local, given.now_s)
    silence += storage.due_s(given.site, state, given.snapshot, given.now_s)
    if state.connection.able:
        silence += [at_s for at_s in able.due_s(state.connection.able) if at_s > given.now_s]
    return silence + ([since_s + given.params.connection.settle_s] if since_s is not None else [])
