"""What is stored: how full what the island lives on is, and how much of it may be given.

An island lives on what its former draws on, and on the batteries beside it that hems can ask (`beside`).  Whatever is
beside it holds, the island goes dark when the former stops: so the former's own charge counts alone once that is low.
Source: domain reference 2.3.
"""

from collections.abc import Container

from hems.control.energy import NO_CAR, below, car_free_wh, floor_pct
from hems.control.params import Params
from hems.control.tuning.sources import CarParams
from hems.model.again import again
from hems.model.site import Battery, Bay, Site
from hems.model.snapshot import BatteryReading, Snapshot
from hems.model.units import SourceId

NO_BATTERY = BatteryReading()
FULL_PCT, AS_GOOD_AS_FULL_PCT = 100.0, 99.5
"""A battery takes nothing worth telling from the second on."""


@again
def beside(site: Site) -> tuple[Battery, ...]:
    """The batteries that can be asked to carry an island together with its former, and be seen to do so."""
    able = (one for one in site.batteries if one.controllable and one.metered)
    return tuple(one for one in able if one.id != site.former.source)


@again
def lived_on(site: Site) -> tuple[Battery, ...]:
    """The batteries that an island lives on: the former's own, and those beside it."""
    own = own_battery(site)
    return beside(site) if own is None else (own, *beside(site))


@again
def own_battery(site: Site) -> Battery | None:
    """The battery that the former draws on; None where a car makes the island."""
    return next((one for one in site.batteries if one.id == site.former.source), None)


@again
def forming_car(site: Site) -> Bay | None:
    """The bay whose car makes the island; None where a battery does."""
    return next((bay for bay in site.bays if bay.id == site.former.source), None)


def soc_pct(battery: Battery, snapshot: Snapshot, now_s: float) -> float | None:
    """Charge of a battery, where it can be read."""
    return snapshot.batteries.get(battery.id, NO_BATTERY).soc_pct.known(now_s)


def battery_wh(battery: Battery, charge_pct: float) -> float:
    """Wh above the charge at which its inverter stops."""
    return max(0.0, charge_pct - battery.shutdown_pct) / 100.0 * battery.capacity_wh


def room_wh(battery: Battery, snapshot: Snapshot, now_s: float) -> float:
    """Wh that it takes until it is full; none while its charge is not known."""
    charge_pct = soc_pct(battery, snapshot, now_s)
    if charge_pct is None or charge_pct >= AS_GOOD_AS_FULL_PCT:
        return 0.0
    return (FULL_PCT - charge_pct) / 100.0 * battery.capacity_wh


def former_pct(site: Site, snapshot: Snapshot, params: CarParams, now_s: float) -> float | None:
    """Charge of what the former draws on: its own battery, or the car that makes the island, above its floor."""
    car = forming_car(site)
    if car is None:
        return snapshot.batteries.get(site.former.source, NO_BATTERY).soc_pct.known(now_s)
    car_pct = snapshot.bays.get(car.id, NO_CAR).soc_pct.known(now_s)
    return None if car_pct is None else above_pct(car_pct, floor_pct(car, params))


def above_pct(charge_pct: float, floor: float) -> float:
    """How much of what lies above a floor is there; nothing above one that leaves nothing, as a driver may keep all."""
    return max(0.0, 100.0 * (charge_pct - floor) / (FULL_PCT - floor)) if floor < FULL_PCT else 0.0


def store_pct(site: Site, snapshot: Snapshot, params: Params, now_s: float) -> float | None:
    """Charge of all that the island lives on together; the lower the former's own is, the more that alone counts.

    From `band.conserve_pct` on it does, and from `band.critical_pct` down nothing else, unless the others hold less.
    None while the former's own cannot be read.  A battery beside it that does not tell its charge is asked for nothing,
    and does not count.
    """
    own_pct = former_pct(site, snapshot, params.car, now_s)
    others = [(one.capacity_wh, pct) for one in beside(site) if (pct := soc_pct(one, snapshot, now_s)) is not None]
    if own_pct is None or not others:
        return own_pct
    stored = [(former_wh(site, snapshot, params.car, now_s), own_pct), *others]
    total_wh = sum(wh for wh, _ in stored)
    together_pct = sum(wh * pct for wh, pct in stored) / total_wh if total_wh > 0.0 else own_pct
    low = below(own_pct, params.band.conserve_pct, params.band.critical_pct)
    return together_pct + low * min(0.0, own_pct - together_pct)


def former_wh(site: Site, snapshot: Snapshot, params: CarParams, now_s: float) -> float:
    """Wh that what the former draws on holds when it is full; of a car, above its floor."""
    car = forming_car(site)
    if car is None:
        own = own_battery(site)
        return 0.0 if own is None else own.capacity_wh
    capacity_wh = snapshot.bays.get(car.id, NO_CAR).capacity_wh.known(now_s) or car.capacity_wh
    return max(0.0, FULL_PCT - floor_pct(car, params)) / 100.0 * capacity_wh


def usable_wh(
    site: Site, snapshot: Snapshot, params: CarParams, now_s: float, uncounted: Container[SourceId] = ()
) -> float | None:
    """Wh that can be given to the building: batteries above shutdown plus cars above their floors.

    `uncounted` are bays whose cars nobody may count on.  None while the former's own battery cannot be read.
    """
    total_wh = 0.0
    for battery in lived_on(site):
        charge_pct = soc_pct(battery, snapshot, now_s)
        if charge_pct is None and battery.id == site.former.source:
            return None
        total_wh += 0.0 if charge_pct is None else battery_wh(battery, charge_pct)
    cars = (
        car_free_wh(bay, snapshot.bays.get(bay.id, NO_CAR), params, now_s)
        for bay in site.bays
        if bay.bidirectional and bay.id not in uncounted
    )
    return total_wh + sum(car_wh or 0.0 for car_wh in cars)


def batteries_pct(site: Site, snapshot: Snapshot, now_s: float) -> float | None:
    """Charge of all batteries together, as people are shown it; None where there is none, or one cannot be read."""
    levels = [(one.capacity_wh, soc_pct(one, snapshot, now_s)) for one in site.batteries]
    known = [(wh, pct) for wh, pct in levels if pct is not None]
    total_wh = sum(wh for wh, _ in levels)
    return sum(wh * pct for wh, pct in known) / total_wh if total_wh > 0.0 and len(known) == len(levels) else None
