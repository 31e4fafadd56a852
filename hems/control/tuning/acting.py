"""Commands, and what people may ask for."""

from dataclasses import dataclass

from hems.control.tuning.tunable import tunable


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandParams:
    """Sending commands and watching what they do (5, UCA 3)."""

    retry_s: float = tunable(2.0, (0.5, 30.0))
    """A command without acknowledgement is sent again after this long."""
    shed_ack_s: float = tunable(1.0, (0.5, 5.0))
    """A shed not acknowledged after this long counts as failed and the next circuit is taken."""
    lease_s: float = tunable(60.0, (10.0, 600.0))
    """Lease of set-points and permits; renewed at a third of it."""
    confirm_s: float = tunable(10.0, (2.0, 60.0))
    """A switch that contradicts its command for this long raises an alarm."""
    follow_s: float = tunable(90.0, (5.0, 180.0))
    """A charger or a battery that does more than it was told, or the opposite, for this long follows somebody else."""
    leave_s: float = tunable(3600.0, (600.0, 86400.0))
    """So long such a device on the grid is then told only less and 0, unless a person acknowledges (5, UCA 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideParams:
    """What people may ask for (architecture 10)."""

    default_s: float = tunable(3600.0, (300.0, 28800.0))
    operator_max_s: float = tunable(28800.0, (3600.0, 28800.0))
    engineer_max_s: float = tunable(86400.0, (3600.0, 86400.0))
    hold_s: float = tunable(900.0, (60.0, 900.0))
    """How long a hold lasts at most."""
    hold_again_s: float = tunable(7200.0, (3600.0, 86400.0))
    """From the beginning of one hold to the next: holding on and on would empty the battery."""
