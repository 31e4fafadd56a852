"""What an earlier run of the daemon has left for the next one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hems.model.wiring import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """As it was read when the present run began."""

    blob: str | None = None
    """The control state as JSON; None when none was saved."""
    shift_s: float = 0.0
    """What to add to its times to have them on the present clock."""
    told: Mapping[Role, bool | float] = field(default_factory=dict)
    """What the journal says was last asked of each actuator."""
