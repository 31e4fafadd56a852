"""What would come of an override, told before it is made: computed by the daemon, put into words by the client."""

from dataclasses import dataclass

from hems.model.request import Task, Want
from hems.model.site import Tier
from hems.model.units import CircuitId


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """One circuit kept on or off for a while.  Hours may be infinite: the sun covers what is used."""

    circuit: CircuitId
    name: str
    want: Want
    duration_s: float
    """How long it would last: as asked, but no longer than this person may."""
    longest_s: float
    draws_w: float
    """What the circuit is expected to draw when it is on."""
    on_island: bool
    room_w: float | None = None
    """What may still be switched on, before this; None on the grid and when it is not known."""
    waits: bool = False
    """It would not be switched on at once: there is no room for it now, or the building must settle first."""
    essential_now_h: float | None = None
    """Hours that essential power lasts, without and with this; None on the grid and when it is not known."""
    essential_then_h: float | None = None
    next_off: str = ""
    """Name of the circuit that would then go off next, and in how many hours; by the look ahead only."""
    next_off_h: float | None = None
    looked_ahead: bool = False
    """Whether the hours come from running the next days; else from dividing what is stored by what is used."""
    floor_pct: float
    """Stored energy at which hems switches it off whatever anybody wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderConsequence:
    """What would come of an order for the whole building.  Hours may be infinite: the sun covers what is used."""

    task: Task
    duration_s: float
    """How long it would stand; infinite: until somebody ends it."""
    on_island: bool
    looked_ahead: bool = False
    """Whether the rest is known: it comes from running the next days with it and without it."""
    essential_now_h: float | None = None
    """Hours of essential power without it and with it; on the grid, if that failed."""
    essential_then_h: float | None = None
    on_by_it: tuple[str, ...] = ()
    """Names of circuits that are on within minutes because of it, and of those that are off because of it."""
    off_by_it: tuple[str, ...] = ()
    cars_now_w: float = 0.0
    """What cars take within minutes without it and with it; below 0 they give."""
    cars_then_w: float = 0.0
    batteries_now_w: float = 0.0
    """The same of batteries that HEMS may command."""
    batteries_then_w: float = 0.0
    counts: bool = True
    """Whether a word that the grid is there would count now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCar:
    """What becomes of another car by it; seconds until it has what it shall have, None where it does not get there."""

    name: str
    now_s: float | None
    then_s: float | None
    now_pct: float
    then_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CarConsequence:
    """What would come of what somebody says of a car: when it has what it shall have, and what others get."""

    name: str
    target_pct: float
    first: bool = False
    plugged: bool = True
    on_island: bool = False
    looked_ahead: bool = False
    """Whether the rest is known: it comes from running the next hours with it and without it."""
    tells: bool = True
    """Whether the car tells how full it is; else what it needs is taken from earlier visits."""
    leaves_in_s: float | None = None
    """None while nobody knows."""
    ready_in_s: float | None = None
    """None: not before it leaves, or not in the time that was looked ahead."""
    pct: float = 0.0
    """What it has when it leaves, or at the end of that time."""
    others: tuple[OtherCar, ...] = ()
    """Those for whom it makes a difference that somebody would notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What it means for a power cut in which group a circuit is.  Hours may be infinite; None while not known."""

    circuit: CircuitId
    name: str
    tier: Tier
    draws_w: float
    """What it is expected to draw when it is on."""
    served_h: float | None
    """Hours of essential power with it among the circuits that are served."""
    left_h: float | None
    """Hours of essential power without it."""
    cost_h: float | None
    """Hours that it costs when it is served; None where the sun covers it."""
