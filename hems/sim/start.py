"""Where a simulation begins and what its hardware is like."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hems.model.units import CircuitId, SourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Physics:
    """What the hardware does by itself; no controller can change it, only find out."""

    tie_detect_s: float = 0.06
    """From a dead grid to the tie's mechanism moving.  With the travel about 80 ms: contactors of listed devices need
    60 to 100 ms (domain reference 1.6: "fraction of a second")."""
    tie_sag_s: float = 21.0
    """From voltage below 0.88 pu, but not dead, to opening: IEEE 1547 category III rides through that long (1.5)."""
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
    inrush_tau_s: float = 0.3
    """Decay of the extra draw after switching on; hermetic compressors 100 to 300 ms, motors up to 3 s (2.5)."""
    coast_s: float = 1.0
    """Interruption after which machines stand still and start with their whole inrush; shorter ones need part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """A car at the moment it is plugged in."""

    soc_pct: float
    capacity_wh: float = 60_000.0
    gives: bool = True
    """Whether car and charger agree on a session that may discharge; a live permission, not a capability."""
    resumes: bool = False
    """Whether it charges by itself when nobody commands it (domain reference 3.3: cars resume on their own)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPoint:
    """The building at t = 0, on the grid."""

    seed: int = 1
    """Noise of the grid's voltage and frequency."""
    battery_soc_pct: float = 60.0
    cars: Mapping[SourceId, Car] = field(default_factory=dict)
    open_circuits: frozenset[CircuitId] = frozenset()
    physics: Physics = Physics()
