"""First in a tick: what devices answered and what people asked since the last one."""

from collections.abc import Mapping
from datetime import datetime
from math import inf

from hems.control import (
    bay_memory,
    decided,
    drivers,
    found_off,
    idle,
    obeying,
    orders,
    overload,
    override,
    planned,
    present,
    said,
    sending,
    steer,
)
from hems.control.axis_tie import word
from hems.control.given import Given, Told
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.copies import replace, revised
from hems.model.event import EventKind
from hems.model.prices import Prices
from hems.model.request import Acknowledge, Order, Standing, Task
from hems.model.snapshot import Snapshot


def heard(given: Given, state: ControlState, told: Told) -> ControlState:
    """What devices answered and what people asked since the last tick."""
    asked = _asked(given, _answered(given, state, told), state, told)
    told += [(EventKind.COMMAND, one.role, with_value(one, given.snapshot)) for one in given.snapshot.fired]
    after = decided.handed_back(asked, state.overrides)
    after = found_off.found_open(given.site, after, given.snapshot, given.params, given.now_s)
    told += [
        (EventKind.SYSTEM, wiring.circuit_closed(one), Cause(Why.LET_GO)) for one in found_off.let_go(after, asked)
    ]
    as_now = present.present(given.site, after, given.params, given.now_s)
    bays = bay_memory.remembered(as_now, after, given.snapshot, given.params, given.now_s)
    foreseen, usual = bay_memory.visited(given, after, bays)
    return replace(
        after,
        at_s=given.now_s,
        loads=obeying.observed(given.site, after, given.snapshot, given.params, given.now_s),
        bays=foreseen,
        astray_s=bay_memory.astray(given.site, after, given.snapshot, given.params.command, given.now_s),
        idle_s=idle.after(given.site, after, given.snapshot, given.now_s),
        usual=usual,
        ledgers=bay_memory.booked(given, state, given.now_s - state.at_s),
        dose=_dosed(given, state),
    )


def _answered(given: Given, state: ControlState, told: Told) -> ControlState:
    """What the reflex did in the meantime, and what became of commands."""
    snapshot = given.snapshot
    adopted = decided.adopted(state, snapshot.fired, given.site, given.params, given.now_s)
    told += [(EventKind.OUTCOME, role, cause) for role, cause in sending.fell_short(adopted.sent, snapshot.outcomes)]
    return revised(adopted, sent=sending.watched(sending.noted(adopted.sent, snapshot.outcomes), snapshot, given.now_s))


def _asked(given: Given, after: ControlState, state: ControlState, told: Told) -> ControlState:
    """`after` with what people ask now, in person or by contacts; what they asked before is `state`'s."""
    snapshot, now_s = given.snapshot, given.now_s
    overrides, changes = override.after(state.overrides, snapshot.requests, given.site, given.params.override, now_s)
    standing, ordered = _ordered(given, state)
    wishes, changed = drivers.after(given.site, state, snapshot, given.params.car, now_s)
    told += [(EventKind.REQUEST, subject, cause) for subject, cause in (*changes, *ordered, *changed)]
    looked = any(isinstance(request, Acknowledge) for request in snapshot.requests)
    return revised(
        decided.released(after) if looked else after,
        overrides=overrides,
        steering=steer.after(state, snapshot.requests, now_s),
        orders=standing,
        drivers=wishes,
        held_s=said.held_s(state, standing),
        prices=next((one for one in reversed(snapshot.requests) if isinstance(one, Prices)), state.prices),
        drilled=_drilled(given, state, standing),
        warm=present.warm_after(given.site, state, snapshot, now_s),
        by_hand=present.by_hand(state, snapshot, now_s),
        acknowledged_s=now_s if looked else state.acknowledged_s,
    )


