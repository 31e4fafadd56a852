"""Three phases or one: a car that must charge with less than three times the least current charges on one.

Switching needs a pause and wears contacts: it waits until the need lasts, keeps a distance from the last time, and has
a budget for each day.  A charger that cannot switch, or does not tell, is left as it is.  Source: domain reference 3.4.
"""

from hems.control.cars.memory import PhaseMemory
from hems.control.cars.waking import DOES_W
from hems.model.copies import replace
from hems.model.site import Bay
from hems.model.snapshot import BayReading
from hems.model.units import DAY_S

DOWN_S, UP_S = 120.0, 300.0
"""How long there must be too little for three phases, or enough for them."""
APART_S = 600.0
"""From one switching to the next."""
MOVES_A_DAY = 10
PAUSE_S, SETTLES_S = 30.0, 60.0
"""A car rests for so long before its charger switches; and has so long to be seen switched."""
SPARE_SHARE = 1.1
"""So much more than the least three phases take must be there for them."""
THREE = 3
"""Conductors without which there is nothing to switch over."""


def on_one(bay: Bay) -> Bay:
    """The bay as it is on one phase."""
    part = len(bay.phases)
    return replace(
        bay, phases=bay.phases[:1], charge_min_w=bay.charge_min_w / part, charge_max_w=bay.charge_max_w / part
    )


def present(bay: Bay, reading: BayReading, now_s: float) -> Bay:
    """The bay as its charger says that it is now; on all its phases while it does not tell."""
    single = bay.switches_phases and reading.three_phases.known(now_s) is False
    return on_one(bay) if single else bay


def after(before: PhaseMemory, bay: Bay, reading: BayReading, offer_w: float | None, now_s: float) -> PhaseMemory:
    """What is to be done after this instant; `bay` with all its phases, `offer_w` what there is for its car."""
    three = reading.three_phases.known(now_s)
    if not bay.switches_phases or three is None or len(bay.phases) < THREE:
        return before
    if before.to is not None:
        return _going(before, reading, three, now_s)
    wanted = _wanted(bay, three, offer_w)
    if wanted is three:
        return before if before.since_s is None else replace(before, since_s=None)
    since_s = now_s if before.since_s is None else before.since_s
    due = now_s >= since_s + (UP_S if wanted else DOWN_S)
    if not due or now_s < free_s(before, now_s):
        return before if before.since_s == since_s else replace(before, since_s=since_s)
    return replace(before, since_s=None, to=wanted, begun_s=now_s)


def _wanted(bay: Bay, three: bool, offer_w: float | None) -> bool:
    """On three phases, or on one; as it is while there is not enough for either."""
    single = on_one(bay)
    if offer_w is None or offer_w < single.charge_min_w:
        return three
    return offer_w >= bay.charge_min_w * (1.0 if three else SPARE_SHARE)


def _going(before: PhaseMemory, reading: BayReading, three: bool, now_s: float) -> PhaseMemory:
    """A pause, then the command until it is seen to be done, or given up."""
    if not before.told:
        flows_w = reading.power_w.known(now_s)
        still = flows_w is not None and abs(flows_w) < DOES_W
        ready = still and now_s >= before.begun_s + PAUSE_S
        return replace(before, told=True, moves_s=(*before.moves_s, now_s)[-MOVES_A_DAY:]) if ready else before
    over = three is before.to or now_s >= before.moves_s[-1] + SETTLES_S
    return replace(before, to=None, told=False) if over else before


def free_s(memory: PhaseMemory, now_s: float) -> float:
    """When it may be switched again at the earliest."""
    lately = [when_s for when_s in memory.moves_s if now_s < when_s + DAY_S]
    apart_s = lately[-1] + APART_S if lately else float("-inf")
    return max(apart_s, lately[0] + DAY_S) if len(lately) >= MOVES_A_DAY else apart_s


def pauses(memory: PhaseMemory) -> bool:
    """Whether its car rests because its charger switches."""
    return memory.to is not None


def due_s(memory: PhaseMemory) -> list[float]:
    """When something of it comes due by time alone."""
    since_s = memory.since_s
    waits = [] if since_s is None else [since_s + DOWN_S, since_s + UP_S]
    waits += [memory.moves_s[-1] + APART_S, memory.moves_s[-1] + SETTLES_S] if memory.moves_s else []
    return waits if memory.to is None else [*waits, memory.begun_s + PAUSE_S]
