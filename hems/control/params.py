"""Every number that tunes a decision, with its unit, range, reason and source.

`within` holds the permitted range, which `hems.config` enforces; `shortened` is the one set that may go below, for
demonstrations and tests on real sockets, and every report that used it lists each shortened value.

Sources are sections of the domain reference unless said otherwise.
"""

from dataclasses import dataclass, field, fields, replace

from hems.control.tuning.acting import CommandParams, OverrideParams
from hems.control.tuning.crossing import BlackStartParams, PlanParams, ReconnectParams
from hems.control.tuning.island import BandParams, IslandParams, OverloadParams, RestoreParams
from hems.control.tuning.seeing import BootParams, FaultParams, GridParams, WitnessParams
from hems.control.tuning.sources import CarParams, ConnectionParams, GeneratorParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """All of them, by group; a site file's `[params.GROUP]` overrides single values."""

    grid: GridParams = field(default_factory=GridParams)
    witness: WitnessParams = field(default_factory=WitnessParams)
    overload: OverloadParams = field(default_factory=OverloadParams)
    island: IslandParams = field(default_factory=IslandParams)
    band: BandParams = field(default_factory=BandParams)
    restore: RestoreParams = field(default_factory=RestoreParams)
    reconnect: ReconnectParams = field(default_factory=ReconnectParams)
    plan: PlanParams = field(default_factory=PlanParams)
    black_start: BlackStartParams = field(default_factory=BlackStartParams)
    generator: GeneratorParams = field(default_factory=GeneratorParams)
    car: CarParams = field(default_factory=CarParams)
    connection: ConnectionParams = field(default_factory=ConnectionParams)
    command: CommandParams = field(default_factory=CommandParams)
    boot: BootParams = field(default_factory=BootParams)
    fault: FaultParams = field(default_factory=FaultParams)
    override: OverrideParams = field(default_factory=OverrideParams)


def shortened(params: Params) -> Params:
    """The same with the waits of a demonstration: every pause that protects a real grid, compressor or relay is cut.

    Never for a site with real equipment; `hems check` says so, and reports list what `differences` finds.
    """
    return replace(
        params,
        grid=replace(params.grid, qualify_s=5.0, calm_s=2.0),
        island=replace(params.island, stable_s=2.0),
        band=replace(params.band, turn_s=150.0),
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
