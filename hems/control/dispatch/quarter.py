"""The quarter of an hour whose mean import is counted: what it has used, and what it has left.

Quarters begin with the clock's, as the utility's meter counts; while the time of day is not known, with hems.
"""

from hems.control.dispatch.memory import QuarterMemory
from hems.model.copies import replace
from hems.model.instant import Instant
from hems.model.units import HOUR_S

QUARTER_S = 900.0
"""Over which a network operator takes the mean of what is drawn."""


def after(
    memory: QuarterMemory, import_w: float | None, demand_max_w: float, dt_s: float, now: Instant
) -> QuarterMemory:
    """The count after `dt_s` more at `import_w`; what was not measured counts as all that was allowed.

    While hems did not run that is what flowed, or what it had let through, when it looked last; of a quarter that it
    did not see begin, all that it allows.
    """
    begun_s = _begun_s(memory, now)
    fresh = memory.begun_s is None or begun_s > memory.begun_s + 1.0
    counted_s = max(0.0, min(dt_s, now.mono_s - begun_s))
    seen_s = now.mono_s - counted_s if memory.seen_s is None else max(begun_s, memory.seen_s)
    unseen_wh = (demand_max_w if fresh else memory.pace_w) * max(0.0, now.mono_s - counted_s - seen_s) / HOUR_S
    unseen_wh += demand_max_w * _before_s(memory, begun_s, now) / HOUR_S
    power_w = demand_max_w if import_w is None else max(0.0, import_w)
    drawn_wh = (0.0 if fresh else memory.drawn_wh) + unseen_wh + power_w * counted_s / HOUR_S
    found = QuarterMemory(begun_s=begun_s, drawn_wh=drawn_wh, seen_s=now.mono_s, import_w=power_w)
    return replace(found, pace_w=max(power_w, left_w(found, demand_max_w, now.mono_s)))


def _before_s(memory: QuarterMemory, begun_s: float, now: Instant) -> float:
    """How much of the quarter was over before it was counted, as a clock tells that has just come to be known."""
    if now.utc is None or memory.begun_s is None or begun_s >= memory.begun_s - 1.0:
        return 0.0
    return memory.begun_s - begun_s


def mean_w(over: QuarterMemory, fresh: QuarterMemory) -> float:
    """Of a quarter that is over; what flowed when it was seen last flowed until its end."""
    begun_s, seen_s = over.begun_s or 0.0, over.seen_s or 0.0
    rest_s = min(fresh.begun_s or 0.0, begun_s + QUARTER_S) - seen_s
    return (over.drawn_wh * HOUR_S + over.import_w * max(0.0, rest_s)) / QUARTER_S


def left_w(memory: QuarterMemory, demand_max_w: float, now_s: float) -> float:
    """What may be drawn on average until the quarter ends."""
    if memory.begun_s is None:
        return demand_max_w
    rest_s = max(1.0, memory.begun_s + QUARTER_S - now_s)
    rest_wh = demand_max_w * QUARTER_S / HOUR_S - memory.drawn_wh
    return max(0.0, rest_wh * HOUR_S / rest_s)


def _begun_s(memory: QuarterMemory, now: Instant) -> float:
    if now.utc is not None:
        return now.mono_s - (now.utc.timestamp() % QUARTER_S)
    if memory.begun_s is None:
        return now.mono_s
    return memory.begun_s + QUARTER_S * ((now.mono_s - memory.begun_s) // QUARTER_S)
