"""What batteries beside the former do on an island: they carry it together, and share the sun, so that all last alike.

The former feels every load first, and the island goes dark when it stops, whatever others hold.  So each battery beside
it gives in proportion to what it holds; the former keeps enough to hold the bus, and once it is low they carry all of
it and refill it.  Of the sun's surplus each takes in proportion to its room.  Nothing is asked of a battery whose
charge nobody knows, and while nobody sees what flows, what gives goes on and what charges rests.
Source: domain reference 2.3.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import inf

from hems.control import headroom, overload
from hems.control.arbitrate import Proposal, Rank
from hems.control.balance import unbalanced
from hems.control.energy import NO_CAR, below, car_free_wh
from hems.control.given import Given
from hems.control.giving import GIVING_SHARE, REFILL_SHARE, REFILL_W, carries_on, former_bears_w, giving_w, shown
from hems.control.memory.acting import Stage
from hems.control.state import ControlState
from hems.control.stored import NO_BATTERY, battery_wh, beside, former_pct, forming_car, own_battery, room_wh, soc_pct
from hems.control.wish import Wish
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import ISLAND_MODES, Mode
from hems.model.site import Battery
from hems.model.units import SourceId

SHARING = frozenset({Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING})
"""Modes in which they are asked anew; in the other modes of an island what gives goes on."""
BALANCING = frozenset({Why.SUPPORT_ISLAND, Why.CHARGE_FROM_SUN, Why.STORAGE_RESTS})
"""Why a battery was told more or less for the sake of what it and the former were seen to carry."""
LEAST, BEGINS = 0.03, 0.1
"""With less than the one part of its rating a battery rests, as an inverter would lose much of it; with the other it
begins."""
STEP_W, STEP_SHARE = 150.0, 0.05
"""What it does changes only by more than this, and more than such a part of what it does."""
FULLER_PCT = 5.0
"""So much fuller than the former's own one must be for the others to spare that."""
CREEPS = 0.1
"""Part of its rating by which it takes more at a time while the sun is held back: nobody sees how much is there."""
RESTS = Wish(0.0, Cause(Why.STORAGE_RESTS))


def proposals(given: Given, state: ControlState) -> Iterator[Proposal]:
    """One for each battery beside the former, on an island; none while a generator runs, which says what they take."""
    batteries, mode = beside(given.site), state.mode.mode
    if not batteries or mode not in ISLAND_MODES or state.generator.stage is Stage.RUNNING:
        return
    doubted = unbalanced(state, given.params.witness, given.now_s)
    for source, wish in _wishes(batteries, given, state).items():
        role = wiring.battery_power(source)
        if doubted:
            most_w = max(0.0, _told(source, state).power_w)
            yield Proposal(role=role, rank=Rank.LIMIT, cause=Cause(Why.UNBALANCED), high=most_w)
        yield Proposal(role=role, rank=Rank.ISLAND, cause=wish.cause, prefer=wish.power_w)


def _wishes(batteries: Sequence[Battery], given: Given, state: ControlState) -> Mapping[SourceId, Wish]:
    site, snapshot, now_s = given.site, given.snapshot, given.now_s
    readings = {one.id: snapshot.batteries.get(one.id, NO_BATTERY).power_w for one in batteries}
    powers_w = [reading.known(now_s) for reading in readings.values()]
    known = [watts for watts in powers_w if watts is not None]
    former_w, own_pct = overload.phase_w(snapshot, site, now_s), former_pct(site, snapshot, given.params.car, now_s)
    told = {one.id: _told(one.id, state) for one in batteries}
    waits = state.mode.mode not in SHARING or carries_on(state)
    if former_w is None or own_pct is None or len(known) < len(powers_w) or waits:
        return {source: _going_on(wish) for source, wish in told.items() if wiring.battery_power(source) in state.sent}
    if not shown({wiring.battery_power(key): one for key, one in readings.items()}, BALANCING, state, snapshot, now_s):
        return told
    carried_w = sum(former_w) - overload.behind_w(site, snapshot, now_s) + sum(known)
    if headroom.held_back(site, state, snapshot, now_s):
        found = {one.id: _creeping(one, given, told[one.id].power_w) for one in batteries}
    elif carried_w > 0.0:
        found = _given_w(batteries, given, carried_w, own_pct)
    else:
        found = _taken_w(batteries, given, -carried_w, own_pct)
    return {one.id: _steady(one, told[one.id], found[one.id]) for one in batteries}


