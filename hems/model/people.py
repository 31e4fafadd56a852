"""Who is asking: three roles, each of which may do what the one before it may."""

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
