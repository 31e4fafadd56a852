"""An island on purpose: charge beforehand, shed to plan, let nothing flow through the tie, ask it to open.

A storm watch is the first part of it alone: charge, keep it, and end by itself.
Source: domain reference 1.4 and 1.7, T2.
"""

from collections.abc import Iterator
from math import inf

from hems.control import orders
from hems.control.arbitrate import Proposal, Rank
from hems.control.dispatch.envelope import envelope
from hems.control.dispatch.flows import flows
from hems.control.energy import Band
from hems.control.memory.using import FRESH
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.stored import store_pct
from hems.control.told import told_on
from hems.model import wiring
from hems.model.cause import Cause, Value, Why
from hems.model.mode import ISLAND_MODES, Mode
from hems.model.reading import Quality
from hems.model.request import Order, Standing, Task
from hems.model.site import Battery, Site, Tier
from hems.model.snapshot import Snapshot
from hems.model.units import HOUR_S

HOLDS_APART = ISLAND_MODES | {Mode.ISLANDING_PLANNED}
KEEPS = frozenset({Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED_DEGRADED, Mode.GRID_DISTURBED})
"""Where nothing is charged beforehand and nothing may be lost either: a grid that has just come back, or may go."""
APART = (Task.ISLAND, Task.DRILL)
"""Orders that take the building off the grid."""
FOLLOWS_S = 3.0
"""From a command to a battery until it gives what it was told, and its meter and the grid's show it."""
DRILL_DOSE = 0.3
"""A practice is not worth more of the former's overload than this."""
SHORT = (Band.CRITICAL, Band.FLOOR, Band.SHUTDOWN)


def refusal(order: Order, site: Site, snapshot: Snapshot, params: Params, now_s: float) -> Cause | None:
    """Why it cannot be ordered, or None; a planned island that is announced has time to charge first."""
    if order.task is Task.STORM and order.begin and not any(battery.controllable for battery in site.batteries):
        return Cause(Why.STORM_REFUSED)
    if order.task not in APART or not order.begin or order.rehearsed:
        return None
    if not site.tie.has_island:
        return Cause(Why.ISLAND_REFUSED)
    stored_pct = store_pct(site, snapshot, params, now_s)
    if order.start_in_s > 0.0 or (stored_pct is not None and stored_pct >= params.plan.min_pct):
        return None
    known: dict[str, Value] = {} if stored_pct is None else {"soc_pct": stored_pct}
    return Cause(Why.ISLAND_REFUSED, {"least_pct": params.plan.min_pct, **known})


