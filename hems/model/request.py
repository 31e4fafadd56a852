"""What a person asks for.  Requests reach the tick in its snapshot, like any other input."""

from dataclasses import dataclass
from enum import StrEnum

from hems.model.units import CircuitId


class Want(StrEnum):
    """What an override asks of a circuit."""

    ON = "on"
    OFF = "off"
    AUTO = "auto"
    """End the override: back to automatic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Keep a circuit on or off for a while, or hand it back."""

    circuit: CircuitId
    want: Want
    who: str
    role: str
    reason: str = ""
    duration_s: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """A person has looked into a contradiction; hems may start over once it is cleared."""

    who: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A request that is in force."""

    circuit: CircuitId
    want: Want
    who: str
    role: str
    reason: str
    set_s: float
    expires_s: float
    """On the monotonic clock; a restart carries over what remains."""
