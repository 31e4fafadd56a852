"""What else one could do in a power cut than what hems does: the policies that it is compared with.

Each sees, at the beginning of a slot, what can be measured, and says which circuits it would serve in which order of
preference.  What the inverter cannot carry is left out for all of them alike, and cars give by the same rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hems.control.energy import ORDER, SERVED, Band, enter_pct
from hems.control.giving import GIVING_SHARE
from hems.control.tuning.island import BandParams
from hems.control.tuning.sources import CarParams
from hems.model.site import Circuit, Tier
from hems.model.units import HOUR_S, CircuitId, SourceId
from hems.sim.circuits import PICKUP_TAU_S
from hil.outage_bound import Program
from hil.outage_house import WEIGHTS, House
from hil.outage_scenarios import BATTERY, SLOT_S, Outage, Usual, learned

TARGET_H = 24.0
"""Policies that plan assume that the grid stays away so much longer, at every instant."""
ROOM_PU = 0.95
"""Of the inverter's rating, per phase, that baselines use."""
EFFICIENCY = 0.95
SHUTDOWN_PCT = 5.0
LEAVE = {Band.CONSERVE: 60.0, Band.CRITICAL: 30.0, Band.FLOOR: 15.0, Band.SHUTDOWN: 10.0}
"""Percent from which a band is left again."""


@dataclass(frozen=True, slots=True)
class View:
    """What a policy may know at the beginning of a slot."""

    t_s: float
    hour: float
    """Of the day, 0 to 24."""
    battery_pct: float
    usable_wh: float
    """At the bus: the battery above shutdown, and plugged cars above what their drivers keep and the margin."""
    watts: Mapping[CircuitId, float]
    """What each circuit wants now."""
    sun_w: float
    circuits: Sequence[Circuit]
    """Most important first."""
    away: frozenset[SourceId] = frozenset()
    """Bays without a car."""


class Policy(Protocol):
    """One way to get through a power cut; made anew for each."""

    def served(self, view: View) -> set[CircuitId]:
        """Switchable circuits that should be on in this slot, as far as the inverter can carry them."""


class NeverShed:
    """Everything stays on until the energy is gone; only overload sheds, the least important first."""

    def served(self, view: View) -> set[CircuitId]:
        """All."""
        return {one.id for one in view.circuits}


class Thresholds:
    """Bands of stored energy, each with its hysteresis: what most products do."""

    def __init__(self) -> None:
        self._band = Band.NORMAL

    def served(self, view: View) -> set[CircuitId]:
        """The tiers of the band."""
        params = BandParams()
        worse = [band for band in ORDER[2:] if view.battery_pct <= enter_pct(band, params)]
        if worse and ORDER.index(worse[-1]) > ORDER.index(self._band):
            self._band = worse[-1]
        elif self._band in LEAVE and view.battery_pct >= LEAVE[self._band]:
            self._band = ORDER[ORDER.index(self._band) - 1]
        least = SERVED[Band.SURPLUS if view.battery_pct >= params.surplus_pct else self._band]
        return {one.id for one in view.circuits if one.tier <= least}


@dataclass
class RuntimeTarget:
    """As many tiers as stored energy and the usual sun carry for a day from now."""

    outage: Outage
    _usual: Mapping[int, Usual] = field(init=False)

    def __post_init__(self) -> None:
        self._usual = learned(self.outage)

    def served(self, view: View) -> set[CircuitId]:
        """The tiers that last."""
        sun_w = sum(pv.rated_w for pv in self.outage.site.pvs)
        day = [self._usual[int(view.hour + ahead) % 24] for ahead in range(int(TARGET_H))]
        have_wh = view.usable_wh + sum(sun_w * one.poor_sun_pu for one in day)
        least, needed_wh = Tier.LIFE_SAFETY, 0.0
        for tier in Tier:
            needed_wh += sum(one.loads_w[tier] for one in day)
            if needed_wh > have_wh and tier > Tier.CRITICAL:
                break
            least = tier
        return {one.id for one in view.circuits if one.tier <= least}


