"""What a day was worth: what was paid, and what would have been with batteries at rest and all else as it was.

Where cars are, in two steps more: what would have been if they had only charged, and if each had charged at once.  What
was not measured, or had no known price, is left out of all sides, and how much of the day was seen is told with it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hems.control.dispatch import at_once
from hems.control.dispatch.flows import Flows, car_w, flows
from hems.control.dispatch.memory import CarsMemory, DayMemory, Side
from hems.control.given import Given
from hems.control.state import ControlState
from hems.model.cause import Cause, Value, Why
from hems.model.copies import replace
from hems.model.site import Site
from hems.model.tariff import Price, Tariff, within
from hems.model.units import HOUR_S, W_PER_KW

LONGEST_S = 900.0
"""A longer gap was not seen."""
GIVES_W = 50.0
"""A battery that gives less only stands by; one that a power cut has left below its reserve has not touched it."""


def after(given: Given, state: ControlState, memory: DayMemory, dt_s: float) -> tuple[DayMemory, Cause | None]:
    """The day after `dt_s` more, and the account of the day that is over."""
    offset, price = given.local_offset, state.connection.market.now
    if given.site.tariff is None or offset is None or given.now.utc is None:
        return memory, None
    local = given.now.utc + offset
    told = None
    if local.toordinal() != memory.day:
        told = account(memory, given.site.tariff) if memory.seen_s > 0.0 else None
        memory = DayMemory(day=local.toordinal(), cars=_tomorrow(memory.cars))
    quarter = (local.hour * 60 + local.minute) // 15
    if quarter != memory.quarter:
        memory = replace(_over(memory, given.site.tariff), quarter=quarter)
    if price is None or state.mode.mode.on_island or not 0.0 < dt_s <= LONGEST_S:
        return memory, told
    return _counted(given, state, memory, price, dt_s), told


def _tomorrow(cars: CarsMemory | None) -> CarsMemory | None:
    return None if cars is None else CarsMemory(left_wh=cars.left_wh)


def _counted(given: Given, state: ControlState, memory: DayMemory, price: Price, dt_s: float) -> DayMemory:
    flow = flows(given.site, given.snapshot, given.now_s)
    if flow is None or price.buy is None or price.sell is None:
        return memory
    suns = [reading.known(given.now_s) or 0.0 for reading in given.snapshot.pvs.values()]
    hours = dt_s / HOUR_S
    memory = _with_cars(given, state, memory, flow, price, hours) if given.site.bays else memory
    above = [
        soc_pct - one.reserve_pct
        for one in given.site.batteries
        if one.reserve_pct is not None
        and (soc_pct := given.snapshot.batteries[one.id].soc_pct.known(given.now_s)) is not None
        and (given.snapshot.batteries[one.id].power_w.known(given.now_s) or 0.0) > GIVES_W
    ]
    return replace(
        memory,
        seen_s=memory.seen_s + dt_s,
        real=flowed(memory.real, flow.grid_w, price, hours),
        resting=flowed(memory.resting, flow.without_batteries_w, price, hours),
        sun_wh=memory.sun_wh + sum(suns) * hours,
        given_wh=memory.given_wh + max(0.0, flow.batteries_w) * hours,
        taken_wh=memory.taken_wh + max(0.0, -flow.batteries_w) * hours,
        least_above_pct=min([memory.least_above_pct, *above]),
    )


def _with_cars(
    given: Given, state: ControlState, memory: DayMemory, flow: Flows, price: Price, hours: float
) -> DayMemory:
    """With what the meter would have counted if cars had only charged, and if each had charged at once."""
    cars = memory.cars or CarsMemory()
    left = at_once.left_wh(given, state, cars)
    powers = at_once.powers_w(given, left, hours)
    given_w = sum(max(0.0, car_w(bay, given.snapshot, given.now_s)) for bay in given.site.bays)
    return replace(
        memory,
        charging=flowed(memory.charging, flow.without_batteries_w + given_w, price, hours),
        at_once=flowed(memory.at_once, flow.house_w + sum(powers.values()), price, hours),
        cars=at_once.after(cars, left, powers, given_w, flow.cars_w, hours),
    )


def flowed(side: Side, watts: float, price: Price, hours: float) -> Side:
    """With `watts` through the meter for so many hours, import positive; without a price only energies count."""
    bought_wh, sold_wh = max(0.0, watts) * hours, max(0.0, -watts) * hours
    cost = (bought_wh * (price.buy or 0.0) - sold_wh * (price.sell or 0.0)) / W_PER_KW
    return replace(
        side,
        bought_wh=side.bought_wh + bought_wh,
        sold_wh=side.sold_wh + sold_wh,
        cost=side.cost + cost,
        co2_g=side.co2_g + bought_wh / W_PER_KW * (price.co2_g or 0.0),
        quarter_wh=side.quarter_wh + bought_wh,
    )


def closed(side: Side, counts: Sequence[bool] = ()) -> Side:
    """The quarter of an hour is over; `counts` is whether it was one of the hours of each demand charge."""
    mean_w = 4.0 * side.quarter_wh
    before = side.demand_w or (0.0,) * len(counts)
    demand_w = tuple(max(one, mean_w) if paid else one for one, paid in zip(before, counts, strict=False))
    return replace(side, quarter_wh=0.0, peak_w=max(side.peak_w, mean_w), demand_w=demand_w)


def _over(memory: DayMemory, tariff: Tariff) -> DayMemory:
    """With the quarter of an hour that was counted."""
    middle = datetime.fromordinal(max(1, memory.day)) + timedelta(minutes=15.0 * (memory.quarter + 0.5))
    counts = [within(one.window, middle, tariff.holidays) for one in tariff.demand]
    return replace(
        memory,
        real=closed(memory.real, counts),
        resting=closed(memory.resting, counts),
        charging=closed(memory.charging, counts),
        at_once=closed(memory.at_once, counts),
    )


class Saved(NamedTuple):
    """What a day has saved so far, in the currency of the tariff, without lower peaks: those count for a month."""

    later: float
    """By cars that charge at better times; what they have more than they would have counts at the mean price."""
    giving: float
    """By cars that give to the building."""
    batteries: float


def saved(site: Site, memory: DayMemory) -> Saved:
    """Of that, one step after the other from a building in which all cars charge at once and batteries rest."""
    real, resting, cars = memory.real, memory.resting, memory.cars
    charging, at_once = (resting, resting) if cars is None else (memory.charging, memory.at_once)
    mean = max(0.0, real.cost) / real.bought_wh if real.bought_wh > 0.0 else 0.0
    more_wh, given_wh = (0.0, 0.0) if cars is None else (cars.more_wh, cars.given_wh)
    cars_wear = max((bay.wear_per_kwh for bay in site.bays), default=0.0) * given_wh / W_PER_KW
    wear = max((one.wear_per_kwh for one in site.batteries), default=0.0) * memory.given_wh / W_PER_KW
    return Saved(
        later=at_once.cost - charging.cost + more_wh * mean,
        giving=charging.cost - resting.cost - cars_wear,
        batteries=resting.cost - real.cost - wear,
    )


def account(memory: DayMemory, tariff: Tariff) -> Cause:
    """The day as facts: money in the currency of the tariff, energy in Wh, peaks in W.

    Of each demand charge, counted from 1, the highest quarter of an hour in its hours: `demand_1_w`.
    """
    memory = _over(memory, tariff)
    real, resting = memory.real, memory.resting
    facts: dict[str, Value] = {
        "paid": round(real.cost, 2),
        "resting": round(resting.cost, 2),
        "saved": round(resting.cost - real.cost, 2),
        "bought_wh": round(real.bought_wh),
        "sold_wh": round(real.sold_wh),
        "sun_wh": round(memory.sun_wh),
        "given_wh": round(memory.given_wh),
        "taken_wh": round(memory.taken_wh),
        "peak_w": round(real.peak_w),
        "resting_peak_w": round(resting.peak_w),
        "co2_g": round(real.co2_g),
        "resting_co2_g": round(resting.co2_g),
        "above_pct": round(memory.least_above_pct, 1),
        "seen_s": round(memory.seen_s),
        "day": memory.day,
    }
    for name, side in (("demand", real), ("resting_demand", resting)):
        facts |= _demands(name, side)
    return Cause(Why.DAY_VALUE, facts | _of_cars(memory))


def _of_cars(memory: DayMemory) -> dict[str, Value]:
    if memory.cars is None:
        return {}
    facts: dict[str, Value] = {"cars_given_wh": round(memory.cars.given_wh), "cars_more_wh": round(memory.cars.more_wh)}
    for name, side in (("charging", memory.charging), ("at_once", memory.at_once)):
        facts |= {name: round(side.cost, 2), f"{name}_peak_w": round(side.peak_w), **_demands(f"{name}_demand", side)}
    return facts


def _demands(name: str, side: Side) -> dict[str, Value]:
    return {f"{name}_{place}_w": round(watts) for place, watts in enumerate(side.demand_w, 1)}
