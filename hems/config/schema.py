"""The site file's tables and keys; the text under each key is its manual.

kW and kWh here, because people write this; W and Wh everywhere behind `hems.config.build`.  The example of a key shows
its form, and stands in for a mistaken value while the rest of the file is checked.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from hems.config.grid_codes import GridCode

PhaseName = Literal["L1", "L2", "L3"]
TierName = Literal["life safety", "critical", "essential", "comfort", "non-essential", "flexible"]
LocationName = Literal["utility", "bus", "source", "load"]
SupplyName = Literal["utility", "bus", "dc", "ups"]
LogLevel = Literal["debug", "info", "warning", "error"]

IDENTIFIER = r"[a-z][a-z0-9_]{0,39}"


def _port(text: str) -> str:
    device, _, point = text.partition("/")
    if not device or not point or "/" in point or not text.isprintable():
        raise PydanticCustomError("form", "not a port", {"form": "port"})
    return text


def _printable(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise PydanticCustomError("form", "not readable", {"form": "text"})
    return text


PortText = Annotated[str, AfterValidator(_port)]
"""`DEVICE/POINT`: a device of this file and a point or command of its profile."""
Line = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_printable)]
Name = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_printable)]
Id = Annotated[str, Field(pattern=rf"^{IDENTIFIER}$")]
Kw = Annotated[float, Field(gt=0, le=5000)]
Pct = Annotated[float, Field(ge=0, le=100)]
Seconds = Annotated[float, Field(ge=0, le=86400)]
Phases = Annotated[list[PhaseName], Field(min_length=1, max_length=3)]
Ports = Annotated[list[PortText], Field(min_length=1, max_length=3)]
OverloadPoint = Annotated[list[Annotated[float, Field(gt=0, le=100_000)]], Field(min_length=2, max_length=2)]


class Table(BaseModel):
    """What all tables have in common: nothing unknown, nothing of the wrong type, nothing infinite."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class SettingsTable(Table):
    """Where the daemon keeps its things."""

    state_dir: Line = "/var/lib/hems"
    """Directory of `state.db` and `history.db`; must be on a disk that survives a power cut."""
    run_dir: Line = "/run/hems"
    """Directory of the sockets `view.sock`, `operate.sock` and `admin.sock`."""
    log_level: LogLevel = "info"
    """How much is written to the log."""
    timezone: Line | None = Field(None, examples=["Europe/Dublin"])
    """Zone for clock times in reports, such as `Europe/Dublin`; without it the machine's own."""


class FlexibleTable(Table):
    """Limits that the utility sets and changes: a flexible connection, EnWG 14a, EEBus LPC and LPP by a gateway."""

    import_limit: PortText | None = Field(None, examples=["utility_box/import_limit_w"])
    """What may be drawn at present, in W."""
    export_limit: PortText | None = Field(None, examples=["utility_box/export_limit_w"])
    """What may be fed in at present, in W."""
    heartbeat: PortText | None = Field(None, examples=["utility_box/heartbeat"])
    """A number whose arrival shows that the utility is still there; without it the limits themselves are that sign."""
    heartbeat_s: float = Field(120.0, ge=5, le=3600)
    """Without a sign of life for so long the failsafe holds, until there is one and a fresh limit."""
    failsafe_import_kw: float = Field(ge=0, le=5000, examples=[4.2])
    """What may be drawn while the utility is not heard from."""
    failsafe_export_kw: float = Field(0.0, ge=0, le=5000)
    """What may be fed in meanwhile."""
    reduced: PortText | None = Field(None, examples=["tie_io/input_5"])
    """The utility's contact, true when import shall be reduced; while it cannot be read it counts as closed."""
    reduced_import_kw: float = Field(0.0, ge=0, le=5000, examples=[4.2])
    """What may be drawn while that contact is closed."""


class GridTable(Table):
    """The supply as agreed with the utility."""

    code: GridCode = Field(examples=["eu"])
    """Grid code: sets the window of a good grid and for how long it must be good before the building rejoins it."""
    nominal_v: float = Field(ge=100, le=277, examples=[230.0])
    """Line to neutral: 230 for a 230/400 V supply, 120 for 120/240 V split phase."""
    nominal_hz: float = Field(ge=50, le=60, examples=[50.0])
    """50 or 60."""
    service_a: float = Field(ge=6, le=6300, examples=[63.0])
    """Main fuse per phase."""
    power: PortText | None = Field(None, examples=["utility_meter/power_w"])
    """Where the power drawn from the grid is measured, import positive."""
    phase_power: Ports | None = Field(None, examples=[["meter/l1_w", "meter/l2_w", "meter/l3_w"]])
    """The same for each phase, so that cars heed the fullest one."""
    import_kw: Kw | None = Field(None, examples=[30.0])
    """Agreed capacity; without it the main fuse alone is the limit."""
    export_kw: float | None = Field(None, ge=0, le=5000, examples=[0.0])
    """What may be fed in; without it nobody limits what the sun gives.  Batteries and cars never feed the grid."""
    demand_kw: Kw | None = Field(None, examples=[40.0])
    """Mean over a quarter of an hour that is paid for and must not be exceeded."""
    flexible: FlexibleTable | None = None
    """Limits that the utility changes at any time."""


