"""Which circuits go off on an island: what protects it here, what saves energy next door, in one order."""

from collections.abc import Sequence
from math import inf

from hems.control import overload
from hems.control.demand import all_on, per_phase, slow_charging_w, untold
from hems.control.going import going
from hems.control.memory.using import FRESH
from hems.control.params import Params
from hems.control.remembered import held_w
from hems.control.saving import LAST_RESERVE, by_band
from hems.control.sheddable import (
    Outlook,
    can_go,
    candidates,
    expendable,
    forced_on,
    futile,
    helpful,
    shed_order,
    smallest_set,
)
from hems.control.state import ControlState
from hems.control.undoing import elsewhere, just_back
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.copies import replace
from hems.model.mode import Mode, TiePosition
from hems.model.site import Circuit, Site, Tier
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId

DARK = (Mode.BLACKOUT, Mode.BLACKOUT_GRID_AVAILABLE, Mode.BLACK_START)
DOUBT = (Mode.INIT, Mode.FAULT_SAFE, Mode.MAINTENANCE)
"""Where nobody knows what carries the building: it is shed for as on an island, when it must be."""
MARGIN = 0.5
"""Share of the former's trip time that slow chargers may use up: the dose from which circuits go anyway."""
SAGS_AFTER_S, COLLAPSE_S = 3.0, 30.0
"""A motor has started after the one, and what goes wrong until the other goes wrong because of what came back."""


def sheds(
    site: Site, state: ControlState, snapshot: Snapshot, outlook: Outlook, params: Params, now_s: float
) -> dict[CircuitId, Cause]:
    """What must go off now that is not off yet, each with its cause; empty on the grid."""
    if outlook.mode in DARK:
        return {circuit.id: Cause(Why.BLACKOUT) for circuit in candidates(site, state, snapshot, now_s)}
    if outlook.mode is Mode.INIT and _looking_around(state, params, now_s):
        return {}
    if outlook.mode is Mode.ISLANDING_PLANNED:
        return _entering(site, state, outlook)
    if not outlook.mode.on_island and outlook.mode not in DOUBT:
        return {}
    on = candidates(site, state, snapshot, now_s)
    useful = helpful(on, state)
    found: dict[CircuitId, Cause] = {}
    for more in (
        _overloaded(useful, site, state, snapshot, outlook, params, now_s),
        _tried(on, site, state, outlook, params),
        _sagging(on, state, outlook, now_s),
        by_band(on, state, outlook, params, now_s),
        _restless(on, state, outlook, params, now_s),
        _entering(site, state, outlook),
        _too_much(useful, site, state, outlook, params),
        _headroom(useful, site, state, outlook),
    ):
        found = more | found  # the first reason given for a circuit stays its reason
    return found


def _looking_around(state: ControlState, params: Params, now_s: float) -> bool:
    """The first moments of a start, when a tie that nobody has told of yet is not one that nobody knows."""
    unheard = state.evidence.tie.value is TiePosition.UNKNOWN
    return unheard and now_s < state.mode.since_s + params.boot.settle_s


def _entering(site: Site, state: ControlState, outlook: Outlook) -> dict[CircuitId, Cause]:
    """What was armed for an opening tie: the tick confirms exactly that, whether or not the switches are open yet.

    Also when a device says that the tie is open and its contacts say closed: one witness is enough to shed.
    """
    tie = state.evidence.tie
    contested = tie.value is TiePosition.UNKNOWN and tie.disagree_since_s is not None
    begins = outlook.mode in (Mode.ISLANDED_STABILIZING, Mode.ISLANDING_PLANNED)
    begins = begins or (outlook.mode is Mode.FAULT_SAFE and contested)
    if not begins or outlook.mode_for_s > 0.0:
        return {}
    return {
        circuit.id: Cause(Why.FLEXIBLE_ON_ISLAND if circuit.tier is Tier.FLEXIBLE else Why.ISLAND_CAPACITY)
        for circuit in shed_order(site)
        if circuit.id in state.armed_on_tie_open and state.loads.get(circuit.id, FRESH).shed_because is None
    }


def _sagging(on: Sequence[Circuit], state: ControlState, outlook: Outlook, now_s: float) -> dict[CircuitId, Cause]:
    """What has just come back, if the island's voltage does not bear it; not what a person keeps on all the same."""
    when_s = state.last_restore_s
    if not outlook.sags or when_s is None or not SAGS_AFTER_S <= now_s - when_s <= COLLAPSE_S:
        return {}
    forced = forced_on(state)
    back = (one.id for one in on if one.id not in forced and state.loads.get(one.id, FRESH).restored_s == when_s)
    return {circuit: Cause(Why.VOLTAGE_SAGS) for circuit in back}


