"""When the generator runs: started on low energy or high load, warmed up, kept loaded, cooled down, spared when ill.

hems only asks a generator's own controller to run.  It is never asked to while the tie is closed, unless a listed
transfer switch keeps it apart from the grid; and nobody is let back to the grid while it runs otherwise.  Source:
domain reference 2.10 and 5, UCA 13.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import inf

from hems.control import overload
from hems.control.arbitrate import Proposal, Rank
from hems.control.axis_tie import word
from hems.control.energy import Band
from hems.control.memory.acting import GeneratorMemory, Stage
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.stored import store_pct
from hems.control.tuning.sources import GeneratorParams
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.copies import replace
from hems.model.instant import Instant
from hems.model.mode import ISLAND_MODES, Mode, TiePosition
from hems.model.site import Battery, Generator, Site
from hems.model.snapshot import Snapshot

LEAVES_ALONE = frozenset({Mode.INIT, Mode.FAULT_SAFE, Mode.MAINTENANCE})
"""Doubt neither starts nor stops it: it may be what carries the building."""
ON_ITS_OWN = ISLAND_MODES | {Mode.BLACKOUT}
ASKED = frozenset({Stage.STARTING, Stage.WARMING, Stage.RUNNING, Stage.COOLING})
LOST_S = 5.0
"""It has stopped by itself when it says so for this long."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the next stage is decided on."""

    mode: Mode
    running: bool | None
    wanted: bool
    may_start: bool
    must_stop: bool
    now_s: float


def apart(site: Site, state: ControlState) -> bool:
    """Whether generator and grid cannot meet: a transfer switch between them, or the tie seen open (UCA 13)."""
    generator = site.generator
    tie = state.evidence.tie
    is_open = tie.value is TiePosition.OPEN and tie.seen is TiePosition.OPEN
    return generator is not None and (generator.separated or is_open)


def could_meet(site: Site, state: ControlState) -> bool:
    """Whether a running generator must stop: the tie is seen closed, and nothing else is between it and the grid."""
    generator = site.generator
    tie = state.evidence.tie
    closed = TiePosition.CLOSED in (tie.value, tie.seen)
    return generator is not None and not generator.separated and closed


def out_of_the_way(site: Site, snapshot: Snapshot, now_s: float) -> bool:
    """Whether the building may meet the grid: no generator, one kept apart, or one that is seen to stand still."""
    if site.generator is None or site.generator.separated:
        return True
    return word(snapshot.generator.running, now_s) is False


