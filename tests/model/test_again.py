"""A question that is asked again within one tick, or in the next."""

import dataclasses
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from importlib import import_module

import hems.control
from hems.model.again import REMEMBERED, again, with_number

PLAIN = (bool, int, float, str, datetime, timedelta, Enum, type(None))
HOLD_OTHERS = (tuple, frozenset, Mapping, typing.Union, types.UnionType)


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


def test_what_is_made_of_a_value_and_a_number_is_the_very_same_until_the_number_is_another():
    # given a function of a value and a number
    @with_number
    def added(watts: tuple[float, ...], more_w: float) -> tuple[float, ...]:
        return tuple(one + more_w for one in watts)

    # when it is asked of two values in turn
    left, right = (1000.0, 500.0), (10.0, 20.0)
    answers = [added(left, 1.0), added(right, 1.0)]
    # then each gets its own, again and again
    assert answers == [(1001.0, 501.0), (11.0, 21.0)]
    assert added(left, 1.0) is answers[0]
    assert added(right, 1.0) is answers[1]
    # and another one with another number, or with values that only look the same
    assert added(left, 2.0) == (1002.0, 502.0)
    assert added((1000.0, 500.0), 2.0) == (1002.0, 502.0)


def test_of_however_many_values_a_few_answers_are_kept():
    @with_number
    def doubled(value: str, _: float) -> str:
        return value + value

    names = [f"circuit {number}" for number in range(1000)]
    assert [doubled(name, 0.0) for name in names] == [name + name for name in names]
    assert [doubled(name, 0.0) for name in names] == [name + name for name in names]


def test_answers_are_kept_of_nothing_that_could_change():
    # given every function of hems that remembers
    for module in pkgutil.walk_packages(hems.control.__path__, "hems.control."):
        import_module(module.name)
    mine = [one for one in REMEMBERED if one.__module__.startswith("hems.")]
    assert len(mine) > 10
    # then all that it can be asked about is frozen, to the bottom
    found = {f"{one.__qualname__}: {why}" for one in mine for why in changeable_arguments(one)}
    assert found == set()


@dataclasses.dataclass(frozen=True)
class Shelf:
    holds: list[float]


@dataclasses.dataclass
class Board:
    watts: float


def test_a_list_or_a_value_that_may_be_written_to_is_found_however_deep_it_lies():
    def asked(known: Mapping[str, tuple[Shelf, ...]], board: Board | None, *more: dict[str, float]) -> None: ...

    assert set(changeable_arguments(asked)) == {"list[float]", "Board", "dict[str, float]"}


def changeable_arguments(function: Callable[..., object]) -> Iterator[str]:
    """What of its parameters' types is not frozen."""
    hints = typing.get_type_hints(function)
    for name in inspect.signature(function).parameters:
        yield from changeable(hints[name], set())


def changeable(kind: typing.Any, known: set[typing.Any]) -> Iterator[str]:
    """The parts of a type whose values may change while somebody holds them."""
    if kind in known or isinstance(kind, typing.TypeVar):
        return
    known.add(kind)
    base, parts = typing.get_origin(kind) or kind, typing.get_args(kind)
    if isinstance(kind, typing.NewType):
        yield from changeable(kind.__supertype__, known)
    elif base in HOLD_OTHERS:
        for part in parts:
            yield from () if part is ... else changeable(part, known)
    elif dataclasses.is_dataclass(base) and base.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        for part in typing.get_type_hints(base).values():
            yield from changeable(part, known)
    elif isinstance(base, type) and issubclass(base, tuple):  # one with names
        for part in (*typing.get_type_hints(base).values(), *parts):
            yield from changeable(part, known)
    elif base is not Callable and not (isinstance(base, type) and issubclass(base, PLAIN)):
        yield getattr(kind, "__name__", str(kind)) if not parts else str(kind)
