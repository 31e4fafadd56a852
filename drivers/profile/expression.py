"""Arithmetic in profiles: numbers, names and `+ - * /`, strictly from left to right, nothing else."""

import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

OPERATORS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
NAME = re.compile(r"\{(\w+)\}")


class UnknownValueError(Exception):
    """An expression needs a value that is not known at present; `name` says which."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not known")
        self.name = name


def evaluate(text: str | float | bool, values: Mapping[str, object]) -> float:
    """The number that `text` stands for, as in `{value} / {power_rated_w} * 100`.

    A bare name, with or without a leading minus, is short for `{name}`: `-discharge_max_w`.

    Raises:
        UnknownValueError: a name has no value at present, or the result is not a finite number.
        ValueError: the text is not an expression.
    """
    if not isinstance(text, str):
        return float(text)
    first, rest = _parsed(text)
    result = _number(first, values)
    for sign, token, operand in rest:
        right = _number(operand, values)
        if sign == "/" and right == 0:
            raise UnknownValueError(f"{token} (zero)")
        result = OPERATORS[sign](result, right)
    if not math.isfinite(result):
        raise UnknownValueError(text)
    return result


Operand = float | tuple[float, str]
"""A number, or a sign and a name."""


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[Operand, tuple[tuple[str, str, Operand], ...]]:
    """The first operand, then each sign with its operand as written and as understood.  Raises: ValueError."""
    tokens = text.split()
    if not tokens or len(tokens) % 2 == 0:
        raise ValueError(f"'{text}' is not an expression: write operands and + - * / with spaces between them")
    pairs = tuple(zip(tokens[1::2], tokens[2::2], strict=True))
    for sign, _ in pairs:
        if sign not in OPERATORS:
            raise ValueError(f"'{sign}' in '{text}' is none of + - * /")
    return _operand(tokens[0]), tuple((sign, token, _operand(token)) for sign, token in pairs)


def names_in(text: object) -> frozenset[str]:
    """Names an expression needs; empty for plain numbers."""
    if not isinstance(text, str):
        return frozenset()
    tokens = text.split()[::2]
    return frozenset(_name(token)[1] for token in tokens if not _is_number(token))


def _operand(token: str) -> Operand:
    return float(token) if _is_number(token) else _name(token)


def _number(operand: Operand, values: Mapping[str, object]) -> float:
    if isinstance(operand, float):
        return operand
    sign, name = operand
    value = values.get(name)
    if not isinstance(value, int | float):
        raise UnknownValueError(name)
    return sign * float(value)


def _name(token: str) -> tuple[float, str]:
    sign, rest = (-1.0, token[1:]) if token.startswith("-") else (1.0, token)
    braced = NAME.fullmatch(rest)
    name = braced[1] if braced else rest
    if not name.isidentifier():
        raise ValueError(f"'{token}' is neither a number nor a name")
    return sign, name


def _is_number(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return token.lower().lstrip("+-") not in ("nan", "inf", "infinity")