def stops_in_s(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> float | None:
    """Seconds until it has run its least time and cooled down, while it stands between the building and the grid.

    None where nobody waits for it; 0 for one that has been asked to stop and is not seen to stand still.
    """
    memory, own = state.generator, params.generator
    if out_of_the_way(site, snapshot, now_s):
        return None
    cooling_s, running_s = own.cooldown_s, own.min_run_s + own.cooldown_s
    lasts_s = {
        Stage.STARTING: own.warmup_s + running_s,
        Stage.WARMING: own.warmup_s + running_s,
        Stage.RUNNING: running_s,
        Stage.COOLING: cooling_s,
    }
    least_s = cooling_s if memory.stage is Stage.RUNNING else 0.0
    return max(least_s, memory.since_s + lasts_s.get(memory.stage, 0.0) - now_s)


def fuel_wh(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> float:
    """Wh that it makes of what its tank is known to hold.

    None of it counts while its last start has failed, or while it may not be asked to run on the island.
    """
    own, level_pct = site.generator, snapshot.generator.fuel_pct.known(now_s)
    helps = state.generator.failures == 0 and (apart(site, state) or not state.mode.mode.on_island)
    if own is None or level_pct is None or not helps:
        return 0.0
    return own.tank_wh * min(100.0, max(0.0, level_pct)) / 100.0


def after(
    site: Site, state: ControlState, snapshot: Snapshot, params: Params, now: Instant
) -> tuple[GeneratorMemory, Why | None]:
    """The generator's memory after this instant, and what has begun or ended."""
    before, own = state.generator, params.generator
    if site.generator is None or state.mode.mode in LEAVES_ALONE or state.by_hand:
        return before, None
    memory = replace(
        _exercised(before, own, now),
        high_since_s=_high_since(site, state, snapshot, params, now.mono_s),
        low=_low(before, site, snapshot, params, now.mono_s),
    )
    look = Look(
        mode=state.mode.mode,
        running=word(snapshot.generator.running, now.mono_s),
        wanted=_wanted(state, memory, snapshot, params, now),
        may_start=apart(site, state),
        must_stop=could_meet(site, state),
        now_s=now.mono_s,
    )
    return _next(replace(memory, wanted=look.wanted), look, own)


def _next(memory: GeneratorMemory, look: Look, own: GeneratorParams) -> tuple[GeneratorMemory, Why | None]:
    for_s = look.now_s - memory.since_s
    match memory.stage:
        case Stage.OFF:
            ready = look.now_s >= memory.not_before_s and memory.failures < own.tries
            if look.wanted and look.may_start and ready:
                return _into(memory, Stage.STARTING, look), Why.GENERATOR_STARTS
        case _ if look.must_stop:
            return _into(memory, Stage.OFF, look), Why.GENERATOR_STOPS
        case Stage.STARTING if look.running:
            return _into(memory, Stage.WARMING, look), None
        case Stage.STARTING if for_s >= own.start_s:
            return _failed(memory, look, own), Why.GENERATOR_FAILED
        case Stage.WARMING | Stage.RUNNING | Stage.COOLING if look.running is False:
            since_s = look.now_s if memory.stopped_since_s is None else memory.stopped_since_s
            if look.now_s >= since_s + LOST_S:
                return _failed(memory, look, own), Why.GENERATOR_FAILED
            return replace(memory, stopped_since_s=since_s), None
        case Stage.WARMING if for_s >= own.warmup_s:
            return replace(_into(memory, Stage.RUNNING, look), failures=0), None
        case Stage.RUNNING if not look.wanted and for_s >= own.min_run_s:
            return _into(memory, Stage.COOLING, look), Why.GENERATOR_COOLS
        case Stage.COOLING if look.wanted and look.may_start and look.running:  # its least time is over already
            resumed = replace(_into(memory, Stage.RUNNING, look), since_s=look.now_s - own.min_run_s)
            return resumed, Why.GENERATOR_STARTS
        case Stage.COOLING if for_s >= own.cooldown_s:
            return _into(memory, Stage.OFF, look), Why.GENERATOR_STOPS
    return replace(memory, stopped_since_s=None) if look.running else memory, None


def _into(memory: GeneratorMemory, stage: Stage, look: Look) -> GeneratorMemory:
    return replace(memory, stage=stage, since_s=look.now_s, stopped_since_s=None)


def _failed(memory: GeneratorMemory, look: Look, own: GeneratorParams) -> GeneratorMemory:
    rests = _into(memory, Stage.OFF, look)
    return replace(rests, failures=memory.failures + 1, not_before_s=look.now_s + own.retry_s)


def _low(memory: GeneratorMemory, site: Site, snapshot: Snapshot, params: Params, now_s: float) -> bool:
    """Whether little is stored, with hysteresis; as it was while nobody can tell."""
    own, stored_pct = params.generator, store_pct(site, snapshot, params, now_s)
    if stored_pct is None:
        return memory.low
    return stored_pct <= (own.stop_pct if _goes_on(memory) else own.start_pct)


def _goes_on(memory: GeneratorMemory) -> bool:
    """Whether it was wanted and has been asked for."""
    return memory.wanted and memory.stage is not Stage.OFF


def _wanted(state: ControlState, memory: GeneratorMemory, snapshot: Snapshot, params: Params, now: Instant) -> bool:
    """By stored energy with hysteresis, by load, or because it has not run for weeks; at night only in need."""
    own, mode = params.generator, state.mode.mode
    if mode in (Mode.GRID_RETURN_QUALIFYING, Mode.RECONNECTING):
        return False
    if mode not in ON_ITS_OWN:
        return mode is Mode.GRID_CONNECTED and memory.exercise_until_s > now.mono_s
    goes_on = _goes_on(memory)
    high = memory.high_since_s is not None and now.mono_s >= memory.high_since_s + own.start_load_s
    need = Band(state.band) in (Band.CRITICAL, Band.FLOOR, Band.SHUTDOWN)
    return (memory.low or high) and (goes_on or need or not _quiet(own, snapshot.local_h))


def _high_since(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> float | None:
    """Since when the former has been close to its rating; what only passes through it on the grid is no load of it."""
    power_w = overload.phase_w(snapshot, site, now_s) if overload.on_its_own(state.evidence) else None
    if power_w is None or max(overload.loading(power_w, site.former)) < params.generator.start_load_pu:
        return None
    return now_s if state.generator.high_since_s is None else state.generator.high_since_s


def _quiet(own: GeneratorParams, hour: float | None) -> bool:
    """Whether it is night; without a known time it is not."""
    if hour is None or own.quiet_from_h == own.quiet_to_h:
        return False
    if own.quiet_from_h < own.quiet_to_h:
        return own.quiet_from_h <= hour < own.quiet_to_h
    return hour >= own.quiet_from_h or hour < own.quiet_to_h


def _exercised(memory: GeneratorMemory, own: GeneratorParams, now: Instant) -> GeneratorMemory:
    """Every few weeks it shall run; counted from when it last did, by a clock that is known to be right.

    One that was ahead for a while must not put that off until it is overtaken.
    """
    if now.utc is None:
        return memory
    if memory.stage is Stage.RUNNING or memory.last_ran is None or memory.last_ran > now.utc:
        return replace(memory, last_ran=now.utc)
    if now.utc - memory.last_ran < timedelta(days=own.exercise_days):
        return memory
    return replace(memory, last_ran=now.utc, exercise_until_s=now.mono_s + own.exercise_s)


def due_s(state: ControlState, params: Params, now_s: float) -> float:
    """When its next stage may come by time alone."""
    memory, own = state.generator, params.generator
    holds = {
        Stage.STARTING: own.start_s,
        Stage.WARMING: own.warmup_s,
        Stage.RUNNING: own.min_run_s,
        Stage.COOLING: own.cooldown_s,
    }
    ends = [memory.since_s + holds.get(memory.stage, inf), memory.not_before_s, memory.exercise_until_s]
    if memory.high_since_s is not None:
        ends.append(memory.high_since_s + own.start_load_s)
    if memory.stopped_since_s is not None:
        ends.append(memory.stopped_since_s + LOST_S)
    return min((end for end in ends if end > now_s), default=inf)


def proposals(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> Iterator[Proposal]:
    """The request to run, and what a battery takes so that the engine does not idle."""
    generator = site.generator
    if generator is None or state.mode.mode in LEAVES_ALONE:
        return
    if state.generator.stage in ASKED and not could_meet(site, state):
        if apart(site, state):  # while nobody is sure, it stays as it is
            cause = Cause(Why.GENERATOR_STARTS)
            yield Proposal(role=wiring.GENERATOR_RUN, rank=Rank.ISLAND, cause=cause, prefer=1.0)
    else:
        cause = Cause(Why.GENERATOR_RESTS)
        yield Proposal(role=wiring.GENERATOR_RUN, rank=Rank.INTERLOCK, cause=cause, high=0.0, prefer=0.0)
    if state.generator.stage is Stage.RUNNING:
        yield from _filling(generator, site, state, snapshot, params, now_s)


def _filling(
    generator: Generator, site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> Iterator[Proposal]:
    """Batteries take what the building does not: up to where it runs well while little is stored, else what it needs.

    One whose power nobody knows counts as taking what it was told to.
    """
    given_w = snapshot.generator.power_w.known(now_s)
    batteries = [battery for battery in site.batteries if battery.controllable]
    if given_w is None or not batteries:
        return
    charging_w = -sum(min(0.0, _takes_w(one, state, snapshot, now_s)) for one in batteries)
    fill_w = max(0.0, _well_loaded_w(generator, site, state, params) - (given_w - charging_w))
    fills = Why.GENERATOR_FILLS if state.generator.low else Why.GENERATOR_LOAD
    for battery in batteries:
        yield Proposal(
            role=wiring.battery_power(battery.id),
            rank=Rank.ISLAND,
            cause=Cause(fills if fill_w > 0.0 else Why.GENERATOR_CARRIES),
            low=-battery.charge_max_w,
            high=0.0,
            prefer=-fill_w / len(batteries),
        )


def _well_loaded_w(generator: Generator, site: Site, state: ControlState, params: Params) -> float:
    """What it shall give: enough to fill the batteries where it runs for that, as far as the former passes it on.

    What it feeds into a phase on which nothing is drawn flows through the former whole.
    """
    own = params.generator
    least_w = own.min_load_pct / 100.0 * generator.rated_w
    if not (state.generator.low and state.mode.mode.on_island):
        return least_w
    passes_w = params.island.room_pu * min(site.former.phase_va) * len(site.former.phase_va)
    return max(least_w, min(own.fill_pct / 100.0 * generator.rated_w, passes_w))


def _takes_w(battery: Battery, state: ControlState, snapshot: Snapshot, now_s: float) -> float:
    """As measured, negative while it charges; as it was told last where nobody can see."""
    measured_w = snapshot.batteries[battery.id].power_w.known(now_s)
    entry = state.sent.get(wiring.battery_power(battery.id))
    told_w = 0.0 if entry is None else float(entry.value)
    return told_w if measured_w is None else measured_w
