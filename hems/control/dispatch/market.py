"""What energy costs now, and what follows from that for the batteries: found anew every few minutes.

Without a tariff, a clock or a known price nothing in here decides anything: batteries then take the sun and serve the
building, as they would anywhere.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from math import inf

from hems.control import habits
from hems.control.dispatch import expected, quarter
from hems.control.dispatch.flows import flows
from hems.control.dispatch.memory import MarketMemory, QuarterMemory
from hems.control.dispatch.storage import steered
from hems.control.dispatch.store import Store, store
from hems.control.dispatch.worth import Slot, held_wh, target_w, worth
from hems.control.given import Given
from hems.control.state import ControlState
from hems.model.copies import replace
from hems.model.instant import Instant
from hems.model.plan import Plan
from hems.model.prices import Prices
from hems.model.tariff import Tariff, ahead, demand_per_kw, price_at
from hems.model.units import HOUR_S

SOLVE_S = 300.0
KNOWN_STEPS = 8
"""Fewer quarters of an hour with a known price are too few to plan with."""
MONTHS = 12
PEAK_FLOOR_W = 500.0
FULL = 0.97
"""Part of the room that is filled for a peak: the last of it takes its time."""
HELPS_W = 100.0
"""If full batteries would keep the peak so much lower, they are filled."""
PLAN_GOOD_S = 7200.0
"""An older plan is not followed any more."""
HALF_DAY_H = 12.0
"""A zone is never further from UTC, to the nearest side."""


def after(given: Given, state: ControlState) -> MarketMemory:
    """What is known of prices at this instant, and what stored energy is worth."""
    tariff, memory, offset = given.site.tariff, state.connection.market, local_offset(given)
    if tariff is None or given.now.utc is None or offset is None:
        return replace(memory, now=None, worth=None, target_w=None, held_wh=0.0, short_wh=0.0, planned=False, costs=())
    local = given.now.utc + offset
    memory = replace(memory, now=price_at(tariff, local, state.prices, given.now.utc))
    month = local.year * MONTHS + local.month
    if month != memory.month:
        memory = replace(memory, month=month, month_peak_w=0.0, solved_s=-inf)
    plans = [one for one in given.snapshot.requests if isinstance(one, Plan)]
    memory = replace(memory, plan=plans[-1]) if plans else memory
    fresh = bool(plans) or any(isinstance(one, Prices) for one in given.snapshot.requests)
    if not fresh and given.now_s < memory.solved_s + SOLVE_S:
        return memory
    return _solved(given, state, replace(memory, solved_s=given.now_s), tariff, offset)


def local_offset(given: Given) -> timedelta | None:
    """What the clock on the wall is ahead of UTC, to the quarter of an hour; None while nobody knows."""
    utc, local_h = given.now.utc, given.snapshot.local_h
    if utc is None or local_h is None:
        return None
    off_h = local_h - (utc.hour + utc.minute / 60.0)
    return timedelta(hours=round(4.0 * ((off_h + HALF_DAY_H) % 24.0 - HALF_DAY_H)) / 4.0)


def local(given: Given) -> datetime | None:
    """The date and time on the wall; None while nobody knows."""
    utc, offset = given.now.utc, local_offset(given)
    return None if utc is None or offset is None else utc + offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The day and a half ahead, as batteries have to decide about it."""

    store: Store
    days: tuple[tuple[Slot, ...], ...]
    """A poor, a middling and a good day of sun, equally likely."""
    least_target_w: float
    """A lower peak would save nothing any more."""
    per_kw: float
    """What a kilowatt more at the peak costs in the month; 0 where nobody pays for it."""


