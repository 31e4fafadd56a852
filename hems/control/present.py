"""What is installed as it counts right now: some circuits and cars matter more at times.

Batteries keep more in winter; a cold room that gets warm counts as one tier more important; a car keeps what its driver
says, and while people may have to leave, every car keeps more; what a hand switch has taken from hems has no switch.
Everything behind decides on this site.  Source: domain reference 3.2 P5 and 5, item 21.
"""

from collections.abc import Mapping
from math import inf

from hems.control import drivers, idle, orders, overload
from hems.control.axis_tie import word
from hems.control.bay_memory import NEW
from hems.control.cars import charge, phases
from hems.control.cars.memory import BayMemory, DriverMemory
from hems.control.demand import NOTHING
from hems.control.dispatch import reserve, shared
from hems.control.energy import NO_CAR, floored
from hems.control.given import Given
from hems.control.params import Params
from hems.control.state import ControlState
from hems.control.tuning.sources import CarParams
from hems.model.again import again, with_number
from hems.model.copies import replace
from hems.model.reading import missing
from hems.model.request import Task
from hems.model.site import Battery, Bay, Circuit, Site, Tier
from hems.model.snapshot import Snapshot
from hems.model.units import W_PER_KW, CircuitId, SourceId

COOLED_C = 1.0
"""So far below its limit it must have cooled before it counts as before."""