def _restless(
    on: Sequence[Circuit], state: ControlState, outlook: Outlook, params: Params, now_s: float
) -> dict[CircuitId, Cause]:
    """All but tiers 0 and 1 when the island does not come to rest."""
    if outlook.mode is not Mode.ISLANDED_STABILIZING or now_s < state.mode.since_s + params.island.give_up_s:
        return {}
    deepest = Tier.ESSENTIAL if futile(state) else Tier.CRITICAL
    return {circuit.id: Cause(Why.STABILISING_TOO_LONG) for circuit in on if circuit.tier > deepest}


def _too_much(
    on: Sequence[Circuit], site: Site, state: ControlState, outlook: Outlook, params: Params
) -> dict[CircuitId, Cause]:
    """While stabilising: down to the target, as soon as the sheds sent so far have shown what they do."""
    if outlook.mode is not Mode.ISLANDED_STABILIZING or outlook.phase_w is None or not outlook.sheds_settled:
        return {}
    return _down_to(params.overload.target_pu, expendable(on, state), site, outlook, Why.ISLAND_CAPACITY)


def _headroom(on: Sequence[Circuit], site: Site, state: ControlState, outlook: Outlook) -> dict[CircuitId, Cause]:
    """Before reconnecting, cars stop giving; what the former could not take over goes first."""
    if outlook.mode is not Mode.RECONNECTING or outlook.mode_for_s > 0.0 or outlook.expected_w is None:
        return {}
    both = [watts + more for watts, more in zip(outlook.expected_w, outlook.cars_phase_w, strict=True)]
    gone = smallest_set(expendable(on, state), overload.beyond(both, site.former), outlook.watts, site)
    return {circuit.id: Cause(Why.BEFORE_RECONNECT) for circuit in gone}


def _down_to(target_pu: float, on: Sequence[Circuit], site: Site, outlook: Outlook, why: Why) -> dict[CircuitId, Cause]:
    power_w = outlook.expected_w or tuple(0.0 for _ in site.phases)
    excess = overload.beyond(power_w, site.former, target_pu)
    worst = max(overload.loading(power_w, site.former), default=0.0)
    return {
        circuit.id: Cause(why, {"loading_pct": round(100.0 * worst), "w": round(outlook.watts[circuit.id])})
        for circuit in smallest_set(on, excess, outlook.watts, site)
    }


def _overloaded(
    on: Sequence[Circuit],
    site: Site,
    state: ControlState,
    snapshot: Snapshot,
    outlook: Outlook,
    params: Params,
    now_s: float,
) -> dict[CircuitId, Cause]:
    """By dose: next group, then whole tiers; at once down to 0.9 where the inverter is faster than three actuations."""
    if outlook.known_w is None or outlook.expected_w is None or not overload.on_its_own(state.evidence):
        return {}
    dose = max(state.dose, default=0.0)
    if max(overload.loading(outlook.known_w, site.former)) <= 1.0:
        return {}
    back, off_again = (
        just_back(circuits, state, now_s) for circuits in (on, going(site, state, overload.seen_s(snapshot)))
    )
    if overload.too_fast(outlook.expected_w, site.former, params.overload):
        jumped = _jumped(on, back, off_again, site, outlook, params)
        if jumped or not off_again:
            return jumped
    if _explained(outlook.known_w, off_again, site, state):
        return {}
    deepest = overload.deepest_tier(dose, params.overload)
    if deepest is not None:
        cause = Cause(Why.OVERLOAD, {"dose": round(dose, 2)})
        there = on if deepest < Tier.COMFORT else expendable(on, state)
        return {circuit.id: cause for circuit in there if circuit.tier >= deepest}
    if dose >= params.overload.dose_next_group and outlook.sheds_settled:
        return _down_to(params.overload.target_pu, expendable(on, state), site, outlook, Why.OVERLOAD)
    return {}


def _jumped(
    on: Sequence[Circuit],
    back: Sequence[Circuit],
    off_again: Sequence[Circuit],
    site: Site,
    outlook: Outlook,
    params: Params,
) -> dict[CircuitId, Cause]:
    """What has just come `back`, and whatever is too much on phases that neither this nor what is `off_again` is on."""
    if outlook.expected_w is None:
        return {}
    undone = {one.id: Cause(Why.OVERLOAD, {"w": round(outlook.watts[one.id])}) for one in back}
    rest_w = elsewhere(outlook.expected_w, site.phases, [*back, *off_again])
    if not overload.too_fast(rest_w, site.former, params.overload):
        return undone
    beside = replace(outlook, phase_w=rest_w, going_w=(0.0,) * len(rest_w))
    return undone | _down_to(0.9, [one for one in on if one.id not in undone], site, beside, Why.OVERLOAD)


