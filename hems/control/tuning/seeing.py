"""When to believe what is measured, and how to begin."""

from dataclasses import dataclass

from hems.control.tuning.tunable import tunable


@dataclass(frozen=True, slots=True, kw_only=True)
class GridParams:
    """When to believe that the grid is there, out of its window, or gone."""

    v_min_pu: float = tunable(0.85, (0.80, 0.95))
    """Lowest phase voltage of a good grid.  EU 0.85, North America 0.917 (IEEE 1547-2018 enter service)."""
    v_max_pu: float = tunable(1.10, (1.05, 1.15))
    f_min_pu: float = tunable(0.99, (0.95, 0.999))
    """Lowest frequency as a multiple of nominal; 49.5 of 50 Hz."""
    f_max_pu: float = tunable(1.002, (1.001, 1.02))
    v_dead_pu: float = tunable(0.50, (0.1, 0.7))
    """Below this a phase counts as dead: IEEE 1547 category III ride-through ends there."""
    lost_s: float = tunable(0.5, (0.1, 5.0))
    """How long voltage must be bad or dead before axis G says so; a flicker is not an outage."""
    calm_s: float = tunable(10.0, (2.0, 120.0))
    """How long the grid must be good again after a disturbance with the tie closed."""
    qualify_s: float = tunable(60.0, (15.0, 900.0))
    """How long the grid must stay good before reconnection is permitted.  60 s EU and AS/NZS, 300 s North America;
    never shorter than the hardware's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessParams:
    """When a measurement may be decided on (1.3)."""

    contact_debounce_s: float = tunable(0.1, (0.02, 0.5))
    zero_frame_s: float = tunable(3.0, (1.0, 10.0))
    """A device that reports zero volts and zero hertz is believed after this long if nothing contradicts it; at once
    when a second witness agrees.  Some inverters read all zero while they feed the house."""
    disagree_s: float = tunable(5.0, (1.0, 30.0))
    """How long a device's grid flag may lag behind the tie's contacts before the tie counts as unknown."""
    bus_unknown_s: float = tunable(10.0, (2.0, 60.0))
    """How long the last mode is kept when nothing tells whether the bus is live."""
    contradiction_s: float = tunable(1.0, (0.5, 5.0))
    """How long witnesses may contradict each other before the mode does; they are not read in the same instant."""
    no_witness_s: float = tunable(30.0, (10.0, 120.0))
    """How long INIT waits for any witness of tie or bus."""
    frozen_s: float = tunable(30.0, (10.0, 300.0))
    """A point whose voltages and frequency stand still for longer, while power moves, repeats itself and is not
    believed."""
    alike_s: float = tunable(30.0, (15.0, 45.0))
    """A point upstream of an open tie that follows the building's own voltage for so long is wired downstream.  Well
    below the shortest wait for a good grid of any code, 60 s: it must be found out before it can have qualified."""
    crossed_w: float = tunable(100.0, (50.0, 5000.0))
    """Power to or from the grid that an open tie cannot carry (5, process model mismatch)."""
    crossed_s: float = tunable(10.0, (2.0, 60.0))
    """How long such a power must be seen; meters lag behind a tie that opens."""
    balance_pct: float = tunable(15.0, (5.0, 50.0))
    """Difference between what sources give and circuits draw, of the larger, that cannot be (5, UCA 2)."""
    balance_w: float = tunable(500.0, (100.0, 10_000.0))
    """Differences below this are losses and small circuits without a meter."""
    balance_s: float = tunable(60.0, (10.0, 600.0))
    """How long it must not add up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootParams:
    """The first seconds of the daemon (1.4, I6)."""

    hold_energise_s: float = tunable(30.0, (10.0, 300.0))
    """Nothing is energised for this long after a start."""
    settle_s: float = tunable(2.0, (1.0, 30.0))
    """The estimates must agree for this long before INIT is left: three cycles of one second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultParams:
    """Leaving FAULT_SAFE (1.4)."""

    clear_s: float = tunable(60.0, (10.0, 600.0))
    """Good data for this long before starting over."""
