"""For which values of a command one of its steps is meant."""

from typing import Literal

When = Literal["positive", "negative", "zero", "nonzero"]
"""In hems' own sign; a step without it is meant for every value."""


def applies(when: When | None, value: bool | float) -> bool:
    """Whether a step is part of the command for `value`."""
    match when:
        case "positive":
            return value > 0
        case "negative":
            return value < 0
        case "zero":
            return value == 0
        case "nonzero":
            return value != 0
        case None:
            return True
