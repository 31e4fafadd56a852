"""From signals to three facts: is the utility there, where is the tie, is the bus live.

Unknown is an answer.  It never starts an outage and never ends one; silence of a meter is not a power cut, and zero
volts from a single device is not a dead bus until something agrees with it.  Source: domain reference 1.2 and 1.3.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from hems.control import axis_bus, axis_grid, axis_tie, liveness
from hems.control.memory.seeing import BusMemory, EvidenceMemory, GridMemory, TieMemory
from hems.control.params import Params
from hems.control.sight import Sight, news, presence, sight
from hems.model.again import again
from hems.model.copies import replace
from hems.model.mode import Bus, Grid, TiePosition
from hems.model.quick import quick
from hems.model.site import Location, Site, VoltagePoint
from hems.model.snapshot import Snapshot, VoltageReading
from hems.model.units import PointId


@quick
@dataclass(frozen=True, slots=True)
class Witness:
    """What one signal says about one axis."""

    axis: str
    name: str
    says: str
    age_s: float


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The three axes, who says so, and when they may change without any new signal."""

    grid: Grid
    tie: TiePosition
    bus: Bus
    witnesses: tuple[Witness, ...]
    disputed: bool
    """A device's grid flag has contradicted the contacts for longer than it may lag."""
    crossed: bool
    """Power flows through a tie that is seen open."""
    qualifying_left_s: float | None
    due_s: float


def estimate(
    site: Site, memory: EvidenceMemory, snapshot: Snapshot, params: Params, now_s: float, *, told_lost: bool = False
) -> tuple[Evidence, EvidenceMemory]:
    """The three axes at `now_s`.  The tie is judged first, because zero volts upstream means more once it is open.

    `told_lost` is a person's word that the grid is lost: one more witness of the grid, and of nothing else.
    """
    points = liveness.watched(
        site, memory.points, snapshot, memory.tie.value, params.witness, now_s, apart_since_s=memory.apart_since_s
    )
    doubted = liveness.doubts(points, params.witness, now_s)
    believed = [point for point in site.voltage_points if point.id not in doubted]
    shown = {point: sight(one, site, params, now_s) for point, one in snapshot.voltages.items()}
    upstream = [(shown[point], one) for point, one in _readings(believed, snapshot, utility=True)]
    downstream = [presence(one, site, params, now_s) for _, one in _readings(believed, snapshot, utility=False)]
    utility_present = any(seen is Sight.INSIDE for seen, _ in upstream)
    tie = axis_tie.judged(
        site, memory.tie, snapshot.tie, params, now_s, utility_present=utility_present, has_utility=_has_utility(site)
    )
    opened = memory.tie.value is TiePosition.CLOSED and tie.value is not TiePosition.CLOSED
    flow = _flowing(memory, tie, snapshot, params, now_s, opened=opened)
    crossed_since_s = flow.crossed_since_s
    crossed = crossed_since_s is not None and now_s >= crossed_since_s + params.witness.crossed_s
    if crossed:  # contacts and power cannot both be right
        tie = replace(tie, value=TiePosition.INVALID)
    closed = tie.value is TiePosition.CLOSED
    flows = axis_bus.feeding(site, snapshot, now_s)
    bus = axis_bus.judged(memory.bus, downstream, params, now_s, power_flows=flows, fed=closed and utility_present)
    needed_s = params.grid.calm_s if closed else params.grid.qualify_s
    # A tie that opens tells of something upstream, even of what was too short for a meter to see: qualify anew.
    apart_since_s = None if closed else now_s if opened else memory.apart_since_s
    grid = axis_grid.judged(
        replace(memory.grid, inside_since_s=None) if opened else memory.grid,
        [*(news(seen, one, apart_since_s) for seen, one in upstream), *([Sight.OUTSIDE] if told_lost else [])],
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
        witnesses=(
            *_witnesses(site, snapshot, doubted, shown, params, now_s),
            *([Witness("grid", "a person", "lost", 0.0)] if told_lost else []),
        ),
        disputed=axis_tie.disputed(tie.disagree_since_s, params, now_s),
        crossed=crossed,
        qualifying_left_s=axis_grid.qualifying_left(grid, needed_s, now_s),
        due_s=min(
            _due(site, grid, tie, bus, params, needed_s, now_s),
            inf if crossed_since_s is None or crossed else crossed_since_s + params.witness.crossed_s,
        ),
    )
    return evidence, replace(flow, grid=grid, tie=tie, bus=bus, apart_since_s=apart_since_s, points=points)


