"""Where a simulation begins and what its hardware is like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from hems.model.units import CircuitId, PointId, SourceId
from hems.sim.compressor import Hermetic


@dataclass(frozen=True, slots=True, kw_only=True)
class Physics:
    """What the hardware does by itself; no controller can change it, only find out."""

    tie_detect_s: float = 0.06
    """From a dead grid to the tie's mechanism moving.  With the travel about 80 ms: contactors of listed devices need
    60 to 100 ms (domain reference 1.6: "fraction of a second")."""
    tie_sag_s: float = 21.0
    """From voltage below 0.88 pu, but not dead, to opening: IEEE 1547 category III rides through that long (1.5)."""
    tie_high_s: float = 13.0
    """From voltage above 1.10 pu to opening; above 1.20 pu it opens as fast as on a dead grid (IEEE 1547, 1.5)."""
    tie_bounce_s: float = 0.0
    """How long its auxiliary contacts rattle after it has arrived; up to 20 ms on worn contactors."""
    tie_travel_s: float = 0.02
    """From one auxiliary contact opening to the other closing."""
    tie_qualify_s: float = 20.0
    """How long the grid must be in its window before the tie's own logic closes, permit given."""
    former_pickup_s: float = 0.02
    """From an open tie to voltage on the bus."""
    former_restart_s: float = 10.0
    """Pause between an overload trip and the inverter's own try to restart."""
    former_restarts: int = 3
    """Tries before it stays off until the grid is back."""
    former_droop_hz: float = 0.0
    """How far a forming inverter lets its frequency fall at its rating, so that others share the load; 0 holds it."""
    former_cool_s: float = 300.0
    """Time in which a full overload dose decays (2.2)."""
    overcharge_s: float = 1.0
    """From more surplus than battery and frequency shift can take to the over-voltage trip (2.9 iii)."""
    empty_pct: float = 2.0
    """Charge at which a forming inverter stops by itself; hard off at 2 % (1.7)."""
    reserve_pct: float = 20.0
    """Charge that an uncommanded battery keeps for outages while it serves self-consumption on the grid."""
    pv_ride_through_s: float = 0.05
    """Shortest dead bus that stops a PV inverter."""
    pv_reconnect_s: float = 60.0
    """Good voltage for this long before PV feeds again: 60 s Europe, 300 s North America (1.5)."""
    charger_resync_s: float = 10.0
    """Pause of a charger after its supply was interrupted, before it converts again."""
    charger_hold_up_s: float = 2.0
    """Longest interruption that a charger's electronics survive; longer ends the session."""
    charger_boot_s: float = 15.0
    """From supply to a charger that answers for a car again."""
    charger_ramp_w_per_s: float = 5000.0
    engine_crank_s: float = 5.0
    """One try of a generator's starter."""
    engine_rest_s: float = 10.0
    """Pause between two tries, for the starter's sake."""
    engine_tries: int = 3
    engine_warmup_s: float = 10.0
    """From voltage to its breaker closing (2.10: 10 s to 10 min)."""
    engine_cooldown_s: float = 60.0
    """How long it runs on without load after it was asked to stop."""
    engine_least_pu: float = 0.3
    """Share of its rating below which it idles (2.10)."""
    inrush_tau_s: float = 0.3
    """Decay of the extra draw after switching on; hermetic compressors 100 to 300 ms, motors up to 3 s (2.5)."""
    coast_s: float = 1.0
    """Interruption after which machines stand still and start with their whole inrush; shorter ones need part of it."""


@dataclass(slots=True)
class Contacts:
    """What the building tells besides its tie."""

    fire_alarm: bool = False
    red_button: bool = False
    """The button by which people take over is pressed."""
    dark_start: bool = True
    """The small battery that wakes the former in the dark has charge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WattHz:
    """How a PV inverter gives way to a frequency that is too high."""

    from_hz: float = 0.2
    """Above nominal, where it begins (domain reference 1.5, 2.9: 50.2 Hz)."""
    span_hz: float = 2.5
    """From there to nothing at all, in a straight line: 40 % per Hz, nothing at 52.7 Hz."""
    back_hz: float | None = None
    """Above nominal; below it it may give more again, until then what it gave least.  None: it follows the line."""
    back_pu_per_s: float = inf
    """How fast it gives more again, as a share of what it could give."""

    @property
    def hesitates(self) -> bool:
        """Whether it gives more again later than the frequency would let it."""
        return self.back_hz is not None or self.back_pu_per_s < inf

    def share(self, off_hz: float) -> float:
        """What part it gives at so much above nominal, once it has come to rest."""
        return min(1.0, max(0.0, 1.0 - (off_hz - self.from_hz) / self.span_hz))


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """A car at the moment it is plugged in."""

    soc_pct: float
    capacity_wh: float = 60_000.0
    gives: bool = True
    """Whether car and charger agree on a session that may discharge; a live permission, not a capability."""
    gives_when_asked: bool = True
    """Whether it does what it has agreed to; some take the command and give nothing."""
    told_pct: float | None = None
    """The charge it tells, where that is not the truth."""
    tells: bool = True
    """Whether it tells its charge at all; many do not."""
    knocks: int = 0
    """How often charging must be offered anew before it wakes; a car that begins at once has 0."""
    deaf: bool = False
    """It charges with all it can, whatever its charger is told."""
    resumes: bool = False
    """Whether it charges by itself when nobody commands it (domain reference 3.3: cars resume on their own)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPoint:
    """The building at t = 0, on the grid."""

    seed: int = 1
    """Noise of the grid's voltage and frequency."""
    battery_soc_pct: float = 60.0
    soc_error_pct: float = 0.0
    """How much more the batteries tell than they hold."""
    cars: Mapping[SourceId, Car] = field(default_factory=dict)
    hermetics: Mapping[CircuitId, Hermetic] = field(default_factory=dict)
    """Circuits whose load is a compressor that stalls when it is started too early."""
    watt_hz: Mapping[SourceId, WattHz] = field(default_factory=dict)
    """PV whose inverter gives way to a high frequency otherwise than usual."""
    direct_pvs: frozenset[SourceId] = frozenset()
    """PV whose modules hang on the island-former itself."""
    misplaced: frozenset[PointId] = frozenset()
    """Voltage points that are said to be upstream of the tie and sit on the building's side of it."""
    open_circuits: frozenset[CircuitId] = frozenset()
    physics: Physics = Physics()
