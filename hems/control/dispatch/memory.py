"""What dispatch remembers from tick to tick."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleMemory:
    """The utility's limits as last heard."""

    heard_s: float | None = None
    """Last sign of life."""
    failsafe_since_s: float | None = None
    import_w: float | None = None
    export_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterMemory:
    """The quarter of an hour that is being counted."""

    begun_s: float | None = None
    drawn_wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessMemory:
    """A limit that is being exceeded."""

    since_s: float | None = None
    wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What circuits draw on one phase beyond the sun."""

    watts: float
    lower_since_s: float | None = None
    """It has been seen lower since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionMemory:
    """All of it."""

    standing: tuple[Standing, ...] = ()
    """Phase by phase; nothing on an island."""

    flexible: FlexibleMemory = FlexibleMemory()
    quarter: QuarterMemory = QuarterMemory()
    excess: ExcessMemory = ExcessMemory()
