"""Which circuits go off on an island, and in what order.

Strict order on purpose: least important tier first, then rank, so that an owner can predict it.  A circuit that draws
nothing on the phase in need is passed over, because opening it would help nobody.  Source: domain reference 2.1 and
2.2.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from hems.control import overload
from hems.control.demand import held_w, is_on, per_phase, slow_charging_w
from hems.control.energy import Band
from hems.control.memory.using import LoadMemory
from hems.control.orders import locked
from hems.control.overload import Excess
from hems.control.params import Params
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode, TiePosition
from hems.model.request import Want
from hems.model.site import Circuit, Site, Tier
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId

FRESH = LoadMemory()
DARK = (Mode.BLACKOUT, Mode.BLACKOUT_GRID_AVAILABLE, Mode.BLACK_START)
DOUBT = (Mode.INIT, Mode.FAULT_SAFE, Mode.MAINTENANCE)
"""Where nobody knows what carries the building: it is shed for as on an island, when it must be."""
MARGIN = 0.5
"""Share of the former's trip time that slow chargers may use up: the dose from which circuits go anyway."""
LAST_RESERVE = (Band.FLOOR, Band.SHUTDOWN)
SAGS_AFTER_S, COLLAPSE_S = 3.0, 30.0
"""A motor has started after the one, and what goes wrong until the other goes wrong because of what came back."""
FUTILE = 2
"""Sheds in a row without effect, after which essential and critical circuits are not sacrificed to an overload."""
VAIN = 3
"""As often a circuit's own shedding must have shown nothing before it is passed over: it may have been idle."""


def shed_order(site: Site, forced: Collection[CircuitId] = ()) -> list[Circuit]:
    """Sheddable circuits, the first to go first; what a person keeps on goes after all but the critical ones."""
    return _in_order(site.circuits, forced)


def _in_order(circuits: Iterable[Circuit], forced: Collection[CircuitId]) -> list[Circuit]:
    def key(circuit: Circuit) -> tuple[float, float, str]:
        kept = circuit.id in forced and circuit.tier > Tier.CRITICAL
        return (-(Tier.CRITICAL + 0.5) if kept else -circuit.tier, -circuit.rank, circuit.id)

    return sorted((circuit for circuit in circuits if circuit.sheddable), key=key)


def forced_on(state: ControlState) -> frozenset[CircuitId]:
    """What people have asked to keep on."""
    return frozenset(override.circuit for override in state.overrides if override.want is Want.ON)


def expendable(on: Iterable[Circuit], state: ControlState) -> list[Circuit]:
    """What may go for comfort's sake: not critical circuits, nor what a person keeps on, which go in real need only."""
    forced = forced_on(state)
    return [circuit for circuit in on if circuit.tier > Tier.CRITICAL and circuit.id not in forced]


def futile(state: ControlState) -> bool:
    """Whether switching off does not help: the meter is wrong, or what overloads hangs on no switch of ours."""
    return state.effect.vain >= FUTILE


def helpful(on: Iterable[Circuit], state: ControlState) -> list[Circuit]:
    """What may go against too much load: not what has shown no effect, and no walk through a whole dark house."""
    deepest = Tier.ESSENTIAL if futile(state) else Tier.LIFE_SAFETY
    return [one for one in on if one.tier > deepest and state.loads.get(one.id, FRESH).vain < VAIN]


def smallest_set(
    candidates: Iterable[Circuit], too_much: Excess, watts: Mapping[CircuitId, float], site: Site
) -> list[Circuit]:
    """The first circuits in order whose removal takes away what is too much; all of them when that is not enough."""
    excess, together_w = dict(zip(site.phases, too_much.by_phase, strict=True)), too_much.together
    over = {phase for phase, over_w in excess.items() if over_w > 0.0}
    chosen: list[Circuit] = []
    for circuit in candidates:
        if not over and together_w <= 0.0:
            break
        share_w = watts[circuit.id] / len(circuit.phases)
        if share_w > 0.0 and (together_w > 0.0 or not over.isdisjoint(circuit.phases)):
            together_w -= watts[circuit.id]
            for phase in circuit.phases:
                excess[phase] -= share_w
            over = {phase for phase, over_w in excess.items() if over_w > 0.0}
            chosen.append(circuit)
    return chosen


