"""Every number that tunes a decision, with its unit, range, reason and source.

`within` holds the permitted range, which `hems.config` enforces; `shortened` is the one set that may go below, for
demonstrations and tests on real sockets, and every report that used it lists each shortened value.

Sources are sections of the domain reference unless said otherwise.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any


def tunable(default: float, within: tuple[float, float]) -> Any:  # noqa: ANN401  (a field stands in for any default)
    """A dataclass field with a default and its permitted range."""
    return field(default=default, metadata={"within": within})


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
    tries: float = tunable(3.0, (1.0, 10.0))
    """Restores that failed before a circuit is locked out until a person looks."""
    moves_hour: float = tunable(6.0, (4.0, 60.0))
    """As often a switch is moved within an hour at most: automation's closing waits so that an opening still fits
    (2.4)."""
    moves_day: float = tunable(30.0, (8.0, 500.0))
    """The same within a day."""
    pause_factor: float = tunable(1.0, (1.0, 4.0))
    """Multiplies every circuit's own minimum on and off times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconnectParams:
    """Permitting the certified device to reconnect (1.4, T3)."""

    settle_s: float = tunable(5.0, (2.0, 60.0))
    """Tie closed, grid good and bus live for this long ends RECONNECTING."""
    watchdog_s: float = tunable(30.0, (10.0, 300.0))
    """A permit that has led to nothing for this long is withdrawn."""
    backoff_s: float = tunable(300.0, (60.0, 1800.0))
    """First pause after a failed reconnection; doubles each time."""
    tries: float = tunable(3.0, (1.0, 10.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanParams:
    """Leaving the grid on purpose (1.4, T2; 1.7)."""

    min_pct: float = tunable(50.0, (20.0, 95.0))
    """Stored energy below which a planned island is refused."""
    target_pct: float = tunable(90.0, (30.0, 100.0))
    """Stored energy to charge to before one that is announced, when nobody says otherwise."""
    null_pct: float = tunable(2.0, (1.0, 10.0))
    """Power through the tie, of the former's rating, below which it may be opened."""
    null_w: float = tunable(100.0, (50.0, 1000.0))
    """The same in W, whichever is more."""
    null_s: float = tunable(5.0, (1.0, 10.0))
    """How long that must hold."""
    drill_days: float = tunable(90.0, (30.0, 400.0))
    """After so long without practice somebody is reminded."""
    timeout_s: float = tunable(60.0, (10.0, 600.0))
    """A planned island that has not come about after this long is called off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackStartParams:
    """Making voltage on a dead building (1.4, T4; 1.7)."""

    wait_s: float = tunable(30.0, (5.0, 600.0))
    """How long a blackout must last first: many formers start again by themselves."""
    proof_s: float = tunable(1.0, (0.5, 5.0))
    """Both contacts of the tie must have been read open within this time (invariant I2)."""
    reserve_pct: float = tunable(10.0, (6.0, 40.0))
    """Stored energy below which it waits for more."""
    sun_share: float = tunable(1.5, (1.0, 5.0))
    """With less stored it starts when PV makes this multiple of what life safety and critical circuits draw."""
    stable_s: float = tunable(30.0, (5.0, 120.0))
    """Voltage must have stood for so long before it counts as an island."""
    timeout_s: float = tunable(600.0, (60.0, 1800.0))
    """An attempt that has made no voltage after this long has failed."""
    backoff_s: float = tunable(600.0, (60.0, 3600.0))
    """Pause after the first failure; doubles twice, and is three times that after the fourth."""
    tries: float = tunable(5.0, (2.0, 10.0))
    """Failures or collapses in a row before a person must look."""
    proven_s: float = tunable(600.0, (60.0, 3600.0))
    """A collapse within this time of a start counts as its failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorParams:
    """The generator (2.10)."""

    start_pct: float = tunable(25.0, (10.0, 50.0))
    """Stored energy at which it is started; 35 to 40 in winter."""
    stop_pct: float = tunable(85.0, (60.0, 95.0))
    start_load_pu: float = tunable(0.95, (0.7, 1.0))
    """Load of the former's worst phase at which it is started."""
    start_load_s: float = tunable(20.0, (5.0, 300.0))
    """How long that load must last; a motor that starts is no reason."""
    start_s: float = tunable(60.0, (15.0, 300.0))
    """It must say that it runs within this time."""
    warmup_s: float = tunable(30.0, (12.0, 600.0))
    min_run_s: float = tunable(1800.0, (900.0, 3600.0))
    cooldown_s: float = tunable(300.0, (60.0, 600.0))
    retry_s: float = tunable(300.0, (60.0, 1800.0))
    tries: float = tunable(3.0, (1.0, 5.0))
    """Failures in a row before a person must look."""
    min_load_pct: float = tunable(30.0, (25.0, 50.0))
    """Least load of its rating, or soot gathers; batteries take what is missing."""
    exercise_days: float = tunable(28.0, (7.0, 31.0))
    """It is run on the grid when it has not run for so long, if a transfer switch keeps it apart."""
    exercise_s: float = tunable(1800.0, (600.0, 7200.0))
    quiet_from_h: float = tunable(0.0, (0.0, 24.0))
    """From this hour to the other, where the building stands, it is started in need only; equal hours mean never."""
    quiet_to_h: float = tunable(0.0, (0.0, 24.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class CarParams:
    """Cars (3)."""

    margin_pct: float = tunable(3.0, (1.0, 10.0))
    """Added to every floor: state-of-charge error and reading lag."""
    arrival_hold_s: float = tunable(60.0, (0.0, 300.0))
    """No command to a car that was plugged in on an island for this long."""
    resume_band_pct: float = tunable(2.0, (1.0, 10.0))
    """A car that was stopped at its floor gives again only this far above it."""
    evacuation_pct: float = tunable(80.0, (50.0, 100.0))
    """What every car keeps while people may have to leave (3.2, P5)."""
    leaving_s: float = tunable(7200.0, (600.0, 43200.0))
    """A car that still stands there so long after it was to leave counts as staying."""
    leaves_soon_s: float = tunable(900.0, (60.0, 3600.0))
    """So long before the time that its driver has told, a car gives nothing more."""
    deadband_w: float = tunable(300.0, (50.0, 2000.0))
    """Set-point changes smaller than this are not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionParams:
    """Keeping the connection inside its limits."""

    settle_s: float = tunable(10.0, (1.0, 120.0))
    """In so long batteries and cars have made room: 6 s for a car on alternating current, plus its meter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandParams:
    """Sending commands and watching what they do (5, UCA 3)."""

    retry_s: float = tunable(2.0, (0.5, 30.0))
    """A command without acknowledgement is sent again after this long."""
    shed_ack_s: float = tunable(1.0, (0.5, 5.0))
    """A shed not acknowledged after this long counts as failed and the next circuit is taken."""
    lease_s: float = tunable(60.0, (10.0, 600.0))
    """Lease of set-points and permits; renewed at a third of it."""
    confirm_s: float = tunable(10.0, (2.0, 60.0))
    """A switch that contradicts its command for this long raises an alarm."""
    follow_s: float = tunable(90.0, (5.0, 180.0))
    """A charger that does more than it was told, or the opposite, for this long follows somebody else."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideParams:
    """What people may ask for (architecture 10)."""

    default_s: float = tunable(3600.0, (300.0, 28800.0))
    operator_max_s: float = tunable(28800.0, (3600.0, 28800.0))
    engineer_max_s: float = tunable(86400.0, (3600.0, 86400.0))
    hold_s: float = tunable(900.0, (60.0, 900.0))
    """How long a hold lasts at most."""
    hold_again_s: float = tunable(7200.0, (3600.0, 86400.0))
    """From the beginning of one hold to the next: holding on and on would empty the battery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """All of them, by group; a site file's `[params.GROUP]` overrides single values."""

    grid: GridParams = GridParams()
    witness: WitnessParams = WitnessParams()
    overload: OverloadParams = OverloadParams()
    island: IslandParams = IslandParams()
    band: BandParams = BandParams()
    restore: RestoreParams = RestoreParams()
    reconnect: ReconnectParams = ReconnectParams()
    plan: PlanParams = PlanParams()
    black_start: BlackStartParams = BlackStartParams()
    generator: GeneratorParams = GeneratorParams()
    car: CarParams = CarParams()
    connection: ConnectionParams = ConnectionParams()
    command: CommandParams = CommandParams()
    boot: BootParams = BootParams()
    fault: FaultParams = FaultParams()
    override: OverrideParams = OverrideParams()


def shortened(params: Params) -> Params:
    """The same with the waits of a demonstration: every pause that protects a real grid, compressor or relay is cut.

    Never for a site with real equipment; `hems check` says so, and reports list what `differences` finds.
    """
    return replace(
        params,
        grid=replace(params.grid, qualify_s=5.0, calm_s=2.0),
        island=replace(params.island, stable_s=2.0),
        restore=replace(
            params.restore,
            step_island_s=1.0,
            step_grid_s=0.5,
            hold_essential_s=1.0,
            hold_rest_s=2.0,
            calm_s=2.0,
            after_shed_s=3.0,
            moves_hour=1000.0,
            moves_day=1000.0,
            pause_factor=0.02,
        ),
        reconnect=replace(params.reconnect, settle_s=1.0, watchdog_s=10.0),
        plan=replace(params.plan, null_s=1.0, timeout_s=10.0),
        black_start=replace(params.black_start, wait_s=2.0, stable_s=2.0, timeout_s=10.0, backoff_s=5.0, proven_s=10.0),
        car=replace(params.car, arrival_hold_s=2.0),
        boot=replace(params.boot, hold_energise_s=2.0),
    )


def differences(used: Params, normal: Params) -> dict[str, tuple[float, float]]:
    """Values that differ, as `group.name: (used, normal)`."""
    return {
        f"{group.name}.{value.name}": (
            getattr(getattr(used, group.name), value.name),
            getattr(getattr(normal, group.name), value.name),
        )
        for group in fields(used)
        for value in fields(getattr(used, group.name))
        if getattr(getattr(used, group.name), value.name) != getattr(getattr(normal, group.name), value.name)
    }
