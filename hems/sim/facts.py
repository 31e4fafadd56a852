"""What an expectation may say of the building at an instant: a quantity of it, a relation that fits, and a value."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from hems.config.problem import nearest, one_of, shown
from hems.model.mode import Mode
from hems.sim.engine import EngineStage
from hems.sim.record import Frame

Fault = tuple[str, str]
"""What is wrong, and what to do."""
NUMBERS = ("is", "is_not", "at_least", "at_most", "between")
RELATIONS: Mapping[object, tuple[str, ...]] = {
    bool: ("is", "is_not"),
    str: ("is", "is_not", "in"),
    Mode: ("is", "is_not", "in"),
    frozenset[str]: ("is", "is_not", "has", "lacks"),
    float: NUMBERS,
    int: NUMBERS,
}
"""Which relations there are to a quantity of each kind."""
QUANTITIES: Mapping[str, object] = {one.name: one.type for one in fields(Frame) if one.type in RELATIONS}
WORDS: Mapping[str, tuple[str, ...]] = {
    "mode": tuple(str(mode) for mode in Mode),
    "generator": ("none", *(str(stage) for stage in EngineStage)),
}


def misfit(that: Sequence[Any]) -> Fault | None:
    """What is wrong with a quantity, a relation and a value; None when they fit."""
    name, relation, value = that
    if name not in QUANTITIES:
        return f"speaks of {shown(name)}, which nobody sees", _instead(str(name), tuple(QUANTITIES))
    known = RELATIONS[QUANTITIES[name]]
    if relation not in known:
        return f"has {shown(relation)}, which is no relation to {name}", _instead(str(relation), known)
    return _wrong_value(name, relation, value)


def _wrong_value(name: str, relation: str, value: object) -> Fault | None:
    kind = QUANTITIES[name]
    if kind is bool:
        return None if isinstance(value, bool) else ("has no truth as its value", "write true or false")
    if kind in (float, int):
        return _wrong_number(relation, value)
    if kind == frozenset[str]:
        whole = _texts(value) if relation in ("is", "is_not") else isinstance(value, str)
        return None if whole else ("has another value than circuits", _circuits(relation))
    given = value if relation == "in" and isinstance(value, list) else [value]
    unknown = next((word for word in given if word not in WORDS[name]), None)
    if not given or (relation == "in" and not isinstance(value, list)):
        return "has no list as its value", f"write a list of words such as [{shown(WORDS[name][0])}]"
    if unknown is not None:
        return f"says {shown(unknown)}, which {name} never is", _instead(str(unknown), WORDS[name])
    return None


def _wrong_number(relation: str, value: object) -> Fault | None:
    if relation != "between":
        return None if _number(value) else ("has no number as its value", "write a number")
    rising = isinstance(value, list) and len(value) == 2 and all(map(_number, value)) and value[0] <= value[1]
    return None if rising else ("has no range as its value", "write two numbers, the lower first")


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _circuits(relation: str) -> str:
    return "write the name of a circuit" if relation in ("has", "lacks") else "write a list of circuits"


def _instead(word: str, known: Sequence[str]) -> str:
    near = nearest(word, known)
    return f"write {shown(near)}" if near else f"use {one_of(known)}"
