"""What comes of a site file: checked, frozen values, which a daemon lives by without what has checked them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hems.control.params import Params
from hems.model.site import Site
from hems.model.units import DeviceId
from hems.model.wiring import Wiring


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepDays:
    """For how many days each kind of record is kept."""

    minutes_days: int
    quarters_days: int
    inputs_days: int
    events_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the daemon keeps its things, and how much it says."""

    state_dir: Path
    run_dir: Path
    log_level: str
    timezone: str | None
    """IANA name, or None for the machine's own zone."""
    keep: KeepDays
    """For how many days each kind of record is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """One site file, believed."""

    path: Path
    site: Site
    wiring: Wiring
    params: Params
    """In force."""
    normal_params: Params
    """As they would be without `times = "short"`; the report lists how `params` differs."""
    shortened: bool
    settings: Settings
    digest: str
    """SHA-256 of the file's bytes."""
    notices: tuple[str, ...]
    """Permitted, but with consequences; one sentence each."""
    actuation_s: Mapping[DeviceId, float] = field(default_factory=dict)
    """Worst time from a command to its effect, by device."""
    sees_s: float = 0.0
    """Until the fastest witness tells that the tie has opened."""
    refused: str = ""
    """Why a newer file was left aside and this one is in force, in whole sentences; empty when it was not."""