@dataclass(frozen=True, slots=True)
class Outlook:
    """What shedding decides on, computed once per tick."""

    watts: Mapping[CircuitId, float]
    """Demand of every circuit."""
    phase_w: tuple[float, ...] | None
    """Measured power of the former, by phase."""
    going_w: tuple[float, ...]
    """Part of it that is on its way off already."""
    band: Band
    least: Tier
    """The least important tier that the band serves."""
    mode: Mode
    mode_for_s: float
    cars_phase_w: tuple[float, ...]
    """What the former would have to take over if every giving car stopped."""
    sheds_settled: bool
    """Every shed sent so far is acknowledged or given up on, and what is measured is what remains."""
    held: bool = False
    """A person wants everything left as it is: saving energy waits until the last reserve."""
    resting: Mapping[CircuitId, Cause] = field(default_factory=dict)
    """Circuits that go without before any band says so, and why: energy must last, or it is another's turn."""
    in_turn: frozenset[CircuitId] = frozenset()
    """Circuits whose turn it is although the band has their tier off."""
    sags: bool = False
    """The island's voltage is not as it should be."""
    owed_w: tuple[float, ...] = ()
    """What circuits that have just come back will draw beyond what they draw yet, on each phase."""
    bears_w: float = inf
    """So much load may go off at once without need; a nearly full battery would not take what the sun gave it."""
    sunlit: frozenset[CircuitId] = frozenset()
    """Sinks that take what the sun gives beyond what the battery needs."""

    def serves(self, circuit: Circuit) -> bool:
        """Whether there is energy for a circuit now."""
        if circuit.id in self.sunlit or circuit.id in self.in_turn:
            return True
        return circuit.tier <= self.least and circuit.id not in self.resting

    @property
    def expected_w(self) -> tuple[float, ...] | None:
        """What the former will deliver once the sheds under way have shown."""
        if self.phase_w is None:
            return None
        return tuple(watts - going for watts, going in zip(self.phase_w, self.going_w, strict=True))


