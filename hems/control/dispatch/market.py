"""What energy costs now, and what follows from that for the batteries: found anew every few minutes.

Without a tariff, a clock or a known price nothing in here decides anything: batteries then take the sun and serve the
building, as they would anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from math import inf

from hems.control import habits
from hems.control.dispatch import cheap, departure, expected, quarter, worse
from hems.control.dispatch.envelope import foreseen_w
from hems.control.dispatch.flows import flows
from hems.control.dispatch.kept import kept
from hems.control.dispatch.memory import CarPrices, MarketMemory, QuarterMemory
from hems.control.dispatch.storage import steered
from hems.control.dispatch.store import Store, store
from hems.control.dispatch.visit import Visit
from hems.control.dispatch.visits import visits
from hems.control.dispatch.worth import Slot, held_wh, target_w, worth
from hems.control.given import Given
from hems.control.state import ControlState
from hems.model.copies import replace, revised
from hems.model.instant import Instant
from hems.model.plan import Plan
from hems.model.prices import Prices
from hems.model.tariff import Tariff, ahead, demand_per_kw, price_at
from hems.model.units import SourceId

SOLVE_S = 300.0
KNOWN_STEPS = 8
"""Fewer quarters of an hour with a known price are too few to plan with."""
MONTHS = 12
PEAK_FLOOR_W = 500.0
FULL = 0.97
"""Part of the room that is filled for a peak: the last of it takes its time."""
KEEPS_BELOW, KEEPS_FILLED = 0.85, 0.5
"""Nothing is given for money that would be needed to keep so much lower a peak, filled in so much of the room below it:
an evening may be worse than any before it, and cars take of that room too."""
FILLS_BELOW, FILLS_FILLED = 0.9, 0.8
"""The same for what is bought in time; less, so that nothing is given and bought again in turns."""
WAITS = 0.9
"""Part of the month's peak below which all stays that can wait, or of what is needed, if that is more."""
HELPS_W = 100.0
"""If full batteries would keep the peak so much lower, they are filled."""
PLAN_GOOD_S = 7200.0
"""An older plan is not followed any more."""


def after(given: Given, state: ControlState) -> MarketMemory:
    """What is known of prices at this instant, and what stored energy is worth."""
    tariff, memory, offset = given.site.tariff, state.connection.market, given.local_offset
    if tariff is None or given.now.utc is None or offset is None:
        return revised(_forgotten(memory), now=None)
    local = given.now.utc + offset
    counts = demand_per_kw(tariff, local) > 0.0
    memory = revised(memory, now=price_at(tariff, local, state.prices, given.now.utc), counts=counts)
    month = local.year * MONTHS + local.month
    if month != memory.month:
        memory = replace(memory, month=month, month_peak_w=0.0, solved_s=-inf)
    plans = [one for one in given.snapshot.requests if isinstance(one, Plan)]
    memory = replace(memory, plan=plans[-1]) if plans else memory
    seen_cars = _seen_cars(given, state)
    fresh = bool(plans) or any(isinstance(one, Prices) for one in given.snapshot.requests)
    fresh = fresh or seen_cars != memory.seen_cars
    if not fresh and given.now_s < memory.solved_s + SOLVE_S:
        return memory
    return _solved(given, state, replace(memory, solved_s=given.now_s, seen_cars=seen_cars), tariff, offset)


def _forgotten(memory: MarketMemory) -> MarketMemory:
    """Without all that follows from prices."""
    return revised(
        memory, worth=None, target_w=None, calm_w=None, held_wh=0.0, limit_wh=0.0, short_wh=0.0, planned=False, cars={}
    )


