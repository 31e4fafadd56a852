"""A question that is asked several times, and answered once.

What a tick looks at does not change while it decides, and much of it does not change from one tick to the next, so a
plain function gives the same answer for the very same objects.  Only the last answer is kept, and nobody needs to know:
without the decorator all is the same, but slower.  It is right for frozen values alone; a test looks at the types of
whatever is `REMEMBERED`.
"""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from operator import is_
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
V = TypeVar("V")
REMEMBERED: list[Callable[..., Any]] = []
"""Every function whose answers are kept."""
MOST = 256
"""Values whose last answer is kept by one function."""


def again(answer: Callable[P, T]) -> Callable[P, T]:
    """The same function of frozen values, which remembers what it was asked last and what it said."""
    last: tuple[tuple[object, ...], T] | None = None
    asks = signature(answer).parameters.values()
    # asked of as many values each time, as nearly all are: their number needs no look
    as_many = all(one.kind is one.POSITIONAL_OR_KEYWORD and one.default is one.empty for one in asks)

    @wraps(answer)
    def asked(*args: P.args, **named: P.kwargs) -> T:
        nonlocal last
        known = last
        alike = known is not None and not named and (as_many or len(known[0]) == len(args))
        if known is not None and alike and all(map(is_, known[0], args)):
            return known[1]
        found = answer(*args, **named)
        if not named:
            last = (args, found)
        return found

    REMEMBERED.append(answer)
    return asked


def with_number(answer: Callable[[V, float], T]) -> Callable[[V, float], T]:
    """The same function of a frozen value and a number, which remembers for each value what it was asked last.

    What is made of a value anew in each tick is then the very same one for as long as the number stays.
    """
    last: dict[int, tuple[V, float, T]] = {}

    @wraps(answer)
    def asked(value: V, number: float) -> T:
        known = last.get(id(value))
        if known is not None and known[0] is value and known[1] == number:
            return known[2]
        if len(last) >= MOST:
            last.clear()
        found = answer(value, number)
        last[id(value)] = (value, number, found)  # holds the value, so that nobody else can get its id
        return found

    REMEMBERED.append(answer)
    return asked
