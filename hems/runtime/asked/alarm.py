"""What a person says of an alarm, read from a request."""

from collections.abc import Mapping
from typing import Any

from hems.control.alarm_states import ASIDE_MAX_S, may_set_aside
from hems.control.state import ControlState
from hems.model.errors import RequestError
from hems.model.request import AlarmAct, AlarmMark
from hems.runtime.asked.words import is_number, no_span, reason_in, who_asks, words
from hems.wording.language import say

ASIDE_S = 3600.0


def read_mark(args: Mapping[str, Any], state: ControlState | None) -> AlarmMark:
    """The mark in a request.  Raises: RequestError with one sentence."""
    key = words(args, "key")
    alarm = None if state is None else state.alarms.get(key) or state.alarms_gone.get(key)
    if alarm is None:
        raise RequestError(say("There is no alarm {key} any more.", key=key[:60]))
    try:
        act = AlarmAct(str(args.get("act", AlarmAct.SEEN)))
    except ValueError as error:
        raise RequestError(say("Say what of the alarm: {known}.", known=", ".join(AlarmAct))) from error
    if act is not AlarmAct.ASIDE:
        return AlarmMark(key=key, act=act, who=who_asks(args))
    if not may_set_aside(alarm):
        raise RequestError(say("This alarm is not set aside by anybody: lives may hang on it."))
    reason, duration_s = reason_in(args), args.get("duration_s", ASIDE_S)
    if not is_number(duration_s) or not 0.0 < duration_s <= ASIDE_MAX_S:
        raise no_span(ASIDE_MAX_S)
    return AlarmMark(key=key, act=act, who=who_asks(args), duration_s=float(duration_s), reason=reason)
