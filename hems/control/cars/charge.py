"""How full a car is when its charger no longer tells: what it last told, less what has flowed out since, and a tenth.

Only for a car that goes on giving: none begins to on a charge that nobody knows (P2, P3).  What is counted so keeps a
greater distance from the floor.  Source: domain reference 3.2.
"""

from collections.abc import Mapping
from math import inf

from hems.control.cars.memory import BayMemory, Charge
from hems.control.energy import NO_CAR, floor_pct, floored
from hems.control.tuning.sources import CarParams
from hems.model.copies import replace
from hems.model.reading import Reading
from hems.model.site import Bay, Site
from hems.model.snapshot import BayReading, Snapshot
from hems.model.units import HOUR_S, SourceId

PESSIMISM = 1.1
"""Losses inside the car: so much more is counted as gone than the charger has measured."""


def after(
    before: Charge | None, bay: Bay, reading: BayReading, told_w: float, dt_s: float, now_s: float
) -> Charge | None:
    """What is known of a charge after `dt_s` more; None when nothing is.  `told_w` is what the car was last told."""
    if reading.state.known(now_s) is None:
        return None  # somebody may have plugged in another car
    pct, capacity_wh = reading.soc_pct.known(now_s), reading.capacity_wh.known(now_s)
    if pct is not None:
        return _told(before, pct, capacity_wh or bay.capacity_wh)
    flows_w = reading.power_w.known(now_s)
    given_w = max(0.0, told_w if flows_w is None else flows_w)
    if before is None or max(given_w, told_w) <= 0.0:
        return None
    given_wh = before.given_wh + PESSIMISM * given_w * dt_s / HOUR_S
    return replace(before, given_wh=given_wh, stale=True)


def _told(before: Charge | None, pct: float, capacity_wh: float) -> Charge:
    """The same value where nothing has changed: most ticks change nothing."""
    if before is not None and not before.stale and (before.pct, before.capacity_wh) == (pct, capacity_wh):
        return before
    return Charge(pct=pct, capacity_wh=capacity_wh)


def left_pct(charge: Charge) -> float:
    """What is left of it at least."""
    return max(0.0, charge.pct - 100.0 * charge.given_wh / charge.capacity_wh)


def counted(snapshot: Snapshot, memories: Mapping[SourceId, BayMemory], now_s: float) -> Snapshot:
    """The snapshot with what is left of charges that are no longer told."""
    stale = {bay: memory.charge for bay, memory in memories.items() if memory.charge and memory.charge.stale}
    if not stale:
        return snapshot
    bays = dict(snapshot.bays)
    for bay, charge in stale.items():
        bays[bay] = replace(
            bays.get(bay, NO_CAR),
            soc_pct=Reading(left_pct(charge), now_s),
            capacity_wh=Reading(charge.capacity_wh, now_s),
        )
    return replace(snapshot, bays=bays)


def kept(bay: Bay, memory: BayMemory | None, params: CarParams) -> Bay:
    """The bay with a floor that is further away while the charge of its car is only counted."""
    if memory is None or memory.charge is None or not memory.charge.stale:
        return bay
    return floored(bay, max(bay.floor_pct, bay.maker_floor_pct) + params.stale_pct)


def due_s(
    site: Site, memories: Mapping[SourceId, BayMemory], snapshot: Snapshot, params: CarParams, now_s: float
) -> float:
    """When a car whose charge is only counted comes down to its floor at its present power; `site` as it counts now."""
    due = inf
    for bay in site.bays:
        memory = memories.get(bay.id)
        charge = memory.charge if memory is not None else None
        flows_w = snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) or 0.0
        if charge is not None and charge.stale and flows_w > 0.0:
            spare_wh = (left_pct(charge) - floor_pct(bay, params)) / 100.0 * charge.capacity_wh
            due = min(due, now_s + max(0.0, spare_wh) * HOUR_S / (PESSIMISM * flows_w))
    return due