def candidates(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> list[Circuit]:
    """Circuits that are on, or not proven off, and that answer: what can still be shed, first to go first."""
    return _can_go([one for one in site.circuits if is_on(one, state, snapshot, now_s)], state)


def _can_go(on: Iterable[Circuit], state: ControlState) -> list[Circuit]:
    """Of what is on what answers, and is not on its way off, first to go first."""
    forced, untouchable = forced_on(state), locked(state)

    def may(circuit: Circuit) -> bool:
        memory = state.loads.get(circuit.id, FRESH)
        if memory.deaf or (memory.shed_because is not None and not _kept_on(circuit, state, forced)):
            return False
        return wiring.circuit_closed(circuit.id) not in untouchable

    return [circuit for circuit in _in_order(on, forced) if may(circuit)]


def _kept_on(circuit: Circuit, state: ControlState, forced: Collection[CircuitId]) -> bool:
    """Whether automation would have it off, but a person has it on."""
    entry = state.sent.get(wiring.circuit_closed(circuit.id))
    return circuit.id in forced and entry is not None and bool(entry.value)


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
        _overloaded(useful, site, state, outlook, params),
        _tried(on, site, state, outlook, params),
        _sagging(on, state, outlook, now_s),
        _by_band(on, state, outlook, params, now_s),
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


def _ran_long_enough(circuit: Circuit, state: ControlState, params: Params, now_s: float) -> bool:
    """Whether its minimum on time is over: saving energy waits for that, protection does not."""
    restored_s = state.loads.get(circuit.id, FRESH).restored_s
    return restored_s is None or now_s >= restored_s + circuit.min_on_s * params.restore.pause_factor


def _by_band(
    on: Sequence[Circuit], state: ControlState, outlook: Outlook, params: Params, now_s: float
) -> dict[CircuitId, Cause]:
    """What the stored energy is not to be spent on; all but tiers 0 and 1 when the island does not come to rest.

    A person's wish to keep something on ends at the last reserve; in doubt about the tie that is all that counts.
    """
    last = outlook.band in LAST_RESERVE
    if not outlook.mode.on_island and not last:
        return {}
    forced = () if last else forced_on(state)
    gives_up_s = state.mode.since_s + params.island.give_up_s
    unstable = outlook.mode is Mode.ISLANDED_STABILIZING and now_s >= gives_up_s
    found = {
        circuit.id: _saved(circuit, outlook)
        for circuit in ([] if outlook.held and not last else on)
        if not outlook.serves(circuit) and circuit.id not in forced and _ran_long_enough(circuit, state, params, now_s)
    }
    found = found if last else _bearable(found, outlook)
    if unstable:
        deepest = Tier.ESSENTIAL if futile(state) else Tier.CRITICAL
        found = {circuit.id: Cause(Why.STABILISING_TOO_LONG) for circuit in on if circuit.tier > deepest} | found
    return found


def _bearable(found: Mapping[CircuitId, Cause], outlook: Outlook) -> dict[CircuitId, Cause]:
    """As many as may go at once, the first at least; the others when that has shown."""
    left_w = outlook.bears_w
    chosen: dict[CircuitId, Cause] = {}
    for circuit, cause in found.items():
        left_w -= outlook.watts[circuit]
        if left_w < 0.0 and (chosen or not outlook.sheds_settled):
            break
        chosen[circuit] = cause
    return chosen


def _saved(circuit: Circuit, outlook: Outlook) -> Cause:
    """Why it goes for the sake of energy: for the band, or earlier because what is stored must last."""
    rests = outlook.resting.get(circuit.id)
    takes_turns = outlook.band is Band.CONSERVE and rests is not None and rests.why is Why.NOT_ITS_TURN
    if rests is not None and (circuit.tier <= outlook.least or takes_turns):
        return rests
    why = Why.FLEXIBLE_ON_ISLAND if circuit.tier is Tier.FLEXIBLE else Why.ENERGY_BAND
    return Cause(why, {"band": outlook.band})


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
    on: Sequence[Circuit], site: Site, state: ControlState, outlook: Outlook, params: Params
) -> dict[CircuitId, Cause]:
    """By dose: next group, then whole tiers; at once down to 0.9 where the inverter is faster than three actuations."""
    if outlook.phase_w is None or outlook.expected_w is None or not overload.on_its_own(state.evidence):
        return {}
    dose = max(state.dose, default=0.0)
    if max(overload.loading(outlook.phase_w, site.former)) <= 1.0:
        return {}
    if overload.too_fast(outlook.expected_w, site.former, params.overload):
        return _down_to(0.9, on, site, outlook, Why.OVERLOAD)
    deepest = overload.deepest_tier(dose, params.overload)
    if deepest is not None:
        cause = Cause(Why.OVERLOAD, {"dose": round(dose, 2)})
        there = on if deepest < Tier.COMFORT else expendable(on, state)
        return {circuit.id: cause for circuit in there if circuit.tier >= deepest}
    if dose >= params.overload.dose_next_group and outlook.sheds_settled:
        return _down_to(params.overload.target_pu, expendable(on, state), site, outlook, Why.OVERLOAD)
    return {}


def _tried(
    on: Sequence[Circuit], site: Site, state: ControlState, outlook: Outlook, params: Params
) -> dict[CircuitId, Cause]:
    """One essential circuit, late, where nothing has helped: a load that has grown as fast would trip the inverter.

    If that shows at the former, the others follow; if it does not, they stay.
    """
    dose = max(state.dose, default=0.0)
    if not futile(state) or dose < params.overload.dose_tier2 or outlook.phase_w is None or not outlook.sheds_settled:
        return {}
    loading = zip(site.phases, overload.loading(outlook.phase_w, site.former), strict=True)
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
    """
    lit = [circuit for circuit in site.circuits if is_on(circuit, state, snapshot, now_s)]
    on = _can_go(lit, state)
    watts = {circuit.id: held_w(circuit, state) for circuit in lit}
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