class DeviceTable(Table):
    """A thing that answers on a wire."""

    driver: Line = Field(examples=["modbus"])
    """What speaks its protocol: `modbus`, `sunspec` or `mqtt`."""
    profile: Line = Field(examples=["eastron-sdm630"])
    """The product, as in `drivers/profiles/`, without `.toml`."""
    link: Line = Field(examples=["tcp://10.0.20.11:502"])
    """Where it answers: `tcp://HOST:PORT`, `rtu:///dev/serial/by-id/NAME?baud=9600&parity=N&stop_bits=1` or
    `mqtt://HOST:PORT`, with TLS and a login `mqtts://HOST:PORT?ca=FILE&login=FILE`.  Devices with the same link share
    it."""
    params: dict[str, bool | int | float | str] = Field(default_factory=dict, examples=[{"unit_id": 1}])
    """What the profile asks of a site, such as `unit_id`, `connector` or `prefix`."""


class TieTable(Table):
    """The certified switch between building and grid.  hems reads it, may permit reconnection, and never closes it."""

    closed_contact: PortText | None = Field(None, examples=["tie_io/input_1"])
    """Auxiliary contact that is closed when the tie is closed (52a)."""
    open_contact: PortText | None = Field(None, examples=["tie_io/input_2"])
    """Auxiliary contact that is closed when the tie is open (52b).  Both contacts or none: only two can tell a welded
    or broken one."""
    grid_connected: PortText | None = Field(None, examples=["hybrid/grid_connected"])
    """A device's own word that it runs on the grid."""
    permit: PortText | None = Field(None, examples=["tie_io/coil_1"])
    """Command that permits reconnection; without it the certified device decides alone."""
    island: PortText | None = Field(None, examples=["tie_io/coil_2"])
    """Command that asks the certified device to open; without it hems makes no planned islands."""
    listing: Line | None = Field(None, examples=["Make and model, VDE-AR-N 4105 certificate 24-0815"])
    """Make, model and listing of the certified device (MID, transfer switch, backup box), as on its label.  Without it
    hems feeds, starts and permits nothing: what could is only watched, because a tie that does not part the building
    from the grid would feed the street."""
    travel_max_s: float = Field(1.0, ge=0.2, le=30)
    """Longest time between the two contacts while it moves: 1 for a contactor, 5 for a motor drive."""


class FormerTable(Table):
    """What makes voltage and frequency while the grid is away."""

    source: Id = Field(examples=["main"])
    """The battery it draws on, or the bay whose car forms the island."""
    name: Name | None = Field(None, examples=["Hybrid inverter"])
    """For people; the source's name when not given."""
    start: PortText | None = Field(None, examples=["hybrid/start"])
    """Command that asks it to make voltage on a dead building; without it it starts by itself or by hand."""
    wakes: PortText | None = Field(None, examples=["bay_1/dark_start_ok"])
    """Whether the small battery that wakes it in the dark has charge; without it a black start is tried anyway."""
    phase_kva: list[Kw] = Field(min_length=1, max_length=3, examples=[[10.0, 10.0, 10.0]])
    """Continuous rating of each phase."""
    surge: float = Field(1.5, ge=1.0, le=10.0)
    """What it carries for about 3 s, as a multiple of the rating: the limit for motor starts."""
    curve: list[OverloadPoint] | None = Field(None, min_length=2, max_length=12, examples=[[[1.1, 600.0], [2.0, 1.0]]])
    """Overload curve of its data sheet as pairs of (multiple of the rating, seconds until it trips), rising.  Without
    it a deliberately pessimistic one is taken."""
    power: Ports | None = Field(None, examples=[["hybrid/l1_w", "hybrid/l2_w", "hybrid/l3_w"]])
    """Where its output is measured, one point per phase."""


