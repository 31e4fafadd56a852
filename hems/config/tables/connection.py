"""The supply: what was agreed with the utility, the switch to it, and where voltage is measured."""

from pydantic import Field

from hems.config.grid_codes import GridCode
from hems.config.tables.tariff import WindowTable
from hems.config.tables.words import Id, Kw, Line, LocationName, Name, Ports, PortText, SupplyName, Table


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


class ScheduleTable(WindowTable):
    """What a flexible connection allows in some hours; where hours overlap, the least holds."""

    import_kw: float | None = Field(None, ge=0, le=5000, examples=[12.0])
    """What may be drawn then."""
    export_kw: float | None = Field(None, ge=0, le=5000, examples=[0.0])
    """What may be fed in then."""


class FrequencyTable(Table):
    """Helping the grid to hold its frequency; only where that is agreed."""

    most_kw: Kw = Field(examples=[10.0])
    """What batteries change at full response, either way; never below their reserve."""
    dead_hz: float = Field(0.02, ge=0, le=1)
    """Nothing is done so near nominal."""
    full_hz: float = Field(0.2, gt=0, le=5)
    """So far away the response is full."""
    step: bool = False
    """All of it as soon as `dead_hz` is left, instead of in proportion (droop)."""


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
    export_permitted: bool = False
    """Whether the interconnection agreement permits batteries to feed the grid.  Without it they never do; they do so
    only for the frequency."""
    frequency: FrequencyTable | None = None
    """Frequency response."""
    flexible: FlexibleTable | None = None
    """Limits that the utility changes at any time."""
    schedule: dict[Id, ScheduleTable] = Field(default_factory=dict)
    """`[grid.schedule.NAME]`, limits by the hour; days and holidays are the tariff's.  While nobody knows
    the time all of them hold."""


class PanelTable(Table):
    """A distribution board behind the main one: what its fuses carry for hours, cars behind it share."""

    name: Name | None = Field(None, examples=["Garage"])
    """For people; made from the key when not given."""
    rated_a: float = Field(ge=6, le=6300, examples=[63.0])
    """Fuse of each phase."""
    parent: Id | None = Field(None, examples=["basement"])
    """The panel that feeds it; without it the main board does."""
    phase_power: Ports = Field(examples=[["garage_meter/l1_w", "garage_meter/l2_w", "garage_meter/l3_w"]])
    """What is drawn through it on each phase; while that cannot be read no car behind it charges."""


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
    waits_s: float = Field(0.0, ge=0, le=900)
    """How long the certified device itself watches the grid before it closes, as set in it.  hems never waits less than
    this, nor less than its grid code asks."""


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
