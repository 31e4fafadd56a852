"""What people write into a request, made fit to be shown on screens and kept."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from hems.model.errors import RequestError
from hems.model.units import HOUR_S
from hems.wording.language import N_, say

LONGEST_TEXT = 200
"""Letters of a reason or a name that are kept."""
SHORTEST_REASON = 5


def words(args: Mapping[str, Any], key: str) -> str:
    """A person's text on one line and of bearable length."""
    text = " ".join(str(args.get(key, "")).split())
    return "".join(letter for letter in text if letter.isprintable())[:LONGEST_TEXT]


def who_asks(args: Mapping[str, Any]) -> str:
    """The name given, or `somebody`."""
    return words(args, "who") or "somebody"


def reason_in(args: Mapping[str, Any]) -> str:
    """Why it is asked.  Raises: RequestError where none is given that deserves the name."""
    reason = words(args, "reason")
    if len(reason) < SHORTEST_REASON:
        raise RequestError(say("Give a reason of at least five letters: others will want to know."))
    return reason


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is one; true and false are none, though they count as such."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_in(args: Mapping[str, Any], key: str, least: float, most: float) -> float | None:
    """The number of that name, if any.  Raises: RequestError."""
    value = args.get(key)
    if value is None:
        return None
    if not is_number(value) or not least <= value <= most:
        between = N_("Give {key} as a number from {least:g} to {most:g}.")
        raise RequestError(say(between, key=key, least=least, most=most))
    return float(value)


def no_span(most_s: float) -> RequestError:
    """What is said to a time that is none, or too long."""
    span = N_("Say for how many seconds: more than 0, and at most {most_s:.0f}, which is {hours:g} hours.")
    return RequestError(say(span, most_s=most_s, hours=most_s / HOUR_S))
