"""Whether a voltage point measures at all, and on which side of the tie: what no single reading can tell.

A meter that is alive is never quite still.  One that used to move and has stopped, while the power in the building
goes on moving, repeats itself; one upstream that follows every move of the building's own voltage with the tie open
is wired downstream.  Points that have never moved are judged by neither rule: their resolution may be coarse.
Source: domain reference 1.3 rule 4 and 5, process model mismatch.
"""

from collections.abc import Mapping

from hems.control.memory.seeing import PointMemory
from hems.control.tuning.seeing import WitnessParams
from hems.model.copies import replace
from hems.model.mode import TiePosition
from hems.model.site import Location, Site
from hems.model.snapshot import Snapshot, VoltageReading
from hems.model.units import PointId

LIVELY = 20
"""As often a point must have moved before its standing still means anything."""
SLOWER = 10.0
"""It must stand still for this many times as long as it ever did."""
MOVED_W = 100.0
"""So much the building's power must have changed meanwhile."""
ALIKE_PU = 0.002
"""Two points that differ by less than this share of nominal, in voltage and in frequency, are alike."""
UNLIKE_S = 5.0
"""Two points that follow each other are read apart by no more than this."""
FOLLOWED = 3
"""As often both must have moved: two that stand still are alike by chance, and one that dips alone follows nobody."""
NEW = PointMemory()

Values = tuple[float | None, ...]


def watched(
    site: Site,
    before: Mapping[PointId, PointMemory],
    snapshot: Snapshot,
    tie: TiePosition,
    params: WitnessParams,
    now_s: float,
    *,
    apart_since_s: float | None = None,
) -> dict[PointId, PointMemory]:
    """The memory of every voltage point after this instant; `tie` as it was judged last, and since when it is open."""
    power_w, voltages = _power_w(snapshot, now_s), snapshot.voltages
    points = [point for point in site.voltage_points if point.id in voltages]
    if apart_since_s is not None:
        before = _of_this_source(site, before, apart_since_s)
    found = {
        one.id: _moved(before.get(one.id) or replace(NEW, begun_s=now_s), voltages[one.id], power_w, params, now_s)
        for one in points
    }
    inner = [one.id for one in points if one.location is Location.BUS]
    bus_moves = max([found[one].moves for one in inner], default=0)
    for point in [one.id for one in points if one.location is Location.UTILITY]:
        reading = voltages[point]
        alike = tie is TiePosition.OPEN and any(_alike(reading, voltages[other], site, now_s) for other in inner)
        found[point] = _beside(found[point], bus_moves, alike=alike, now_s=now_s)
    return found


def _of_this_source(
    site: Site, before: Mapping[PointId, PointMemory], apart_since_s: float
) -> dict[PointId, PointMemory]:
    """Without what is remembered of the grid where an inverter makes the voltage: that may be stiller than any grid."""
    upstream = {one.id for one in site.voltage_points if one.location is Location.UTILITY}
    return {one: memory for one, memory in before.items() if one in upstream or memory.begun_s >= apart_since_s}


def frozen(memory: PointMemory, params: WitnessParams) -> bool:
    """Whether the point repeats itself."""
    if not memory.power_moved or memory.moves < LIVELY:
        return False
    still_s = memory.taken_s - memory.since_s
    return any(memory.values) and still_s > _patience_s(memory, params)  # zeros of a dead line stand still and are true


def misplaced(memory: PointMemory, params: WitnessParams, now_s: float) -> bool:
    """Whether a point declared upstream follows the building's own voltage although the tie is open (UCA 17)."""
    since_s = memory.alike_since_s
    return since_s is not None and now_s >= since_s + params.alike_s and memory.followed >= FOLLOWED


def doubts(points: Mapping[PointId, PointMemory], params: WitnessParams, now_s: float) -> dict[PointId, str]:
    """Why what some points say may not count, in words."""
    still = {point: "repeats itself" for point, memory in points.items() if frozen(memory, params)}
    inner = {point: "shows the building" for point, memory in points.items() if misplaced(memory, params, now_s)}
    return inner | still


def _patience_s(memory: PointMemory, params: WitnessParams) -> float:
    return max(params.frozen_s, SLOWER * memory.longest_s)


def _moved(
    memory: PointMemory, reading: VoltageReading, power_w: float | None, params: WitnessParams, now_s: float
) -> PointMemory:
    whole = (*reading.volts, reading.hertz)
    values: Values = tuple([one.known(now_s) for one in whole])
    if values.count(None) == len(values):
        return replace(memory, values=(), power_moved=False)
    taken_s = max([one.taken_s for one in whole])
    if values == memory.values:
        first_w = memory.power_w
        changed = power_w is not None and first_w is not None and abs(power_w - first_w) >= MOVED_W
        return replace(memory, taken_s=taken_s, power_moved=memory.power_moved or changed)
    run_s = 0.0 if not memory.values or frozen(memory, params) else taken_s - memory.since_s
    return replace(
        memory,
        values=values,
        since_s=taken_s,
        taken_s=taken_s,
        moves=memory.moves + 1,
        longest_s=max(memory.longest_s, run_s),
        power_w=power_w,
        power_moved=False,
    )


def _beside(memory: PointMemory, bus_moves: int, *, alike: bool, now_s: float) -> PointMemory:
    """Two meters are never read at one instant: after a step of load they differ for a moment, no longer."""
    if memory.alike_since_s is None:
        if not alike:
            return memory
        moves = (memory.moves, bus_moves)
        return replace(memory, alike_since_s=now_s, alike_moves=moves, followed=0, unlike_since_s=None)
    if alike:
        followed = min(memory.moves - memory.alike_moves[0], bus_moves - memory.alike_moves[1])
        return replace(memory, followed=followed, unlike_since_s=None)
    since_s = now_s if memory.unlike_since_s is None else memory.unlike_since_s
    if now_s >= since_s + UNLIKE_S:
        return replace(memory, alike_since_s=None, unlike_since_s=None)
    return replace(memory, unlike_since_s=since_s)


def _alike(one: VoltageReading, other: VoltageReading, site: Site, now_s: float) -> bool:
    """Live, and the same in every phase and in frequency."""
    nominal = (*(site.grid.nominal_v for _ in one.volts), site.grid.nominal_hz)
    pairs = zip((*one.volts, one.hertz), (*other.volts, other.hertz), nominal, strict=False)
    for left, right, rated in pairs:
        a, b = left.known(now_s), right.known(now_s)
        if a is None or b is None or a < 0.5 * rated or abs(a - b) > ALIKE_PU * rated:
            return False
    return len(one.volts) == len(other.volts)


def _power_w(snapshot: Snapshot, now_s: float) -> float | None:
    """What flows through the building, as far as it can be read: only its changes count."""
    powers = [snapshot.grid_w.known(now_s), *(reading.known(now_s) for reading in snapshot.former_phase_w)]
    known = [power_w for power_w in powers if power_w is not None]
    return sum(known) if known else None
