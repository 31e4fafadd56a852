"""What is installed: the facts about a building that do not change from one second to the next."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from hems.model.members import direct
from hems.model.supply import GridConnection
from hems.model.tariff import Tariff
from hems.model.units import CircuitId, PanelId, PointId, SourceId


@direct
class Phase(StrEnum):
    """A live conductor.  A split-phase home has L1 and L2, a single-phase one only L1."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"


@direct
class Tier(IntEnum):
    """How much a circuit matters in an outage; a lower number is kept longer."""

    LIFE_SAFETY = 0
    """Lifts, fire panel, emergency lighting.  Never switched by hems; cannot be given a switch at all."""
    CRITICAL = 1
    """Medical, pumps that prevent flooding, refrigerated medicine, the gateway's own supply."""
    ESSENTIAL = 2
    """Freezers, door entry, minimum lighting, a communal kitchen."""
    COMFORT = 3
    """Heating and cooling, hot water, ventilation."""
    NON_ESSENTIAL = 4
    """Laundry, gym, sockets that can wait."""
    FLEXIBLE = 5
    """Heaters and sinks that may run at any time.  Cars belong here too, as bays."""


@direct
class Location(StrEnum):
    """On which side of the tie, or at which device, a voltage is measured."""

    UTILITY = "utility"
    """Upstream of the tie: the only place that can prove that the grid is back."""
    BUS = "bus"
    """Downstream of the tie: the healthy island looks exactly like a good grid from here."""
    SOURCE = "source"
    LOAD = "load"


@direct
class Supply(StrEnum):
    """What keeps a measuring device itself alive."""

    UTILITY = "utility"
    """It falls silent with the grid; silence then proves nothing."""
    BUS = "bus"
    DC = "dc"
    UPS = "ups"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """One branch of the distribution board."""

    id: CircuitId
    name: str
    tier: Tier
    rank: int = 0
    """Order inside the tier; a lower number is kept longer."""
    share: float = 1.0
    """Entitlement among equals: an hour without counts so many times."""
    phases: tuple[Phase, ...]
    """Where it draws; its power is taken to be spread evenly over these."""
    typical_w: float
    """Expected draw when on, used until something better has been measured."""
    inrush_w: float = 0.0
    """Extra draw in the first moments after switching on (motor start)."""
    min_on_s: float = 60.0
    min_off_s: float = 60.0
    """Shortest pause before switching on again; compressors need 300 s.  Never shortened, not even for safety."""
    thermostatic: bool = False
    """Whether it comes back hungrier the longer it was off (cold-load pick-up)."""
    temp_max_c: float | None = None
    """Above this what it keeps cool suffers, and it counts as one tier more important."""
    protected: bool = False
    """Gateway, network, meters, supply of the islanding device: never shed by anything."""
    switchable: bool = False
    """Whether a switch is wired to it."""
    panel: PanelId | None = None
    """The sub-panel that feeds it; None for the main board."""
    layer_0: bool = False
    """Whether a contactor drops it by itself the moment the tie opens, without any software."""

    @property
    def sheddable(self) -> bool:
        """Whether hems may open it at all."""
        return self.switchable and not self.protected and self.tier is not Tier.LIFE_SAFETY


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """Stationary storage behind an inverter."""

    id: SourceId
    name: str
    capacity_wh: float
    charge_max_w: float
    discharge_max_w: float
    floor_pct: float = 10.0
    """Below this only life safety and critical circuits are served."""
    shutdown_pct: float = 5.0
    """Below this the inverter is about to stop by itself."""
    metered: bool = True
    """Its power can be read."""
    controllable: bool = False
    """hems can command its power: on the grid, and on an island where it does not make the voltage itself."""
    reserve_pct: float | None = None
    """Kept for power cuts: on the grid hems never discharges it below this.  None: the inverter decides alone."""
    reserve_winter_pct: float | None = None
    """The same in `winter_months`, and while nobody knows the month; None: as ever."""
    winter_months: tuple[int, ...] = (11, 12, 1, 2)
    reserve_by_history: bool = False
    """More is kept where the building's own power cuts were long."""
    wear_per_kwh: float = 0.04
    """What giving a kilowatt-hour costs in wear, in the currency of the tariff: it is never given for less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pv:
    """A photovoltaic plant, AC coupled or inside a hybrid inverter."""

    id: SourceId
    name: str
    rated_w: float
    phases: tuple[Phase, ...]
    limitable: bool = False
    direct: bool = False
    """Its modules hang on the island-former itself (DC coupled): it also charges while the building is dark, so what it
    gives tells of the sun and not of the bus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bay:
    """A parking place with a charger; a bidirectional one is also a source."""

    id: SourceId
    name: str
    phases: tuple[Phase, ...]
    charge_max_w: float
    charge_min_w: float = 1380.0
    """Below this a car pauses instead (6 A on one phase)."""
    discharge_max_w: float = 0.0
    """0 for a charger that cannot discharge."""
    discharge_min_w: float = 500.0
    capacity_wh: float = 50_000.0
    """Assumed until the car tells."""
    floor_pct: float = 40.0
    """What the driver keeps; the car is never discharged below this."""
    maker_floor_pct: float = 20.0
    """Below this the car's maker refuses; nobody may go lower."""
    gives_on_grid: bool = False
    """Its car may give to the building on the grid too, where utility, maker and driver agree."""
    outage_reserve_pct: float = 20.0
    """Above its floor it keeps so much for power cuts."""
    wear_per_kwh: float = 0.03
    """What giving a kilowatt-hour costs in wear, in the currency of the tariff."""
    credit_per_kwh: float = 0.0
    """What its driver is credited for a kilowatt-hour given."""
    warranty_wh: float | None = None
    """What the car's maker lets it give to a building, in all; None where nobody has said."""
    warranty_s: float | None = None
    """The same as a time."""
    target_pct: float = 80.0
    """How full a car shall be when it leaves, as long as its driver says nothing."""
    sun_first: bool = False
    """With the grid it charges from surplus, and from the grid only as far as it must to be ready."""
    panel: PanelId | None = None
    """The sub-panel that feeds it; None for the main board."""
    controllable: bool = True
    layer_0: bool = False
    """Whether a contactor drops its charger by itself the moment the tie opens, without any software."""
    switches_phases: bool = False
    """Its charger can use one of its phases instead of all."""
    wakes: bool = False
    """The charger has a way of its own to wake a car."""
    restarts: bool = False
    """It can be asked to start anew."""
    stops_s: float = 0.0
    """Worst time until it has stopped charging, where that is too slow for anybody to count on it when the tie opens;
    infinite if it cannot be told.  0 for one that stops as fast as circuits do."""

    @property
    def bidirectional(self) -> bool:
        """Whether a car here can feed the building."""
        return self.discharge_max_w > 0.0


