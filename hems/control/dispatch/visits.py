"""Which cars there are to plan for: those that are here, and those that are as good as certain to come."""

from datetime import timedelta

from hems.control.cars import usual
from hems.control.dispatch import departure, lending, shared
from hems.control.dispatch.departure import CHARGED, SLOT_S
from hems.control.dispatch.visit import Visit
from hems.control.energy import NO_CAR
from hems.control.given import Given
from hems.control.state import ControlState
from hems.model.site import Bay
from hems.model.units import HOUR_S

MOST_STEPS = 144
"""A day and a half: nobody plans further."""


def visits(given: Given, state: ControlState) -> tuple[Visit, ...]:
    """Of the cars that are here and whose departure is known or usual, and of those that are sure to come.

    Those that leave first come first.
    """
    holding = shared.held_by_cars_wh(given.site, state, given.snapshot, given.params, given.now_s)
    steered = [bay for bay in given.site.bays if bay.controllable]
    here = (_here(bay, given, state, holds=bay.id in holding) for bay in steered if departure.plugged(bay, state))
    coming = (_coming(bay, given, state) for bay in steered if not departure.plugged(bay, state))
    found = [one for one in (*here, *coming) if one is not None and one.last > one.first]
    return tuple(sorted(found, key=lambda one: (one.last, one.bay)))


def _here(bay: Bay, given: Given, state: ControlState, *, holds: bool) -> Visit | None:
    site, snapshot, now_s = given.site, given.snapshot, given.now_s
    leaves_s = departure.leaves_s(bay, state)
    if leaves_s is None:
        return None
    reading = snapshot.bays.get(bay.id, NO_CAR)
    soc_pct, capacity_wh = reading.soc_pct.known(now_s), reading.capacity_wh.known(now_s) or bay.capacity_wh
    may = soc_pct is not None and lending.may(bay, site, state, snapshot, given.params, now_s)
    have_wh = leaves_wh = 0.0
    if soc_pct is not None:
        kept_pct = min(soc_pct, lending.least_pct(bay, state, given.params.car))
        have_wh = (soc_pct - kept_pct) / 100.0 * capacity_wh
        leaves_wh = max(0.0, departure.target_pct(bay, state) - kept_pct) / 100.0 * capacity_wh
    else:
        leaves_wh = departure.missing_wh(bay, state, snapshot, now_s) * CHARGED
    return Visit(
        bay=bay.id,
        last=min(MOST_STEPS, int((leaves_s - now_s) // SLOT_S)),
        have_wh=have_wh,
        leaves_wh=leaves_wh,
        most_w=bay.charge_max_w,
        least_w=bay.charge_min_w,
        gives_w=bay.discharge_max_w if may else 0.0,
        wear=bay.wear_per_kwh,
        holds=holds,
    )


def _coming(bay: Bay, given: Given, state: ControlState) -> Visit | None:
    """A car that is away, by what is usual at its bay; it gives nothing until it is here."""
    known, offset = state.usual.get(bay.id, usual.NEVER), given.local_offset
    if given.now.utc is None or offset is None:
        return None
    local = given.now.utc + offset
    in_h, takes_wh = usual.comes_h(known, local), usual.takes_wh(known)
    if in_h is None or takes_wh is None:
        return None
    comes = local + timedelta(hours=in_h)
    leaves = usual.leaves(known, comes)
    if leaves is None:
        return None
    return Visit(
        bay=bay.id,
        first=int(in_h * HOUR_S // SLOT_S) + 1,
        last=min(MOST_STEPS, int((leaves - local).total_seconds() // SLOT_S)),
        leaves_wh=takes_wh * CHARGED,
        most_w=bay.charge_max_w,
        least_w=bay.charge_min_w,
    )
