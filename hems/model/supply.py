"""The supply as agreed with the utility, and what may flow through it."""

from dataclasses import dataclass

from hems.model.tariff import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleLimits:
    """What the utility may change at any time, and what holds while it is not heard from."""

    failsafe_import_w: float
    failsafe_export_w: float = 0.0
    heartbeat_s: float = 120.0
    """Silent for so long, and the failsafe holds until there is a sign of life and a fresh limit."""
    told: bool = True
    """It tells limits in W; otherwise it only closes a contact."""
    has_heartbeat: bool = False
    """It also gives signs of life; otherwise the limits themselves are those."""
    reduced_import_w: float | None = None
    """While its contact is closed; None without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitHours:
    """What may flow in the hours of a flexible connection's schedule; None: these hours do not limit that way."""

    window: Window
    import_max_w: float | None = None
    export_max_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyService:
    """What batteries do for the frequency of the grid."""

    most_w: float
    """At full response, either way."""
    dead_hz: float = 0.02
    """Nothing is done so near nominal."""
    full_hz: float = 0.2
    """So far away the response is full."""
    step: bool = False
    """All of it as soon as the dead band is left, instead of in proportion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridConnection:
    """The supply as agreed with the utility."""

    nominal_v: float
    """Line to neutral."""
    nominal_hz: float
    service_a: float
    """Main fuse per phase."""
    import_max_w: float | None = None
    """Agreed capacity; None: the fuse alone."""
    export_max_w: float | None = None
    """What may be fed in; None: what the sun gives.  Batteries and cars never feed the grid."""
    demand_max_w: float | None = None
    """Mean over a quarter of an hour that must not be exceeded; None where nobody counts it."""
    flexible: FlexibleLimits | None = None
    schedule: tuple[LimitHours, ...] = ()
    """Limits that hold at some hours; all that fit hold, and all of them while nobody knows the time."""
    frequency: FrequencyService | None = None
    export_permitted: bool = False
    """The interconnection permits batteries to feed the grid; without it only the sun does."""