def warm_after(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> frozenset[CircuitId]:
    """The circuits that have let something get too warm; an unknown temperature changes nothing."""
    limits = _limits_c(site)
    return frozenset([one for one, most_c in limits.items() if _warm(one, most_c, one in state.warm, snapshot, now_s)])


@again
def _limits_c(site: Site) -> Mapping[CircuitId, float]:
    """Above what each circuit that keeps something cool must not come."""
    return {one.id: one.temp_max_c for one in site.circuits if one.temp_max_c is not None}


def _warm(circuit: CircuitId, most_c: float, before: bool, snapshot: Snapshot, now_s: float) -> bool:
    temp_c = snapshot.circuits.get(circuit, NOTHING).temp_c.known(now_s)
    return before if temp_c is None else temp_c > most_c - (COOLED_C if before else 0.0)


def counted(given: Given, state: ControlState) -> Given:
    """What a tick is given, with site and charges as they count at this instant."""
    site = _by_phases(present(given.site, state, given.params, given.now_s), given.snapshot, given.now_s)
    snapshot = charge.counted(given.snapshot, state.bays, given.now_s)
    site = shared.keeping(site, state, snapshot, given.params, given.now_s)
    return _bypassed(replace(given, site=site, snapshot=snapshot))


def _bypassed(given: Given) -> Given:
    """Without the switches of circuits whose hand switch is not on AUTO: to open such a switch frees nothing.

    What it says is no word either: past it the circuit may draw, so it counts as on by its meter, or else as usual.
    A hand switch that cannot be read changes nothing.
    """
    readings, now_s = given.snapshot.circuits, given.now_s
    taken = {name: one for name, one in readings.items() if one.by_hand.known(now_s)}
    if not taken:
        return given
    circuits = tuple(replace(one, switchable=False) if one.id in taken else one for one in given.site.circuits)
    silent = {name: replace(one, closed=missing()) for name, one in taken.items()}
    return replace(
        given,
        site=replace(given.site, circuits=circuits),
        snapshot=replace(given.snapshot, circuits={**readings, **silent}),
    )


def _by_phases(site: Site, snapshot: Snapshot, now_s: float) -> Site:
    """With chargers on the phases that they use now."""
    if not any(bay.switches_phases for bay in site.bays):
        return site
    bays = (phases.present(bay, snapshot.bays.get(bay.id, NO_CAR), now_s) for bay in site.bays)
    return replace(site, bays=tuple(bays))


def of_the_island(given: Given, state: ControlState) -> Given:
    """Without what the former told before the tie opened: much of that may have been the grid's, passing through."""
    snapshot, apart_since_s = given.snapshot, state.evidence.apart_since_s
    if apart_since_s is None or all(one.taken_s >= apart_since_s for one in snapshot.former_phase_w):
        return given
    phases = tuple([one if one.taken_s >= apart_since_s else missing() for one in snapshot.former_phase_w])
    return replace(given, snapshot=replace(snapshot, former_phase_w=phases))


def permitted(site: Site, snapshot: Snapshot, now_s: float) -> Site:
    """With what the former's source gives now: what its battery permits, and the sun on the same side of the inverter.

    A permission that cannot be read is that of the site file.
    """
    former = site.former
    reading = snapshot.batteries.get(former.source)
    permits_w = None if reading is None else reading.discharge_max_w.known(now_s)
    least_w = min((watts for watts in (former.total_w, permits_w) if watts is not None), default=inf)
    if least_w >= sum(former.phase_va):
        return site
    return _bearing(site, max(1.0, least_w + overload.behind_w(site, snapshot, now_s)))


def present(site: Site, state: ControlState, params: Params, now_s: float) -> Site:
    """The site with the tiers, floors and reserves of this instant."""
    batteries = _asked(reserve.present(site, state), idle.left(state, now_s))
    site = site if batteries is site.batteries else _with_batteries(site, *batteries)
    if state.warm:
        site = _with_circuits(site, *[_raised(one) if one.id in state.warm else one for one in site.circuits])
    evacuating = orders.stands(state, Task.EVACUATION, now_s)
    return _with_cars(site, state.drivers, state.bays, params.car, evacuating)


def _asked(batteries: tuple[Battery, ...], left: frozenset[SourceId]) -> tuple[Battery, ...]:
    """Who does not give when asked is asked no more, and does not count."""
    if not left:
        return batteries
    return tuple(replace(one, controllable=False) if one.id in left else one for one in batteries)


# From tick to tick it is the very same site for as long as nothing about it changes.


@again
def _with_batteries(site: Site, *batteries: Battery) -> Site:
    return replace(site, batteries=batteries)


@again
def _with_circuits(site: Site, *circuits: Circuit) -> Site:
    return replace(site, circuits=circuits)


@again
def _with_cars(
    site: Site,
    said: Mapping[SourceId, DriverMemory],
    bays: Mapping[SourceId, BayMemory],
    params: CarParams,
    evacuating: bool,
) -> Site:
    known = ((bay, said.get(bay.id, drivers.SILENT), bays.get(bay.id, NEW)) for bay in site.bays)
    return _with_bays(site, *[_kept(*one, params, evacuating=evacuating) for one in known])


@again
def _with_bays(site: Site, *bays: Bay) -> Site:
    return site if bays == site.bays else replace(site, bays=bays)


@with_number
def _bearing(site: Site, total_w: float) -> Site:
    return replace(site, former=replace(site.former, total_w=total_w))


def _kept(bay: Bay, said: DriverMemory, memory: BayMemory, params: CarParams, *, evacuating: bool) -> Bay:
    """The bay with what its car keeps now."""
    bay = _with_a_way(bay, said, memory, params)
    if evacuating:
        bay = _keeping(bay, params.evacuation_pct)
    return charge.kept(bay, memory, params)


def _with_a_way(bay: Bay, said: DriverMemory, memory: BayMemory, params: CarParams) -> Bay:
    """The bay with what its driver keeps, and while that has not been said, with a way to safety (3.2, P1, P4)."""
    if said.never or said.keeps_pct is not None:
        return drivers.keeping(bay, said)
    if not bay.bidirectional or params.evacuation_km <= 0.0 or memory.charge is None:
        return bay
    return _keeping(bay, way_pct(params.evacuation_km, memory.charge.capacity_wh, params))


def way_pct(km: float, capacity_wh: float, params: CarParams) -> float:
    """Percent that a way takes, with what is to be left; never more than all."""
    kwh = km * params.kwh_per_km * params.cold_factor + params.arrives_kwh
    return min(100.0, 100.0 * kwh * W_PER_KW / capacity_wh)


def _raised(circuit: Circuit) -> Circuit:
    return _in_tier(circuit, max(Tier.CRITICAL, circuit.tier - 1)) if circuit.tier else circuit


@with_number
def _in_tier(circuit: Circuit, tier: float) -> Circuit:
    return replace(circuit, tier=Tier(int(tier)))


def _keeping(bay: Bay, floor_pct: float) -> Bay:
    return bay if floor_pct <= bay.floor_pct else floored(bay, floor_pct)


def by_hand(state: ControlState, snapshot: Snapshot, now_s: float) -> bool:
    """Whether people have taken over by the red button; while it cannot be read, as it was."""
    pressed = word(snapshot.red_button, now_s)
    return state.by_hand if pressed is None else pressed