class GeneratorTable(Table):
    """An engine that HEMS may ask to run; its own controller starts and protects it."""

    name: Name | None = Field(None, examples=["Generator"])
    """For people."""
    rated_kw: Kw = Field(examples=[20.0])
    """Continuous rating."""
    separated: bool = False
    """Whether a listed transfer switch keeps it apart from the grid in every position.  Without one it is only asked to
    run while the grid switch is open."""
    run: PortText = Field(examples=["genset/run"])
    """Command that asks it to run: a two-wire start or its controller's own."""
    running: PortText = Field(examples=["genset/running"])
    """Whether it makes voltage; without an answer nobody is let back to the grid."""
    power: PortText | None = Field(None, examples=["genset/power_w"])
    """Where its output is measured."""


class InputsTable(Table):
    """What the building tells by contacts that close when it happens."""

    fire_alarm: PortText | None = Field(None, examples=["tie_io/input_3"])
    """Contact of the fire alarm, true in an alarm: cars stop charging and giving, nothing is switched on, until a
    person says that it is over."""
    red_button: PortText | None = Field(None, examples=["tie_io/input_4"])
    """Contact of the switch by which people take the building over, true when pressed: HEMS gives no commands."""


class VoltagePointTable(Table):
    """A place where voltage and frequency are measured.

    The first two keys have no default on purpose: what a measurement proves depends on them alone.
    """

    location: LocationName = Field(examples=["bus"])
    """`utility` is upstream of the tie, the only place that can prove that the grid is back; `bus` is downstream,
    where a healthy island looks exactly like a good grid; `source` and `load` are at a device."""
    powered_from: SupplyName = Field(examples=["ups"])
    """What keeps the measuring device alive.  One fed by the utility falls silent with it, which proves nothing."""
    volts: Ports = Field(examples=[["utility_meter/l1_v", "utility_meter/l2_v", "utility_meter/l3_v"]])
    """Line to neutral, one point per phase."""
    hz: PortText | None = Field(None, examples=["utility_meter/hz"])
    """Frequency; a utility-side point without it can never prove that the grid is good."""


class BatteryTable(Table):
    """Stationary storage behind an inverter."""

    name: Name | None = Field(None, examples=["Battery"])
    """For people; made from the key when not given."""
    capacity_kwh: float = Field(gt=0, le=50_000, examples=[10.0])
    """Usable energy between empty and full."""
    charge_max_kw: Kw = Field(examples=[5.0])
    """Highest charging power."""
    discharge_max_kw: Kw = Field(examples=[5.0])
    """Highest power towards the building."""
    shutdown_pct: Pct = 5.0
    """Below this the inverter stops by itself, so it is not counted as stored.  What goes off at which charge is set in
    `[params.band]`."""
    power: PortText | None = Field(None, examples=["hybrid/battery_w"])
    """Where its power is measured, discharge positive."""
    soc: PortText = Field(examples=["hybrid/soc_pct"])
    """Where its state of charge is read."""
    setpoint: PortText | None = Field(None, examples=["hybrid/battery_w"])
    """Command for its power; without it the inverter decides alone."""
    reserve_pct: Pct | None = Field(None, examples=[60.0])
    """Kept for power cuts.  With it and `setpoint` HEMS decides on the grid what the battery does: it takes the sun,
    serves the building and keeps the connection inside its limits, never below this.  Set the same in the inverter."""


class PvTable(Table):
    """A photovoltaic plant."""

    name: Name | None = Field(None, examples=["Roof"])
    """For people; made from the key when not given."""
    rated_kw: Kw = Field(examples=[5.0])
    """Highest power of its inverter."""
    phases: Phases = Field(examples=[["L1"]])
    """Where it feeds in."""
    power: PortText = Field(examples=["roof/power_w"])
    """Where its production is measured."""


class BayTable(Table):
    """A parking place with a charger; a bidirectional one is also a source."""

    name: Name | None = Field(None, examples=["Bay 1"])
    """For people; made from the key when not given."""
    phases: Phases = Field(examples=[["L1"]])
    """Where the charger is connected."""
    charge_max_kw: Kw = Field(examples=[7.4])
    """Highest charging power."""
    charge_min_kw: Kw = 1.38
    """Below this the car pauses instead; 1.38 is 6 A on one phase of 230 V."""
    discharge_max_kw: float = Field(0.0, ge=0, le=5000)
    """Highest power from the car to the building; 0 for a charger that cannot."""
    discharge_min_kw: float = Field(0.5, ge=0, le=5000)
    """Below this the charger does not discharge."""
    capacity_kwh: float = Field(50.0, gt=0, le=1000)
    """Assumed until the car tells."""
    floor_pct: Pct = 40.0
    """What the driver keeps; the car is never discharged below this."""
    maker_floor_pct: Pct = 20.0
    """Below this the car's maker refuses; nobody may go lower."""
    state: PortText | None = Field(None, examples=["bay_1/state"])
    """Where the charger says what it does."""
    power: PortText | None = Field(None, examples=["bay_1/power_w"])
    """Where its power is measured, positive when the car feeds the building."""
    soc: PortText | None = Field(None, examples=["bay_1/soc_pct"])
    """The car's state of charge; a car that does not tell is never discharged."""
    capacity: PortText | None = Field(None, examples=["bay_1/capacity_wh"])
    """The car's capacity in Wh, where the charger knows it."""
    discharge_ready: PortText | None = Field(None, examples=["bay_1/discharge_ready"])
    """Whether car and charger offer to discharge right now."""
    setpoint: PortText | None = Field(None, examples=["bay_1/power_w"])
    """Command for its power; without it hems only watches."""


