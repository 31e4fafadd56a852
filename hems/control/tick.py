"""One tick: measure, decide, and say what should happen.  Nothing happens in here.

    evidence   signals -> is the utility there, where is the tie, is the bus live
    mode       three facts -> what we are doing about it
    loads      what must go off, what may come back, what does not obey
    proposals  everybody's wishes for every actuator
    arbitrate  one ruling each; then only what is new, unanswered or about to lapse is sent
    armed      what the reflex may do without us before the next tick

All memory is in `ControlState`; the same arguments give the same result, live, in simulation and in replay.
"""

from collections.abc import Iterable
from datetime import datetime

from hems.control import (
    ahead,
    alarm_states,
    alarms,
    arming,
    balance,
    bay_memory,
    black_start,
    drivers,
    energy,
    evidence,
    generator,
    giving,
    lasting,
    loads,
    monitor,
    orders,
    overload,
    override,
    planned,
    present,
    restoring,
    said,
    sending,
    shedding,
    steer,
    vehicle,
    wanting,
    wear,
)
from hems.control.arbitrate import Proposal, arbitrate
from hems.control.axis_tie import word
from hems.control.demand import demands, per_phase
from hems.control.dispatch import storage
from hems.control.dispatch.turn import connected, due_s
from hems.control.energy import SERVED
from hems.control.given import Given, Told
from hems.control.guard import guarded, resting
from hems.control.params import Params
from hems.control.shedding import Outlook
from hems.control.state import ControlState
from hems.control.step import Step, Test, Trigger
from hems.control.turn import moded
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.copies import replace
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.prices import Prices
from hems.model.request import Acknowledge, Order, Task
from hems.model.site import Site
from hems.model.snapshot import Snapshot


def tick(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now: Instant) -> Step:
    """Decide.  Exact for any time step: rates integrate, holds are met by ticking at `Step.wake_at_s`."""
    given = Given(site, snapshot, params, now)
    told: Told = []
    seen = _heard(given, state, told)
    given = replace(given, site=present.present(site, seen, params, now.mono_s))
    site = given.site
    facts, seen = _judged(given, seen, told)
    seen = replace(seen, former_w=_borne_w(given, seen))
    seen, rule_due_s = moded(given, seen, facts, told)
    seen, outlook, band_due_s = _looked(given, seen, told, now.mono_s - state.at_s)
    seen = _generated(given, seen, told)
    seen = connected(given, seen, told, now.mono_s - state.at_s)
    seen, restore_due_s = _switched(given, seen, outlook, told)
    seen, sent = _ruled(given, seen, outlook, told)
    lists, tie_set = arming.arm(site, seen, snapshot, outlook, params, now.mono_s)
    seen = _alarmed(given, replace(seen, armed_on_tie_open=tie_set), facts, told)
    dose_due_s = arming.dose_due_s(site, seen, outlook, params, now.mono_s)
    due = [facts.due_s, rule_due_s, band_due_s, restore_due_s, sent.due_s, dose_due_s, *_expiries(given, seen)]
    return Step(
        state=seen,
        commands=sent.commands,
        events=tuple(Event(now, kind, subject, cause) for kind, subject, cause in told),
        wake_at_s=min(due),
        watch=_watch(site),
        armed=lists,
        witnesses=facts.witnesses,
        watts=outlook.watts,
        qualifying_left_s=facts.qualifying_left_s,
        site=site,
    )


