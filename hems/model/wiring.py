"""Which point of which device is which quantity of the building.

A *role* names a quantity in the building's own words (`circuits/laundry/closed`); a `Port` names a place on a wire in
the device profile's words (`relays`, `coil_3`).  The site file pairs them; nothing else in hems knows about devices.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple, NewType

from hems.model.units import CircuitId, DeviceId, PanelId, PointId, SourceId

Role = NewType("Role", str)
"""A quantity of the building, such as `tie/closed_contact` or `batteries/main/soc_pct`."""


class Port(NamedTuple):
    """One named point or command of one device, written `device/point` in a site file.

    A named tuple and no dataclass, because every point of every answer is looked up by it.
    """

    device: DeviceId
    point: str

    def __str__(self) -> str:
        return f"{self.device}/{self.point}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSpec:
    """A device as the site file declares it."""

    id: DeviceId
    driver: str
    """Entry point in group `hems.drivers`, such as `modbus`, `sunspec` or `mqtt`."""
    profile: str
    """Product description in `drivers/profiles/`, without `.toml`."""
    link: str
    """Where it answers: `tcp://HOST:PORT`, `rtu:///dev/ttyUSB0?baud=9600&parity=N&stop_bits=1`, `mqtt://HOST:PORT`,
    `mqtts://HOST:PORT?ca=FILE&login=FILE`."""
    params: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    """Values for the placeholders of the profile, such as `unit_id` or `prefix`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """All devices and where each quantity is read and each command is sent."""

    devices: tuple[DeviceSpec, ...]
    reads: Mapping[Role, Port]
    writes: Mapping[Role, Port]


class _Roles(dict[str, Role]):
    """Roles of one kind, each spelled once: a tick asks for them some five hundred times."""

    def __init__(self, kind: str, quantity: str) -> None:
        super().__init__()
        self._kind, self._quantity = kind, quantity

    def __missing__(self, name: str) -> Role:
        self[name] = role = Role(f"{self._kind}/{name}/{self._quantity}")
        return role


_DRAWN_W = _Roles("circuits", "power_w")
_BATTERY_W, _PV_W = _Roles("batteries", "power_w"), _Roles("pvs", "power_w")
_BAY_STATE = _Roles("bays", "state")
_PV_LIMIT = _Roles("pvs", "limit_w")

# Roles are built by these functions and nowhere else, so that a misspelt one cannot exist.

TIE_CLOSED_CONTACT = Role("tie/closed_contact")
"""bool; auxiliary contact that is closed when the tie is closed (52a)."""
TIE_OPEN_CONTACT = Role("tie/open_contact")
"""bool; auxiliary contact that is closed when the tie is open (52b)."""
TIE_FLAG = Role("tie/grid_connected")
"""bool; a device's own word that it runs on the grid (True) or as an island (False)."""
TIE_PERMIT = Role("tie/permit")
"""bool, read and write; permission to reconnect.  True permits, False inhibits."""
TIE_ISLAND = Role("tie/island")
"""bool, read and write; request that the certified device opens the tie on purpose."""
FORMER_START = Role("former/start")
"""bool, read and write; request that the former makes voltage on a dead building."""
FORMER_WAKE = Role("former/wakes")
"""bool; the small battery that wakes a former in the dark has charge."""
FIRE_ALARM = Role("inputs/fire_alarm")
"""bool; the fire alarm's contact: True is an alarm."""
RED_BUTTON = Role("inputs/red_button")
"""bool; somebody has taken the building over by hand: True is pressed."""
GENERATOR_RUN = Role("generator/run")
"""bool, read and write; request that the generator runs."""
GENERATOR_RUNNING = Role("generator/running")
"""bool; it makes voltage."""
GENERATOR_POWER = Role("generator/power_w")
"""W, positive towards the bus."""
GENERATOR_FUEL = Role("generator/fuel_pct")
"""Percent of its tank."""
GRID_POWER = Role("grid/power_w")
"""W, import positive."""
IMPORT_LIMIT = Role("grid/import_limit_w")
"""W, what the utility lets the building draw at present."""
EXPORT_LIMIT = Role("grid/export_limit_w")
"""W, what the utility lets the building feed in at present."""
LIMIT_HEARTBEAT = Role("grid/limit_heartbeat")
"""Any number; each reading of it is a sign of life of whoever sets the limits."""
REDUCED = Role("grid/reduced")
"""bool; the utility's contact: True asks for reduced import."""


