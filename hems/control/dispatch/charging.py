"""What each car draws on a good grid: its share of what the connection leaves, the sooner it must leave the sooner."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hems.control import drivers, planned
from hems.control.bay_memory import NEW
from hems.control.cars import sunny
from hems.control.dispatch import beyond, cheap, departure, heard_again, panels
from hems.control.dispatch.aim import peak_room_w
from hems.control.dispatch.departure import Late
from hems.control.dispatch.envelope import Envelope, envelope, phase_w
from hems.control.dispatch.flows import flows
from hems.control.dispatch.panels import Room
from hems.control.dispatch.shares import shares
from hems.control.energy import NO_CAR
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.wish import Wish
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.site import Bay, Site
from hems.model.snapshot import BayReading, Snapshot
from hems.model.units import PanelId, SourceId

IDLE = Wish(0.0, Cause(Why.CAR_IDLE))


@dataclass(frozen=True, slots=True)
class Groups:
    """Cars by when they are served."""

    leaving: list[Bay]
    late: list[Bay]
    first: list[Bay]
    """Somebody has said that for this visit they go before others that have time."""
    at_once: list[Bay]
    patient: list[Bay]
    """The same, but nobody makes the month dearer for them: they would still be ready later."""
    sunny: list[Bay]
    ready: list[Bay]
    """As full as their drivers want."""
    waiting: list[Bay]
    """For the sun."""
    cheaper: list[Bay]
    """For hours that are cheaper, and soon enough."""


def charging(
    bays: list[Bay], site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> dict[SourceId, Wish]:
    """Fair shares of what the connection leaves, nobody above what a charger can take, or a pause below 6 A.

    Cars that are about to leave come first, then those that would not be ready, then batteries if a power cut is
    near or likely, then those that somebody wants to go first, then all other cars, those with time below the
    month's peak, and what waits for the sun last.
    """
    found = {bay.id: IDLE for bay in bays}
    if flows(site, snapshot, now_s) is None or not state.connection.standing:
        return found
    heard = [bay for bay in bays if heard_again.tells(bay, snapshot, now_s)]
    if len(heard) < len(bays):
        bounds = envelope(site, state.connection, snapshot, now_s)
        found |= heard_again.charging_on((bay for bay in bays if bay not in heard), site, state, bounds)
    plugged = [bay for bay in heard if _has_car(snapshot.bays.get(bay.id, NO_CAR), now_s)]
    return {**found, **_shared(heard, plugged, site, state, snapshot, params, now_s)} if plugged else found


def _shared(
    bays: list[Bay],
    plugged: list[Bay],
    site: Site,
    state: ControlState,
    snapshot: Snapshot,
    params: Params,
    now_s: float,
) -> dict[SourceId, Wish]:
    """Those who can be asked, beside cars that do not follow and cars that nobody asks."""
    given_nobody = beyond.uncommanded_w(site, bays, snapshot, now_s)
    stray_w = beyond.disobedient_w(plugged, state, snapshot, now_s)
    followers = [bay for bay in plugged if bay.id not in stray_w]
    found = _served(bays, followers, {**given_nobody, **stray_w}, site, state, snapshot, params, now_s)
    for stray in (bay for bay in plugged if bay.id in stray_w):
        # it goes on being told the share that it would have if it followed and only the others did not
        others_w = {bay: watts for bay, watts in stray_w.items() if bay != stray.id}
        mine = _served(bays, [*followers, stray], {**given_nobody, **others_w}, site, state, snapshot, params, now_s)
        found[stray.id] = mine[stray.id]
    return found


def _served(
    bays: list[Bay],
    plugged: list[Bay],
    drawn_w: Mapping[SourceId, float],
    site: Site,
    state: ControlState,
    snapshot: Snapshot,
    params: Params,
    now_s: float,
) -> dict[SourceId, Wish]:
    """Those who are `plugged`, of what is left beside circuits and what other cars draw whoever asks them."""
    flow = flows(site, snapshot, now_s)
    bounds = envelope(site, state.connection, snapshot, now_s)
    house_w = [one.watts for one in state.connection.standing]
    room = panels.rooms(site, [phase_w(site) - watts for watts in house_w], state.connection.panels)
    beyond.take(site, room, drawn_w)
    behind = {bay.id: panel for bay in plugged if (panel := panels.narrow(room, bay, site)) is not None}
    base_w = sum(house_w) + sum(drawn_w.values())
    budget_w = max(0.0, bounds.import_w - base_w)
    wanted = departure.needs(site, state, snapshot, now_s)
    late = departure.late(wanted, budget_w, now_s)
    later = cheap.waiting(state.connection.market, [one.bay for one in wanted])
    groups = _groups(plugged, state, snapshot, params, late, {one.bay for one in wanted}, later, now_s)
    going = frozenset(bay.id for bay in plugged if _told_w(bay, state) < 0.0)
    given: dict[SourceId, float] = {}
    left_w = _serve(given, (groups.leaving, *([bay] for bay in groups.late)), budget_w, room, site, going)
    left_w = max(0.0, left_w - planned.before_cars_w(site, state, snapshot, params, now_s))
    left_w = _serve(given, (groups.first, groups.at_once), left_w, room, site, going)
    batteries_w = 0.0 if flow is None else flow.batteries_w
    below_w = peak_room_w(state.connection, base_w, batteries_w, now_s) - sum(given.values())
    below_w = min(left_w, max(0.0, below_w))
    left_w -= below_w - _serve(given, (groups.patient,), below_w, room, site, going)
    sun_w = min(left_w, _sun_w(groups.sunny, base_w, given))
    _serve(given, (groups.sunny,), max(0.0, sun_w), room, site, going)
    return {
        bay.id: _charge(bay, given.get(bay.id, 0.0), groups, late, _limit(site, behind.get(bay.id), bounds), now_s)
        for bay in bays
    }


def _limit(site: Site, behind: PanelId | None, bounds: Envelope) -> Cause:
    """Whose limit it is when a car gets nothing; `behind` is a panel that leaves it too little."""
    panel = next((one for one in site.panels if one.id == behind), None)
    return bounds.import_by if panel is None else Cause(Why.LIMIT_PANEL, {"panel": panel.name})


def _serve(
    given: dict[SourceId, float],
    groups: Sequence[list[Bay]],
    budget_w: float,
    room: Sequence[Room],
    site: Site,
    going: frozenset[SourceId],
) -> float:
    """Give cars their shares and take these out of the phases' room; what is left of the budget."""
    if not any(groups):
        return budget_w
    more = shares(site, groups, budget_w, room, going)
    given.update(more)
    return budget_w - sum(more.values())


