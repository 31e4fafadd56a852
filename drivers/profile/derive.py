"""Points computed from points: sums, signs, choices and conditions, as data; unknown operands give unknown results.

```
discharge_max_w = { max0 = { neg = "_discharge_floor_w" } }
discharge_ready = { all = [{ point = "_session", in = [3, 5] }, { point = "_discharge_floor_w", below = 0 }] }
load_pct        = { ratio = ["power_w", "rated_w"], times = 100 }
battery_w       = { select = "_flow", cases = { charging = { neg = "_power" }, idle = 0 }, otherwise = "_power" }
```
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args

from drivers.profile.section import Section, entry
from hems.model.reading import Quality, Reading

Scalar = bool | int | float | str
Values = Mapping[str, Scalar | None]


@dataclass(frozen=True, kw_only=True)
class Condition(Section):
    """One statement about one point; unknown while the point is."""

    point: str
    in_: tuple[Scalar, ...] | None = entry(None, alias="in")
    equals: Scalar | None = None
    above: float | None = None
    below: float | None = None

    def __post_init__(self) -> None:
        if all(test is None for test in (self.in_, self.equals, self.above, self.below)):
            raise ValueError("a condition needs one of in, equals, above, below")

    def holds(self, values: Values) -> bool | None:
        """Whether it is so, None if nobody knows."""
        value = values.get(self.point)
        if value is None:
            return None
        return (
            (self.in_ is None or value in self.in_)
            and (self.equals is None or value == self.equals)
            and (self.above is None or (isinstance(value, int | float) and value > self.above))
            and (self.below is None or (isinstance(value, int | float) and value < self.below))
        )


@dataclass(frozen=True, kw_only=True)
class Sum(Section):
    """Everything added up."""

    sum: tuple["Expression", ...]


@dataclass(frozen=True, kw_only=True)
class Neg(Section):
    """The opposite sign."""

    neg: "Expression"


@dataclass(frozen=True, kw_only=True)
class Max0(Section):
    """Not below zero."""

    max0: "Expression"


@dataclass(frozen=True, kw_only=True)
class First(Section):
    """The first that is known."""

    first: tuple["Expression", ...]


@dataclass(frozen=True, kw_only=True)
class Ratio(Section):
    """One divided by another, times a number; unknown while the divisor is 0."""

    ratio: tuple["Expression", "Expression"]
    times: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Every(Section):
    """Every condition holds."""

    all: tuple[Condition, ...] = entry(min_length=1)


@dataclass(frozen=True, kw_only=True)
class AtLeastOne(Section):
    """At least one condition holds."""

    any: tuple[Condition, ...] = entry(min_length=1)


@dataclass(frozen=True, kw_only=True)
class Select(Section):
    """One of several, chosen by the value of a point."""

    select: str
    cases: dict[str, "Expression"]
    otherwise: "Expression | None" = None


FORMS: Mapping[type, str] = {
    str: "point",
    float: "number",
    **{form: fields(form)[0].name for form in (Sum, Neg, Max0, First, Ratio, Every, AtLeastOne, Select)},
}
"""How each form of an expression is known in a file: by its first key, if it has any."""


def _which(node: object) -> str:
    if isinstance(node, dict):
        return next((first for form, first in FORMS.items() if is_dataclass(form) and first in node), FORMS[str])
    return FORMS[float] if isinstance(node, int | float) else FORMS.get(type(node), FORMS[str])


class _ByItsForm:
    """Has the form decide what an expression is checked as, so that what is wrong is told of that form only."""

    def __get_pydantic_core_schema__(self, forms: Any, schema_of: Callable[[Any], Any]) -> Any:  # noqa: ANN401
        from pydantic import Discriminator, Tag

        tagged = tuple(Annotated[form, Tag(FORMS[form])] for form in get_args(forms))
        return schema_of(Annotated[Union[tagged], Discriminator(_which)])  # noqa: UP007  (of as many as there are)


Expression = Annotated[str | float | Sum | Neg | Max0 | First | Ratio | Every | AtLeastOne | Select, _ByItsForm()]


def evaluate(node: "Expression", values: Values) -> Scalar | None:
    """The value of `node`, None if it cannot be known."""
    match node:
        case str():
            return values.get(node)
        case Every() | AtLeastOne():
            return _combined(node, values)
        case First():
            return next((known for part in node.first if (known := evaluate(part, values)) is not None), None)
        case Select():
            return _selected(node, values)
        case Sum() | Neg() | Max0() | Ratio():
            number = _reckoned(node, values)
            return number if number is not None and math.isfinite(number) else None
        case _:
            return float(node)


def _combined(node: Every | AtLeastOne, values: Values) -> bool | None:
    ends_with = isinstance(node, AtLeastOne)
    parts = [part.holds(values) for part in (node.any if isinstance(node, AtLeastOne) else node.all)]
    if ends_with in parts:
        return ends_with
    return None if None in parts else not ends_with


def _selected(node: Select, values: Values) -> Scalar | None:
    key = values.get(node.select)
    if key is None:
        return None
    chosen = node.cases.get(str(int(key) if isinstance(key, float) and key.is_integer() else key), node.otherwise)
    return None if chosen is None else evaluate(chosen, values)


def _reckoned(node: Sum | Neg | Max0 | Ratio, values: Values) -> float | None:
    parts = parts_of(node)
    numbers = [float(part) for part in (evaluate(part, values) for part in parts) if isinstance(part, int | float)]
    if len(numbers) < len(parts):
        return None
    match node:
        case Sum():
            return float(sum(numbers))
        case Neg():
            return 0.0 - numbers[0]
        case Max0():
            return max(0.0, numbers[0])
        case Ratio():
            return node.times * numbers[0] / numbers[1] if numbers[1] else None


def parts_of(node: Sum | Neg | Max0 | First | Ratio) -> "tuple[Expression, ...]":
    """What `node` is computed from."""
    match node:
        case Sum():
            return node.sum
        case First():
            return node.first
        case Ratio():
            return node.ratio
        case Neg():
            return (node.neg,)
        case Max0():
            return (node.max0,)


def operands(node: "Expression") -> frozenset[str]:
    """Every point that `node` looks at."""
    return frozenset(_operands(node))


def sources(point: str, computed: Mapping[str, "Expression"]) -> frozenset[str]:
    """What `point` is read from: itself, or all that it is computed from, however indirectly.

    `computed` is in order: what is used stands above.
    """
    if point not in computed:
        return frozenset((point,))
    above = dict(list(computed.items())[: list(computed).index(point)])
    return frozenset().union(*(sources(name, above) for name in operands(computed[point])))


def _operands(node: "Expression") -> Iterator[str]:
    match node:
        case str():
            yield node
        case Every() | AtLeastOne():
            yield from (part.point for part in (node.any if isinstance(node, AtLeastOne) else node.all))
        case Sum() | First() | Ratio() | Neg() | Max0():
            for part in parts_of(node):
                yield from _operands(part)
        case Select():
            yield node.select
            for part in (*node.cases.values(), *(() if node.otherwise is None else (node.otherwise,))):
                yield from _operands(part)
        case _:
            return


def kind_of(node: "Expression", kinds: Mapping[str, str]) -> Literal["bool", "float", "str"]:
    """What comes out, given what the points it looks at are."""
    if isinstance(node, Every | AtLeastOne):
        return "bool"
    part: Expression = node
    if isinstance(node, First):
        part = node.first[0]
    elif isinstance(node, Select):
        part = next(iter(node.cases.values()))
    if isinstance(part, str):
        return "bool" if kinds.get(part) == "bool" else "str" if kinds.get(part) == "str" else "float"
    return "float" if part is node or isinstance(part, int | float) else kind_of(part, kinds)


def derived(node: "Expression", latest: Mapping[str, Reading[Any]]) -> Reading[Any]:
    """The reading of a computed point: as old as its oldest known operand, and stale when the first of them is.

    It is unknown when one that matters is.
    """
    parts = [latest[name] for name in operands(node) if name in latest]
    known = [part for part in parts if part.value is not None]
    values = {name: latest[name].value for name in operands(node) if name in latest}
    value = evaluate(node, values)
    if value is not None:
        # Not the shortest of their times: what is asked for once, or stands a while, is old and still holds.
        oldest_s = min((part.taken_s for part in known), default=float("-inf"))
        expires_s = min((part.taken_s + part.stale_after_s for part in known), default=float("-inf"))
        return Reading(value, oldest_s, expires_s - oldest_s if known else 5.0)
    taken_s = max((part.taken_s for part in parts), default=float("-inf"))
    stale_s = min((part.stale_after_s for part in known), default=5.0)
    unknown = sorted(name for name in operands(node) if values.get(name) is None)
    told = f"computed from {', '.join(unknown)}, which is not known"
    at_odds = f"not known, as what {' and '.join(sorted(operands(node)))} say does not go together"
    return Reading(None, taken_s, stale_s, Quality.INVALID, told if unknown else at_odds)
