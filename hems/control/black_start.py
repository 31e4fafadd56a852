"""Making voltage on a dead building: only with the tie proven open, energy reserved, and circuits proven off.

A circuit whose switch cannot be seen open counts as cold load.  After a failure the pauses grow, because a battery
that is empty needs sun and not commands.  Source: domain reference 1.4 and 1.7, T4; invariant I2.
"""

from collections.abc import Iterator
from dataclasses import replace

from hems.control import ahead, habits
from hems.control.arbitrate import Proposal, Rank
from hems.control.axis_tie import contacts, word
from hems.control.demand import NOTHING, hunger, pickup_w
from hems.control.memory.acting import BlackStartMemory
from hems.control.memory.using import FRESH
from hems.control.overload import loading
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.stored import former_pct
from hems.model import wiring
from hems.model.cause import Cause, Value, Why
from hems.model.instant import Instant
from hems.model.mode import ISLAND_MODES, Mode, TiePosition
from hems.model.site import Circuit, Site, Tier
from hems.model.snapshot import Snapshot

LEFT_ALONE = ISLAND_MODES | {Mode.INIT, Mode.FAULT_SAFE, Mode.MAINTENANCE}
PAUSES = (1.0, 2.0, 4.0, 12.0)
"""Growth of the pause between attempts: 10, 20, 40 and 120 minutes."""


def proven_open(snapshot: Snapshot, params: Params, now_s: float) -> bool:
    """Whether both contacts have been read open a moment ago, and nothing says otherwise (UCA 10)."""
    tie = snapshot.tie
    age_s = max(tie.closed_contact.age_s(now_s), tie.open_contact.age_s(now_s))
    agrees = word(tie.grid_connected, now_s) is not True
    return contacts(tie, now_s) is TiePosition.OPEN and age_s <= params.black_start.proof_s and agrees


def obstacle(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now: Instant) -> Cause | None:
    """What forbids an attempt now, or None."""
    now_s = now.mono_s
    if not proven_open(snapshot, params, now_s):
        return Cause(Why.BLACK_START_WAITS)
    if word(snapshot.former_wakes, now_s) is False:
        return Cause(Why.DARK_START_EMPTY)
    if state.black_start.failures >= params.black_start.tries:
        return Cause(Why.BLACK_START_GIVEN_UP, {"tries": state.black_start.failures})
    if now_s < state.black_start.not_before_s:
        return Cause(Why.BLACK_START_WAITS, {"pause_s": state.black_start.not_before_s - now_s})
    short = _short_of_energy(site, state, snapshot, params, now)
    return short or _too_much_cold(site, state, snapshot, params, now_s)


def _short_of_energy(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now: Instant) -> Cause | None:
    stored_pct = former_pct(site, snapshot, params.car, now.mono_s)
    if stored_pct is not None and stored_pct >= params.black_start.reserve_pct:
        return None
    needs_w = sum(circuit.typical_w for circuit in site.circuits if circuit.tier <= Tier.CRITICAL)
    sunny = _sun_w(site, state, snapshot, now) >= params.black_start.sun_share * needs_w
    if stored_pct is not None and stored_pct > params.band.shutdown_pct and sunny:
        return None
    known: dict[str, Value] = {} if stored_pct is None else {"soc_pct": stored_pct}
    return Cause(Why.BLACK_START_WAITS, {**known, "least_pct": params.black_start.reserve_pct})


def _sun_w(site: Site, state: ControlState, snapshot: Snapshot, now: Instant) -> float:
    """What the sun would give once there is voltage.

    Modules on the former's own side show it in the dark.  Others stand still until the bus has been live for minutes:
    there it is what a device tells of its own sun (an irradiance sensor, the DC side of an inverter), else what even a
    poor day has given in this hour and the next.  A start without sun would spend the last reserve, so nobody guesses.
    """
    seen_w = sum(max(0.0, reading.known(now.mono_s) or 0.0) for reading in snapshot.pvs.values())
    told = [reading.known(now.mono_s) for reading in snapshot.suns.values()]
    told_w = sum(max(0.0, watts) for watts in told if watts is not None)
    coupled = any(not pv.direct for pv in site.pvs)
    if any(watts is not None for watts in told) or not coupled or now.utc is None or not habits.known(state.habits):
        return max(seen_w, told_w)
    poor, hour = ahead.suns_w(state.habits)[0], habits.hour_of(now.utc)
    return max(seen_w, min(poor[hour % habits.HOURS], poor[(hour + 1) % habits.HOURS]))


def _too_much_cold(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> Cause | None:
    """Whether what is not proven off would be too much for the former to start into (UCA 14)."""
    unproven = [circuit for circuit in site.circuits if not _seen_off(circuit, state, snapshot, now_s)]
    since_s = state.mode.outage_since_s
    cold = [0.0] * len(site.phases)
    for circuit in unproven:
        hungry = hunger(state.loads.get(circuit.id), params.restore, now_s, since_s)
        watts = pickup_w(circuit, circuit.typical_w, hungry, params.restore) + circuit.inrush_w
        cold = [a + b for a, b in zip(cold, site.per_phase(watts, circuit.phases), strict=True)]
    if max(loading(cold, site.former)) <= site.former.surge_pu:
        return None
    return Cause(Why.COLD_LOAD, {"w": round(sum(cold)), "circuits": len(unproven)})


def _seen_off(circuit: Circuit, state: ControlState, snapshot: Snapshot, now_s: float) -> bool:
    """Whether its switch says so, and its contacts were not seen to have welded."""
    parts = state.loads.get(circuit.id, FRESH).welded_s is None
    return parts and snapshot.circuits.get(circuit.id, NOTHING).closed.known(now_s) is False


def remembered(state: ControlState, before: Mode, after: Mode, params: Params, now_s: float) -> BlackStartMemory:
    """Attempts so far after a change of mode: a collapse soon after a start is its failure."""
    memory = state.black_start
    if after is Mode.BLACK_START:
        return replace(memory, begun_s=now_s)
    if after in (Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED):
        return BlackStartMemory()
    if after is not Mode.BLACKOUT or memory.begun_s is None:
        return memory
    if before is not Mode.BLACK_START and now_s > memory.begun_s + params.black_start.proven_s:
        memory = BlackStartMemory()  # it had worked; this is another story
    pause_s = params.black_start.backoff_s * PAUSES[min(memory.failures, len(PAUSES) - 1)]
    return BlackStartMemory(failures=memory.failures + 1, not_before_s=now_s + pause_s)


def proposals(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> Iterator[Proposal]:
    """The request to the former: while starting, for as long as the tie stays proven open.

    On an island nothing is said: what carries the building is never told to stop.
    """
    mode, role = state.mode.mode, wiring.FORMER_START
    if not site.former.startable or mode in LEFT_ALONE:
        return
    if mode is Mode.BLACK_START and proven_open(snapshot, params, now_s):
        yield Proposal(role=role, rank=Rank.ISLAND, cause=Cause(Why.START_FORMER), prefer=1.0)
    else:
        yield Proposal(role=role, rank=Rank.INTERLOCK, cause=Cause(Why.LEAVE_FORMER), high=0.0, prefer=0.0)
