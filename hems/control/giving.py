"""Which cars carry an island, and with how much: the more the emptier the battery, never below what drivers keep."""

from collections.abc import Container, Mapping
from math import ceil, inf

from hems.control import drivers, headroom
from hems.control.bay_memory import NEW
from hems.control.cars import ledger, waking
from hems.control.cars.memory import BayMemory
from hems.control.energy import NO_CAR, below, car_free_wh
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.stored import former_pct, own_battery
from hems.control.tuning.sources import CarParams
from hems.control.wish import Wish
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.reading import Reading
from hems.model.site import Bay, Site
from hems.model.snapshot import BayReading, Snapshot
from hems.model.units import SourceId
from hems.model.wiring import Role

REFILL_W, REFILL_SHARE = 3000.0, 0.5
"""What cars add to refill a battery that is nearly empty, at most, and as a part of what it takes."""
CAR_WELL_W = (1000.0, 4000.0)
"""A charger works well from the one, and the next car joins beyond the other."""
BATCH_W, BATCH_SHARE, BATCH_PCT = 700.0, 0.3, (70.0, 80.0)
"""With less to do than this a charger would lose a third of what it gives: the battery serves alone until it is down to
the one charge, and then a car gives so much of its rating until it is up at the other (3.5)."""
ALIKE_WH = 1000.0
STAYS_WH = 2000.0
"""So much fuller another car must be to take the place of one that gives."""
SHOWS_S, FOLLOWS_S = 0.9, 6.0
"""So soon after a command to a car a reading may show it, and so long a car may take to follow it."""
BALANCING = frozenset({Why.SUPPORT_ISLAND, Why.CAR_IDLE})
"""Why a car was told more or less for the sake of what former and cars were seen to carry."""
ROUNDS_W = 300.0
"""What gives as good as what it was told has followed."""
GIVING_SHARE = 0.8
"""Part of what battery and cars deliver together that cars take over: the former keeps enough to hold the bus."""


def giving_w(site: Site, snapshot: Snapshot, now_s: float) -> dict[SourceId, float]:
    """What each car that does not form the island feeds in right now."""
    return {
        bay.id: max(0.0, snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) or 0.0)
        for bay in site.bays
        if bay.id != site.former.source
    }


def may_give(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> bool:
    """Whether a car whose power nobody can tell may still feed in: until it can have followed, or its lease is over."""
    for bay in site.bays:
        entry = state.sent.get(wiring.bay_power(bay.id))
        unseen = snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) is None
        if bay.id == site.former.source or entry is None or not unseen:
            continue
        rests_s = (entry.last_s if entry.value > 0 else entry.sent_s) + params.command.lease_s
        if entry.value <= 0 and entry.acknowledged_s is not None:
            rests_s = min(rests_s, entry.acknowledged_s + FOLLOWS_S)
        if now_s < rests_s:
            return True
    return False


def phase_w_of_cars(site: Site, snapshot: Snapshot, now_s: float) -> tuple[float, ...]:
    """What the former would have to take over on each phase if every giving car left at once."""
    giving = giving_w(site, snapshot, now_s)
    total = [0.0] * len(site.phases)
    for bay in site.bays:
        for index, share_w in enumerate(site.per_phase(giving.get(bay.id, 0.0), bay.phases)):
            total[index] += share_w
    return tuple(total)


def carries_on(state: ControlState) -> bool:
    """After the loss of a source: whether the other cars go on as they are until the island has come to rest."""
    mode = state.mode
    return mode.mode is Mode.ISLANDED_STABILIZING and mode.because.why is Why.SOURCE_LOST