def _told(source: SourceId, state: ControlState) -> Wish:
    entry = state.sent.get(wiring.battery_power(source))
    return RESTS if entry is None else Wish(float(entry.value), entry.cause)


def _going_on(told: Wish) -> Wish:
    return told if told.power_w >= 0.0 else RESTS


def _given_w(batteries: Sequence[Battery], given: Given, carried_w: float, own_pct: float) -> dict[SourceId, float]:
    """What each gives of what batteries carry together, and to refill the former's own."""
    band = given.params.band
    levels = {one.id: soc_pct(one, given.snapshot, given.now_s) for one in batteries}
    free = {one.id: battery_wh(one, pct) for one in batteries if (pct := levels[one.id]) is not None}
    free_wh = sum(free.values())
    if free_wh <= 0.0:
        return dict.fromkeys(levels, 0.0)
    fuller = max(pct for pct in levels.values() if pct is not None) > own_pct + FULLER_PCT
    low = below(own_pct, band.conserve_pct, band.critical_pct) if fuller else 0.0
    most = GIVING_SHARE + (1.0 - GIVING_SHARE) * low
    part = max(low, min(most, free_wh / (free_wh + _own_wh(given))))
    whole_w = max(part * carried_w + low * _refill_w(given), carried_w - _former_bears_w(given))
    return {one.id: min(one.discharge_max_w, whole_w * free.get(one.id, 0.0) / free_wh) for one in batteries}


def _former_bears_w(given: Given) -> float:
    """What the former's source bears of it, where no car is there to take over the rest: both would, in turn."""
    cars = any(giving_w(given.site, given.snapshot, given.now_s).values())
    return inf if cars else former_bears_w(given.site, given.params)


def _refill_w(given: Given) -> float:
    """What the former's own battery is refilled with at most; a car that makes the island is not."""
    own = own_battery(given.site)
    return 0.0 if own is None else min(REFILL_W, REFILL_SHARE * own.charge_max_w)


def _own_wh(given: Given) -> float:
    """Wh that the former's own battery, or the car that makes the island, may give."""
    site, snapshot, now_s = given.site, given.snapshot, given.now_s
    car = forming_car(site)
    if car is not None:
        return car_free_wh(car, snapshot.bays.get(car.id, NO_CAR), given.params.car, now_s) or 0.0
    own = own_battery(site)
    return 0.0 if own is None else battery_wh(own, soc_pct(own, snapshot, now_s) or 0.0)


def _taken_w(batteries: Sequence[Battery], given: Given, spare_w: float, own_pct: float) -> dict[SourceId, float]:
    """What each takes of the sun that the building does not need, below zero; the former's own goes first when low."""
    band, own = given.params.band, own_battery(given.site)
    room = {one.id: room_wh(one, given.snapshot, given.now_s) for one in batteries}
    own_wh = 0.0 if own is None or own_pct >= band.surplus_pct else room_wh(own, given.snapshot, given.now_s)
    part = 1.0 - below(own_pct, band.conserve_pct, band.critical_pct)
    whole_wh = sum(room.values()) + own_wh
    if whole_wh <= 0.0:
        return dict.fromkeys(room, 0.0)
    return {one.id: -min(one.charge_max_w, part * spare_w * room[one.id] / whole_wh) for one in batteries}


def _creeping(battery: Battery, given: Given, told_w: float) -> float:
    """A little more than now, as long as the sun is held back."""
    if not room_wh(battery, given.snapshot, given.now_s):
        return 0.0
    return -min(battery.charge_max_w, CREEPS * battery.charge_max_w - min(0.0, told_w))


def _steady(battery: Battery, told: Wish, power_w: float) -> Wish:
    """A new power where it is clearly another one, else as before."""
    same_way = told.power_w * power_w > 0.0
    rated_w = battery.discharge_max_w if power_w > 0.0 else battery.charge_max_w
    if abs(power_w) < (LEAST if same_way else BEGINS) * rated_w or not power_w:
        return RESTS
    if same_way and abs(power_w - told.power_w) < max(STEP_W, STEP_SHARE * abs(power_w)):
        power_w = told.power_w
    if power_w < 0.0:
        return Wish(power_w, Cause(Why.CHARGE_FROM_SUN))
    return Wish(power_w, Cause(Why.SUPPORT_ISLAND, {"w": round(power_w)}))
