"""What batteries do on the grid: keep the connection inside its limits, then what pays most (`aim`).

Only batteries with a reserve and a command are asked; the others know their own way.  Nothing goes below the reserve,
and cars are not charged from batteries.
"""

from collections.abc import Iterator, Mapping, Sequence

from hems.control.arbitrate import Proposal, Rank
from hems.control.dispatch import able, response
from hems.control.dispatch.aim import Aim, Cells, Help, aim, holding, peak_steady_w
from hems.control.dispatch.envelope import Envelope, envelope
from hems.control.dispatch.flows import Flows, assumed, flows
from hems.control.dispatch.steady import settled, steadied
from hems.control.dispatch.store import ONE_WAY, store
from hems.control.state import ControlState
from hems.control.stored import NO_BATTERY
from hems.model import wiring
from hems.model.again import again
from hems.model.cause import Cause, Why
from hems.model.mode import Bus, Mode, TiePosition
from hems.model.site import Battery, Site
from hems.model.snapshot import Snapshot
from hems.model.units import HOUR_S, SourceId

ON_GRID = frozenset(
    {Mode.GRID_CONNECTED, Mode.GRID_CONNECTED_DEGRADED, Mode.GRID_DISTURBED, Mode.RECONNECTED_RESTORING}
)
HOLDS = ON_GRID - {Mode.GRID_DISTURBED}
"""Modes in which a limit is held: not on a grid that is known to be bad."""
BAND_PCT = 2.0
"""A battery that was stopped at its reserve serves again only so far above it."""
FULL_PCT = 99.5
NEAR_W = 600.0
"""So close to its aim a battery goes the whole way."""
CALM_S = 5.0
"""So long a battery that keeps the connection inside a limit does not give less: meters do not read at one instant."""
REFILL_S = 6.0 * HOUR_S
"""At least at the pace that fills what a reserve lacks in so long, whatever peak that makes."""
REFILL_LEAST_W = 100.0
"""Less is no filling."""
GENTLE = 0.5
"""Part of the way to its aim that a battery goes in one turn, when no limit is at stake."""


@again
def steered(site: Site) -> tuple[Battery, ...]:
    """The batteries that are dispatched."""
    return tuple(one for one in site.batteries if one.controllable and one.reserve_pct is not None)


def powers(
    site: Site, state: ControlState, snapshot: Snapshot, flow: Flows | None, bounds: Envelope, now_s: float
) -> Mapping[SourceId, tuple[float, Cause]]:
    """What each steered battery is asked to do.

    That is what pays while the grid is there and seen; else only what a limit asks for, by what is known.
    """
    batteries = steered(site)
    if flow is None or state.mode.mode is not Mode.GRID_CONNECTED:
        seen = flow or assumed(site, state.connection, snapshot, now_s, unseen=0.0)
        flow = flow or assumed(site, state.connection, snapshot, now_s)
        wanted = Aim(0.0, Cause(Why.STORAGE_BLIND))
        if flow is not None and seen is not None and _fed(state):
            wanted = holding(flow, bounds, seen)
    else:
        cells = _cells(batteries, snapshot, now_s)
        asked_w, found_hz = response.wanted_w(site, snapshot, now_s)
        wanted = aim(flow, bounds, state.connection, cells, now_s, Help(asked_w, found_hz, site.grid.export_permitted))
    if flow is None or wanted.cause.why is Why.STORAGE_BLIND:
        return {one.id: (0.0, wanted.cause) for one in batteries}
    usable = {one.id: _usable_w(one, state, snapshot, wanted.power_w, now_s) for one in batteries}
    total_w = sum(usable.values())
    part = min(1.0, abs(wanted.power_w) / total_w) if total_w else 0.0
    sign = 1.0 if wanted.power_w > 0.0 else -1.0
    shown = settled(site, state, snapshot)
    refills = refilled_w(batteries, snapshot, flow, bounds, peak_steady_w(state.connection, now_s), now_s)
    found = {}
    for one in batteries:
        below = refills.get(one.id, 0.0) if wanted.power_w >= 0.0 and not wanted.urgent else 0.0
        if below:
            found[one.id] = (-below, Cause(Why.REFILL_RESERVE, {"target_pct": one.reserve_pct or 0.0}))
        elif not usable[one.id]:
            found[one.id] = (0.0, _rests(wanted))
        else:
            mine = usable[one.id] / total_w
            most_w = mine * max(0.0, flow.without_batteries_w, wanted.power_w)
            power_w = _eased(one, state, sign * part * usable[one.id], wanted, now_s, shown=shown)
            found[one.id] = (min(power_w, most_w), wanted.cause)
    return found


def _fed(state: ControlState) -> bool:
    """Whether the street surely feeds the building: on a closed tie a limit is held whatever is seen of the grid."""
    evidence = state.evidence
    closed = evidence.tie.value is TiePosition.CLOSED and evidence.tie.seen is TiePosition.CLOSED
    return closed and evidence.bus.value is Bus.LIVE and state.mode.mode in HOLDS


def _cells(batteries: Sequence[Battery], snapshot: Snapshot, now_s: float) -> Cells:
    """What is known of them; a battery that does not tell its charge has nothing."""
    whole = store(batteries, [one.reserve_pct or 0.0 for one in batteries], snapshot, now_s)
    wear = max((one.wear_per_kwh for one in batteries), default=0.0)
    return Cells(0.0 if whole is None else whole.have_wh, wear)