def _sun_w(bays: list[Bay], base_w: float, given: Mapping[SourceId, float]) -> float:
    """Of the sun what others have not taken; at least what a car needs that has begun, for a cloud passes."""
    least_w = max((bay.charge_min_w for bay in bays), default=0.0)
    return max(least_w, -base_w - sum(given.values()))


def _groups(
    plugged: list[Bay],
    state: ControlState,
    snapshot: Snapshot,
    params: Params,
    late: Mapping[SourceId, Late],
    known: set[SourceId],
    later: Collection[SourceId],
    now_s: float,
) -> Groups:
    found = Groups([], [], [], [], [], [], [], [], [])
    for bay in plugged:
        memory = state.bays.get(bay.id, NEW)
        # more would cost money that nobody asked to spend
        ready = state.connection.market.now is not None and _is_ready(bay, state, snapshot, now_s)
        if drivers.waits_at(state, bay.id) or (drivers.leaves(state, bay.id, params.car, now_s) and not ready):
            found.leaving.append(bay)
        elif bay.id in late:
            found.late.append(bay)
        elif drivers.goes_first(state, bay.id) and not _is_ready(bay, state, snapshot, now_s):
            found.first.append(bay)
        elif not bay.sun_first and bay.id in later:
            found.cheaper.append(bay)
        elif not bay.sun_first and ready:
            found.ready.append(bay)
        elif not bay.sun_first:
            (found.patient if bay.id in known else found.at_once).append(bay)
        elif memory.sunny.begun_s is not None:
            found.sunny.append(bay)
        elif bay.id in known:
            found.waiting.append(bay)
        elif departure.leaves_s(bay, state) is not None:
            found.ready.append(bay)  # there is nothing that it still needs
        else:
            found.at_once.append(bay)  # nobody knows when it leaves
    order = departure.in_order(late, [bay.id for bay in plugged if _told_w(bay, state) < 0.0], now_s)
    found.late.sort(key=lambda bay: order.index(bay.id))
    return found


