"""Whether the lines of a profile fit each other: every name defined, of the right kind, and in the right order."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from drivers.profile.derive import (
    AtLeastOne,
    Condition,
    Every,
    Expression,
    First,
    Max0,
    Neg,
    Ratio,
    Select,
    Sum,
    operands,
    parts_of,
)
from drivers.profile.point import Kind

KIND_WORDS: Mapping[Kind, str] = {"bool": "yes or no", "float": "a number", "str": "text"}


class Mistakes(ValueError):
    """Several things wrong with one profile, each a sentence without its end."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Use:
    """A place in a profile that names a point."""

    where: str
    point: str
    kind: Kind | None = None
    """What the point must be; None if anything will do."""


def mistakes(uses: Iterable[Use], kinds: Mapping[str, Kind]) -> Iterator[str]:
    """Every use of a point that is not defined or of another kind."""
    for use in uses:
        found = kinds.get(use.point)
        if found is None:
            near = difflib.get_close_matches(use.point, kinds, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            yield f"{use.where} names the point '{use.point}', which is not defined{hint}"
        elif use.kind is not None and found != use.kind:
            told = f"{use.where} names the point '{use.point}', which is {KIND_WORDS[found]}"
            yield f"{told}, where {KIND_WORDS[use.kind]} is needed"


def uses_in(where: str, node: Expression) -> Iterator[Use]:
    """Every point that an expression of `[derive]` names, and what it must be."""
    match node:
        case str():
            yield Use(where, node)
        case Every() | AtLeastOne():
            for condition in node.all if isinstance(node, Every) else node.any:
                yield Use(where, condition.point, _asked_of(condition))
        case Sum() | Neg() | Max0() | Ratio():
            for part in parts_of(node):
                yield from ([Use(where, part, "float")] if isinstance(part, str) else uses_in(where, part))
        case First():
            for part in node.first:
                yield from uses_in(where, part)
        case Select():
            yield Use(where, node.select)
            for part in (*node.cases.values(), *(() if node.otherwise is None else (node.otherwise,))):
                yield from uses_in(where, part)
        case _:
            return


def out_of_order(computed: Mapping[str, Expression]) -> Iterator[str]:
    """Computed points that need one which is computed after them, or themselves."""
    done: set[str] = set()
    for name, node in computed.items():
        for later in sorted(operands(node) & (set(computed) - done)):
            yield f"derive.{name} needs derive.{later}, which must stand above it"
        done.add(name)


def _asked_of(condition: Condition) -> Kind | None:
    return None if condition.above is None and condition.below is None else "float"
