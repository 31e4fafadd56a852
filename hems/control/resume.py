"""What survives a restart: what was shed and why, what people asked for, how far the outage has come.

The mode does not: it is estimated anew from INIT, and nothing is energised before that.  Minimum off times begin
again, because nobody knows what happened in between; how long a circuit has done without power, which is how much it
will draw, is not forgotten.  Of cars only what their chargers have worn is remembered.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf

from hems.control import attempts, orders
from hems.control.bay_memory import NEW
from hems.control.cars.memory import BayMemory, DriverMemory, PhaseMemory
from hems.control.decided import handed_back
from hems.control.dispatch.memory import ConnectionMemory, MarketMemory, QuarterMemory, WorseMemory
from hems.control.memory.acting import Alarm, BlackStartMemory, Failing, GeneratorMemory, Sent
from hems.control.memory.seeing import ModeMemory
from hems.control.memory.using import FRESH, Heard, LoadMemory, SavingMemory
from hems.control.state import ControlState, initial
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.request import Override, Want
from hems.model.wiring import Role

RESTED_MAKERS = ("restoring", "cars")


def resumed(
    saved: ControlState,
    *,
    shift_s: float,
    now_s: float,
    told: Mapping[Role, bool | float] | None = None,
    cut_off: bool = False,
) -> ControlState:
    """The state to start with, `shift_s` being what to add to the saved times to have them on the present clock.

    UCA 4.

    `told` is what the journal says was last asked of each actuator: newer than the saved state where the process died
    between acting and saving.  What was switched off then waits for its turn like everything else.

    `cut_off` is whether the gateway lost its power: an island that went dark may have taken it along, and what had just
    come back is taken to be the reason, as if hems had seen it.
    """
    if cut_off and saved.mode.mode.on_island:
        saved = attempts.collapsed(saved, saved.at_s)

    def moved(when_s: float | None) -> float | None:
        return None if when_s is None else min(now_s, when_s + shift_s)

    fresh = initial(now_s)
    switches = {role: _switch(entry, now_s) for role, entry in saved.sent.items() if _rests(role, entry)}
    known = {task: orders.carried(one, shift_s, now_s) for task, one in saved.orders.items()}
    state = replace(
        fresh,
        mode=ModeMemory(
            since_s=now_s, outage_since_s=moved(saved.mode.outage_since_s), on_purpose=saved.mode.on_purpose
        ),
        dose=saved.dose,
        band=saved.band,
        saving=SavingMemory(missed_h=saved.saving.missed_h),
        habits=saved.habits,
        loads={circuit: _load(memory, shift_s, now_s) for circuit, memory in saved.loads.items()},
        reconnect=replace(saved.reconnect, not_before_s=max(now_s, saved.reconnect.not_before_s + shift_s)),
        black_start=_black_start(saved, shift_s, now_s),
        attempts=saved.attempts,
        connection=_connection(saved.connection, shift_s),
        held_s=moved(saved.held_s),
        warm=saved.warm,
        by_hand=saved.by_hand,
        bays={bay: _switched(memory, shift_s, now_s) for bay, memory in saved.bays.items() if memory.phases.moves_s},
        ledgers=saved.ledgers,
        usual=saved.usual,
        drivers={bay: _driver(memory, shift_s) for bay, memory in saved.drivers.items()},
        prices=saved.prices,
        day=saved.day,
        drilled=saved.drilled,
        generator=_generator(saved.generator, shift_s, now_s),
        orders={task: one for task, one in known.items() if one is not None},
        sent=switches,
        overrides=_overrides(saved.overrides, shift_s, now_s),
        alarms={key: _alarm(alarm, shift_s, now_s) for key, alarm in saved.alarms.items()},
        alarms_gone={key: _alarm(alarm, shift_s, now_s) for key, alarm in saved.alarms_gone.items()},
    )
    return _also_off(handed_back(state, saved.overrides), told or {}, now_s)


def _overrides(saved: Iterable[Override], shift_s: float, now_s: float) -> tuple[Override, ...]:
    """Those that have not expired meanwhile."""
    moved = [replace(one, set_s=one.set_s + shift_s, expires_s=one.expires_s + shift_s) for one in saved]
    return tuple(one for one in moved if one.expires_s > now_s)


def _rests(role: Role, entry: Sent) -> bool:
    """Whether it stays as it was told when hems falls silent: a switch of a circuit, or a request of the building's."""
    return isinstance(entry.value, bool) and not role.startswith("bays/")