def _heard(given: Given, state: ControlState, told: Told) -> ControlState:
    """What devices answered and what people asked since the last tick."""
    snapshot, now_s = given.snapshot, given.now_s
    adopted = loads.adopted(state, snapshot.fired, given.site, given.params, now_s)
    sent = sending.watched(sending.noted(adopted.sent, snapshot.outcomes), snapshot, now_s)
    overrides, changes = override.after(state.overrides, snapshot.requests, given.site, given.params.override, now_s)
    standing, ordered = orders.after(
        state.orders,
        snapshot.requests,
        lambda order: (
            planned.refusal(order, given.site, snapshot, given.params, now_s)
            or said.refusal(order, state, given.params.override, now_s)
        ),
        now_s,
        before_s=state.at_s,
        fire=word(snapshot.fire_alarm, now_s),
    )
    for task in planned.spent(given.site, state) & standing.keys():
        why = Why.DRILL_ABORTED if task is Task.DRILL else Why.ORDER_ENDED
        ordered.append((task, Cause(why, {"task": task, "who": standing.pop(task).who})))
    wishes, changed = drivers.after(given.site, state, snapshot, given.params.car, now_s)
    standing = said.without_opposite(standing, state.orders)
    told += [(EventKind.REQUEST, subject, cause) for subject, cause in (*changes, *ordered, *changed)]
    told += [(EventKind.OUTCOME, role, cause) for role, cause in sending.fell_short(adopted.sent, snapshot.outcomes)]
    looked = any(isinstance(request, Acknowledge) for request in snapshot.requests)
    told += [(EventKind.COMMAND, command.role, _with_value(command, snapshot)) for command in snapshot.fired]
    if looked:
        adopted = loads.released(adopted)
    heard = replace(
        adopted,
        sent=sent,
        overrides=overrides,
        steering=steer.after(state, snapshot.requests, now_s),
        orders=standing,
        drivers=wishes,
        held_s=said.held_s(state, standing),
        prices=next((one for one in reversed(snapshot.requests) if isinstance(one, Prices)), state.prices),
        drilled=_drilled(given, state),
        warm=present.warm_after(given.site, state, snapshot, now_s),
        by_hand=present.by_hand(state, snapshot, now_s),
        acknowledged_s=now_s if looked else state.acknowledged_s,
    )
    heard = loads.handed_back(heard, state.overrides)
    heard = loads.found_open(given.site, heard, snapshot, given.params, now_s)
    return replace(
        heard,
        at_s=now_s,
        loads=loads.observed(given.site, heard, snapshot, given.params, now_s),
        bays=bay_memory.remembered(given.site, heard, snapshot, given.params, now_s),
        dose=_dosed(given, state),
    )


def _drilled(given: Given, state: ControlState) -> datetime | None:
    """When a power cut was practised last: begun in earnest, rehearsed, or had; counted from the first known date."""
    told = any(isinstance(one, Order) and one.task is Task.DRILL and one.begin for one in given.snapshot.requests)
    if given.now.utc is not None and (told or state.drilled is None or state.mode.mode.on_island):
        return given.now.utc
    return state.drilled


def _dosed(given: Given, state: ControlState) -> tuple[float, ...]:
    """The former's dose; what cannot be read leaves it as it was, neither hotter nor cooler."""
    dose = state.dose or tuple(0.0 for _ in given.site.phases)
    dt_s = given.now_s - state.at_s
    unnoticed_s = min(dt_s, overload.UNNOTICED_S)
    for power_w, for_s in ((state.former_w, dt_s - unnoticed_s), (_borne_w(given, state), unnoticed_s)):
        if power_w is not None:
            dose = overload.dose_after(dose, power_w, given.site.former, given.params.overload, for_s)
    return dose


def _borne_w(given: Given, state: ControlState) -> tuple[float, ...] | None:
    """What heats the former now: what it is seen to deliver, or nothing while the grid carries the building."""
    if not overload.on_its_own(state.evidence):
        return tuple(0.0 for _ in given.site.phases)
    return overload.phase_w(given.snapshot, given.site, given.now_s)


def _judged(given: Given, state: ControlState, told: Told) -> tuple[evidence.Evidence, ControlState]:
    """The three axes, and word of each that has changed."""
    before = state.evidence
    found, memory = evidence.estimate(
        given.site, before, given.snapshot, given.params, given.now_s, told_lost=said.lost(state, given.now_s)
    )
    changes: tuple[tuple[str, Grid | TiePosition | Bus, Grid | TiePosition | Bus], ...] = (
        ("grid", before.grid.value, found.grid),
        ("tie", before.tie.value, found.tie),
        ("bus", before.bus.value, found.bus),
    )
    for axis, old, new in changes:
        if old != new:
            says = "; ".join(f"{one.name}: {one.says}" for one in found.witnesses if one.axis == axis)
            told.append(
                (EventKind.EVIDENCE, axis, Cause(Why.EVIDENCE, {"axis": axis, "is": new, "was": old, "says": says}))
            )
    seen = replace(state, evidence=memory)
    since_s = balance.unbalanced_since(given.site, seen, given.snapshot, given.params.witness, given.now_s)
    return found, replace(seen, unbalanced_since_s=since_s)