CONTINUOUS = 0.8
"""Part of a fuse that may be used for hours (domain reference 2.8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A distribution board behind the main one, with a meter of its own."""

    id: PanelId
    name: str
    rated_a: float
    """Fuse of each phase."""
    parent: PanelId | None = None
    """The panel that feeds it; None for the main board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """An engine that hems may ask to run; its own controller starts and protects it."""

    name: str
    rated_w: float
    separated: bool = False
    """A listed transfer switch keeps it apart from the grid in every position."""
    tank_wh: float = 0.0
    """What it makes of a full tank; 0 where nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """The device that makes voltage and frequency when the grid is away."""

    source: SourceId
    """The `Battery` it draws on, or the `Bay` whose car forms the island."""
    name: str
    phase_va: tuple[float, ...]
    """Continuous rating of each phase, aligned with `Site.phases`."""
    total_w: float | None = None
    """What it gives on all phases together, where its source gives less than they could; None where they are the
    limit."""
    startable: bool = False
    """hems can ask it to make voltage on a dead building."""
    surge_pu: float = 1.5
    """What it carries for about 3 s, as a multiple of the rating: the limit for motor starts."""
    curve: tuple[tuple[float, float], ...] = ((1.1, 600.0), (1.25, 60.0), (1.5, 10.0), (2.0, 1.0))
    """Overload points (multiple of rating, seconds until it trips), rising multiples.  The default is deliberately
    pessimistic, for inverters whose data sheet gives none.  Source: domain reference 2.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltagePoint:
    """A place where voltage and frequency are measured, and what it can be believed to prove."""

    id: PointId
    location: Location
    powered_from: Supply


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """The certified device that separates building and grid.

    hems reads it and may permit or inhibit; it never closes it.
    """

    has_contacts: bool
    """Two auxiliary contacts are wired, one closed with the tie, one closed when it is open."""
    has_flag: bool
    """A device tells by register whether it runs on the grid or as an island."""
    has_permit: bool
    """hems can permit or withhold reconnection."""
    has_island: bool = False
    """hems can ask it to open on purpose."""
    travel_max_s: float = 1.0
    """Longest time both contacts may be open while it moves: 1 s for a contactor, 5 s for a motor drive."""
    listing: str = ""
    """Make, model and certificate of the device; empty where nobody has declared one, and then no source may feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Energy that batteries and cars keep together for power cuts."""

    wh: float
    winter_wh: float | None = None
    """The same in `winter_months`, and while nobody knows the month; None: as ever."""
    winter_months: tuple[int, ...] = (11, 12, 1, 2)
    by_history: bool = False
    """More is kept where the building's own power cuts were long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody to call."""

    whom: str
    """What they are called for: `Electrician`."""
    name: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A whole building."""

    name: str
    phases: tuple[Phase, ...]
    grid: GridConnection
    tie: Tie
    former: Former
    circuits: tuple[Circuit, ...]
    batteries: tuple[Battery, ...] = ()
    pvs: tuple[Pv, ...] = ()
    bays: tuple[Bay, ...] = ()
    voltage_points: tuple[VoltagePoint, ...] = ()
    generator: Generator | None = None
    panels: tuple[Panel, ...] = ()
    reserve: Reserve | None = None
    tariff: Tariff | None = None
    has_fire_alarm: bool = False
    has_red_button: bool = False
    contacts: tuple[Contact, ...] = ()
    """Whom to call, in this order."""
    language: str = ""
    """What people there read, such as `de`; empty for each reader's own."""

    def circuit(self, circuit_id: CircuitId) -> Circuit:
        """The circuit of that name.  Raises: StopIteration when there is none."""
        return next(circuit for circuit in self.circuits if circuit.id == circuit_id)

    def panel(self, panel_id: PanelId) -> Panel:
        """The sub-panel of that name.  Raises: StopIteration when there is none."""
        return next(panel for panel in self.panels if panel.id == panel_id)

    def per_phase(self, power_w: float, phases: tuple[Phase, ...]) -> tuple[float, ...]:
        """`power_w` spread evenly over `phases`, as a vector aligned with `Site.phases`."""
        share_w = power_w / len(phases)
        if phases == self.phases:
            return (share_w,) * len(phases)
        return tuple([share_w if phase in phases else 0.0 for phase in self.phases])

    def places(self, phases: tuple[Phase, ...]) -> tuple[int, ...]:
        """Where these are among all."""
        return tuple([place for place, phase in enumerate(self.phases) if phase in phases])
