"""Times as people type them."""

from math import isfinite

from hems.model.errors import HemsError

DURATIONS = {"m": 60.0, "h": 3600.0, "s": 1.0}


def seconds(text: str) -> float:
    """Seconds of `30m`, `4h`, `90s` or `90`.  Raises: HemsError with one sentence."""
    unit = DURATIONS.get(text[-1:].lower())
    try:
        number = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        number = 0.0
    if not isfinite(number) or number <= 0.0:
        raise HemsError(f"{text} is not a time; write for example 30m or 4h.")
    return number
