"""What a client is shown each tick: the building in one frozen value, computed so that no screen has to.

Powers follow `units`; words for them are the client's business.  None means not known and is shown as `??`.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from hems.model.cause import Cause
from hems.model.members import direct
from hems.model.mode import Bus, Grid, Mode, TiePosition
from hems.model.request import Task
from hems.model.site import Contact, Tier
from hems.model.snapshot import BayState
from hems.model.units import CircuitId, DeviceId, SourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitPicture:
    """One circuit as a row."""

    id: CircuitId
    name: str
    tier: Tier
    power_w: float | None
    wanted: bool
    """What hems or an override asks for."""
    closed: bool | None
    """What its switch says; None when it does not answer or has none."""
    sheddable: bool
    because: Cause | None = None
    """Why it is as wanted."""
    since_s: float | None = None
    """Seconds in the wanted position."""
    next_off: bool = False
    """Whether it is among the next to be switched off."""
    off_h: float | None = None
    """Hours until it goes off on the expected course; None when it stays on, or nobody looks ahead."""
    weighs_h: float | None = None
    """Hours of essential power gained if it went off now, or lost if one that is off came on; None when not known."""
    disobeys: bool = False
    override_who: str = ""
    override_on: bool | None = None
    """What the override wants; HEMS may still wait until there is room for it."""
    override_reason: str = ""
    override_left_s: float | None = None
    switchable: bool = True
    """Whether it has a switch at all; `sheddable` also leaves out what is locked or protected."""
    by_hand: bool | None = None
    """Whether its hand switch in the panel stands elsewhere than on AUTO, so that HEMS cannot switch it; None where
    that is not wired or not known."""
    unsent: bool = False
    """HEMS would have it otherwise than it is, and has not sent that: its device is not armed."""
    watched_only: bool = False
    """Its device is not armed: HEMS says what it would do with it, and does not do it."""

    @property
    def due(self) -> bool:
        """Whether HEMS itself will switch it off next."""
        return self.next_off and not self.watched_only


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPicture:
    """One group of circuits as a row of the outage screen."""

    tier: Tier
    circuits: int
    on: int
    power_w: float | None
    until_soc_pct: float | None = None
    """Stored energy at which the group goes off; None for never."""
    by_price: bool = False
    """It goes off earlier than that when its energy is worth more later."""
    hours_left: float | None = None
    """Hours until it goes off, if use stays as it is."""
    next_off: bool = False
    off_since_s: float | None = None
    """Seconds since its first circuit went off; None while all are wanted on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarPicture:
    """One bay as a row."""

    id: SourceId
    name: str
    bidirectional: bool
    state: BayState | None
    power_w: float | None
    soc_pct: float | None
    floor_pct: float
    free_wh: float | None
    """What the building may use."""
    because: Cause | None = None
    leaving: bool = False
    """Its driver is about to leave: it gives nothing more, and charges first."""
    leaves_in_s: float | None = None
    """Seconds until the car leaves, as its driver has told; None when that was not told."""
    told_keeps: bool = False
    """What it keeps was said by its driver or an operator, and not only by the site file."""
    never: bool = False
    """Its driver lets the building take nothing."""
    target_pct: float = 80.0
    """How full it shall be when it leaves."""
    due_in_s: float | None = None
    """Seconds until it leaves, as told or as is usual at its bay; None while nobody knows."""
    first: bool = False
    """For this visit it charges before others that have time."""
    has_code: bool = False
    """Whether the bay has a code, with which its driver may say more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmPicture:
    """One alarm as a row."""

    key: str
    priority: str
    """`HIGH`, `MED` or `LOW`."""
    since_s: float
    """Seconds since it was raised."""
    cause: Cause
    subject: str
    seen_by: str = ""
    """Who has seen it; empty while nobody has."""
    seen_for_s: float | None = None
    gone_for_s: float | None = None
    """Seconds since its cause went away; None while it stands."""
    respond_s: float = 0.0
    """How soon after it was raised somebody must act."""
    aside_left_s: float | None = None
    """Seconds until it is news again; None unless somebody has set it aside."""
    aside_by: str = ""
    aside_reason: str = ""
    may_set_aside: bool = True
    unused: bool = False
    """Silenced by the power cut itself: not used until that is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPicture:
    """What somebody has ordered of the whole building, or says of it."""

    task: Task
    who: str
    reason: str
    begins_in_s: float
    """0 once it is in force."""
    left_s: float | None
    """Seconds until it ends by itself; None when a person has to end it."""


