"""How far energy reaches, for screens: by the look ahead while that is young, else by the closed form."""

from math import inf

from hems.control import energy, reach, sheddable
from hems.control.memory.using import FRESH
from hems.model.again import again
from hems.model.foresight import Foresight, Span
from hems.model.site import Circuit, Tier
from hems.model.units import HOUR_S, CircuitId
from hems.runtime.scene import Scene

UNSURE_LOW, UNSURE_HIGH = 0.8, 1.25
"""How far the closed form may be off either way: consumption of a building is not known better than that."""
YOUNG_S = 300.0
"""An older look ahead is no longer shown."""


def foreseen(scene: Scene) -> Foresight | None:
    """The last look ahead, if it is young and answers what is asked now: how this outage goes on, or what one would."""
    seen = scene.foresight
    if seen is None or scene.now_s - seen.at_s > YOUNG_S or seen.grid_fails is scene.state.mode.mode.on_island:
        return None
    return seen


def aged(scene: Scene, hours: float) -> float:
    """Hours counted from the look ahead, as hours from now."""
    seen = scene.foresight
    passed_s = 0.0 if seen is None or seen.grid_fails else scene.now_s - seen.at_s
    return max(0.0, hours - passed_s / HOUR_S)


def age_s(scene: Scene) -> float | None:
    """How old the look ahead is that hours are taken from; None when they come from the closed form."""
    seen = foreseen(scene)
    return None if seen is None else scene.now_s - seen.at_s


def essential(scene: Scene) -> Span | None:
    """Hours that tiers 0 to 2 can be served."""
    seen = foreseen(scene)
    return closed_form(scene, Tier.ESSENTIAL) if seen is None else _from_now(scene, seen.essential)


def first(scene: Scene) -> Span | None:
    """Hours until the first circuits go off to save energy."""
    seen = foreseen(scene)
    return closed_form(scene, Tier.NON_ESSENTIAL) if seen is None else _from_now(scene, seen.first)


def tier(scene: Scene, one: Tier) -> Span | None:
    """Hours until a group goes off; None when it has nothing on, or nobody knows."""
    seen = foreseen(scene)
    if seen is None:
        return closed_form(scene, one)
    return next((_from_now(scene, reaches.hours) for reaches in seen.tiers if reaches.tier is one), None)


def _from_now(scene: Scene, hours: Span) -> Span:
    earliest, expected, latest = hours
    return aged(scene, earliest), aged(scene, expected), aged(scene, latest)


@again
def lives_on(scene: Scene) -> reach.Stored | None:
    """What an island can live on: store, cars and fuel."""
    site, snapshot, now_s = scene.site, scene.snapshot, scene.now_s
    without = reach.stored(site, snapshot, scene.params, now_s)
    return reach.fuelled(without, site, scene.state, snapshot, scene.params, now_s)


def closed_form(scene: Scene, one: Tier) -> Span | None:
    """Earliest, expected and latest hours until a tier goes off; no sun counts while it is unknown."""
    store = lives_on(scene)
    if store is None:
        return None
    sun, uses_w = sun_w(scene), draws(scene)
    earliest, expected, latest = (
        reach.hours_until_off(
            one, store, {tier: watts * use for tier, watts in uses_w.items()}, sun * shines, scene.params.band
        )
        for use, shines in ((1.0 / UNSURE_LOW, 0.5), (1.0, 1.0), (1.0 / UNSURE_HIGH, 1.0))
    )
    return earliest, expected, latest


@again
def draws(scene: Scene) -> dict[Tier, float]:
    """What each tier draws now, or on the grid: would draw on the island, after what goes off at once."""
    uses = dict.fromkeys(Tier, 0.0)
    at_once = scene.state.armed_on_tie_open
    for circuit in scene.site.circuits:
        if still_on(scene, circuit) and circuit.id not in at_once:
            uses[circuit.tier] += scene.step.watts[circuit.id]
    return uses


@again
def sun_w(scene: Scene) -> float:
    """What the sun gives now; none while it is not known."""
    return max(0.0, known_sum(tuple(reading.known(scene.now_s) for reading in scene.snapshot.pvs.values())) or 0.0)


def known_sum(values: tuple[float | None, ...]) -> float | None:
    """The sum, or None when any part of it is unknown or there is none."""
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def still_on(scene: Scene, circuit: Circuit) -> bool:
    """Whether automation has not switched it off."""
    return scene.state.loads.get(circuit.id, FRESH).shed_because is None


def next_off(scene: Scene) -> frozenset[CircuitId]:
    """What goes off next in an outage: as foreseen, else the least important tier that still has something on."""
    if scene.state.mode.outage_since_s is None:
        return frozenset()
    on = [circuit for circuit in sheddable.shed_order(scene.site) if still_on(scene, circuit)]
    seen = _next_seen(scene)
    if seen is not None:
        return frozenset(circuit.id for circuit in on if circuit.id in seen.next_off)
    if not on or energy.shedding_pct(on[0].tier, scene.params.band) is None:
        return frozenset()
    return frozenset(circuit.id for circuit in on if circuit.tier is on[0].tier)


def _next_seen(scene: Scene) -> Foresight | None:
    """The look ahead that may say what goes off next: none that has left out a circuit which has come back since."""
    seen = foreseen(scene)
    if seen is None:
        return None
    left_out = {one.circuit for one in seen.circuits if one.hours == 0.0}
    came_back = any(circuit.id in left_out and still_on(scene, circuit) for circuit in scene.site.circuits)
    return None if came_back else seen


def next_off_h(scene: Scene) -> float | None:
    """Hours until then, as foreseen."""
    seen = _next_seen(scene)
    hours = None if seen is None else seen.next_off_h
    return None if hours is None else aged(scene, hours)


def circuit_reach(scene: Scene, circuit: CircuitId) -> tuple[float | None, float | None]:
    """Hours until it goes off, None for never or unknown; and hours of essential power that it weighs."""
    seen = foreseen(scene)
    found = None if seen is None else next((one for one in seen.circuits if one.circuit == circuit), None)
    if found is None:
        return None, None
    return (None if found.hours == inf else aged(scene, found.hours)), found.weighs_h
