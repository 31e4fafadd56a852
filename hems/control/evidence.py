"""From signals to three facts: is the utility there, where is the tie, is the bus live.

Unknown is an answer.  It never starts an outage and never ends one; silence of a meter is not a power cut, and zero
volts from a single device is not a dead bus until something agrees with it.  Source: domain reference 1.2 and 1.3.
"""

from dataclasses import dataclass, replace

from hems.control import axis_bus, axis_grid, axis_tie
from hems.control.params import Params
from hems.control.sight import Sight, news, presence, sight
from hems.control.state import BusMemory, EvidenceMemory, GridMemory, TieMemory
from hems.model.mode import Bus, Grid, TiePosition
from hems.model.site import Location, Site
from hems.model.snapshot import Snapshot, VoltageReading


@dataclass(frozen=True, slots=True)
class Witness:
    """What one signal says about one axis."""

    axis: str
    name: str
    says: str
    age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The three axes, who says so, and when they may change without any new signal."""

    grid: Grid
    tie: TiePosition
    bus: Bus
    witnesses: tuple[Witness, ...]
    disputed: bool
    """A device's grid flag has contradicted the contacts for longer than it may lag."""
    qualifying_left_s: float | None
    due_s: float


def estimate(
    site: Site, memory: EvidenceMemory, snapshot: Snapshot, params: Params, now_s: float
) -> tuple[Evidence, EvidenceMemory]:
    """The three axes at `now_s`.  The tie is judged first, because zero volts upstream means more once it is open."""
    upstream = [(sight(one, site, params, now_s), one) for one in _points(site, snapshot, utility=True)]
    downstream = [presence(one, site, params, now_s) for one in _points(site, snapshot, utility=False)]
    utility_present = any(seen is Sight.INSIDE for seen, _ in upstream)
    tie = axis_tie.judged(
        site, memory.tie, snapshot.tie, params, now_s, utility_present=utility_present, has_utility=_has_utility(site)
    )
    closed = tie.value is TiePosition.CLOSED
    flows = axis_bus.feeding(snapshot, now_s)
    bus = axis_bus.judged(memory.bus, downstream, params, now_s, power_flows=flows, fed=closed and utility_present)
    needed_s = params.grid.calm_s if closed else params.grid.qualify_s
    # A tie that opens tells of something upstream, even of what was too short for a meter to see: qualify anew.
    opened = memory.tie.value is TiePosition.CLOSED and not closed
    apart_since_s = None if closed else now_s if opened else memory.apart_since_s
    grid = axis_grid.judged(
        replace(memory.grid, inside_since_s=None) if opened else memory.grid,
        [news(seen, one, apart_since_s) for seen, one in upstream],
        params,
        now_s,
        zero_is_dead=tie.value is TiePosition.OPEN or bus.value is Bus.DEAD,
        needed_s=needed_s,
        closed=closed,
    )
    evidence = Evidence(
        grid=grid.value,
        tie=tie.value,
        bus=bus.value,
        witnesses=_witnesses(site, snapshot, params, now_s),
        disputed=axis_tie.disputed(tie.disagree_since_s, params, now_s),
        qualifying_left_s=axis_grid.qualifying_left(grid, needed_s, now_s),
        due_s=_due(site, grid, tie, bus, params, needed_s, now_s),
    )
    return evidence, EvidenceMemory(grid=grid, tie=tie, bus=bus, apart_since_s=apart_since_s)


def _points(site: Site, snapshot: Snapshot, *, utility: bool) -> list[VoltageReading]:
    """The voltage points on one side of the tie."""
    ids = (point.id for point in site.voltage_points if (point.location is Location.UTILITY) is utility)
    return [snapshot.voltages[point] for point in ids if point in snapshot.voltages]


def _has_utility(site: Site) -> bool:
    return any(point.location is Location.UTILITY for point in site.voltage_points)


def _witnesses(site: Site, snapshot: Snapshot, params: Params, now_s: float) -> tuple[Witness, ...]:
    tie = snapshot.tie
    found = []
    if site.tie.has_contacts:
        age_s = max(tie.closed_contact.age_s(now_s), tie.open_contact.age_s(now_s))
        found.append(Witness("tie", "auxiliary contacts", axis_tie.contacts(tie, now_s).value, age_s))
    if site.tie.has_flag:
        flag = tie.grid_connected.known(now_s)
        says = "no answer" if flag is None else "on the grid" if flag else "islanded"
        found.append(Witness("tie", "grid flag", says, tie.grid_connected.age_s(now_s)))
    for point in site.voltage_points:
        reading = snapshot.voltages.get(point.id)
        if reading is not None:
            axis = "grid" if point.location is Location.UTILITY else "bus"
            age_s = max((phase.age_s(now_s) for phase in reading.volts), default=float("inf"))
            found.append(Witness(axis, point.id, sight(reading, site, params, now_s).value, age_s))
    return tuple(found)


def _due(
    site: Site, grid: GridMemory, tie: TieMemory, bus: BusMemory, params: Params, needed_s: float, now_s: float
) -> float:
    """The earliest instant at which an axis changes although no signal does."""
    due = [float("inf")]
    if grid.inside_since_s is not None:
        due.append(grid.inside_since_s + needed_s)
    if grid.outside_since_s is not None:
        due.append(grid.outside_since_s + params.grid.lost_s)
    due.append(tie.raw_since_s + params.witness.contact_debounce_s)
    if tie.raw is TiePosition.MOVING:
        due.append(tie.raw_since_s + site.tie.travel_max_s)
    if tie.disagree_since_s is not None:
        due.append(tie.disagree_since_s + params.witness.disagree_s)
    if bus.zero_since_s is not None:
        due += [bus.zero_since_s + params.grid.lost_s, bus.zero_since_s + params.witness.zero_frame_s]
    return min((when for when in due if when > now_s), default=float("inf"))
