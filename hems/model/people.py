"""Who is asking: three roles, each of which may do what the one before it may."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class PersonRole(StrEnum):
    """How far a person may go.  The socket a client came in by is the ceiling."""

    VIEWER = "viewer"
    """Sees everything, changes nothing."""
    OPERATOR = "operator"
    """Runs the building: overrides, acknowledges."""
    ENGINEER = "engineer"
    """Changes what hems may do: arms devices, stops the daemon."""

    def may_act_as(self, needed: "PersonRole") -> bool:
        """Whether this role reaches the needed one."""
        order = tuple(PersonRole)
        return order.index(self) >= order.index(needed)


NEEDED_ROLE: Mapping[str, PersonRole] = {
    "status": PersonRole.VIEWER,
    "why": PersonRole.VIEWER,
    "card": PersonRole.VIEWER,
    "events": PersonRole.VIEWER,
    "read": PersonRole.VIEWER,
    "ask": PersonRole.VIEWER,
    "proofs": PersonRole.VIEWER,
    "history": PersonRole.VIEWER,
    "configuration": PersonRole.VIEWER,
    "consider": PersonRole.OPERATOR,
    "override": PersonRole.OPERATOR,
    "acknowledge": PersonRole.OPERATOR,
    "seen": PersonRole.OPERATOR,
    "aside": PersonRole.OPERATOR,
    "unaside": PersonRole.OPERATOR,
    "export": PersonRole.OPERATOR,
    "order": PersonRole.OPERATOR,
    "rehearse": PersonRole.OPERATOR,
    "car": PersonRole.OPERATOR,
    "prices": PersonRole.OPERATOR,
    "probe": PersonRole.ENGINEER,
    "probed": PersonRole.ENGINEER,
    "enter": PersonRole.OPERATOR,
    "leave": PersonRole.OPERATOR,
    "code": PersonRole.OPERATOR,
    "people": PersonRole.ENGINEER,
    "person": PersonRole.ENGINEER,
    "trial": PersonRole.ENGINEER,
    "steer": PersonRole.ENGINEER,
    "setup": PersonRole.ENGINEER,
    "groups": PersonRole.ENGINEER,
    "prove": PersonRole.ENGINEER,
    "forget": PersonRole.ENGINEER,
    "arm": PersonRole.ENGINEER,
    "disarm": PersonRole.ENGINEER,
    "stop": PersonRole.ENGINEER,
}
"""Every request there is, and who may make it."""


DRIVER = "driver"
"""The role of a bay's code: it speaks for that bay and for nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a PIN, a passphrase, or the code of a bay."""

    name: str
    """A bay's code has the name `bay/` and the bay."""
    role: str
    """A `PersonRole`, or `driver`."""
    hash: str
    """As argon2 writes it, salt and cost included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes a request, as far as the daemon knows."""

    name: str
    role: PersonRole
    """The lower of what the socket admits and what the person may."""
    known_by: str
    """`pin`; `root`, who has shown that he is; or `name only` where nobody has to prove who he is."""
