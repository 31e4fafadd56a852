"""Small parts of a profile in words: spans, bounds, points, values."""

import re
from collections.abc import Iterator

from drivers.profile.expression import UnknownValueError, evaluate
from drivers.profile.params import Param
from drivers.profile.point import Scalar
from hems.model.point import unit_of

PRIVATE = re.compile(r"[{}]|\b_(?=\w)")
"""What only the engine needs to see of an expression."""


def span(seconds: float) -> str:
    """`500 ms`, `20 s`, `10 min`."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"


def named(point: str) -> str:
    """A point and its unit."""
    unit = unit_of(point)
    return f"`{point}`" + (f" ({unit})" if unit else "")


def bound(limit: str | float) -> str:
    """A number, or an expression with its leading numbers worked out: `-3680 * phases`."""
    if not isinstance(limit, str):
        return f"{limit:g}"
    tokens = limit.split()
    for end in range(len(tokens), 0, -2):
        try:
            number = evaluate(" ".join(tokens[:end]), {})
        except (ValueError, UnknownValueError):
            continue
        rest = tokens[end:]
        return f"`{number:g} {PRIVATE.sub('', ' '.join(rest))}`" if rest else f"{number:g}"
    return f"`{PRIVATE.sub('', limit)}`"


def as_toml(value: Scalar) -> str:
    """As it is written in a site file."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def limits(param: Param) -> Iterator[str]:
    """What a parameter may be."""
    if param.required:
        yield "must be given"
    if param.values:
        yield " or ".join(f"`{as_toml(value)}`" for value in param.values)
    if param.min is not None and param.max is not None:
        yield f"{param.min:g} to {param.max:g}"
    if param.default is not None:
        yield f"default `{as_toml(param.default)}`"
