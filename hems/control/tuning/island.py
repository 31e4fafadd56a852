"""Life on the building's own power: load, energy, switching back on."""

from dataclasses import dataclass

from hems.control.tuning.tunable import tunable


@dataclass(frozen=True, slots=True, kw_only=True)
class OverloadParams:
    """Keeping the island-former inside its limits (2.2)."""

    target_pu: float = tunable(0.8, (0.6, 0.95))
    """Load on the worst phase after shedding, as a multiple of the rating."""
    dose_block: float = tunable(0.3, (0.1, 0.9))
    """Dose above which nothing is switched on."""
    dose_next_group: float = tunable(0.5, (0.2, 0.9))
    dose_tier3: float = tunable(0.7, (0.3, 0.95))
    dose_tier2: float = tunable(0.9, (0.5, 0.98))
    dose_tier1: float = tunable(0.97, (0.9, 0.99))
    cool_s: float = tunable(300.0, (60.0, 1800.0))
    """Time in which a full dose decays once the load is below the rating."""
    actuation_s: float = tunable(1.0, (0.2, 10.0))
    """Proven worst time from decision to effect.  If the inverter would trip within three of these, the smallest set
    that works is shed at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IslandParams:
    """Life on the building's own power (1.4)."""

    stable_s: float = tunable(10.0, (5.0, 120.0))
    """Calm required before STABILIZING ends."""
    give_up_s: float = tunable(30.0, (10.0, 300.0))
    """After this long without calm, everything but tiers 0 and 1 goes off."""
    room_pu: float = tunable(0.8, (0.5, 0.95))
    """Up to this multiple of the rating loads may be switched back on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BandParams:
    """Stored energy below which groups go off (2.3), percent of the store, with hysteresis."""

    conserve_pct: float = tunable(50.0, (20.0, 90.0))
    conserve_leave_pct: float = tunable(60.0, (25.0, 95.0))
    critical_pct: float = tunable(20.0, (8.0, 60.0))
    critical_leave_pct: float = tunable(30.0, (10.0, 70.0))
    floor_pct: float = tunable(10.0, (3.0, 30.0))
    floor_leave_pct: float = tunable(15.0, (5.0, 40.0))
    shutdown_pct: float = tunable(5.0, (2.0, 20.0))
    """The inverter is about to stop: tier 1 goes too, so that life safety and the gateway last longest."""
    surplus_pct: float = tunable(95.0, (85.0, 99.0))
    surplus_leave_pct: float = tunable(90.0, (80.0, 98.0))
    expect_h: float = tunable(18.0, (0.0, 168.0))
    """How much longer a power cut is taken to last on average, at any moment of it, once the building's habits are
    known: energy is saved accordingly. 0 for bands only."""
    turns_pu: float = tunable(0.5, (0.0, 1.0))
    """Share of equal non-essential circuits that are served in turn where energy begins to be saved; it falls to none
    where it becomes critical.  0 for none."""
    turn_s: float = tunable(3600.0, (900.0, 7200.0))
    """How long a turn lasts at least: at worst 24 operations of each switch in a day, within its budget (2.7)."""
    reserve_h: float = tunable(2.0, (0.0, 24.0))
    """Hours of the critical circuits for which energy is kept whatever is planned."""
    leave_after_s: float = tunable(900.0, (60.0, 3600.0))
    """How long storage must be above a leave threshold before its band is left towards better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreParams:
    """Switching back on, one at a time (2.5, 2.6)."""

    step_island_s: float = tunable(30.0, (5.0, 300.0))
    step_grid_s: float = tunable(10.0, (5.0, 300.0))
    hold_essential_s: float = tunable(10.0, (5.0, 600.0))
    """Grid good and tie closed for this long before tiers 1 and 2 come back on grid capacity."""
    hold_rest_s: float = tunable(60.0, (5.0, 1800.0))
    calm_s: float = tunable(600.0, (30.0, 3600.0))
    """Everything restored and quiet for this long ends RESTORING."""
    after_shed_s: float = tunable(60.0, (10.0, 600.0))
    """No restore on an island for this long after a shed."""
    pickup_k: float = tunable(2.5, (1.0, 4.0))
    """Cold-load pick-up of thermostatic loads after two hours off, as a multiple of typical power."""
    pickup_full_s: float = tunable(7200.0, (1800.0, 14400.0))
    """From no power to the whole of it, in proportion."""
    pickup_tau_s: float = tunable(1800.0, (600.0, 7200.0))
    """Time constant with which it is over again once there is power; an hour where much is heated."""
    tries: float = tunable(3.0, (1.0, 10.0))
    """Restores that failed before a circuit is locked out until a person looks."""
    failures: float = tunable(5.0, (2.0, 20.0))
    """Restores in a row that failed, of whatever circuits, before nothing comes back on an island until a person
    looks."""
    moves_hour: float = tunable(6.0, (4.0, 60.0))
    """As often a switch is moved within an hour at most: automation's closing waits so that an opening still fits
    (2.4)."""
    moves_day: float = tunable(30.0, (8.0, 500.0))
    """The same within a day."""
    pause_factor: float = tunable(1.0, (1.0, 4.0))
    """Multiplies every circuit's own minimum on and off times."""