def _looked(given: Given, state: ControlState, told: Told, dt_s: float) -> tuple[ControlState, Outlook, float]:
    """Demand, power, stored energy: what shedding and restoring decide on."""
    site, snapshot, params, now_s = given.site, given.snapshot, given.params, given.now_s
    step = energy.band_after(state, energy.store_pct(site, snapshot, params.car, now_s), params.band, now_s)
    islanded = state.evidence.tie.value is TiePosition.OPEN
    if step.band != state.band and state.mode.mode.on_island:
        told.append((EventKind.SYSTEM, "band", Cause(Why.ENERGY_BAND, {"band": step.band, "was": state.band})))
    watts = demands(site, state, snapshot, now_s, islanded=islanded)
    measured_s = min((reading.taken_s for reading in snapshot.former_phase_w), default=float("-inf"))
    going = loads.going(site, state, measured_s)
    lasts = lasting.lasting(given, state, dt_s)
    outlook = Outlook(
        watts=watts,
        going_w=per_phase(site, watts, going),
        phase_w=overload.phase_w(snapshot, site, now_s),
        band=step.band,
        least=SERVED[step.band],
        resting=lasting.causes(site, lasts.memory),
        mode=state.mode.mode,
        mode_for_s=now_s - state.mode.since_s,
        cars_phase_w=giving.phase_w_of_cars(site, snapshot, now_s),
        sheds_settled=not going,
        held=said.holds(state, now_s),
    )
    blinking = state.evidence.bus.value is not Bus.LIVE or state.evidence.bus.zero_since_s is not None
    memory = state.loads if blinking else loads.learned(site, state, snapshot, outlook.watts, now_s, dt_s)
    after = replace(
        state,
        band=step.band,
        band_better_since_s=step.better_since_s,
        saving=lasts.memory,
        habits=state.habits if blinking else ahead.learned(given, state, outlook.watts, dt_s),
        loads=memory,
    )
    return after, outlook, min(step.due_s, lasts.due_s)


def _generated(given: Given, state: ControlState, told: Told) -> ControlState:
    """What the generator shall do next."""
    memory, why = generator.after(given.site, state, given.snapshot, given.params, given.now)
    if why is not None:
        told.append((EventKind.SYSTEM, "generator", Cause(why)))
    return replace(state, generator=memory)


def _switched(given: Given, state: ControlState, outlook: Outlook, told: Told) -> tuple[ControlState, float]:
    """What goes off, else what comes back, never both in one tick; and when the next may come back."""
    causes = shedding.sheds(given.site, state, given.snapshot, outlook, given.params, given.now_s)
    if causes:
        state, back = _back(given, loads.shed(state, causes, given.params, given.now_s), outlook)
        return state, back.due_s
    state, back = _back(given, state, outlook)
    if back.circuit is not None:
        state, back = _back(given, loads.restored(state, back.circuit, given.now_s), outlook)
    return state, back.due_s


def _back(given: Given, state: ControlState, outlook: Outlook) -> tuple[ControlState, restoring.Restore]:
    """The next circuit to come back, now or later."""

    def make() -> Iterable[restoring.Restore]:
        if not sending.may_energise(state):
            return []
        return [restoring.restore(given.site, state, outlook, given.params, given.now_s)]

    state, found = guarded(state, "restoring", make, given.now_s)
    return state, found[0] if found else restoring.NOT_NOW