def _is_ready(bay: Bay, state: ControlState, snapshot: Snapshot, now_s: float) -> bool:
    """Whether it tells its charge, and that is as much as its driver wants."""
    soc_pct = snapshot.bays.get(bay.id, NO_CAR).soc_pct.known(now_s)
    return soc_pct is not None and departure.missing_wh(bay, state, snapshot, now_s) < departure.ENOUGH_WH


def _told_w(bay: Bay, state: ControlState) -> float:
    """What a car was told last; 0 when nothing."""
    entry = state.sent.get(wiring.bay_power(bay.id))
    return float(entry.value) if entry is not None else 0.0


def _has_car(reading: BayReading, now_s: float) -> bool:
    state = reading.state.known(now_s)
    return state is not None and state.has_car


def _charge(
    bay: Bay, power_w: float, groups: Groups, late: Mapping[SourceId, Late], limit: Cause, now_s: float
) -> Wish:
    """A share as a wish; a car that gets none hears whose limit that is."""
    if power_w and bay in groups.late:
        return Wish(-power_w, departure.cause(late[bay.id], power_w, now_s))
    if power_w:
        why = Why.CHARGE_FROM_SUN if bay in groups.sunny else Why.CHARGE_ON_GRID
        return Wish(-power_w, Cause(why, {"w": round(power_w)}))
    if bay in groups.cheaper:
        return Wish(0.0, Cause(Why.CHARGE_WAITS_FOR_PRICE))
    if bay in groups.waiting or bay in groups.sunny:
        return Wish(0.0, Cause(Why.CHARGE_WAITS_FOR_SUN))
    if bay in groups.ready:
        return Wish(0.0, Cause(Why.CAR_READY))
    if bay in groups.patient:
        return Wish(0.0, Cause(Why.CHARGE_WAITS_FOR_PEAK))
    charges = bay in groups.leaving or bay in groups.late or bay in groups.first or bay in groups.at_once
    return Wish(0.0, limit) if charges else IDLE


def on_island(
    bays: list[Bay], site: Site, state: ControlState, snapshot: Snapshot, now_s: float
) -> dict[SourceId, Wish]:
    """What cars take of a sun that an island cannot store; empty where there is nothing to take."""
    spare_w = sunny.surplus_w(site, state, snapshot, now_s)
    begun = [bay for bay in bays if state.bays.get(bay.id, NEW).sunny.begun_s is not None]
    plugged = [bay for bay in begun if _has_car(snapshot.bays.get(bay.id, NO_CAR), now_s)]
    if spare_w is None or not plugged:
        return {}
    room = panels.rooms(site, site.former.phase_va, state.connection.panels)
    given = shares(site, (_few(plugged, state, spare_w),), spare_w, room, frozenset())
    if not any(given.values()):
        return {}
    return {bay.id: _from_sun(given.get(bay.id, 0.0)) for bay in bays}


def _few(bays: list[Bay], state: ControlState, spare_w: float) -> list[Bay]:
    """Those that charge, and one more when they cannot take all: meters lag, and nobody is switched to and fro."""
    going = [bay for bay in bays if _told_w(bay, state) < 0.0]
    left_w = spare_w - sum(bay.charge_max_w for bay in going)
    more = [bay for bay in bays if bay not in going and left_w >= bay.charge_min_w]
    return going + more[:1]


def _from_sun(power_w: float) -> Wish:
    if not power_w:
        return IDLE
    return Wish(-power_w, Cause(Why.CHARGE_FROM_SUN, {"w": round(power_w)}))