def _seen_cars(given: Given, state: ControlState) -> tuple[tuple[SourceId, float], ...]:
    """Who is here, and when they leave."""
    here = ((bay.id, departure.leaves_s(bay, state)) for bay in given.site.bays if departure.plugged(bay, state))
    return tuple((bay, leaves_s) for bay, leaves_s in here if leaves_s is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The day and a half ahead, as batteries have to decide about it."""

    store: Store
    days: tuple[tuple[Slot, ...], ...]
    """A poor, a middling and a good day of sun, equally likely."""
    bad: tuple[Slot, ...] = ()
    """A poor day whose quarters of an hour are as bad as they are likely to be: what a peak is planned with."""
    least_target_w: float
    """A lower peak would save nothing any more."""
    per_kw: float
    """What a kilowatt more at the peak costs in the month; 0 where nobody pays for it."""
    visits: tuple[Visit, ...] = ()
    """Cars."""
    shares_reserve: bool = False
    """Cars hold a part of what batteries would have to keep without them."""


def look(given: Given, state: ControlState, tariff: Tariff, cars: tuple[Visit, ...]) -> Look | None:
    """None while charge, time, habits or prices do not tell enough."""
    site, utc, offset = given.site, given.now.utc, given.local_offset
    batteries = steered(site)
    whole = store(batteries, [one.reserve_pct or 0.0 for one in batteries], given.snapshot, given.now_s)
    if whole is None or utc is None or offset is None or not habits.known(state.habits):
        return None
    flow = flows(site, given.snapshot, given.now_s)
    prices = ahead(tariff, utc, offset, state.prices, expected.STEPS, expected.STEP_S)
    nets = expected.nets_w(site, state.habits, utc, None if flow is None else flow.house_w)
    local = utc + offset
    limits = [
        foreseen_w(
            site, state.connection, given.snapshot, local + timedelta(seconds=step * expected.STEP_S), given.now_s
        )
        for step in range(expected.STEPS)
    ]
    days = tuple(tuple(expected.slots(tariff, prices, day, limits, local)) for day in nets)
    bad_w = worse.bad_w(state.connection.worse, site, state.habits, utc, nets[0], expected.STEP_S)
    if len(days[0]) < KNOWN_STEPS:
        return None
    return Look(
        store=whole,
        days=days,
        bad=tuple(expected.slots(tariff, prices, bad_w, limits, local)),
        least_target_w=max(PEAK_FLOOR_W, state.connection.market.month_peak_w),
        per_kw=sum(one.per_kw for one in tariff.demand),
        visits=cars,
        shares_reserve=site.reserve is not None,
    )


def _solved(given: Given, state: ControlState, memory: MarketMemory, tariff: Tariff, offset: timedelta) -> MarketMemory:
    """With what stored energy is worth, below what the peak is kept, and at what prices cars charge and give.

    All by the plan where there is one, else by our own closed forms.
    """
    cars, memory = visits(given, state), _forgotten(memory)
    seen = look(given, state, tariff, cars)
    if seen is None:
        costs = _costs(given, state, tariff, offset)
        return replace(memory, cars=_giving_nothing(cheap.prices(cars, costs, [inf] * len(costs))))
    plan = good_plan(memory, given.now)
    step = None if plan is None or given.now.utc is None else plan.at(given.now.utc.timestamp())
    found = worth(seen.store, seen.days) if step is None else step.worth
    memory = replace(memory, worth=found, planned=step is not None)
    if seen.per_kw:
        memory = _peak_kept(memory, seen, None if step is None or plan is None else plan.target_w)
    closed = cheap.prices(cars, [one.cost for one in seen.days[0]], _rooms_w(seen, memory.calm_w))
    found_cars = {**closed, **cheap.planned(cars, {} if step is None else step.cars)}
    limit = kept(seen.store, cars, seen.days[0])
    keeping = {bay: replace(one, keeps_wh=limit.cars_wh.get(bay, 0.0)) for bay, one in found_cars.items()}
    return replace(memory, limit_wh=limit.batteries_wh, cars=keeping)


def _giving_nothing(found: Mapping[SourceId, CarPrices]) -> Mapping[SourceId, CarPrices]:
    """While nobody knows what the building will need of them for its limit."""
    return {bay: replace(one, keeps_wh=inf) for bay, one in found.items()}


def _peak_kept(memory: MarketMemory, seen: Look, planned_w: float | None) -> MarketMemory:
    """With the import that a quarter of an hour is kept below, and what it takes.

    That is planned with quarters of an hour as bad as they are likely to be.  A plan may let more through, where that
    is cheaper, never less: it knows no quarter that is worse than usual, and one makes the month dearer.
    """
    bad, least_w, short_wh = seen.bad, seen.least_target_w, 0.0
    kept_w = target_w(seen.store, bad, PEAK_FLOOR_W, seen.visits)
    limit_w = max(kept_w, least_w, planned_w or 0.0)
    if planned_w is None and limit_w > least_w:
        full = replace(seen.store, have_wh=FULL * seen.store.full_wh)
        if target_w(full, bad, least_w, seen.visits) < limit_w - HELPS_W:
            short_wh = max(0.0, full.have_wh - seen.store.have_wh)
    needed_wh = held_wh(seen.store, bad, FILLS_BELOW * limit_w, FILLS_FILLED)
    return replace(
        memory,
        target_w=limit_w,
        calm_w=max(kept_w, WAITS * limit_w),
        held_wh=held_wh(seen.store, bad, KEEPS_BELOW * limit_w, KEEPS_FILLED),
        short_wh=max(short_wh, needed_wh - seen.store.have_wh),
    )


def _rooms_w(seen: Look, limit_w: float | None) -> list[float]:
    """What each quarter of an hour of a poor day leaves for cars: below the peak where it counts, else all there is."""
    peak_w = inf if limit_w is None else limit_w
    return [(min(peak_w, one.import_w) if one.counts else one.import_w) - max(0.0, one.net_w) for one in seen.days[0]]


def _costs(given: Given, state: ControlState, tariff: Tariff, offset: timedelta) -> list[float]:
    """What the grid costs from now on, up to the first quarter of an hour whose price is not known."""
    if given.now.utc is None:
        return []
    prices = ahead(tariff, given.now.utc, offset, state.prices, expected.STEPS, expected.STEP_S)
    known = takewhile(lambda cost: cost is not None, (price.cost for price in prices))
    return [cost for cost in known if cost is not None]


def good_plan(memory: MarketMemory, now: Instant) -> Plan | None:
    """The plan, while it is young enough to be followed."""
    plan = memory.plan
    if plan is None or now.utc is None:
        return None
    return plan if -expected.STEP_S < plan.age_s(now.utc.timestamp()) <= PLAN_GOOD_S else None


def peaked(given: Given, memory: MarketMemory, counted: QuarterMemory, fresh: QuarterMemory) -> MarketMemory:
    """With the month's highest quarter, when the one that was counted is over and a demand charge counts it."""
    tariff, offset = given.site.tariff, given.local_offset
    over = counted.begun_s is not None and fresh.begun_s != counted.begun_s
    if not over or tariff is None or given.now.utc is None or offset is None or not tariff.demand:
        return memory
    mean_w = quarter.mean_w(counted, fresh)
    counts = demand_per_kw(tariff, given.now.utc + offset - timedelta(seconds=quarter.QUARTER_S / 2.0)) > 0.0
    return replace(memory, month_peak_w=mean_w) if counts and mean_w > memory.month_peak_w else memory
