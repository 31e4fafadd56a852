"""What draws energy: parking bays and circuits; and the contacts by which the building speaks."""

from typing import Literal

from pydantic import Field

from hems.config.tables.words import Id, Kw, Name, Pct, Phases, PortText, Seconds, Table, TierName


class InputsTable(Table):
    """What the building tells by contacts that close when it happens."""

    fire_alarm: PortText | None = Field(None, examples=["tie_io/input_3"])
    """Contact of the fire alarm, true in an alarm: cars stop charging and giving, nothing is switched on, until a
    person says that it is over."""
    red_button: PortText | None = Field(None, examples=["tie_io/input_4"])
    """Contact of the switch by which people take the building over, true when pressed: HEMS gives no commands."""


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
    panel: Id | None = Field(None, examples=["garage"])
    """The sub-panel that feeds it, of `[panels.NAME]`; without it the main board does."""
    gives_on_grid: bool = False
    """Whether its car may give to the building on the grid too, where utility, maker and driver have agreed: to keep
    the connection inside its limits and the month's peak when batteries no longer can, and where energy is so dear
    that it pays losses and wear to charge it again before it leaves.  Nothing is fed into the grid."""
    outage_reserve_pct: Pct = 20.0
    """On the grid a car gives nothing below its floor and so much more, which is kept for power cuts."""
    wear_per_kwh: float = Field(0.03, ge=0, le=10)
    """What giving a kWh costs in wear, in the currency of the tariff: 0.02 to 0.05 by what is published."""
    credit_per_kwh: float = Field(0.0, ge=0, le=10)
    """What the driver is credited for each kWh given, for the monthly statement."""
    warranty_kwh: float | None = Field(None, gt=0, le=1_000_000, examples=[10000.0])
    """What the car's maker lets it give to a building in all; close to it somebody is told."""
    warranty_h: float | None = Field(None, gt=0, le=1_000_000, examples=[4000.0])
    """The same in hours of giving."""
    target_pct: Pct = 80.0
    """How full a car shall be when it leaves, as long as its driver says nothing."""
    charge: Literal["at_once", "sun_first"] = "at_once"
    """With the grid: as soon as there is room, or from surplus sun and from the grid only as far as the car must to be
    ready when it leaves.  While nobody knows when that is, always at once."""
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
    layer_0: bool = False
    """Whether a contactor drops the charger by itself the moment the tie opens, fed from the grid side or by the tie's
    auxiliary contact: then it may be slow to stop, the inverter never has to carry it, and no car charges or gives here
    in a power cut."""
    three_phases: PortText | None = Field(None, examples=["bay_1/three_phases"])
    """Where the charger is told whether to use three phases or one, and says which it does, where it can switch.  With
    little sun a car then charges on one."""
    wake: PortText | None = Field(None, examples=["bay_1/wake"])
    """Command by which the charger wakes a car that has fallen asleep, where it has one."""
    restart: PortText | None = Field(None, examples=["bay_1/restart"])
    """Command by which the charger starts anew, where it has one: the last thing tried with a car that does nothing."""


class CircuitTable(Table):
    """One branch of the distribution board.  Within a tier, circuits are kept in the order of the file."""

    name: Name | None = Field(None, examples=["Laundry"])
    """For people; made from the key when not given."""
    tier: TierName = Field(examples=["essential"])
    """How much it matters in a power cut."""
    rank: int | None = Field(None, ge=0, le=9999, examples=[0])
    """Order inside the tier, lower is kept longer; the place in this file when not given.  Equal ranks take turns when
    energy is short."""
    share: float = Field(1.0, ge=0.1, le=10.0)
    """What it is entitled to beside others that it takes turns with, such as by the size of a flat: with 2 it goes
    without for half as long as one with 1."""
    phases: Phases = Field(examples=[["L1"]])
    """Where it draws; evenly spread over these."""
    panel: Id | None = Field(None, examples=["garage"])
    """The sub-panel that feeds it, of `[panels.NAME]`; without it the main board does."""
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
    hand_switch: PortText | None = Field(None, examples=["tie_io/input_5"])
    """Contact of its HAND - OFF - AUTO switch in the panel, true while that does not stand on AUTO: screens then say
    that HEMS cannot switch it."""
    layer_0: bool = False
    """Whether a contactor drops it by itself the moment the tie opens, fed from the grid side or by the tie's auxiliary
    contact: then it need not be switched fast, and the inverter never has to carry it."""
    power: PortText | None = Field(None, examples=["laundry_plug/power_w"])
    """Where its power is measured, if it has a meter of its own."""
