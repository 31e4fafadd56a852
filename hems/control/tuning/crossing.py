"""Leaving the grid, rejoining it, and starting in the dark."""

from dataclasses import dataclass

from hems.control.tuning.tunable import tunable


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
    prepare_h: float = tunable(12.0, (1.0, 168.0))
    """So long before it batteries are charged for it and give nothing; until then the sun of each day is used."""
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
