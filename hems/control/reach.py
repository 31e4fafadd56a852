"""Until when: how far the stored energy reaches, while less important circuits go off on the way down.

The store empties through the energy bands; in each of them fewer tiers are served, so each lasts longer than the one
before.  Closed form on purpose, like `energy`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from hems.control import generator
from hems.control.energy import NO_CAR, SERVED, Band, car_free_wh, enter_pct, shedding_pct
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.stored import beside, former_wh, forming_car, store_pct
from hems.control.tuning.island import BandParams
from hems.model.copies import replace
from hems.model.site import Site, Tier
from hems.model.snapshot import Snapshot

GOING_DOWN = (Band.CONSERVE, Band.CRITICAL, Band.FLOOR, Band.SHUTDOWN)
"""The bands in the order in which an emptying store enters them."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What an island can live on."""

    pct: float
    """Charge of the store it hangs on."""
    wh_per_pct: float
    """What each percent of it is worth, with what cars add on the way down."""
    fuel_wh: float = 0.0
    """What the generator adds, as long as it holds the charge up."""
    fuel_pct: float = 0.0
    """Charge at which it is started."""
    fuel_w: float = 0.0
    """What it can carry."""


def fuelled(
    store: Stored | None, site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> Stored | None:
    """The same with the fuel of the site's generator, if it has one whose level is known."""
    wh = generator.fuel_wh(site, state, snapshot, now_s)
    if store is None or site.generator is None or wh <= 0.0:
        return store
    own = params.generator
    in_need_only = own.quiet_from_h != own.quiet_to_h
    starts_pct = min(own.start_pct, params.band.critical_pct) if in_need_only else own.start_pct
    return replace(store, fuel_wh=wh, fuel_pct=starts_pct, fuel_w=site.generator.rated_w)


def stored(site: Site, snapshot: Snapshot, params: Params, now_s: float) -> Stored | None:
    """The store of the island, or None when its charge is not known."""
    pct = store_pct(site, snapshot, params, now_s)
    if pct is None:
        return None
    forming = forming_car(site)
    own_wh = (former_wh(site, snapshot, params.car, now_s) + sum(one.capacity_wh for one in beside(site))) / 100.0
    followers = [bay for bay in site.bays if bay.bidirectional and bay is not forming]
    free = (car_free_wh(bay, snapshot.bays.get(bay.id, NO_CAR), params.car, now_s) for bay in followers)
    cars_wh = sum(car_wh or 0.0 for car_wh in free)
    return Stored(pct, own_wh + cars_wh / max(1.0, pct - params.band.shutdown_pct))


def served(pct: float, params: BandParams) -> Tier:
    """The least important tier that is served just below a charge of `pct`."""
    entered = [band for band in GOING_DOWN if pct <= enter_pct(band, params)]
    return SERVED[entered[-1]] if entered else SERVED[Band.NORMAL]


def hours_until_off(tier: Tier, store: Stored, watts: Mapping[Tier, float], sun_w: float, params: BandParams) -> float:
    """Hours until a tier goes off for want of energy, if use and sun stay as they are; infinite if the sun covers it.

    `watts` is what each tier draws now.  For life safety, which never goes off, until the store is empty.
    """
    end_pct = shedding_pct(tier, params) or 0.0
    marks = [store.pct, *(enter_pct(band, params) for band in GOING_DOWN), end_pct]
    bounds = sorted({mark for mark in marks if end_pct <= mark <= store.pct}, reverse=True)
    total_h = 0.0
    for upper_pct, lower_pct in pairwise(bounds):
        least = served(upper_pct, params)
        need_w = sum(draw_w for one, draw_w in watts.items() if one <= least) - sun_w
        if need_w <= 1.0:
            return inf
        total_h += (upper_pct - lower_pct) * store.wh_per_pct / need_w
    return total_h + (_fuel_h(store, watts, sun_w) if end_pct < min(store.pct, store.fuel_pct) else 0.0)


def _fuel_h(store: Stored, watts: Mapping[Tier, float], sun_w: float) -> float:
    """Hours for which the generator holds the charge while all are served that a full store serves.

    None of them if they need more than it can carry, as the charge then falls all the same.
    """
    need_w = sum(draw_w for one, draw_w in watts.items() if one <= SERVED[Band.NORMAL]) - sun_w
    return store.fuel_wh / need_w if 1.0 < need_w <= store.fuel_w else 0.0