def asked(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> bool:
    """Whether the building shall be, or stay, off the grid now: ordered, and with the energy for it."""
    if not ordered(state, now_s) or not site.tie.has_island:
        return False
    if state.mode.mode in ISLAND_MODES:
        return state.band not in SHORT
    stored_pct = store_pct(site, snapshot, params, now_s)
    return stored_pct is not None and stored_pct >= params.plan.min_pct


def opening_asked(state: ControlState) -> bool:
    """Whether the certified device has been asked to open the tie."""
    return told_on(state, wiring.TIE_ISLAND)


def ordered(state: ControlState, now_s: float) -> bool:
    """Whether somebody wants the building off the grid now, in earnest or for practice."""
    return any(orders.stands(state, task, now_s) for task in APART)


def spent(site: Site, state: ControlState) -> frozenset[Task]:
    """The islands on purpose that have to end now: for want of energy, and for practice at the first trouble."""
    if state.mode.mode not in ISLAND_MODES:
        return frozenset()
    if state.band in SHORT:
        return frozenset(APART)
    missed = any(
        state.loads.get(one.id, FRESH).shed_because is not None for one in site.circuits if one.tier <= Tier.ESSENTIAL
    )
    serious = any(alarm.priority == "HIGH" for alarm in state.alarms.values())
    trouble = missed or serious or max(state.dose, default=0.0) >= DRILL_DOSE
    return frozenset({Task.DRILL}) if trouble else frozenset()


def null_w(site: Site, params: Params) -> float:
    """What may flow through a tie that is about to be opened."""
    return max(params.plan.null_w, params.plan.null_pct / 100.0 * sum(site.former.phase_va))


def nulled_since(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> float | None:
    """Since when next to nothing has flowed through the tie."""
    grid_w = snapshot.grid_w.known(now_s)
    if state.mode.mode is not Mode.ISLANDING_PLANNED or grid_w is None or abs(grid_w) > null_w(site, params):
        return None
    return now_s if state.nulled_since_s is None else state.nulled_since_s


def proposals(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> Iterator[Proposal]:
    """The request to open the tie, and what batteries do before it."""
    mode = state.mode.mode
    if site.tie.has_island and not _stands(state, now_s):
        yield _request(state, params, now_s)
    target_pct = _target_pct(state, params, now_s)
    grid_w = snapshot.grid_w.known(now_s)
    batteries = [battery for battery in site.batteries if battery.controllable]
    if mode is Mode.ISLANDING_PLANNED and grid_w is not None:
        for battery in batteries:
            yield from _nulling(battery, grid_w / len(batteries), state, snapshot, now_s)
    elif mode is Mode.GRID_CONNECTED and target_pct is not None:
        stored_pct = store_pct(site, snapshot, params, now_s)
        full = stored_pct is None or stored_pct >= target_pct
        left_w = 0.0 if full else _left_w(site, state, snapshot, now_s) / max(1, len(batteries))
        for battery in batteries:
            power_w = 0.0 - min(battery.charge_max_w, left_w)
            yield _wish(battery, power_w, Cause(Why.CHARGE_BEFOREHAND, {"target_pct": target_pct}))
    elif mode in KEEPS and target_pct is not None:
        for battery in batteries:
            if battery.reserve_pct is None:  # one with a reserve gives no more than a limit asks for
                yield _wish(battery, 0.0, Cause(Why.CHARGE_BEFOREHAND, {"target_pct": target_pct}))


def before_cars_w(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> float:
    """What batteries are to take before cars take anything: all they can, when a power cut is near or likely.

    Not while people may have to leave: then cars are filled first (3.2, P5).
    """
    target_pct = _target_pct(state, params, now_s)
    stored_pct = store_pct(site, snapshot, params, now_s)
    if target_pct is None or stored_pct is None or stored_pct >= target_pct:
        return 0.0
    if orders.stands(state, Task.EVACUATION, now_s):
        return 0.0
    return sum(battery.charge_max_w for battery in site.batteries if battery.controllable)


def _left_w(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> float:
    """What the connection leaves for batteries: no storm is worth the main fuses.  All there is where nobody measures.

    While its meter is silent nothing is known of what is left.
    """
    if snapshot.grid_w.quality is Quality.MISSING:
        return inf
    flow = flows(site, snapshot, now_s)
    if flow is None:
        return 0.0
    return max(0.0, envelope(site, state.connection, snapshot, now_s).import_w - flow.without_batteries_w)


def prepares(state: ControlState, params: Params, now_s: float) -> bool:
    """Whether a power cut is near or likely: nothing is given on the grid meanwhile."""
    return _target_pct(state, params, now_s) is not None


def due_s(state: ControlState, params: Params) -> float:
    """When to begin to charge for the next island that is announced."""
    island = state.orders.get(Task.ISLAND)
    return inf if island is None else _prepares_at_s(island, params)


def _prepares_at_s(island: Standing, params: Params) -> float:
    return island.begins_s - params.plan.prepare_h * HOUR_S


def _target_pct(state: ControlState, params: Params, now_s: float) -> float | None:
    """What to charge to and to keep: for an island that is announced and near, and while a storm is watched for."""
    storm = state.orders.get(Task.STORM) if orders.stands(state, Task.STORM, now_s) else None
    island = orders.announced(state, Task.ISLAND, now_s)
    near = island is not None and now_s >= _prepares_at_s(island, params)
    reasons = [one for one in (island if near else None, storm) if one is not None]
    return max((one.target_pct or params.plan.target_pct for one in reasons), default=None)


def _stands(state: ControlState, now_s: float) -> bool:
    """Whether the last word on the tie of an island on purpose stands: it would close if that were taken back.

    Not by a restart; nor in doubt, or while people work on the plant, who count on where the tie is.
    """
    mode = state.mode
    if mode.mode is Mode.INIT and ordered(state, now_s):
        return True
    still = mode.mode in (Mode.INIT, Mode.FAULT_SAFE, Mode.MAINTENANCE)
    meant = mode.on_purpose or opening_asked(state)  # what was asked is not known any more after a restart
    return still and mode.outage_since_s is not None and meant


def _request(state: ControlState, params: Params, now_s: float) -> Proposal:
    """Asked for while the order stands; on the grid only once nothing flows."""
    role, mode = wiring.TIE_ISLAND, state.mode.mode
    since_s = state.nulled_since_s
    ready = since_s is not None and now_s >= since_s + params.plan.null_s
    stays = mode in ISLAND_MODES and ordered(state, now_s)
    if stays or (mode is Mode.ISLANDING_PLANNED and ready):
        return Proposal(role=role, rank=Rank.ISLAND, cause=Cause(Why.OPEN_ON_PURPOSE), prefer=1.0)
    return Proposal(role=role, rank=Rank.INTERLOCK, cause=Cause(Why.KEEP_TIE), high=0.0, prefer=0.0)


def _nulling(
    battery: Battery, more_w: float, state: ControlState, snapshot: Snapshot, now_s: float
) -> Iterator[Proposal]:
    """What the battery gives and what still flows through the tie, once both meters have seen the last command.

    Corrected by readings from before and after it, the power would swing to and fro and never come to rest.  While
    nobody knows what it gives it goes on as it was told.
    """
    reading, entry = snapshot.batteries[battery.id].power_w, state.sent.get(wiring.battery_power(battery.id))
    seen_s, gives_w = min(reading.taken_s, snapshot.grid_w.taken_s), reading.known(now_s)
    told = entry is not None and entry.cause.why is Why.NULL_TIE_POWER
    if entry is not None and (gives_w is None or (told and seen_s < entry.sent_s + FOLLOWS_S)):
        yield _wish(battery, float(entry.value), entry.cause)
    elif gives_w is not None:
        yield _wish(battery, gives_w + more_w, Cause(Why.NULL_TIE_POWER))


def _wish(battery: Battery, power_w: float, cause: Cause) -> Proposal:
    return Proposal(
        role=wiring.battery_power(battery.id),
        rank=Rank.GRID,
        cause=cause,
        low=-battery.charge_max_w,
        high=battery.discharge_max_w,
        prefer=power_w,
    )