def _explained(power_w: Sequence[float], off_again: Sequence[Circuit], site: Site, state: ControlState) -> bool:
    """Whether what has just come back, and is off again by its switch's own word, may be all that is too much.

    Its absence cannot show yet: a dose that grows on by an old reading tells of it alone.
    """
    off = [one for one in off_again if _says_off(one, state)]
    rest_w = elsewhere(power_w, site.phases, off)
    return bool(off) and max(overload.loading(rest_w, site.former)) <= 1.0


def _says_off(circuit: Circuit, state: ControlState) -> bool:
    entry = state.sent.get(wiring.circuit_closed(circuit.id))
    return entry is not None and not entry.value and entry.acknowledged_s is not None


def _tried(
    on: Sequence[Circuit], site: Site, state: ControlState, outlook: Outlook, params: Params
) -> dict[CircuitId, Cause]:
    """One essential circuit, late, where nothing has helped: a load that has grown as fast would trip the inverter.

    If that shows at the former, the others follow; if it does not, they stay.
    """
    dose = max(state.dose, default=0.0)
    if not futile(state) or dose < params.overload.dose_tier2 or outlook.known_w is None or not outlook.sheds_settled:
        return {}
    loading = zip(site.phases, overload.loading(outlook.known_w, site.former), strict=True)
    over = {phase for phase, pu in loading if pu > 1.0}
    essential = [one for one in site.circuits if one.tier is Tier.ESSENTIAL]
    if any(_went_for_overload(one, state) for one in essential):
        return {}
    there = [one for one in on if one.tier is Tier.ESSENTIAL and not over.isdisjoint(one.phases)]
    largest = max(there, key=lambda one: outlook.watts[one.id], default=None)
    return {} if largest is None else {largest.id: Cause(Why.OVERLOAD, {"dose": round(dose, 2)})}


def _went_for_overload(circuit: Circuit, state: ControlState) -> bool:
    because = state.loads.get(circuit.id, FRESH).shed_because
    return because is not None and because.why is Why.OVERLOAD


def _bears_pu(site: Site) -> float:
    """What the former carries, with margin, until the slowest car has stopped charging."""
    slowest_s = max((bay.stops_s for bay in site.bays if bay.id != site.former.source), default=0.0)
    return overload.loading_that_trips_in(slowest_s / MARGIN, site.former.curve) if 0.0 < slowest_s < inf else 0.0


def armed_set(
    site: Site, state: ControlState, snapshot: Snapshot, outlook: Outlook, params: Params, now_s: float
) -> tuple[CircuitId, ...]:
    """What to open the moment the tie opens: every flexible load, and as much else as brings each phase to the target.

    Counts on nothing but the former: PV drops out at the transition and returns minutes later, and no car carries an
    island it does not form.  A car whose charger is slow to stop goes on charging for as long as it matters here.
    While nobody can tell what circuits draw, they count as they drew lately, and with their typical power at least.
    """
    lit = all_on(site, state, snapshot, now_s)
    on = can_go(lit, state, now_s)
    unknown = untold(site, state, snapshot, now_s)
    watts = {one.id: max(held_w(one, state), one.typical_w if one.id in unknown else 0.0) for one in lit}
    spared = () if outlook.band in LAST_RESERVE else forced_on(state)
    gone = {circuit.id: circuit for circuit in on if not outlook.serves(circuit) and circuit.id not in spared}
    stays = [
        circuit for circuit in lit if circuit.id not in gone and state.loads.get(circuit.id, FRESH).shed_because is None
    ]
    target = params.overload.target_pu
    loads_w, cars_w = per_phase(site, watts, stays), slow_charging_w(site, state, snapshot, now_s)
    bears = max(target, _bears_pu(site))
    excess = overload.beyond(loads_w, site.former, target)
    if any(cars_w):
        both_w = [load_w + car_w for load_w, car_w in zip(loads_w, cars_w, strict=True)]
        excess = overload.worse(excess, overload.beyond(both_w, site.former, bears))
    more = smallest_set(
        (one for one in helpful(expendable(on, state), state) if one.id not in gone), excess, watts, site
    )
    return (*gone, *(circuit.id for circuit in more))
