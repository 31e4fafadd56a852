"""From signals to three facts: is the utility there, where is the tie, is the bus live.

Unknown is an answer.  It never starts an outage and never ends one; silence of a meter is not a power cut, and zero
volts from a single device is not a dead bus until something agrees with it.  Source: domain reference 1.2 and 1.3.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from hems.control.params import Params
from hems.control.state import BusMemory, EvidenceMemory, GridMemory, TieMemory
from hems.model.mode import Bus, Grid, TiePosition
from hems.model.reading import Reading
from hems.model.site import Location, Site, VoltagePoint
from hems.model.snapshot import Snapshot, TieReading, VoltageReading

FEEDING_W = 50.0
"""A circuit, PV plant or car that moves more than this proves that the bus is live."""
PLAUSIBLE = 3.0
"""A voltage or frequency below zero or above this multiple of nominal is a sentinel that a profile has overlooked."""


class Sight(StrEnum):
    """What one voltage point shows at one instant."""

    INSIDE = "in window"
    OUTSIDE = "out of window"
    DEAD = "dead"
    ZERO = "all zero"
    """Zero volts and zero hertz in one frame: dead, or a device that has stopped measuring."""
    UNKNOWN = "no answer"


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


def sight(reading: VoltageReading, site: Site, params: Params, now_s: float) -> Sight:
    """Judge one voltage point by its worst phase: one without voltage is out of window, one unread is never good."""
    nominal_v, nominal_hz, grid = site.grid.nominal_v, site.grid.nominal_hz, params.grid
    volts = [_plausible(phase, nominal_v, now_s) for phase in reading.volts]
    known = [value for value in volts if value is not None]
    hertz = _plausible(reading.hertz, nominal_hz, now_s)
    if not known:
        return Sight.UNKNOWN
    if max(known) < grid.v_dead_pu * nominal_v:
        return Sight.ZERO if max(known) == 0.0 and not hertz else Sight.DEAD
    if min(known) < grid.v_min_pu * nominal_v or max(known) > grid.v_max_pu * nominal_v:
        return Sight.OUTSIDE
    if len(known) < len(volts) or hertz is None:
        return Sight.UNKNOWN
    return Sight.INSIDE if grid.f_min_pu * nominal_hz <= hertz <= grid.f_max_pu * nominal_hz else Sight.OUTSIDE


def _plausible(reading: Reading[float], nominal: float, now_s: float) -> float | None:
    value = reading.known(now_s)
    return value if value is not None and 0.0 <= value <= PLAUSIBLE * nominal else None


def _sights(points: list[VoltagePoint], site: Site, snapshot: Snapshot, params: Params, now_s: float) -> list[Sight]:
    return [
        sight(snapshot.voltages[point.id], site, params, now_s) for point in points if point.id in snapshot.voltages
    ]


def estimate(
    site: Site, memory: EvidenceMemory, snapshot: Snapshot, params: Params, now_s: float
) -> tuple[Evidence, EvidenceMemory]:
    """The three axes at `now_s`.  The tie is judged first, because zero volts upstream means more once it is open."""
    utility = [point for point in site.voltage_points if point.location is Location.UTILITY]
    inner = [point for point in site.voltage_points if point.location is not Location.UTILITY]
    utility_sights = _sights(utility, site, snapshot, params, now_s)
    utility_present = Sight.INSIDE in utility_sights
    tie = _tie(
        site, memory.tie, snapshot.tie, params, now_s, utility_present=utility_present, has_utility=bool(utility)
    )
    closed = tie.value is TiePosition.CLOSED
    bus = _bus(
        memory.bus,
        _sights(inner, site, snapshot, params, now_s),
        params,
        now_s,
        feeding=_feeding(snapshot, now_s),
        fed=closed and utility_present,
    )
    agrees = tie.value is TiePosition.OPEN or bus.value is Bus.DEAD
    needed_s = params.grid.calm_s if closed else params.grid.qualify_s
    # A tie that opens tells of something upstream, even of what was too short for a meter to see: qualify anew.
    opened = memory.tie.value is TiePosition.CLOSED and not closed
    before = replace(memory.grid, inside_since_s=None) if opened else memory.grid
    apart_since_s = None if closed else now_s if opened else memory.apart_since_s
    grid = _grid(
        before,
        _since(apart_since_s, utility, utility_sights, snapshot),
        params,
        now_s,
        zero_is_dead=agrees,
        needed_s=needed_s,
        closed=closed,
    )
    evidence = Evidence(
        grid=grid.value,
        tie=tie.value,
        bus=bus.value,
        witnesses=_witnesses(site, snapshot, params, now_s),
        disputed=_disputed(tie.disagree_since_s, params, now_s),
        qualifying_left_s=_qualifying_left(grid, needed_s, now_s),
        due_s=_due(site, grid, tie, bus, params, needed_s, now_s),
    )
    return evidence, EvidenceMemory(grid=grid, tie=tie, bus=bus, apart_since_s=apart_since_s)


def _since(
    apart_since_s: float | None, points: list[VoltagePoint], sights: list[Sight], snapshot: Snapshot
) -> list[Sight]:
    """The sights with "in window" struck out where it was read before the tie opened: that grid is gone since."""
    if apart_since_s is None:
        return sights
    seen = [snapshot.voltages[point.id] for point in points if point.id in snapshot.voltages]
    oldest_s = [min(reading.taken_s for reading in (*one.volts, one.hertz)) for one in seen]
    return [
        Sight.UNKNOWN if sight is Sight.INSIDE and taken_s < apart_since_s else sight
        for sight, taken_s in zip(sights, oldest_s, strict=True)
    ]


# Axis G -------------------------------------------------------------------------------------------------------------


def _grid(
    memory: GridMemory,
    sights: list[Sight],
    params: Params,
    now_s: float,
    *,
    zero_is_dead: bool,
    needed_s: float,
    closed: bool,
) -> GridMemory:
    """All fresh witnesses must be inside for the grid to be good; one outside is enough for bad, after the debounce."""
    seen = {Sight.DEAD if one is Sight.ZERO and zero_is_dead else one for one in sights} - {Sight.UNKNOWN, Sight.ZERO}
    if not seen:
        return _unseen(memory, params, now_s, closed=closed) if Sight.ZERO in sights else GridMemory()
    if seen == {Sight.INSIDE}:
        since_s = now_s if memory.inside_since_s is None else memory.inside_since_s
        value = Grid.GOOD if now_s >= since_s + needed_s else Grid.QUALIFYING
        return GridMemory(value=value, inside_since_s=since_s)
    since_s = now_s if memory.outside_since_s is None else memory.outside_since_s
    judged = Grid.DEAD if Sight.DEAD in seen else Grid.BAD
    was_out = memory.value in (Grid.BAD, Grid.DEAD)
    if was_out or now_s >= since_s + params.grid.lost_s:
        return GridMemory(value=judged, outside_since_s=since_s)
    return GridMemory(value=_held(memory.value, closed=closed), outside_since_s=since_s)


def _unseen(memory: GridMemory, params: Params, now_s: float, *, closed: bool) -> GridMemory:
    """Zeros that nothing confirms: after the debounce they mean that the meter has stopped measuring, not an outage."""
    since_s = now_s if memory.outside_since_s is None else memory.outside_since_s
    held = _held(memory.value, closed=closed) if now_s < since_s + params.grid.lost_s else Grid.UNKNOWN
    return GridMemory(value=held, outside_since_s=since_s)


def _held(value: Grid, *, closed: bool) -> Grid:
    """What the axis says within the debounce: its old value, as a flicker is no outage.

    With the tie open no outage hangs on it but a permission to reconnect does, and any excursion restarts its wait.
    """
    return Grid.QUALIFYING if value is Grid.GOOD and not closed else value


def _qualifying_left(grid: GridMemory, needed_s: float, now_s: float) -> float | None:
    if grid.value is not Grid.QUALIFYING or grid.inside_since_s is None:
        return None
    return max(0.0, needed_s - (now_s - grid.inside_since_s))


# Axis T -------------------------------------------------------------------------------------------------------------


def contacts(tie: TieReading, now_s: float) -> TiePosition:
    """The tie by its two auxiliary contacts alone; both must be fresh."""
    closed, opened = tie.closed_contact.known(now_s), tie.open_contact.known(now_s)
    if closed is None or opened is None:
        return TiePosition.UNKNOWN
    if closed and opened:
        return TiePosition.INVALID
    if not closed and not opened:
        return TiePosition.MOVING
    return TiePosition.CLOSED if closed else TiePosition.OPEN


def _tie(
    site: Site,
    memory: TieMemory,
    reading: TieReading,
    params: Params,
    now_s: float,
    *,
    utility_present: bool,
    has_utility: bool,
) -> TieMemory:
    raw = contacts(reading, now_s)
    since_s = memory.raw_since_s if raw is memory.raw else now_s
    flag = reading.grid_connected.known(now_s)
    by_flag = TiePosition.UNKNOWN if flag is None else TiePosition.CLOSED if flag else TiePosition.OPEN
    disagrees = TiePosition.UNKNOWN not in (raw, by_flag) and raw is not by_flag
    disagree_s = (now_s if memory.disagree_since_s is None else memory.disagree_since_s) if disagrees else None
    judged = replace(memory, raw=raw, raw_since_s=since_s, disagree_since_s=disagree_s)
    if raw is TiePosition.UNKNOWN:
        # A flag alone may say "open"; "closed" needs voltage on the utility side, where that is measured.
        trusted = by_flag is not TiePosition.CLOSED or utility_present or not has_utility
        return replace(judged, value=by_flag if trusted else TiePosition.UNKNOWN)
    if _disputed(disagree_s, params, now_s):
        harmless = raw is TiePosition.CLOSED and utility_present
        return replace(judged, value=TiePosition.CLOSED if harmless else TiePosition.UNKNOWN)
    if raw is TiePosition.MOVING and now_s >= since_s + site.tie.travel_max_s:
        return replace(judged, value=TiePosition.INVALID)
    bounced = now_s < since_s + params.witness.contact_debounce_s and memory.value is not TiePosition.UNKNOWN
    return replace(judged, value=memory.value if bounced else raw)


def _disputed(disagree_since_s: float | None, params: Params, now_s: float) -> bool:
    """Whether flag and contacts have contradicted each other for longer than the flag may lag."""
    return disagree_since_s is not None and now_s >= disagree_since_s + params.witness.disagree_s


# Axis B -------------------------------------------------------------------------------------------------------------


def _feeding(snapshot: Snapshot, now_s: float) -> bool:
    """Whether anything downstream of the tie moves power, which it could not do on a dead bus."""
    powers: list[Reading[float]] = [circuit.power_w for circuit in snapshot.circuits.values()]
    powers += [*snapshot.pvs.values(), *(bay.power_w for bay in snapshot.bays.values()), *snapshot.former_phase_w]
    return any(abs(power.known(now_s) or 0.0) > FEEDING_W for power in powers)


def _bus(
    memory: BusMemory, sights: list[Sight], params: Params, now_s: float, *, feeding: bool, fed: bool
) -> BusMemory:
    """Live if anything says live; dead if all that answer say so, a lone frame of zeros only after a while.

    Never a lone one while `fed`: a good grid through a closed tie speaks against it.
    """
    if Sight.INSIDE in sights or Sight.OUTSIDE in sights:
        return BusMemory(value=Bus.LIVE)
    dead = [one for one in sights if one in (Sight.DEAD, Sight.ZERO)]
    if not dead:
        return BusMemory(value=Bus.LIVE if feeding else Bus.UNKNOWN)
    zero_since_s = now_s if memory.zero_since_s is None else memory.zero_since_s
    if Sight.DEAD in dead or len(dead) > 1:
        return BusMemory(value=Bus.DEAD, zero_since_s=zero_since_s)
    if feeding or now_s < zero_since_s + params.grid.lost_s:
        return BusMemory(value=Bus.LIVE if feeding else memory.value, zero_since_s=zero_since_s)
    believed = memory.value is Bus.DEAD or now_s >= zero_since_s + params.witness.zero_frame_s
    return BusMemory(value=Bus.DEAD if believed and not fed else Bus.UNKNOWN, zero_since_s=zero_since_s)


# For people, and for the next wake-up --------------------------------------------------------------------------------


def _witnesses(site: Site, snapshot: Snapshot, params: Params, now_s: float) -> tuple[Witness, ...]:
    tie = snapshot.tie
    found = []
    if site.tie.has_contacts:
        age_s = max(tie.closed_contact.age_s(now_s), tie.open_contact.age_s(now_s))
        found.append(Witness("tie", "auxiliary contacts", contacts(tie, now_s).value, age_s))
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