def _rests(wanted: Aim) -> Cause:
    """Why a battery that can neither give nor take does nothing."""
    if wanted.power_w > 0.0:
        return Cause(Why.RESERVE_KEPT)
    return wanted.cause if wanted.power_w == 0.0 else Cause(Why.STORAGE_RESTS)


def proposals(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> Iterator[Proposal]:
    """One for each steered battery while the grid carries the building; in doubt about the grid it rests.

    The reserve is a bound above everything economic: whoever wishes for more does not get it.
    """
    mode = state.mode.mode
    if mode not in ON_GRID:
        return
    bounds = envelope(site, state.connection, snapshot, now_s)
    flow = steadied(flows(site, snapshot, now_s), state.connection)
    asked = powers(site, state, snapshot, flow, bounds, now_s)
    for battery in steered(site):
        role = wiring.battery_power(battery.id)
        power_w, cause = asked[battery.id]
        if not above_reserve(battery, snapshot, now_s):
            yield Proposal(role=role, rank=Rank.LIMIT, cause=Cause(Why.RESERVE_KEPT), high=0.0)
        yield Proposal(role=role, rank=Rank.GRID, cause=cause, prefer=power_w)


def above_reserve(battery: Battery, snapshot: Snapshot, now_s: float) -> bool:
    """Whether it has more than it keeps; not while its charge is not known."""
    soc_pct = snapshot.batteries.get(battery.id, NO_BATTERY).soc_pct.known(now_s)
    return soc_pct is not None and battery.reserve_pct is not None and soc_pct > battery.reserve_pct


def _usable_w(battery: Battery, state: ControlState, snapshot: Snapshot, wanted_w: float, now_s: float) -> float:
    """W it can give above its reserve, or take, at its charge; 0 while that is not known."""
    soc_pct = snapshot.batteries.get(battery.id, NO_BATTERY).soc_pct.known(now_s)
    if soc_pct is None or battery.reserve_pct is None:
        return 0.0
    if wanted_w <= 0.0:
        return able.tried_w(battery, state, gives=False) if soc_pct < FULL_PCT else 0.0
    entry = state.sent.get(wiring.battery_power(battery.id))
    gives = entry is not None and float(entry.value) > 0.0
    least_pct = battery.reserve_pct + (0.0 if gives else BAND_PCT)
    return able.tried_w(battery, state, gives=True) if soc_pct > least_pct else 0.0


def refilled_w(
    batteries: Sequence[Battery], snapshot: Snapshot, flow: Flows, bounds: Envelope, peak_w: float, now_s: float
) -> Mapping[SourceId, float]:
    """W by which each that is below its reserve fills up to it, from what the connection leaves.

    Below the month's peak as far as that goes, but never so slowly that the next power cut would find it half empty.
    """
    levels = {one.id: snapshot.batteries.get(one.id, NO_BATTERY).soc_pct.known(now_s) for one in batteries}
    missing_wh = {
        one.id: (one.reserve_pct - soc_pct) / 100.0 * one.capacity_wh
        for one in batteries
        if one.reserve_pct is not None
        and (soc_pct := levels[one.id]) is not None
        and soc_pct < one.reserve_pct - BAND_PCT
    }
    pace_w = sum(missing_wh.values()) / ONE_WAY * HOUR_S / REFILL_S
    drawn_w = max(flow.without_batteries_w, flow.house_w)  # what cars give is no room for batteries
    room_w = min(bounds.import_w - drawn_w, max(pace_w, peak_w - drawn_w))
    low = [one for one in batteries if one.id in missing_wh]
    part = min(1.0, room_w / sum(one.charge_max_w for one in low)) if low else 0.0
    return {one.id: part * one.charge_max_w for one in low if part * one.charge_max_w >= REFILL_LEAST_W}


def _eased(battery: Battery, state: ControlState, power_w: float, wanted: Aim, now_s: float, *, shown: bool) -> float:
    """Limits are met at once and not let go at once; everything else is approached, once meters show the last step."""
    entry = state.sent.get(wiring.battery_power(battery.id))
    before_w = float(entry.value) if entry is not None else 0.0
    if wanted.cause.why is Why.FREQUENCY:
        return power_w
    if wanted.urgent:
        calm = entry is not None and now_s >= entry.sent_s + CALM_S
        return power_w if calm or power_w > before_w else before_w
    if not shown:
        return before_w
    way_w = power_w - before_w
    return power_w if abs(way_w) < NEAR_W else before_w + GENTLE * way_w


def due_s(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> list[float]:
    """When a battery that gives comes down to its reserve."""
    due = []
    for battery in steered(site):
        reading = snapshot.batteries.get(battery.id, NO_BATTERY)
        soc_pct, power_w = reading.soc_pct.known(now_s), reading.power_w.known(now_s)
        if soc_pct is not None and power_w is not None and power_w > 0.0 and soc_pct > (battery.reserve_pct or 0.0):
            left_wh = (soc_pct - (battery.reserve_pct or 0.0)) / 100.0 * battery.capacity_wh
            due.append(now_s + max(1.0, ONE_WAY * left_wh / power_w * HOUR_S))
    return due
