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
from math import inf

from hems.control import (
    ahead,
    alarm_states,
    alarms,
    arming,
    attempts,
    balance,
    beside,
    black_start,
    decided,
    drawn,
    effect,
    energy,
    evidence,
    generator,
    giving,
    going,
    headroom,
    lasting,
    monitor,
    orders,
    overload,
    planned,
    present,
    remembered,
    restoring,
    said,
    sending,
    shedding,
    steer,
    stored,
    surplus,
    turns,
    vehicle,
    wanting,
    wear,
)
from hems.control.arbitrate import Proposal, arbitrate
from hems.control.demand import all_on, demands, owed_w, per_phase, untold
from hems.control.dispatch import curtail, let_go, relief, storage
from hems.control.dispatch.turn import connected
from hems.control.due import expiries, watch_for
from hems.control.energy import SERVED
from hems.control.given import Given, Told
from hems.control.guard import guarded, resting
from hems.control.heard import borne_w, heard, with_value
from hems.control.params import Params
from hems.control.sheddable import Outlook
from hems.control.state import ControlState
from hems.control.step import Step
from hems.control.turn import moded
from hems.model.cause import Cause, Why
from hems.model.copies import replace, revised
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.wiring import circuit_of


def tick(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now: Instant) -> Step:
    """Decide.  Exact for any time step: rates integrate, holds are met by ticking at `Step.wake_at_s`."""
    given = Given(present.permitted(site, snapshot, now.mono_s), snapshot, params, now)
    told: Told = []
    given = present.of_the_island(given, state)
    seen = heard(given, state, told)
    given = present.counted(given, seen)
    facts, seen = _judged(given, seen, told)
    given = present.of_the_island(given, seen)
    site, snapshot = given.site, given.snapshot
    seen = revised(seen, former_w=borne_w(given, seen), former_seen_s=overload.seen_s(snapshot))
    seen, rule_due_s = moded(given, seen, facts, told)
    seen, outlook, band_due_s = _looked(given, seen, told, now.mono_s - state.at_s)
    seen = _generated(given, seen, told)
    seen = connected(given, seen, told, now.mono_s - state.at_s)
    seen, restore_due_s = _switched(given, seen, outlook, told)
    seen, sent = _ruled(given, seen, outlook, told)
    lists, tie_set = arming.arm(site, seen, snapshot, outlook, params, now.mono_s)
    seen = _alarmed(given, revised(seen, armed_on_tie_open=tie_set), facts, told)
    dose_due_s = arming.dose_due_s(site, seen, outlook, params, now.mono_s)
    due = [facts.due_s, rule_due_s, band_due_s, restore_due_s, sent.due_s, dose_due_s, *expiries(given, seen)]
    return Step(
        state=seen,
        commands=sent.commands,
        events=tuple(Event(now, kind, subject, cause) for kind, subject, cause in told),
        wake_at_s=min(due),
        watch=watch_for(site),
        armed=lists,
        witnesses=facts.witnesses,
        watts=outlook.watts,
        qualifying_left_s=facts.qualifying_left_s,
        site=site,
    )


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
    return found, revised(seen, unbalanced_since_s=since_s)


def _looked(given: Given, state: ControlState, told: Told, dt_s: float) -> tuple[ControlState, Outlook, float]:
    """Demand, power, stored energy: what shedding and restoring decide on."""
    site, snapshot, params, now_s = given.site, given.snapshot, given.params, given.now_s
    step = energy.band_after(state, stored.store_pct(site, snapshot, params, now_s), params.band, now_s)
    islanded = state.evidence.tie.value is TiePosition.OPEN
    if step.band != state.band and state.mode.mode.on_island:
        told.append((EventKind.SYSTEM, "band", Cause(Why.ENERGY_BAND, {"band": step.band, "was": state.band})))
    state = revised(state, drawn=drawn.after(given, state))
    watts = demands(site, state, snapshot, now_s)
    measured_s = min((reading.taken_s for reading in snapshot.former_phase_w), default=float("-inf"))
    leaving = going.going(site, state, measured_s)
    banded = state if step.band == state.band else replace(state, band=step.band)
    lasts = lasting.lasting(given, banded, dt_s)
    spare = surplus.after(given, state)
    phase_w = overload.phase_w(snapshot, site, now_s)
    blinking = state.evidence.bus.value is not Bus.LIVE or state.evidence.bus.zero_since_s is not None
    outlook = Outlook(
        watts=watts,
        going_w=per_phase(site, watts, leaving),
        phase_w=phase_w,
        least_w=phase_w or overload.least_w(snapshot, now_s),
        bears_w=headroom.bears_w(given, state, phase_w),
        owed_w=owed_w(site, state, snapshot, params.restore, now_s),
        band=step.band,
        least=SERVED[step.band],
        resting=lasting.causes(site, lasts.memory),
        mode=state.mode.mode,
        mode_for_s=now_s - state.mode.since_s,
        cars_phase_w=giving.phase_w_of_cars(site, snapshot, now_s),
        sheds_settled=not leaving,
        held=said.holds(state, now_s),
        sunlit=frozenset(spare.sinks),
        in_turn=turns.in_turn(site, lasts.memory),
        sags=islanded and not attempts.well(site, snapshot, params, now_s),
        dark=blinking,
    )
    unknown = untold(site, state, snapshot, now_s)
    on_w = {one.id: watts[one.id] for one in all_on(site, state, snapshot, now_s) if one.id not in unknown}
    after = replace(
        state,
        band=step.band,
        band_better_since_s=step.better_since_s,
        saving=lasts.memory,
        surplus=spare,
        habits=state.habits if blinking else ahead.learned(given, state, on_w, dt_s),
        loads=state.loads if blinking else remembered.learned(state, on_w, dt_s),
    )
    fired = [circuit for one in snapshot.fired if (circuit := circuit_of(one.role)) is not None]
    after = effect.watching(given, after, fired, outlook)
    return effect.judged(given, after, outlook), outlook, min(step.due_s, lasts.due_s)