def _readings(
    points: Iterable[VoltagePoint], snapshot: Snapshot, *, utility: bool
) -> list[tuple[PointId, VoltageReading]]:
    """What the points on one side of the tie show."""
    seen = snapshot.voltages
    mine = [one.id for one in points if (one.location is Location.UTILITY) is utility and one.id in seen]
    return [(point, seen[point]) for point in mine]


def _flowing(
    memory: EvidenceMemory, tie: TieMemory, snapshot: Snapshot, params: Params, now_s: float, *, opened: bool
) -> EvidenceMemory:
    """The memory with what is known of power that flows through an open tie."""
    apart_w = _repeated_w(memory, snapshot.grid_w.known(now_s), opened=opened)
    since_s = None if apart_w is not None else _crossed_since(memory, tie, snapshot, params, now_s)
    same = (apart_w, since_s) == (memory.apart_w, memory.crossed_since_s)
    return memory if same else replace(memory, apart_w=apart_w, crossed_since_s=since_s)


def _repeated_w(memory: EvidenceMemory, power_w: float | None, *, opened: bool) -> float | None:
    """What the meter of the connection has said ever since the tie opened; None once it has said something else.

    A building's power is never still: one that stays the same to the last digit tells of its meter, and of no tie.
    """
    if opened:
        return power_w
    return memory.apart_w if power_w is None or power_w == memory.apart_w else None


def _crossed_since(
    memory: EvidenceMemory, tie: TieMemory, snapshot: Snapshot, params: Params, now_s: float
) -> float | None:
    """Since when power has been measured on the grid's side of a tie whose contacts say open."""
    power_w = snapshot.grid_w.known(now_s)
    news = memory.apart_since_s is None or snapshot.grid_w.taken_s > memory.apart_since_s
    flows = power_w is not None and abs(power_w) > params.witness.crossed_w and news
    if tie.value is not TiePosition.OPEN or not flows:
        return None
    return now_s if memory.crossed_since_s is None else memory.crossed_since_s


@again
def _has_utility(site: Site) -> bool:
    return any(point.location is Location.UTILITY for point in site.voltage_points)


def _witnesses(
    site: Site,
    snapshot: Snapshot,
    doubted: Mapping[PointId, str],
    shown: Mapping[PointId, Sight],
    params: Params,
    now_s: float,
) -> tuple[Witness, ...]:
    tie = snapshot.tie
    found = []
    if site.tie.has_contacts:
        age_s = max(tie.closed_contact.age_s(now_s), tie.open_contact.age_s(now_s))
        found.append(Witness("tie", "auxiliary contacts", axis_tie.contacts(tie, now_s).value, age_s))
    if site.tie.has_flag:
        flag = axis_tie.word(tie.grid_connected, now_s)
        says = "no answer" if flag is None else "on the grid" if flag else "islanded"
        found.append(Witness("tie", "grid flag", says, tie.grid_connected.age_s(now_s)))
    for point in site.voltage_points:
        reading = snapshot.voltages.get(point.id)
        if reading is not None:
            axis = "grid" if point.location is Location.UTILITY else "bus"
            says = doubted.get(point.id) or shown[point.id].value
            if axis == "bus" and says == Sight.UNKNOWN and presence(reading, site, params, now_s) is Sight.INSIDE:
                says = "voltage is there"  # all that a socket on one phase can tell, and all that is asked of it
            found.append(Witness(axis, point.id, says, _age_s(reading, now_s)))
    return tuple(found)


def _age_s(reading: VoltageReading, now_s: float) -> float:
    """How old the oldest phase is that has ever been read."""
    return max([age_s for phase in reading.volts if (age_s := phase.age_s(now_s)) < inf], default=inf)


def _due(
    site: Site, grid: GridMemory, tie: TieMemory, bus: BusMemory, params: Params, needed_s: float, now_s: float
) -> float:
    """The earliest instant at which an axis changes although no signal does."""
    due = [inf]
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
    return min((when for when in due if when > now_s), default=inf)