def _ruled(given: Given, state: ControlState, outlook: Outlook, told: Told) -> tuple[ControlState, sending.Sending]:
    """Every proposal, one ruling per actuator, and the commands that follow."""
    site, snapshot, params, now_s = given.site, given.snapshot, given.params, given.now_s
    proposals = [
        *wanting.circuits(site, state, outlook, params, now_s),
        *wanting.tie(site, state, snapshot, outlook, now_s),
        *storage.proposals(site, state, snapshot, now_s),
        *planned.proposals(site, state, snapshot, params, now_s),
        *black_start.proposals(site, state, snapshot, params, now_s),
        *generator.proposals(site, state, snapshot, params, now_s),
        *steer.proposals(site, state, snapshot, now_s),
    ]

    def cars() -> Iterable[Proposal]:
        wishes = vehicle.wishes(site, state, snapshot, outlook.mode, params, now_s)
        return list(wanting.cars(site, state, snapshot, wishes.items(), params, now_s))

    state, more = guarded(state, "cars", cars, now_s)
    if resting(state, "cars", now_s):
        more = list(wanting.resting_cars(site))
    rulings = arbitrate([*proposals, *more])
    if outlook.mode is Mode.INIT:  # nothing is given yet; what was taken away may be taken again
        rulings = {role: ruling for role, ruling in rulings.items() if sending.is_switch(role) and not ruling.value}
    untouchable = orders.locked(state)
    rulings = {role: ruling for role, ruling in rulings.items() if role not in untouchable}
    if state.by_hand:
        rulings = {}
    sent = sending.send(site, rulings, state, params, now_s)
    sent, broken = monitor.kept(site, state, snapshot, sent, params, now_s)
    state = replace(state, broken=(*state.broken, *(one for one in broken if one not in state.broken)))
    told += [
        (EventKind.COMMAND, command.role, _with_value(command, snapshot))
        for command in sent.commands
        if sending.worth_telling(command, state.sent.get(command.role))
    ]
    state = wear.moved(state, state.sent, sent.commands, params.restore, now_s)
    return replace(state, sent=sent.sent), sent


def _with_value(command: Command, snapshot: Snapshot) -> Cause:
    """The cause of a command as it is told: with its value, and whether it was only decided and not sent."""
    only = {"only_watching": True} if command.role in snapshot.watched_only else {}
    return replace(command.cause, facts={**command.cause.facts, "value": command.value, **only})


def _alarmed(given: Given, state: ControlState, found: evidence.Evidence, told: Told) -> ControlState:
    """Alarms raised and cleared."""
    now = alarms.conditions(given.site, state, given.snapshot, given.params, given.now, found)
    found_now = alarm_states.after(state, now, given.snapshot.requests, given.now_s)
    told += found_now.told
    return replace(state, alarms=found_now.standing, alarms_gone=found_now.gone)


def _expiries(given: Given, state: ControlState) -> list[float]:
    ends = [override.expires_s for override in state.overrides] + steer.expiries(state)
    ends += [generator.due_s(state, given.params, given.now_s), orders.due_s(state, given.now_s)]
    ends.append(alarm_states.due_s(state.alarms, given.now_s))
    ends.append(drivers.due_s(state, given.params.car, given.now_s))
    if state.nulled_since_s is not None:
        ends.append(state.nulled_since_s + given.params.plan.null_s)
    ends += [state.reconnect.not_before_s, state.black_start.not_before_s]
    ends += [state.boot_s + given.params.boot.hold_energise_s, *(one.until_s for one in state.failing.values())]
    ends += loads.expiries(given.site, state, given.params)
    plugged = (bay.plugged_since_s for bay in state.bays.values())
    ends += [since_s + given.params.car.arrival_hold_s for since_s in plugged if since_s is not None]
    if state.mode.mode is Mode.ISLANDED_STABILIZING:
        ends.append(state.mode.since_s + given.params.island.give_up_s)
    if state.unbalanced_since_s is not None:
        ends.append(state.unbalanced_since_s + given.params.witness.balance_s)
    astray = (bay.astray_since_s for bay in state.bays.values())
    ends += [since_s + given.params.command.follow_s for since_s in astray if since_s is not None]
    lost = (one.lost_since_s for one in given.snapshot.devices.values())
    ends += [since_s + alarms.LOST_S for since_s in lost if since_s is not None]
    ends += due_s(state, given)
    return [end for end in ends if end > given.now_s]


def _watch(site: Site) -> tuple[Trigger, ...]:
    """The raw signals whose change is worth a tick at once: the tie's witnesses and each phase crossing its rating."""
    rated = enumerate(site.former.phase_va)
    crossings = (Trigger(wiring.former_phase_w(index), Test.ABOVE, limit) for index, limit in rated)
    wired = {wiring.FIRE_ALARM: site.has_fire_alarm, wiring.RED_BUTTON: site.has_red_button}
    inputs = (Trigger(role, Test.IS, True) for role, has in wired.items() if has)
    return (*arming.tie_triggers(site), *inputs, *crossings)