def look(given: Given, state: ControlState, tariff: Tariff, offset: timedelta) -> Look | None:
    """None while charge, time, habits or prices do not tell enough."""
    site, utc = given.site, given.now.utc
    batteries = steered(site)
    whole = store(batteries, [one.reserve_pct or 0.0 for one in batteries], given.snapshot, given.now_s)
    if whole is None or utc is None or not habits.known(state.habits):
        return None
    flow = flows(site, given.snapshot, given.now_s)
    prices = ahead(tariff, utc, offset, state.prices, expected.STEPS, expected.STEP_S)
    nets = expected.nets_w(site, state.habits, utc, None if flow is None else flow.house_w)
    days = tuple(tuple(expected.slots(tariff, prices, day, utc + offset)) for day in nets)
    if len(days[0]) < KNOWN_STEPS:
        return None
    return Look(
        store=whole,
        days=days,
        least_target_w=max(PEAK_FLOOR_W, state.connection.market.month_peak_w),
        per_kw=sum(one.per_kw for one in tariff.demand),
    )


def _solved(given: Given, state: ControlState, memory: MarketMemory, tariff: Tariff, offset: timedelta) -> MarketMemory:
    """With what a stored kilowatt-hour is worth, and below what the batteries keep the peak: the plan's, or our own."""
    memory = replace(memory, costs=_costs(given, state, tariff, offset), costs_s=given.now_s)
    seen = look(given, state, tariff, offset)
    if seen is None:
        return replace(memory, worth=None, target_w=None, held_wh=0.0, short_wh=0.0, planned=False)
    plan = good_plan(memory, given.now)
    step = None if plan is None or given.now.utc is None else plan.at(given.now.utc.timestamp())
    found = worth(seen.store, seen.days) if step is None else step.worth
    memory = replace(memory, worth=found, planned=step is not None, target_w=None, held_wh=0.0, short_wh=0.0)
    if not seen.per_kw:
        return memory
    poor, least_w = seen.days[0], seen.least_target_w
    limit_w = None if step is None or plan is None else plan.target_w
    short_wh = 0.0
    if limit_w is None:
        limit_w = target_w(seen.store, poor, least_w)
        full = replace(seen.store, have_wh=FULL * seen.store.full_wh)
        if limit_w > least_w and target_w(full, poor, least_w) < limit_w - HELPS_W:
            short_wh = max(0.0, full.have_wh - seen.store.have_wh)
    limit_w = max(limit_w, least_w)
    return replace(memory, target_w=limit_w, held_wh=held_wh(seen.store, poor, limit_w), short_wh=short_wh)


def _costs(given: Given, state: ControlState, tariff: Tariff, offset: timedelta) -> tuple[float, ...]:
    """What the grid costs from now on, up to the first quarter of an hour whose price is not known."""
    if given.now.utc is None:
        return ()
    prices = ahead(tariff, given.now.utc, offset, state.prices, expected.STEPS, expected.STEP_S)
    known = takewhile(lambda cost: cost is not None, (price.cost for price in prices))
    return tuple(cost for cost in known if cost is not None)


def good_plan(memory: MarketMemory, now: Instant) -> Plan | None:
    """The plan, while it is young enough to be followed."""
    plan = memory.plan
    if plan is None or now.utc is None:
        return None
    return plan if -expected.STEP_S < plan.age_s(now.utc.timestamp()) <= PLAN_GOOD_S else None


def peaked(given: Given, memory: MarketMemory, counted: QuarterMemory, fresh: QuarterMemory) -> MarketMemory:
    """With the month's highest quarter, when the one that was counted is over and a demand charge counts it."""
    tariff, offset = given.site.tariff, local_offset(given)
    over = counted.begun_s is not None and fresh.begun_s != counted.begun_s
    if not over or tariff is None or given.now.utc is None or offset is None or not tariff.demand:
        return memory
    mean_w = counted.drawn_wh * HOUR_S / quarter.QUARTER_S
    counts = demand_per_kw(tariff, given.now.utc + offset - timedelta(seconds=quarter.QUARTER_S / 2.0)) > 0.0
    return replace(memory, month_peak_w=mean_w) if counts and mean_w > memory.month_peak_w else memory
