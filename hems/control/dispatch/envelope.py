"""How much may flow through the connection now: the narrowest of all limits, and whose it is."""

from dataclasses import dataclass
from datetime import datetime
from math import inf

from hems.control.dispatch import flexible, quarter, schedule
from hems.control.dispatch.flexible import Bound
from hems.control.dispatch.memory import ConnectionMemory
from hems.model.again import again
from hems.model.cause import Cause, Why
from hems.model.site import CONTINUOUS, Site
from hems.model.snapshot import Snapshot
from hems.model.supply import GridConnection

SERVICE, AGREED = Cause(Why.LIMIT_SERVICE), Cause(Why.LIMIT_AGREED)


@dataclass(frozen=True, slots=True)
class Envelope:
    """W in both directions, infinite where nobody limits it, each with whose limit it is."""

    import_w: float
    import_by: Cause
    export_w: float
    export_by: Cause


@again
def envelope(site: Site, memory: ConnectionMemory, snapshot: Snapshot, now_s: float) -> Envelope:
    """What holds at this instant."""
    grid = site.grid
    imports = [*standing_bounds(site)]
    exports = [(inf if grid.export_max_w is None else grid.export_max_w, AGREED)]
    if grid.flexible is not None:
        imports += flexible.imports(grid.flexible, memory.flexible, snapshot.limits, now_s)
        exports += flexible.exports(grid.flexible, memory.flexible)
    imports += schedule.bounds(memory.hours.import_w)
    exports += schedule.bounds(memory.hours.export_w)
    if grid.demand_max_w is not None:
        left_w = quarter.left_w(memory.quarter, grid.demand_max_w, now_s)
        imports.append((left_w, Cause(Why.LIMIT_DEMAND, {"limit_w": grid.demand_max_w})))
    return Envelope(*min(imports, key=_watts), *min(exports, key=_watts))


def foreseen_w(site: Site, memory: ConnectionMemory, snapshot: Snapshot, local: datetime, now_s: float) -> float:
    """What may be drawn in a quarter of an hour ahead: standing limits, its hours', and what the utility says now."""
    grid = site.grid
    bounds = [*standing_bounds(site), *schedule.bounds(schedule.hours(site, local).import_w)]
    if grid.flexible is not None:
        bounds += flexible.imports(grid.flexible, memory.flexible, snapshot.limits, now_s)
    least_w = min(watts for watts, _ in bounds)
    return least_w if grid.demand_max_w is None else min(least_w, grid.demand_max_w)


@again
def standing_bounds(site: Site) -> tuple[Bound, ...]:
    """What may be drawn at any hour, whoever says otherwise: by the main fuses, and as agreed."""
    return ((phase_w(site) * len(site.phases), SERVICE), *_agreed(site.grid))


def phase_w(site: Site) -> float:
    """What one main fuse carries for hours."""
    return CONTINUOUS * site.grid.service_a * site.grid.nominal_v


def _agreed(grid: GridConnection) -> list[Bound]:
    return [] if grid.import_max_w is None else [(grid.import_max_w, AGREED)]


def _watts(bound: Bound) -> float:
    return bound[0]