def _generated(given: Given, state: ControlState, told: Told) -> ControlState:
    """What the generator shall do next."""
    memory, why = generator.after(given.site, state, given.snapshot, given.params, given.now)
    if why is not None:
        told.append((EventKind.SYSTEM, "generator", Cause(why)))
    return revised(state, generator=memory)


def _switched(given: Given, state: ControlState, outlook: Outlook, told: Told) -> tuple[ControlState, float]:
    """What goes off, else what comes back, never both in one tick; and when the next may come back.

    Nothing is decided of circuits while people have taken over: all of it would be done the moment they give back.
    """
    if state.by_hand:
        return state, inf
    causes = shedding.sheds(given.site, state, given.snapshot, outlook, given.params, given.now_s)
    causes = causes or relief.sheds(given, state, outlook.watts)
    if causes:
        state = effect.watching(given, state, causes, outlook)
        state, back = _back(given, decided.shed(state, causes, given.params, given.now_s), outlook)
        return state, back.due_s if back.circuit is None else inf  # what could come back waits for the next tick
    state, back = _back(given, state, outlook)
    if back.circuit is None:
        return state, back.due_s
    limit = relief.obstacle(given.site.circuit(back.circuit), given, state, outlook.watts[back.circuit])
    if limit is not None:  # for room, not for a time: a due time that has come would wake the daemon without end
        return decided.put_off(state, back.circuit, limit), inf
    state, back = _back(given, decided.restored(state, back.circuit, given.params, given.now_s), outlook)
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
        *wanting.tie(site, state, snapshot, outlook, params, now_s),
        *storage.proposals(site, state, snapshot, now_s),
        *let_go.proposals(site, state, params, now_s),
        *curtail.proposals(site, state, snapshot, now_s),
        *headroom.proposals(given, state, outlook),
        *beside.proposals(given, state),
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
    rulings = wanting.whole(site, arbitrate([*proposals, *more]))
    if outlook.mode is Mode.INIT:  # nothing is given yet; what was taken away may be taken again
        rulings = {role: ruling for role, ruling in rulings.items() if sending.is_switch(role) and not ruling.value}
    untouchable = orders.locked(state, now_s)
    rulings = {role: ruling for role, ruling in rulings.items() if role not in untouchable}
    if state.by_hand:
        rulings = {}
    sent = sending.send(site, rulings, state, params, now_s)
    sent, broken = monitor.kept(site, state, snapshot, sent, params, now_s)
    if broken:
        state = replace(state, broken=tuple(dict.fromkeys((*state.broken, *broken))))
    told += [
        (EventKind.COMMAND, command.role, with_value(command, snapshot))
        for command in sent.commands
        if sending.worth_telling(command, state.sent.get(command.role))
    ]
    state = decided.closed(state, sent.commands, now_s)
    state = wear.moved(state, state.sent, sent.commands, params.restore, now_s)
    return replace(state, sent=sent.sent), sent


def _alarmed(given: Given, state: ControlState, found: evidence.Evidence, told: Told) -> ControlState:
    """Alarms raised and cleared."""
    now = alarms.conditions(given.site, state, given.snapshot, given.params, given.now, found)
    found_now = alarm_states.after(state, now, given.snapshot.requests, given.now_s)
    told += found_now.told
    return revised(state, alarms=found_now.standing, alarms_gone=found_now.gone)
