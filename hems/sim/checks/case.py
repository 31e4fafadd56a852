"""What a check may look at, and what it says."""

from collections.abc import Callable
from dataclasses import dataclass

from hems.control.params import Params
from hems.model.site import Site
from hems.sim.record import Record

TRANSFER_S = 0.5
"""Darkness up to this long is the changeover of the hardware, which no software can shorten."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One expectation, held or not, with the figure that decided it."""

    text: str
    held: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Case:
    """A run, and the building it was in."""

    site: Site
    params: Params
    record: Record


Finding = tuple[bool, str]
"""Whether it held, and the figure that decided it."""
Check = Callable[..., Finding]
