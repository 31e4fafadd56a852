"""Many wishes, one command: each rank narrows the bounds the next may use; lower ranks choose inside what is left.

Example: a car could take or give 10 kW.  The interlock "nothing charges on an island" leaves 0 to +10 kW; the
driver's floor leaves 0 to 0; the island's wish for 4 kW ends as 0, and the command carries the floor as its cause.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from math import inf
from operator import attrgetter

from hems.model.cause import Cause
from hems.model.members import direct
from hems.model.quick import quick
from hems.model.wiring import Role


@direct
class Rank(IntEnum):
    """Who may narrow whom; a lower number goes first.  Hardware stands above all of them, outside."""

    INTERLOCK = 0
    LIMIT = 1
    OVERRIDE = 2
    ISLAND = 3
    GRID = 4


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Bounds for one actuator and, optionally, the value wished inside them.  A switch is 0 (off) or 1 (on)."""

    role: Role
    rank: Rank
    cause: Cause
    low: float = -inf
    high: float = inf
    prefer: float | None = None


@quick
@dataclass(frozen=True, slots=True)
class Ruling:
    """What one actuator shall do, and which proposal decided it."""

    value: float
    cause: Cause


def arbitrate(proposals: Iterable[Proposal]) -> dict[Role, Ruling]:
    """One ruling per role that anybody has a wish or a finite bound for."""
    by_role = sorted(proposals, key=attrgetter("role", "rank"))
    return {role: _rule(list(group)) for role, group in groupby(by_role, key=attrgetter("role"))}


def _rule(ranked: list[Proposal]) -> Ruling:
    low, high = -inf, inf
    low_by = high_by = ranked[0].cause
    wish, wish_by = 0.0, ranked[0].cause
    for proposal in ranked:
        # A bound outside what higher ranks left is pulled to the nearest value they allow.
        if proposal.low > low < high:
            low, low_by = min(proposal.low, high), proposal.cause
        if proposal.high < high > low:
            high, high_by = max(proposal.high, low), proposal.cause
        if proposal.prefer is not None:
            wish, wish_by = proposal.prefer, proposal.cause
    if wish < low:
        return Ruling(low, low_by)
    return Ruling(high, high_by) if wish > high else Ruling(wish, wish_by)