def grid_phase_w(phase_index: int) -> Role:
    """W drawn from the grid on one phase, import positive."""
    return Role(f"grid/l{phase_index + 1}_w")


def panel_phase_w(panel: PanelId, phase_index: int) -> Role:
    """W drawn through a sub-panel on one phase."""
    return Role(f"panels/{panel}/l{phase_index + 1}_w")


def voltage(point: PointId, phase_index: int) -> Role:
    """V, line to neutral at a voltage point, for the phase at `phase_index` of `Site.phases`."""
    return Role(f"voltage_points/{point}/l{phase_index + 1}_v")


@cache
def frequency(point: PointId) -> Role:
    """Hz at a voltage point."""
    return Role(f"voltage_points/{point}/hz")


@cache
def former_phase_w(phase_index: int) -> Role:
    """W that the island-former delivers on one phase, positive towards the bus."""
    return Role(f"former/l{phase_index + 1}_w")


circuit_closed: Callable[[CircuitId], Role] = _Roles("circuits", "closed").__getitem__
"""bool, read and write; True when the circuit is on."""


@lru_cache(maxsize=4096)
def circuit_of(role: Role) -> CircuitId | None:
    """The circuit whose switch a role is; None for any other role."""
    inner = role.removeprefix("circuits/").removesuffix("/closed")
    return CircuitId(inner) if role == f"circuits/{inner}/closed" else None


def circuit_by_hand(circuit: CircuitId) -> Role:
    """bool; True while a circuit's hand switch does not stand on AUTO."""
    return Role(f"circuits/{circuit}/by_hand")


def circuit_power(circuit: CircuitId) -> Role:
    """W drawn by a circuit that has a meter of its own."""
    return _DRAWN_W[circuit]


def circuit_temperature(circuit: CircuitId) -> Role:
    """Degrees Celsius of what a circuit keeps cool."""
    return Role(f"circuits/{circuit}/temp_c")


def battery_power(battery: SourceId) -> Role:
    """W, read and write; discharge positive."""
    return _BATTERY_W[battery]


def battery_soc(battery: SourceId) -> Role:
    """Percent, 0 to 100."""
    return Role(f"batteries/{battery}/soc_pct")


def battery_limit(battery: SourceId) -> Role:
    """W that the battery permits to be taken from it now."""
    return Role(f"batteries/{battery}/discharge_max_w")


def pv_power(pv: SourceId) -> Role:
    """W, production positive."""
    return _PV_W[pv]


def pv_available(pv: SourceId) -> Role:
    """W that the sun would give now, told also in the dark of a dead bus."""
    return Role(f"pvs/{pv}/available_w")


def pv_limit(pv: SourceId) -> Role:
    """W that a plant may give at most; its rating is no limit."""
    return _PV_LIMIT[pv]


def bay_state(bay: SourceId) -> Role:
    """str, a `BayState` value."""
    return _BAY_STATE[bay]


bay_power: Callable[[SourceId], Role] = _Roles("bays", "power_w").__getitem__
"""W, read and write; discharge (feeding the building) positive, charge negative."""


def bay_soc(bay: SourceId) -> Role:
    """Percent, 0 to 100; unknown for most chargers while no car is plugged."""
    return Role(f"bays/{bay}/soc_pct")


def bay_capacity(bay: SourceId) -> Role:
    """Wh of the plugged car's battery."""
    return Role(f"bays/{bay}/capacity_wh")


@cache
def bay_three_phases(bay: SourceId) -> Role:
    """bool, read and write; True when the charger uses three phases, False when it uses one."""
    return Role(f"bays/{bay}/three_phases")


@lru_cache(maxsize=4096)
def switched_over(role: Role) -> SourceId | None:
    """The bay whose phases a role switches; None for any other role."""
    inner = role.removeprefix("bays/").removesuffix("/three_phases")
    return SourceId(inner) if role == f"bays/{inner}/three_phases" else None


@cache
def bay_wake(bay: SourceId) -> Role:
    """bool, write; the charger's own way to wake a car, such as an interruption of the pilot."""
    return Role(f"bays/{bay}/wake")


@cache
def bay_restart(bay: SourceId) -> Role:
    """bool, write; the charger starts anew."""
    return Role(f"bays/{bay}/restart")


def bay_discharge_ready(bay: SourceId) -> Role:
    """bool; the car and charger offer to discharge right now.  A live permission, not a capability."""
    return Role(f"bays/{bay}/discharge_ready")
