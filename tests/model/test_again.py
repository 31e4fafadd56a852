"""A question that is asked again within one tick."""

import ast
from collections.abc import Iterator
from dataclasses import is_dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import pytest

import hems
from hems.model.again import again

HERE = Path(hems.__file__).parent
PLAIN = (Enum, bool, float, int, str)


def users() -> Iterator[str]:
    """Each function of hems that remembers its last answer, as `module:function`."""
    for path in sorted(HERE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "@again" in text else ():
            if isinstance(node, ast.FunctionDef) and "again" in map(ast.unparse, node.decorator_list):
                yield f"{'.'.join(path.relative_to(HERE.parent).with_suffix('').parts)}:{node.name}"


def stays(kind: Any) -> bool:
    """Whether a value of this type cannot change behind the back of whoever remembers it by its identity."""
    if get_origin(kind) is tuple:
        return True
    frozen = is_dataclass(kind) and kind.__dataclass_params__.frozen
    return frozen or issubclass(kind, PLAIN)


@pytest.mark.parametrize("user", [*users()])
def test_who_remembers_an_answer_is_asked_about_frozen_values_only(user: str):
    module, _, name = user.partition(":")
    kinds = get_type_hints(getattr(import_module(module), name).__wrapped__)
    del kinds["return"]
    assert {one: kind for one, kind in kinds.items() if not stays(kind)} == {}


def test_the_very_same_objects_are_looked_at_once():
    # given a plain function that tells when it is at work
    asked = []

    @again
    def total(watts: tuple[float, ...], factor: float) -> float:
        asked.append(watts)
        return factor * sum(watts)

    # when it is asked the same twice
    seen, factor = (1000.0, 500.0), 2.0
    assert [total(seen, factor), total(seen, factor)] == [3000.0, 3000.0]
    # then it has worked once
    assert asked == [seen]


def test_another_object_is_looked_at_anew_even_where_only_the_last_of_several_is_another():
    # given a function that has answered
    @again
    def first(known: list[float], place: int) -> float:
        return known[place]

    assert first([1.0, 2.0], 0) == 1.0
    # when it is asked about others
    known = [3.0, 4.0]
    # then it is their answer
    assert [first(known, 0), first(known, 1), first(known, 0)] == [3.0, 4.0, 3.0]


def test_what_is_asked_by_name_is_never_mixed_up():
    @again
    def named(*, low: float = 0.0, high: float = 0.0) -> tuple[float, float]:
        return low, high

    assert [named(low=1.0), named(high=1.0)] == [(1.0, 0.0), (0.0, 1.0)]
