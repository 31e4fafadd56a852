"""What cars give on the grid: what keeps the connection inside its limits and the month's peak, and where it pays.

For a limit or a peak they give only what batteries no longer can; for money into the building alone, where energy is
dearer than it will be when the car is charged again, losses and wear counted (`cheap`).  All of it only where the site
lets them and driver, car and charger permit it now; never below what the driver keeps and what is kept for power cuts,
never from a car that must charge to be ready, never more than its maker allows, and never so much that anything would
be fed into the grid.
"""

from collections.abc import Mapping

from hems.control import drivers, planned
from hems.control.bay_memory import NEW
from hems.control.cars import ledger, waking
from hems.control.dispatch import able, cheap, departure, shared
from hems.control.dispatch.aim import peak_left_w
from hems.control.dispatch.envelope import envelope
from hems.control.dispatch.flows import flows
from hems.control.dispatch.storage import steered
from hems.control.energy import NO_CAR, floor_pct
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.stored import NO_BATTERY
from hems.control.tuning.sources import CarParams
from hems.control.wish import Wish
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.site import Bay, Site
from hems.model.snapshot import Snapshot
from hems.model.units import HOUR_S, SourceId

AIM = 0.97
"""Of the limit: cars give so much that this is met, so that a meter's error does not exceed it."""
BAND_PCT = 2.0
"""A car that was stopped gives again only so far above."""


def lent(
    bays: list[Bay],
    site: Site,
    state: ControlState,
    snapshot: Snapshot,
    params: Params,
    charging: Mapping[SourceId, Wish],
    now_s: float,
) -> dict[SourceId, Wish]:
    """The wishes of `charging`, but for cars that give instead."""
    grid_w, flow = snapshot.grid_w.known(now_s), flows(site, snapshot, now_s)
    willing = [bay for bay in bays if may(bay, site, state, snapshot, params, now_s)]
    willing = [bay for bay in willing if charging[bay.id].power_w >= 0.0]
    if grid_w is None or not willing:
        return dict(charging)
    now_w = sum(max(0.0, snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) or 0.0) for bay in willing)
    without_w, left_w = now_w + grid_w, _batteries_w(site, state, snapshot, now_s)
    over_w = max(0.0, without_w - _limit_w(site, state, snapshot, now_s) - left_w)
    if any(charging[bay.id].power_w < 0.0 for bay in bays):
        over_w = 0.0  # those that charge take less instead
    own_w = 0.0 if flow is None else AIM * min(without_w, flow.house_w) - (left_w if flow.batteries_w > 0.0 else 0.0)
    found = dict(charging)
    for bay in sorted(willing, key=lambda one: one.wear_per_kwh):
        pays = cheap.pays(state.connection.market, bay.id, above_wh(bay, state, snapshot, params.car, now_s))
        power_w = min(bay.discharge_max_w, max(over_w, own_w if pays else 0.0))
        if power_w >= bay.discharge_min_w:
            why = Why.CAR_LENDS if over_w >= bay.discharge_min_w else Why.CAR_PAYS
            over_w, own_w = max(0.0, over_w - power_w), max(0.0, own_w - power_w)
            found[bay.id] = Wish(power_w, Cause(why, {"w": round(power_w)}))
    return found


def _limit_w(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> float:
    """What may be drawn before cars give, for the connection's sake or for the month's peak."""
    bounds = envelope(site, state.connection, snapshot, now_s)
    return AIM * min(bounds.import_w, peak_left_w(state.connection, now_s))


def _batteries_w(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> float:
    """What batteries can still give, which comes first: they wear less, and nobody drives away with them."""
    left_w = 0.0
    for one in steered(site):
        reading = snapshot.batteries.get(one.id, NO_BATTERY)
        soc_pct, power_w = reading.soc_pct.known(now_s), reading.power_w.known(now_s)
        if soc_pct is not None and power_w is not None and soc_pct > (one.reserve_pct or 0.0) + BAND_PCT:
            left_w += max(0.0, able.gives_w(one, state) - power_w)
    return left_w


def may(bay: Bay, site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> bool:
    """Whether a car may give on the grid at this instant."""
    if not bay.gives_on_grid or not bay.bidirectional:
        return False
    reading, memory = snapshot.bays.get(bay.id, NO_CAR), state.bays.get(bay.id, NEW)
    if reading.discharge_ready.known(now_s) is not True:
        return False
    soc_pct = reading.soc_pct.known(now_s)
    used = ledger.warranty_used(bay, state.ledgers.get(bay.id, ledger.EMPTY))
    if soc_pct is None or waking.refuses(memory.waking) or (used is not None and used >= 1.0):
        return False
    if drivers.refusal(state, bay.id, params.car, now_s) is not None or soc_pct <= least_pct(bay, state, params.car):
        return False
    if planned.prepares(state, params, now_s):
        return False
    if not shared.car_may_give(bay, site, state, snapshot, params, now_s, gives=_gives(bay, state)):
        return False
    return _ready_all_the_same(bay, site, state, snapshot, now_s)


def least_pct(bay: Bay, state: ControlState, params: CarParams) -> float:
    """Percent below which a car gives nothing on the grid: its floor, and what is kept for power cuts."""
    return floor_pct(bay, params) + bay.outage_reserve_pct + (0.0 if _gives(bay, state) else BAND_PCT)


def above_wh(bay: Bay, state: ControlState, snapshot: Snapshot, params: CarParams, now_s: float) -> float:
    """Wh that it has above what it must have to begin to give; 0 while it does not tell its charge."""
    reading = snapshot.bays.get(bay.id, NO_CAR)
    soc_pct, capacity_wh = reading.soc_pct.known(now_s), reading.capacity_wh.known(now_s) or bay.capacity_wh
    return (
        0.0 if soc_pct is None else max(0.0, soc_pct - least_pct(bay, state, params) - BAND_PCT) / 100.0 * capacity_wh
    )


def _gives(bay: Bay, state: ControlState) -> bool:
    entry = state.sent.get(wiring.bay_power(bay.id))
    return entry is not None and float(entry.value) > 0.0


def _ready_all_the_same(bay: Bay, site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> bool:
    """Whether what it needs fits into half of the time until it leaves, so that the other half is there to give."""
    mine = next((one for one in departure.needs(site, state, snapshot, now_s) if one.bay == bay.id), None)
    return mine is None or mine.wh * HOUR_S <= 0.5 * mine.most_w * (mine.by_s - now_s)
