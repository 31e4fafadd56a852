"""Until when, what next and what if: the building's next days as the outlook process sees them."""

from dataclasses import dataclass

from hems.model.site import Tier
from hems.model.units import CircuitId, SourceId

Span = tuple[float, float, float]
"""Hours in one case of ten, in half of all cases, and in nine of ten: earliest, expected, latest.  Infinite beyond
the days that are looked ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierReach:
    """One group of circuits: until the first of those that are on now goes off for good, or for three hours or more."""

    tier: Tier
    hours: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitReach:
    """One circuit on its expected course."""

    circuit: CircuitId
    hours: float
    """Until it goes off for three hours or more; 0 when it is off or goes off at once, infinite when it stays on."""
    weighs_h: float
    """Hours of essential power gained if it went off now, or lost if one that is off came on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """One look ahead; hours count from `at_s`."""

    at_s: float
    """The instant it starts from, on the monotonic clock."""
    grid_fails: bool
    """Whether it says what would be if the grid failed now; else how the outage goes on."""
    essential: Span
    """Until the first circuit of tiers 0 to 2 goes off for want of energy, or all is dark."""
    first: Span
    """Until the first circuit of any tier goes off for want of energy."""
    tiers: tuple[TierReach, ...]
    """Those groups that have something on."""
    next_off: tuple[CircuitId, ...] = ()
    """What goes off next on the expected course; empty when nothing does."""
    next_off_h: float | None = None
    off_at_once: tuple[CircuitId, ...] = ()
    """What goes off with the grid and stays off."""
    circuits: tuple[CircuitReach, ...] = ()
    runs: int = 1
    """How many courses the range comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soon:
    """The building a few minutes on, by the expected course."""

    on: frozenset[CircuitId]
    cars_w: float
    """What cars take; below 0 they give."""
    batteries_w: float
    """The same of batteries that hems may command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarAhead:
    """One car by the expected course with the grid there."""

    bay: SourceId
    ready_s: float | None
    """Seconds until it has what it shall have; None when it does not get there before it leaves, or in the time that is
    looked ahead."""
    pct: float
    """What it has when it leaves, or at the end of that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """The expected course without and with one wish of a person; on the grid, if that failed."""

    essential_now_h: float = 0.0
    essential_then_h: float = 0.0
    next_off: CircuitId | None = None
    """What would then go off next, and in how many hours."""
    next_off_h: float | None = None
    soon_now: Soon | None = None
    """What comes of an order within minutes, without and with it; None for an override."""
    soon_then: Soon | None = None
    cars_now: tuple[CarAhead, ...] = ()
    """What becomes of each car that is here, without and with what is said of one of them."""
    cars_then: tuple[CarAhead, ...] = ()
