"""From conditions to alarms, after ISA-18.2: new, seen, gone before anybody saw it, set aside, and not used.

An alarm leaves when its cause is gone and somebody has seen it.  Set aside it says nothing until its time is over;
what still stands then is new again.  What the power cut itself silences is not used meanwhile.  What comes with the
beginning of a power cut and is not urgent is folded into it: it is there for whoever looks, and it is news once the
power cut is over and it still stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

from hems.control.alarms import HIGH, LOW, MEDIUM, Condition
from hems.control.memory.acting import Alarm
from hems.control.state import ControlState
from hems.model.cause import Cause, Why
from hems.model.event import EventKind
from hems.model.request import AlarmAct, AlarmMark, Asked
from hems.model.units import DAY_S, HOUR_S

Told = list[tuple[EventKind, str, Cause]]
FOLDED_S = 60.0
"""What is raised so long after a power cut's beginning belongs to it."""
MOST_GONE = 20
"""Alarms that went unseen and are still kept; the oldest give way."""
ASIDE_MAX_S = 8.0 * HOUR_S
"""An alarm is set aside for one shift at most."""
RESPOND_S: Mapping[str, float] = {HIGH: 600.0, MEDIUM: DAY_S, LOW: 7.0 * DAY_S}
"""How soon somebody must act, by priority: within ten minutes, today, this week.  Source: operator reference 1.1."""
NEVER_ASIDE = frozenset({Why.FIRE, Why.RED_BUTTON})
"""Where lives may hang on it nobody sets an alarm aside."""
NEVER_FOLDED = frozenset(
    {
        Why.BLACK_START_WAITS,
        Why.BLACK_START_GIVEN_UP,
        Why.COLD_LOAD,
        Why.DARK_START_EMPTY,
        Why.POINT_FROZEN,
        Why.DEVICES_SILENT,
    }
)
"""What a dark building waits for is what people want to know while it is dark.  A meter that repeats itself is no loss
that a power cut brings with it: without it nobody sees the grid come back.  And with
its network down hems is blind when it is needed most."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """What stands, and what is gone and nobody has seen."""

    standing: dict[str, Alarm]
    gone: dict[str, Alarm]
    told: Told


def after(
    state: ControlState,
    conditions: Mapping[str, Condition],
    requests: Iterable[Asked],
    now_s: float,
) -> Alarms:
    """The alarms after this instant's conditions and what people said of them."""
    told: Told = []
    marks = [request for request in requests if isinstance(request, AlarmMark)]
    begun_s = state.mode.outage_since_s
    standing = {}
    for key, condition in conditions.items():
        before = state.alarms.get(key)
        alarm = _standing(condition, before, begun_s, now_s)
        standing[key] = alarm = _marked(alarm, key, marks, now_s)
        if announced(alarm, now_s) and not (before is not None and announced(before, state.at_s)):
            told.append((EventKind.ALARM_RAISED, key, condition.cause))
    gone = {key: one for key, one in state.alarms_gone.items() if key not in standing}
    for key, alarm in state.alarms.items():
        if key in standing:
            continue
        if announced(alarm, now_s):
            told.append((EventKind.ALARM_CLEARED, key, alarm.cause))
        if announced(alarm, now_s) and alarm.seen_s is None:
            gone[key] = replace(alarm, gone_s=now_s)
    seen = {mark.key for mark in marks}
    gone = dict([(key, one) for key, one in gone.items() if key not in seen][-MOST_GONE:])
    return Alarms(standing, gone, told)


def announced(alarm: Alarm, now_s: float) -> bool:
    """Whether it asks for somebody now: not set aside, not silenced by the power cut, not folded into it."""
    aside = alarm.aside_until_s is not None and now_s < alarm.aside_until_s
    return not (aside or alarm.unused or alarm.folded)


def may_set_aside(alarm: Alarm) -> bool:
    """Whether it may be set aside at all."""
    return alarm.cause.why not in NEVER_ASIDE


def _standing(condition: Condition, before: Alarm | None, begun_s: float | None, now_s: float) -> Alarm:
    fresh = before is None
    alarm = before if before is not None else Alarm(priority="", since_s=now_s, subject="", cause=condition.cause)
    begins = fresh and begun_s is not None and now_s <= begun_s + FOLDED_S
    may_fold = condition.priority != HIGH and condition.cause.why not in NEVER_FOLDED
    folded = may_fold and begun_s is not None and (alarm.folded or begins)
    over = alarm.aside_until_s is not None and now_s >= alarm.aside_until_s
    if over:  # it is news again
        alarm = replace(alarm, aside_until_s=None, aside_by="", aside_reason="", seen_by="", seen_s=None)
    return replace(
        alarm,
        priority=condition.priority,
        subject=condition.subject,
        cause=condition.cause,
        folded=folded,
        unused=condition.unused,
    )


def _marked(alarm: Alarm, key: str, marks: Iterable[AlarmMark], now_s: float) -> Alarm:
    for mark in marks:
        if mark.key != key:
            continue
        if mark.act is AlarmAct.BACK:
            alarm = replace(alarm, aside_until_s=None, aside_by="", aside_reason="")
        elif mark.act is AlarmAct.ASIDE and may_set_aside(alarm):
            until_s = now_s + min(mark.duration_s, ASIDE_MAX_S)
            alarm = replace(alarm, aside_until_s=until_s, aside_by=mark.who, aside_reason=mark.reason)
        if alarm.seen_s is None and mark.act is not AlarmAct.BACK:
            alarm = replace(alarm, seen_by=mark.who, seen_s=now_s)
    return alarm


def due_s(standing: Mapping[str, Alarm], now_s: float) -> float:
    """When the next alarm that was set aside is news again."""
    times = (one.aside_until_s for one in standing.values() if one.aside_until_s is not None)
    return min((when_s for when_s in times if when_s > now_s), default=inf)
