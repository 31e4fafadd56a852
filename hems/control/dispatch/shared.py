"""The energy that batteries and cars keep for power cuts together: how much it is, and who holds how much of it.

A car holds a part for as long as it surely stays and may surely give; what cars hold batteries need not.  Whoever
comes, leaves or falls silent shifts the parts at once: nothing that pays may take from the whole.
"""

from collections.abc import Mapping
from math import inf

from hems.control import drivers, habits
from hems.control.bay_memory import NEW
from hems.control.cars import waking
from hems.control.dispatch import departure
from hems.control.dispatch.reserve import month_of, needed_wh
from hems.control.energy import NO_CAR, car_free_wh, reserved
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.stored import NO_BATTERY, battery_wh
from hems.model.again import again
from hems.model.copies import replace
from hems.model.site import Battery, Bay, Site
from hems.model.snapshot import Snapshot
from hems.model.units import HOUR_S, SourceId

STAYS_S = 4.0 * HOUR_S
"""A car that leaves sooner, or nobody knows when, holds nothing of it."""
ARRIVES = 0.9
"""Part of what leaves a car's cells that arrives in the building."""
BAND_WH = 500.0
"""A car that was stopped for the reserve's sake gives again only with so much above it."""


def kept_wh(site: Site, state: ControlState) -> float:
    """What all together keep at present, Wh; 0 where nothing is agreed."""
    own = site.reserve
    if own is None:
        return 0.0
    month = month_of(state)
    winter = own.winter_wh is not None and (month is None or month in own.winter_months)
    wh = max(own.wh, own.winter_wh or 0.0) if winter else own.wh
    return max(wh, needed_wh(site, state)) if own.by_history and habits.known(state.habits) else wh


def held_by_cars_wh(
    site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> Mapping[SourceId, float]:
    """What each car holds of it, Wh at the building's side; without those nobody can count on."""
    found = {}
    for bay in site.bays:
        wh = car_free_wh(bay, snapshot.bays.get(bay.id, NO_CAR), params.car, now_s)
        if wh and _counts(bay, state, snapshot, params, now_s):
            found[bay.id] = ARRIVES * wh
    return found


def _counts(bay: Bay, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> bool:
    memory, reading = state.bays.get(bay.id, NEW), snapshot.bays.get(bay.id, NO_CAR)
    if not (bay.bidirectional and bay.controllable and reading.discharge_ready.known(now_s) is True):
        return False
    if waking.refuses(memory.waking) or memory.charge is None or memory.charge.stale:
        return False
    leaves_s = departure.leaves_s(bay, state)
    stays = leaves_s is not None and leaves_s >= now_s + STAYS_S
    return stays and drivers.refusal(state, bay.id, params.car, now_s) is None


def keeping(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> Site:
    """The site with batteries that keep what cars do not hold, each by its size."""
    if site.reserve is None or not site.batteries:
        return site
    left_wh = kept_wh(site, state) - sum(held_by_cars_wh(site, state, snapshot, params, now_s).values())
    part_pct = 100.0 * max(0.0, left_wh) / sum(one.capacity_wh for one in site.batteries)
    return _with(site, *[_raised(one, part_pct) for one in site.batteries])


@again
def _with(site: Site, *batteries: Battery) -> Site:
    return replace(site, batteries=batteries)


def _raised(battery: Battery, part_pct: float) -> Battery:
    if battery.reserve_pct is None:
        return battery
    return reserved(battery, max(battery.reserve_pct, min(100.0, battery.shutdown_pct + part_pct)))


def car_may_give(
    bay: Bay, site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float, *, gives: bool
) -> bool:
    """Whether the reserve lets a car give: there is more than that, or this car holds nothing of it."""
    if site.reserve is None:
        return True
    return spare_wh(site, state, snapshot, params, now_s, by=bay.id) > (0.0 if gives else BAND_WH)


def spare_wh(
    site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float, *, by: SourceId | None = None
) -> float:
    """What batteries and cars have beyond what is kept, Wh; infinite where nothing is, or `by` holds nothing.

    A battery that does not tell its charge has nothing.
    """
    cars = held_by_cars_wh(site, state, snapshot, params, now_s)
    if site.reserve is None or (by is not None and by not in cars):
        return inf
    levels = ((one, snapshot.batteries.get(one.id, NO_BATTERY).soc_pct.known(now_s)) for one in site.batteries)
    stored_wh = sum(battery_wh(one, soc_pct) for one, soc_pct in levels if soc_pct is not None)
    return stored_wh + sum(cars.values()) - kept_wh(site, state)
