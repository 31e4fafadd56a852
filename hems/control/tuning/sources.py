"""Generator, cars, and the connection to the grid."""

from dataclasses import dataclass

from hems.control.tuning.tunable import tunable


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
    fill_pct: float = tunable(75.0, (30.0, 90.0))
    """Load of its rating up to which batteries fill while it runs because little is stored (2.10: 70 to 80 %)."""
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
    evacuation_km: float = tunable(80.0, (0.0, 500.0))
    """A car whose driver has said nothing keeps so much of its way, as soon as it tells its capacity (3.2)."""
    kwh_per_km: float = tunable(0.2, (0.1, 0.6))
    cold_factor: float = tunable(1.3, (1.0, 2.0))
    """So much more it takes at frost, which is always expected."""
    arrives_kwh: float = tunable(2.0, (0.0, 10.0))
    """What is to be left at the end of that way."""
    stale_pct: float = tunable(5.0, (3.0, 20.0))
    """So much earlier a car stops whose charge is no longer told and only counted (3.2, P3)."""
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