@dataclass
class RollingProgram:
    """Every hour a linear program over the day ahead, on what was learned of loads and sun."""

    outage: Outage
    _usual: Mapping[int, Usual] = field(init=False)
    _comings: Mapping[SourceId, tuple[int, float]] = field(init=False)
    _parts: dict[Tier, float] = field(default_factory=dict)
    _planned_h: int = -1
    _given_wh: dict[CircuitId, float] = field(default_factory=dict)
    _been_here: set[SourceId] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._usual = learned(self.outage)
        self._comings = homecomings(self.outage)

    def served(self, view: View) -> set[CircuitId]:
        """The part of each tier that the plan serves in this hour, whose turn it is first."""
        self._been_here |= {bay.id for bay in self.outage.site.bays} - view.away
        if int(view.t_s // HOUR_S) != self._planned_h:
            self._planned_h = int(view.t_s // HOUR_S)
            self._parts = self._plan(view)
        chosen: set[CircuitId] = set()
        for tier in Tier:
            mates = [one for one in view.circuits if one.tier is tier]
            left_w = self._parts.get(tier, 0.0) * sum(view.watts[one.id] for one in mates)
            for one in sorted(mates, key=lambda mate: self._given_wh.get(mate.id, 0.0) / mate.typical_w):
                if view.watts[one.id] <= left_w + 1.0:
                    chosen.add(one.id)
                    left_w -= view.watts[one.id]
                    self._given_wh[one.id] = self._given_wh.get(one.id, 0.0) + view.watts[one.id] * SLOT_S / HOUR_S
        return chosen

    def _come_wh(self, hour: int, view: View) -> float:
        """What cars bring in that hour that have been away since before the cut."""
        away = view.away - self._been_here
        return sum(wh for bay, (home_h, wh) in self._comings.items() if bay in away and home_h % 24 == hour)

    def _plan(self, view: View) -> dict[Tier, float]:
        program, store = Program(), self.outage.site.batteries[0]
        rated_w = sum(pv.rated_w for pv in self.outage.site.pvs)
        room_wh = sum(self._come_wh(hour, view) for hour in range(24))
        room_wh += max(view.usable_wh, store.capacity_wh * (100.0 - SHUTDOWN_PCT) / 100.0)
        now: dict[Tier, tuple[int, float]] = {}
        before: int | None = None
        for ahead in range(int(TARGET_H)):
            usual = self._usual[int(view.hour + ahead) % 24]
            terms: dict[int, float] = {}
            for tier, load_w in usual.loads_w.items():
                # a little more for earlier hours, so that equal plans serve now rather than later
                name = program.variable(load_w, worth=WEIGHTS[tier] * (1.0 - 1e-4 * ahead))
                terms[name] = -1.0
                if not ahead:
                    now[tier] = (name, load_w)
            terms[program.variable(rated_w * usual.sun_pu)] = 1.0
            give, take = program.variable(store.discharge_max_w), program.variable(store.charge_max_w)
            after = program.variable(room_wh)
            program.equal({**terms, give: 1.0, take: -1.0}, 0.0)
            kept = {after: 1.0, give: 1.0, take: -EFFICIENCY * EFFICIENCY}
            come_wh = self._come_wh(int(view.hour + ahead) % 24, view)
            have_wh = come_wh + (view.usable_wh if before is None else 0.0)
            program.equal(kept if before is None else {**kept, before: -1.0}, have_wh)
            before = after
        values = program.solved()
        return {tier: values[name] / load_w if load_w else 1.0 for tier, (name, load_w) in now.items()}


def homecomings(outage: Outage) -> dict[SourceId, tuple[int, float]]:
    """At which hour the car of each bay is home nine times in ten, and what it can give on average then, at the bus."""
    found: dict[SourceId, tuple[int, float]] = {}
    for bay in outage.site.bays:
        mine = [one for one in outage.homecomings if one.bay == bay.id and one.car is not None]
        hours = sorted((outage.hour + one.t_s / HOUR_S) % 24.0 for one in mine)
        floor = bay.floor_pct + CarParams().margin_pct
        free = [max(0.0, one.car.soc_pct - floor) / 100.0 * one.car.capacity_wh for one in mine if one.car is not None]
        if mine:
            found[bay.id] = int(hours[int(0.9 * len(hours))]) + 1, EFFICIENCY * sum(free) / len(free)
    return found


def view_of(house: House, outage: Outage) -> View:
    """What can be measured in the house at this instant."""
    battery = house.batteries[BATTERY]
    stored_wh = max(0.0, battery.soc_pct - SHUTDOWN_PCT) / 100.0 * battery.capacity_wh
    order = sorted(outage.site.circuits, key=lambda one: (one.tier, one.rank, one.id))
    return View(
        t_s=house.t_s,
        hour=(outage.hour + house.t_s / HOUR_S) % 24.0,
        battery_pct=battery.soc_pct,
        usable_wh=EFFICIENCY * (stored_wh + sum(free_wh(house).values())),
        watts={one.id: outage.traces.load_w(one.id, house.t_s) for one in outage.site.circuits},
        sun_w=sum(pv.rated_w for pv in outage.site.pvs) * outage.traces.sun_pu(house.t_s) * house.bus_live,
        circuits=order,
        away=frozenset(name for name, bay in house.bays.items() if bay.soc_pct is None),
    )


def free_wh(house: House) -> dict[SourceId, float]:
    """What each plugged car may give."""
    margin_pct = CarParams().margin_pct
    return {
        name: max(0.0, bay.soc_pct - bay.spec.floor_pct - margin_pct) / 100.0 * bay.capacity_wh
        for name, bay in house.bays.items()
        if bay.soc_pct is not None and bay.capacity_wh is not None
    }


def carry_out(house: House, outage: Outage, view: View, wanted: set[CircuitId]) -> None:
    """Switch what should be on and fits, and have the cars carry their share of it."""
    cars = {name: wh for name, wh in free_wh(house).items() if wh > 0.0 and house.bus_live}
    helped_w = view.sun_w + sum(house.bays[name].spec.discharge_max_w for name in cars)
    room_w = [ROOM_PU * rated + helped_w / len(house.site.phases) for rated in outage.site.former.phase_va]
    on_w = 0.0
    for one in view.circuits:
        pickup_w = house.circuits[one.id].owed_wh * HOUR_S / PICKUP_TAU_S
        shares = outage.site.per_phase(view.watts[one.id] + pickup_w, one.phases)
        fits = all(share_w <= left_w for share_w, left_w in zip(shares, room_w, strict=True) if share_w > 0.0)
        serves = not one.switchable or one.protected or (one.id in wanted and fits)
        if serves:
            on_w += view.watts[one.id]
            room_w = [left_w - share_w for left_w, share_w in zip(room_w, shares, strict=True)]
        if one.switchable:
            house.switch(one.id, serves)
    share_w = GIVING_SHARE * max(0.0, on_w - view.sun_w)
    for name, bay in house.bays.items():
        power_w = min(bay.spec.discharge_max_w, share_w * cars[name] / sum(cars.values())) if name in cars else 0.0
        house.set_bay_power(name, power_w if power_w >= bay.spec.discharge_min_w else 0.0)
