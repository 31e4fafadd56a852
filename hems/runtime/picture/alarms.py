"""The alarms of a picture, sorted into what asks for somebody and what does not."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from hems.control.alarm_states import RESPOND_S, announced, may_set_aside
from hems.control.memory.acting import Alarm
from hems.control.state import ControlState
from hems.model.picture import AlarmPicture, Picture

ORDER = {"HIGH": 0, "MED": 1, "LOW": 2}


def with_alarms(picture: Picture, state: ControlState, now_s: float) -> Picture:
    """The picture with all its alarms; each stands in one list only."""
    return replace(
        picture,
        alarms=_rows(state.alarms, lambda one: announced(one, now_s), now_s),
        alarms_gone=_rows(state.alarms_gone, lambda one: True, now_s),
        alarms_aside=_rows(state.alarms, lambda one: not one.folded and not announced(one, now_s), now_s),
        alarms_folded=_rows(state.alarms, lambda one: one.folded, now_s),
    )


def _rows(alarms: Mapping[str, Alarm], which: Callable[[Alarm], bool], now_s: float) -> tuple[AlarmPicture, ...]:
    """Those of one kind, the most urgent and then the oldest first."""
    rows = [_row(key, alarm, now_s) for key, alarm in alarms.items() if which(alarm)]
    return tuple(sorted(rows, key=lambda row: (ORDER[row.priority], -row.since_s)))


def _row(key: str, alarm: Alarm, now_s: float) -> AlarmPicture:
    until_s = alarm.aside_until_s
    return AlarmPicture(
        key=key,
        priority=alarm.priority,
        since_s=now_s - alarm.since_s,
        cause=alarm.cause,
        subject=alarm.subject,
        seen_by=alarm.seen_by,
        seen_for_s=None if alarm.seen_s is None else now_s - alarm.seen_s,
        gone_for_s=None if alarm.gone_s is None else now_s - alarm.gone_s,
        respond_s=RESPOND_S[alarm.priority],
        aside_left_s=None if until_s is None or until_s <= now_s else until_s - now_s,
        aside_by=alarm.aside_by,
        aside_reason=alarm.aside_reason,
        may_set_aside=may_set_aside(alarm),
        unused=alarm.unused,
    )