def _ordered(given: Given, state: ControlState) -> tuple[dict[Task, Standing], list[tuple[str, Cause]]]:
    """The orders that stand now, and what is to be told of them."""
    standing, told = orders.after(
        state.orders,
        given.snapshot.requests,
        lambda order: (
            planned.refusal(order, given.site, given.snapshot, given.params, given.now_s)
            or said.refusal(order, state, given.params.override, given.now_s)
        ),
        given.now_s,
        before_s=state.at_s,
        fire=word(given.snapshot.fire_alarm, given.now_s),
    )
    for task in orders.begun(standing, planned.spent(given.site, state), given.now_s):
        why = Why.DRILL_ABORTED if task is Task.DRILL else Why.ORDER_ENDED
        told.append((task, Cause(why, {"task": task, "who": standing[task].who})))
        standing = orders.without(standing, {task})
    return said.without_opposite(standing, state.orders), told


def _drilled(given: Given, state: ControlState, standing: Mapping[Task, Standing]) -> datetime | None:
    """When a power cut was practised last: begun in earnest, rehearsed, or had; counted from the first known date.

    What was refused, or is only announced, is no practice, nor is a date that a clock has told which was ahead.
    """
    rehearsed = any(
        isinstance(one, Order) and one.task is Task.DRILL and one.rehearsed for one in given.snapshot.requests
    )
    had = state.mode.mode.on_island or orders.begun(standing, {Task.DRILL}, given.now_s)
    utc, before = given.now.utc, state.drilled
    if utc is not None and (rehearsed or had or before is None or before > utc):
        return utc
    return before


def _dosed(given: Given, state: ControlState) -> tuple[float, ...]:
    """The former's dose; a phase that cannot be read leaves its own as it was, neither hotter nor cooler."""
    dose = state.dose or (0.0,) * len(given.site.phases)
    dt_s = given.now_s - state.at_s
    unnoticed_s, borne = min(dt_s, overload.UNNOTICED_S), borne_w(given, state)
    for power_w, for_s in ((state.former_w, dt_s - unnoticed_s), (borne, unnoticed_s)):
        if power_w is not None:
            dose = overload.dose_after(dose, power_w, given.site.former, given.params.overload, for_s)
    return _partly(given, dose, unnoticed_s) if borne is None else _caught_up(given, state, dose, borne)


def _partly(given: Given, dose: tuple[float, ...], for_s: float) -> tuple[float, ...]:
    """With what the phases have borne that are known."""
    least_w = overload.least_w(given.snapshot, given.now_s)
    if least_w is None:
        return dose
    after = overload.dose_after(dose, least_w, given.site.former, given.params.overload, for_s)
    known = [reading.is_fresh(given.now_s) for reading in given.snapshot.former_phase_w]
    return tuple([new if seen else old for new, old, seen in zip(after, dose, known, strict=True)])


def _caught_up(
    given: Given, state: ControlState, dose: tuple[float, ...], borne: tuple[float, ...]
) -> tuple[float, ...]:
    """With what has changed counted from the reading before it, and not only from the last tick.

    A rise may have begun right after that, and then a fall has, too: so no spike counts for longer than it was seen.
    One period counts so at most: where readings are seldom, what they show may be over soon.
    """
    before, since_s = state.former_w, state.former_seen_s
    if before is None or not -inf < since_s < overload.seen_s(given.snapshot):
        return dose
    for_s = min(overload.UNNOTICED_S, state.at_s - max(since_s, state.evidence.apart_since_s or -inf))
    if for_s <= 0.0:
        return dose
    cold, former, params = (0.0,) * len(dose), given.site.former, given.params.overload
    counted, cost = (overload.dose_after(cold, power_w, former, params, for_s) for power_w in (before, borne))
    return tuple([min(1.0, max(0.0, one + b - a)) for one, a, b in zip(dose, counted, cost, strict=True)])


def borne_w(given: Given, state: ControlState) -> tuple[float, ...] | None:
    """What heats the former now: what it is seen to deliver, or nothing while the grid carries the building."""
    if not overload.on_its_own(state.evidence):
        return (0.0,) * len(given.site.phases)
    return overload.phase_w(given.snapshot, given.site, given.now_s)


def with_value(command: Command, snapshot: Snapshot) -> Cause:
    """The cause of a command as it is told: with its value, and whether it was only decided and not sent."""
    only = {"only_watching": True} if command.role in snapshot.watched_only else {}
    return replace(command.cause, facts={**command.cause.facts, "value": command.value, **only})
