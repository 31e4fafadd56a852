"""All that is known at one instant: the process image on which one tick decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hems.model.again import again
from hems.model.command import Command, Outcome
from hems.model.members import direct
from hems.model.quick import quick
from hems.model.reading import Reading, missing
from hems.model.request import Asked
from hems.model.units import CircuitId, DeviceId, PanelId, PointId, SourceId
from hems.model.wiring import Role


@direct
class BayState(StrEnum):
    """What a charger says of its plug and its car."""

    UNAVAILABLE = "unavailable"
    UNPLUGGED = "unplugged"
    PLUGGED = "plugged"
    CHARGING = "charging"
    DISCHARGING = "discharging"
    SUSPENDED = "suspended"
    FINISHED = "finished"
    FAULT = "fault"

    @property
    def has_car(self) -> bool:
        """Whether a car is plugged in."""
        return self not in EMPTY


EMPTY = frozenset({BayState.UNAVAILABLE, BayState.UNPLUGGED})
"""Without a car that anybody knows of."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class TieReading:
    """The tie, by its two auxiliary contacts and by the word of a device."""

    closed_contact: Reading[bool] = field(default_factory=missing)
    open_contact: Reading[bool] = field(default_factory=missing)
    grid_connected: Reading[bool] = field(default_factory=missing)
    permit: Reading[bool] = field(default_factory=missing)
    """Read-back of our own permission to reconnect."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageReading:
    """Voltage and frequency at one point."""

    volts: tuple[Reading[float], ...]
    """Line to neutral, aligned with `Site.phases`."""
    hertz: Reading[float] = field(default_factory=missing)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitReading:
    """One circuit, from its switch and its meter; either may be absent."""

    closed: Reading[bool] = field(default_factory=missing)
    power_w: Reading[float] = field(default_factory=missing)
    temp_c: Reading[float] = field(default_factory=missing)
    """Of what it keeps cool."""
    by_hand: Reading[bool] = field(default_factory=missing)
    """Whether its hand switch stands elsewhere than on AUTO."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryReading:
    """One battery; power positive when it feeds the bus."""

    power_w: Reading[float] = field(default_factory=missing)
    soc_pct: Reading[float] = field(default_factory=missing)
    discharge_max_w: Reading[float] = field(default_factory=missing)
    """What it permits to be taken now: less when it is cold, hot or nearly empty."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class BayReading:
    """One charger and the car in it; power positive when the car feeds the building."""

    state: Reading[BayState] = field(default_factory=missing)
    power_w: Reading[float] = field(default_factory=missing)
    soc_pct: Reading[float] = field(default_factory=missing)
    capacity_wh: Reading[float] = field(default_factory=missing)
    discharge_ready: Reading[bool] = field(default_factory=missing)
    three_phases: Reading[bool] = field(default_factory=missing)


@direct
class Severity(StrEnum):
    """How soon somebody must look at an alarm of a device."""

    HIGH = "high"
    """Now."""
    MEDIUM = "medium"
    """Today."""
    LOW = "low"
    """When next there."""


COMES_AND_GOES = "comes_and_goes"
"""The code of the alarm of a device that is lost again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAlarm:
    """One thing that a device itself calls abnormal."""

    code: str
    """The same for as long as it is the same alarm, such as `inverter/3`."""
    text: str
    """In the words of its profile."""
    severity: Severity = Severity.MEDIUM


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorReading:
    """The generator; power positive when it feeds the bus."""

    running: Reading[bool] = field(default_factory=missing)
    power_w: Reading[float] = field(default_factory=missing)
    fuel_pct: Reading[float] = field(default_factory=missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHealth:
    """How a device answers, for people and for alarms."""

    link: str
    lost_since_s: float | None = None
    """When it stopped answering, or None while it answers."""
    detail: str = ""
    """The last error in one sentence; empty while all is well."""
    armed: bool = False
    """Whether hems may write to it."""
    trusted: bool = True
    """Whether it is the product that the site file says; another one is neither believed nor commanded."""
    bad_share: float | None = None
    """Of the requests of the last hour, those without a good answer; None where nothing is asked."""
    upstream: bool = False
    """It measures nothing but the utility's side, and may fall silent with it."""
    reads_only: bool = False
    """Its profile knows no command: there is nothing that arming would allow."""
    alarms: tuple[DeviceAlarm, ...] = ()
    """What it calls abnormal itself."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReading:
    """What the utility asks of the connection."""

    import_w: Reading[float] = field(default_factory=missing)
    export_w: Reading[float] = field(default_factory=missing)
    heartbeat: Reading[float] = field(default_factory=missing)
    reduced: Reading[bool] = field(default_factory=missing)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The latest readings, the fate of earlier commands and the wishes of people, at one instant."""

    tie: TieReading = field(default_factory=TieReading)
    voltages: Mapping[PointId, VoltageReading] = field(default_factory=dict)
    fire_alarm: Reading[bool] = field(default_factory=missing)
    red_button: Reading[bool] = field(default_factory=missing)
    former_wakes: Reading[bool] = field(default_factory=missing)
    """The small battery that wakes the former in the dark has charge."""
    grid_w: Reading[float] = field(default_factory=missing)
    """Import positive."""
    grid_phase_w: tuple[Reading[float], ...] = ()
    """The same per phase, aligned with `Site.phases`; empty where it is not measured."""
    panels: Mapping[PanelId, tuple[Reading[float], ...]] = field(default_factory=dict)
    """W drawn through each sub-panel, per phase."""
    limits: LimitReading = field(default_factory=LimitReading)
    former_phase_w: tuple[Reading[float], ...] = ()
    """What the island-former delivers per phase, aligned with `Site.phases`."""
    circuits: Mapping[CircuitId, CircuitReading] = field(default_factory=dict)
    batteries: Mapping[SourceId, BatteryReading] = field(default_factory=dict)
    pvs: Mapping[SourceId, Reading[float]] = field(default_factory=dict)
    suns: Mapping[SourceId, Reading[float]] = field(default_factory=dict)
    """What PV plants could give, where a device tells it also while there is no voltage, W."""
    bays: Mapping[SourceId, BayReading] = field(default_factory=dict)
    generator: GeneratorReading = field(default_factory=GeneratorReading)
    devices: Mapping[DeviceId, DeviceHealth] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with hems itself, such as a disk that cannot be written: a short name and one sentence."""
    watched_only: frozenset[Role] = frozenset()
    """Roles whose device is not armed: commands to them are decided and told, but not sent."""
    outcomes: tuple[Outcome, ...] = ()
    """What became of commands since the last tick."""
    fired: tuple[Command, ...] = ()
    """Sheds that the reflex has sent since the last tick; this tick adopts them as its own."""
    local_h: float | None = None
    """Hour of the day where the building stands; None while nobody knows what time it is."""
    requests: tuple[Asked, ...] = ()
    """What people asked for since the last tick."""


@again
def positions(snapshot: Snapshot, now_s: float) -> Mapping[CircuitId, bool | None]:
    """Where each circuit's switch says that it stands; None where it may not be believed now."""
    return {circuit: reading.closed.known(now_s) for circuit, reading in snapshot.circuits.items()}


@again
def drawn_w(snapshot: Snapshot, now_s: float) -> Mapping[CircuitId, float | None]:
    """What each circuit's own meter says; None where it may not be believed now."""
    return {circuit: reading.power_w.known(now_s) for circuit, reading in snapshot.circuits.items()}