@direct
class DeviceState(StrEnum):
    """How far a device can be relied on, in one word."""

    OK = "ok"
    SLOW = "slow"
    """It answers, and one request in twenty gets no good answer."""
    LOST = "lost"
    NOT_TRUSTED = "not_trusted"
    """It is another product than the site file says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePicture:
    """One device as a row."""

    id: DeviceId
    link: str
    lost_for_s: float | None
    """Seconds since it last answered; None while it answers."""
    armed: bool
    reads_only: bool = False
    """It takes no commands at all."""
    state: DeviceState = DeviceState.OK
    bad_share: float | None = None
    """Of the requests of the last hour, those without a good answer; None where it speaks by itself."""
    detail: str = ""
    alarms: tuple[str, ...] = ()
    """What it calls abnormal itself, in the words of its profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPicture:
    """What may flow through the connection now, and whose limit that is."""

    import_w: float
    import_by: Cause
    export_w: float | None
    """None where nobody limits it."""
    reserve_pct: float | None
    """Kept in the batteries for a power cut; None where hems does not dispatch any."""
    by_plan: bool | None = None
    """What batteries do follows a plan, or else fixed rules; None where no tariff says what energy costs."""
    plan_age_s: float | None = None
    """How old the last plan is, followed or not; None while there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessPicture:
    """One witness of one axis, for `hems why`."""

    axis: str
    name: str
    says: str
    age_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The whole building."""

    site: str
    mono_s: float
    utc: str | None
    """ISO 8601, or None while the clock is not known to be good."""
    mode: Mode
    mode_for_s: float
    mode_because: Cause
    outage_for_s: float | None
    """Seconds since the power cut began; None when there is none."""
    on_purpose: bool = False
    """The building is off the grid because somebody wanted it, and the grid has not gone since."""
    grid: Grid
    tie: TiePosition
    bus: Bus
    qualifying_left_s: float | None = None
    """Seconds the grid must still stay good before reconnection is permitted."""
    generator_left_s: float | None = None
    """Seconds for which the generator must still run before anybody is let back to a grid that is there: its least time
    and cooling down.  0 once it is asked to stop; None while nobody waits for it."""
    grid_w: float | None = None
    connection: ConnectionPicture | None = None
    """None while the building is not on the grid."""
    grid_v: tuple[float | None, ...] = ()
    load_w: float | None = None
    pv_w: float | None = None
    pv_rated_w: float = 0.0
    battery_w: float | None = None
    battery_soc_pct: float | None = None
    battery_capacity_wh: float = 0.0
    cars_w: float | None = None
    currency: str = ""
    """Of the tariff; empty where nobody knows what energy costs."""
    cars_plugged: int = 0
    cars_free_wh: float | None = None
    stored_pct: float | None = None
    """Charge of the store the island hangs on, to which `TierPicture.until_soc_pct` refers: the batteries together, or
    the forming car above its floor."""
    stored_wh: float | None = None
    """Usable now: battery above its floor plus cars above theirs."""
    fuel_wh: float | None = None
    """What the generator makes of its tank besides; None where none counts or nobody knows."""
    essential_hours: tuple[float, float, float] | None = None
    """Hours that tiers 0 to 2 can be served: earliest, expected, latest."""
    off_at_once: tuple[str, ...] = ()
    """Names of the circuits that own power could not carry: they would go off the moment the grid fails."""
    all_hours: tuple[float, float, float] | None = None
    """Hours until the first circuits go off to save energy: earliest, expected, latest."""
    ahead_age_s: float | None = None
    """Age of the look ahead that all hours are taken from; None when they are a mere division of what is stored by
    what is used."""
    next_off_h: float | None = None
    """Hours until the circuits marked `next_off` go off, by the look ahead."""
    overload_dose: float = 0.0
    """0 is cool, 1 is the inverter's trip."""
    capacity_va: float = 0.0
    room_w: float | None = None
    """What may still be switched on under the island's capacity, worst phase."""
    reconnect_wait_s: float = 0.0
    """How long the grid must stay good before reconnection, for the sentence on the screen."""
    restore_step_s: float = 0.0
    car_forms: str = ""
    """Name of the bay whose car alone makes the voltage now: unplugging it is a blackout.  Empty when none does."""
    by_hand: bool = False
    """People have taken over by the red button: hems gives no commands."""
    armed: bool = False
    """Whether hems may command anything; False is observe mode."""
    needs_pin: bool = False
    """Whether operators' requests need somebody's PIN."""
    shortened: bool = False
    """Whether shortened demonstration times are in force."""
    circuits: tuple[CircuitPicture, ...] = ()
    tiers: tuple[TierPicture, ...] = ()
    cars: tuple[CarPicture, ...] = ()
    alarms: tuple[AlarmPicture, ...] = ()
    alarms_gone: tuple[AlarmPicture, ...] = ()
    """Gone before anybody had seen them."""
    alarms_aside: tuple[AlarmPicture, ...] = ()
    """Set aside by somebody, or not used while the power cut lasts: they ask for nobody now."""
    alarms_folded: tuple[AlarmPicture, ...] = ()
    """Came with the beginning of this power cut and are not urgent; one line for all of them is enough."""
    contacts: tuple[Contact, ...] = ()
    """Whom to call."""
    language: str = ""
    """What people in the building read; empty for each reader's own."""
    orders: tuple[OrderPicture, ...] = ()
    """What people have ordered of the building, in force or to come."""
    devices: tuple[DevicePicture, ...] = ()
    witnesses: tuple[WitnessPicture, ...] = field(default=())