def supporting(
    bays: list[Bay], site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> dict[SourceId, Wish]:
    """Cars take their share of what the sun does not deliver, each in proportion to what it has to spare.

    While the former cannot be read nobody knows that share, and every car goes on as it is; so it does while an island
    that has lost a source comes to rest, and until what was asked last has come to be seen.  What the sun could give
    and is held back is not taken from cars.
    """
    former = [reading.known(now_s) for reading in snapshot.former_phase_w]
    known = [watts for watts in former if watts is not None]
    residual_w = sum(known) + sum(giving_w(site, snapshot, now_s).values())
    refusals = {
        bay.id: drivers.refusal(state, bay.id, params.car, now_s)
        or _refusal(bay, state.bays.get(bay.id, NEW), snapshot.bays.get(bay.id, NO_CAR), params.car, now_s)
        for bay in bays
    }
    free = {
        bay.id: car_free_wh(bay, snapshot.bays.get(bay.id, NO_CAR), params.car, now_s) or 0.0
        for bay in bays
        if refusals[bay.id] is None
    }
    powers = {wiring.bay_power(bay.id): snapshot.bays.get(bay.id, NO_CAR).power_w for bay in bays}
    if len(known) < len(former) or carries_on(state) or not shown(powers, BALANCING, state, snapshot, now_s):
        gives = giving_w(site, snapshot, now_s)
        return {bay.id: _going_on(bay, refusals[bay.id], state, gives.get(bay.id, 0.0)) for bay in bays}
    giving = giving_w(site, snapshot, now_s)
    held_back = headroom.held_back(site, state, snapshot, now_s)
    residual_w = 0.0 if held_back else max(0.0, residual_w)
    target_w = _target_w(residual_w, site, snapshot, params, now_s, batch=any(giving.values()))
    target_w = max(target_w, residual_w - former_bears_w(site, params))
    free = carriers(free, giving, target_w, _worn_wh(state))
    return {bay.id: _support(bay, refusals[bay.id], free, target_w) for bay in bays}


def shown(
    powers: Mapping[Role, Reading[float]],
    balancing: Container[Why],
    state: ControlState,
    snapshot: Snapshot,
    now_s: float,
) -> bool:
    """Whether the former and all of `powers` were read since each could follow its last command.

    Before, what one meter no longer shows and the other still does would count twice, or not at all: cars would be
    stopped and started for ever.  A car that was told to rest for a reason of its own, such as a charger that did not
    answer, waits for nothing when that is over; `balancing` are the other reasons.
    """
    for role, reading in powers.items():
        entry, watts = state.sent.get(role), reading.known(now_s)
        balances = entry is not None and entry.cause.why in balancing and not entry.observed
        if entry is None or not balances or watts is None or now_s >= entry.sent_s + FOLLOWS_S:
            continue
        seen_s = min(one.taken_s for one in (*snapshot.former_phase_w, reading))
        if seen_s < entry.sent_s + SHOWS_S or abs(watts - float(entry.value)) > ROUNDS_W:
            return False
    return True


def former_bears_w(site: Site, params: Params) -> float:
    """What the former's source is left with at most: a cold battery, or one that is nearly empty, permits little."""
    return inf if site.former.total_w is None else params.overload.target_pu * site.former.total_w


def _target_w(residual_w: float, site: Site, snapshot: Snapshot, params: Params, now_s: float, *, batch: bool) -> float:
    """What cars deliver together: a share of the residual; more the emptier the battery, and something to refill it.

    A car may leave with what it has, and an island whose battery is empty is dark whatever its cars hold.
    """
    stored_pct = former_pct(site, snapshot, params.car, now_s)
    battery = own_battery(site)
    if battery is None or stored_pct is None:
        return GIVING_SHARE * residual_w
    if 0.0 < residual_w < BATCH_W and stored_pct < BATCH_PCT[1]:
        most_w = max((bay.discharge_max_w for bay in site.bays if bay.id != site.former.source), default=0.0)
        due = batch or stored_pct <= BATCH_PCT[0]
        return min(BATCH_SHARE * most_w, residual_w + REFILL_SHARE * battery.charge_max_w) if due else 0.0
    band = params.band
    spared = below(stored_pct, band.conserve_pct, band.critical_pct)
    refill_w = min(REFILL_W, REFILL_SHARE * battery.charge_max_w)
    low = below(stored_pct, band.critical_pct, band.floor_pct)
    return (GIVING_SHARE + (1.0 - GIVING_SHARE) * spared) * residual_w + low * refill_w


def _worn_wh(state: ControlState) -> dict[SourceId, float]:
    """What each bay's cars have ever given."""
    whole = {bay: ledger.total(one) for bay, one in state.ledgers.items()}
    return {bay: one.outage_wh + one.grid_wh for bay, one in whole.items()}


def carriers(
    free: Mapping[SourceId, float],
    giving: Mapping[SourceId, float],
    target_w: float,
    worn_wh: Mapping[SourceId, float],
) -> dict[SourceId, float]:
    """The cars that give: no more than can work well, those that give already before others, else the fullest.

    Of cars that are as good as equally full, the one that has given least.

    Little power from many chargers would be lost in them, and each would be asked for less than it can do.
    """
    fewest = max(1, ceil(target_w / CAR_WELL_W[1]))
    most = max(fewest, int(target_w // CAR_WELL_W[0]))
    count = min(most, max(fewest, sum(giving.get(bay, 0.0) > 0.0 for bay in free)))
    full = {bay: round((wh + STAYS_WH * (giving.get(bay, 0.0) > 0.0)) / ALIKE_WH) for bay, wh in free.items()}
    order = sorted(free, key=lambda bay: (-full[bay], worn_wh.get(bay, 0.0), bay))
    return {bay: free[bay] for bay in order[:count]}


def _going_on(bay: Bay, refusal: Why | None, state: ControlState, gives_w: float) -> Wish:
    """As told; a car that gives all the same, because it was told to rest for a reason that is over, as it is seen."""
    entry = state.sent.get(wiring.bay_power(bay.id))
    if refusal is not None or entry is None:
        return Wish(0.0, Cause(refusal or Why.CAR_IDLE))
    if not entry.value and entry.cause.why not in BALANCING and gives_w >= bay.discharge_min_w:
        power_w = min(bay.discharge_max_w, gives_w)
        return Wish(power_w, Cause(Why.SUPPORT_ISLAND, {"w": round(power_w)}))
    return Wish(max(0.0, float(entry.value)), entry.cause)


def _support(bay: Bay, refusal: Why | None, free: Mapping[SourceId, float], target_w: float) -> Wish:
    if refusal is not None:
        return Wish(0.0, Cause(refusal))
    share_w = target_w * free.get(bay.id, 0.0) / sum(free.values())
    power_w = min(bay.discharge_max_w, share_w)
    if power_w < bay.discharge_min_w:
        return Wish(0.0, Cause(Why.CAR_IDLE))
    return Wish(power_w, Cause(Why.SUPPORT_ISLAND, {"w": round(power_w)}))


def _refusal(bay: Bay, memory: BayMemory, reading: BayReading, params: CarParams, now_s: float) -> Why | None:
    """Why a car may not give, or None if it may (UCA 12)."""
    if not bay.bidirectional or reading.discharge_ready.known(now_s) is not True:
        return Why.NO_CHARGE_ON_ISLAND
    if reading.soc_pct.known(now_s) is None:
        return Why.CAR_SOC_UNKNOWN
    if waking.refuses(memory.waking):
        return Why.CAR_REFUSES
    if memory.at_floor or not car_free_wh(bay, reading, params, now_s):
        return Why.CAR_AT_FLOOR
    arrived_s = now_s if memory.plugged_since_s is None else memory.plugged_since_s
    return Why.NO_CHARGE_ON_ISLAND if now_s < arrived_s + params.arrival_hold_s else None
