"""Times as people type them."""

from datetime import datetime
from math import isfinite

from hems.model.errors import HemsError
from hems.model.instant import seconds_to
from hems.ports.clock import Clock
from hems.wording.language import say

DURATIONS = {"m": 60.0, "h": 3600.0, "s": 1.0}


def seconds(text: str) -> float:
    """Seconds of `30m`, `4h`, `90s` or `90`.  Raises: HemsError with one sentence."""
    unit = DURATIONS.get(text[-1:].lower())
    try:
        number = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        number = 0.0
    if not isfinite(number) or number <= 0.0:
        raise HemsError(say("{text} is not a time; write for example 30m or 4h.", text=text))
    return number


def seconds_until(text: str, clock: Clock) -> float:
    """Seconds to a clock time such as `07:30`, the next one there is, or of a time such as `2h`.  Raises: HemsError."""
    try:
        at = datetime.strptime(text, "%H:%M")
    except ValueError:
        if ":" not in text:
            return seconds(text)
        raise HemsError(say("{text} is no time of day; write for example 07:30, or 2h.", text=text)) from None
    utc = clock.now().utc
    assert utc is not None
    return seconds_to(at.time(), utc)