def _also_off(state: ControlState, told: Mapping[Role, bool | float], now_s: float) -> ControlState:
    """With what the journal knows to be off and the saved state does not."""
    by_hand = {override.circuit for override in state.overrides if override.want is Want.OFF}
    loads, sent = dict(state.loads), dict(state.sent)
    for role, value in told.items():
        circuit = wiring.circuit_of(role)
        if circuit is None or value or circuit in by_hand or loads.get(circuit, FRESH).shed_because is not None:
            continue
        cause = Cause(Why.STARTED)
        loads[circuit] = replace(loads.get(circuit, FRESH), shed_because=cause, shed_since_s=now_s)
        sent[role] = Sent(value=False, cause=cause, sent_s=now_s, last_s=-inf, tries=0)
    return replace(state, loads=loads, sent=sent)


def _switch(entry: Sent, now_s: float) -> Sent:
    """What was switched off is told so again at once; what was switched on is not, it may have gone off since."""
    fresh = Sent(value=entry.value, cause=entry.cause, sent_s=now_s, last_s=-inf, tries=0)
    return replace(fresh, last_s=now_s, acknowledged_s=now_s) if entry.value else fresh


def _connection(saved: ConnectionMemory, shift_s: float) -> ConnectionMemory:
    """What the month and its running quarter have used, and how bad quarters can be; all else is seen or told anew."""
    market = MarketMemory(month=saved.market.month, month_peak_w=saved.market.month_peak_w)
    worse = WorseMemory(watts=saved.worse.watts)
    return ConnectionMemory(quarter=_quarter(saved.quarter, shift_s), market=market, worse=worse)


def _quarter(saved: QuarterMemory, shift_s: float) -> QuarterMemory:
    """What has been drawn in it still counts: the utility's meter forgets nothing."""
    if saved.begun_s is None or saved.seen_s is None:
        return saved
    return replace(saved, begun_s=saved.begun_s + shift_s, seen_s=saved.seen_s + shift_s)


def _black_start(saved: ControlState, shift_s: float, now_s: float) -> BlackStartMemory:
    """Attempts so far, and how long the last one has been seen to last: time that nobody watched proves nothing."""
    memory = saved.black_start
    begun_s = None if memory.begun_s is None else memory.begun_s + now_s - saved.at_s
    return replace(memory, begun_s=begun_s, not_before_s=max(now_s, memory.not_before_s + shift_s))


def _generator(saved: GeneratorMemory, shift_s: float, now_s: float) -> GeneratorMemory:
    """It goes on where it was: a restart of hems neither stops an engine nor forgets that it is ill."""
    return replace(
        saved,
        since_s=min(now_s, saved.since_s + shift_s),
        not_before_s=max(now_s, saved.not_before_s + shift_s),
        stopped_since_s=None,
        high_since_s=None,
        exercise_until_s=saved.exercise_until_s + shift_s,
    )


def _alarm(alarm: Alarm, shift_s: float, now_s: float) -> Alarm:
    """On the present clock, with who has seen it and until when it is set aside."""

    def past(when_s: float | None) -> float | None:
        return None if when_s is None else min(now_s, when_s + shift_s)

    until_s = alarm.aside_until_s
    return replace(
        alarm,
        since_s=min(now_s, alarm.since_s + shift_s),
        seen_s=past(alarm.seen_s),
        gone_s=past(alarm.gone_s),
        aside_until_s=None if until_s is None else until_s + shift_s,
    )


def _driver(memory: DriverMemory, shift_s: float) -> DriverMemory:
    """Without a clock, a departure is what was left of it when that was last known."""
    since_s, leaves_s = memory.leaving_since_s, memory.leaves_s
    return replace(
        memory,
        leaving_since_s=None if since_s is None else since_s + shift_s,
        leaves_s=None if leaves_s is None else leaves_s + shift_s,
    )


def _switched(memory: BayMemory, shift_s: float, now_s: float) -> BayMemory:
    """A bay with what its charger has used of its budget of switchings; another car may stand there by now."""
    moves_s = tuple(min(now_s, when_s + shift_s) for when_s in memory.phases.moves_s)
    return replace(NEW, phases=PhaseMemory(moves_s=moves_s))


def _load(memory: LoadMemory, shift_s: float, now_s: float) -> LoadMemory:
    shed_s = None if memory.shed_because is None else min(now_s, (memory.shed_since_s or now_s) + shift_s)
    moves_s = tuple(min(now_s, when_s + shift_s) for when_s in memory.moves_s)
    welded_s = None if memory.welded_s is None else now_s
    fresh = replace(memory, restored_s=None, deaf=False, read_back=False, heard=Heard.NEVER, let_go_s=None)
    return replace(fresh, shed_since_s=shed_s, moves_s=moves_s, welded_s=welded_s)


def surviving(state: ControlState) -> ControlState:
    """The state for a daemon that keeps falling over: evidence, overload, bands and floors, and nothing else."""
    rest = {maker: Failing(times=3, until_s=inf, error="left out after repeated crashes") for maker in RESTED_MAKERS}
    return replace(state, failing={**state.failing, **rest})