class CircuitTable(Table):
    """One branch of the distribution board.  Within a tier, circuits are kept in the order of the file."""

    name: Name | None = Field(None, examples=["Laundry"])
    """For people; made from the key when not given."""
    tier: TierName = Field(examples=["essential"])
    """How much it matters in a power cut."""
    rank: int | None = Field(None, ge=0, le=9999, examples=[0])
    """Order inside the tier, lower is kept longer; the place in this file when not given."""
    phases: Phases = Field(examples=[["L1"]])
    """Where it draws; evenly spread over these."""
    typical_kw: float = Field(ge=0, le=5000, examples=[0.1])
    """Expected draw when on, used until something better has been measured."""
    inrush_kw: float = Field(0.0, ge=0, le=5000)
    """Extra draw in the first moments after switching on, as motors have."""
    min_on_s: Seconds = 60.0
    """Shortest time on; an overload may cut it short."""
    min_off_s: Seconds = 60.0
    """Shortest pause before switching on again, never cut short; compressors need 300."""
    thermostatic: bool = False
    """Whether it comes back hungrier the longer it was off: heating, cooling, hot water."""
    protected: bool = False
    """Gateway, network, meters, supply of the islanding device: never switched off by anything."""
    temperature: PortText | None = Field(None, examples=["cold_room/temp_c"])
    """Temperature of what it keeps cool, in degrees Celsius."""
    temp_max_c: float | None = Field(None, ge=-60, le=120, examples=[8.0])
    """Above this the circuit counts as one tier more important until it is a degree below."""
    switch: PortText | None = Field(None, examples=["relays/coil_1"])
    """What switches it, on when true."""
    layer_0: bool = False
    """Whether a contactor drops it by itself the moment the tie opens, fed from the grid side or by the tie's auxiliary
    contact: then it need not be switched fast, and the inverter never has to carry it."""
    power: PortText | None = Field(None, examples=["laundry_plug/power_w"])
    """Where its power is measured, if it has a meter of its own."""


class SiteTable(Table):
    """A whole site file."""

    name: Name = Field(examples=["Maple Court 12"])
    """The building, as screens and reports call it."""
    phases: Phases = Field(examples=[["L1", "L2", "L3"]])
    """`["L1", "L2", "L3"]`, `["L1", "L2"]` for split phase, `["L1"]` for a single-phase supply."""
    times: Literal["normal", "short"] = "normal"
    """`short` cuts every wait that protects a real grid, compressor or relay.  For demonstrations only."""
    grid: GridTable
    devices: dict[Id, DeviceTable] = Field(
        min_length=1,
        examples=[{"meter": {"driver": "modbus", "profile": "eastron-sdm630", "link": "tcp://10.0.20.11:502"}}],
    )
    """`[devices.NAME]`, one table per device."""
    tie: TieTable
    former: FormerTable
    inputs: InputsTable = InputsTable()
    generator: GeneratorTable | None = Field(
        None, examples=[{"rated_kw": 20.0, "run": "genset/run", "running": "genset/running"}]
    )
    """`[generator]`."""
    voltage_points: dict[Id, VoltagePointTable] = Field(default_factory=dict)
    """`[voltage_points.NAME]`."""
    batteries: dict[Id, BatteryTable] = Field(default_factory=dict)
    """`[batteries.NAME]`."""
    pvs: dict[Id, PvTable] = Field(default_factory=dict)
    """`[pvs.NAME]`."""
    bays: dict[Id, BayTable] = Field(default_factory=dict)
    """`[bays.NAME]`."""
    circuits: dict[Id, CircuitTable] = Field(
        min_length=1, examples=[{"laundry": {"tier": "non-essential", "phases": ["L1"], "typical_kw": 2.0}}]
    )
    """`[circuits.NAME]`."""
    params: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """`[params.GROUP]` tunes single numbers of the decisions, each within its permitted range."""
    settings: SettingsTable = SettingsTable()


def json_schema() -> dict[str, Any]:
    """JSON Schema of the site file, for editors and for the manual."""
    return SiteTable.model_json_schema()
