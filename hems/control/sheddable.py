"""What can go off on an island, in what order, and what that is decided on.

Strict order on purpose: least important tier first, then rank, so that an owner can predict it.  A circuit that draws
nothing on the phase in need is passed over, because opening it would help nobody.  Source: domain reference 2.1 and
2.2.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from hems.control.demand import all_on
from hems.control.energy import Band
from hems.control.memory.using import FRESH
from hems.control.orders import locked
from hems.control.overload import Excess
from hems.control.state import ControlState
from hems.control.told import told_on
from hems.model import wiring
from hems.model.again import again
from hems.model.cause import Cause
from hems.model.mode import Mode
from hems.model.quick import quick
from hems.model.request import Override, Want
from hems.model.site import Circuit, Site, Tier
from hems.model.snapshot import Snapshot
from hems.model.units import CircuitId

FUTILE = 2
"""Sheds in a row without effect, after which essential and critical circuits are not sacrificed to an overload."""
VAIN = 3
"""As often a circuit's own shedding must have shown nothing before it is passed over: it may have been idle."""


def shed_order(site: Site, forced: frozenset[CircuitId] = frozenset()) -> list[Circuit]:
    """Sheddable circuits, the first to go first; what a person keeps on goes after all but the critical ones."""
    return list(_in_order(forced, *site.circuits))


@again
def _in_order(forced: frozenset[CircuitId], *circuits: Circuit) -> tuple[Circuit, ...]:
    def key(circuit: Circuit) -> tuple[float, float, str]:
        kept = circuit.id in forced and circuit.tier > Tier.CRITICAL
        return (-(Tier.CRITICAL + 0.5) if kept else -circuit.tier, -circuit.rank, circuit.id)

    return tuple(sorted((circuit for circuit in circuits if circuit.sheddable), key=key))


def forced_on(state: ControlState) -> frozenset[CircuitId]:
    """What people have asked to keep on."""
    return _forced_on(state.overrides)


@again
def _forced_on(overrides: tuple[Override, ...]) -> frozenset[CircuitId]:
    return frozenset([override.circuit for override in overrides if override.want is Want.ON])


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


@quick
@dataclass(frozen=True, slots=True)
class Outlook:
    """What shedding decides on, computed once per tick."""

    watts: Mapping[CircuitId, float]
    """Demand of every circuit."""
    phase_w: tuple[float, ...] | None
    """Measured power of the former, by phase; None unless every phase is known."""
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
    dark: bool = False
    """No voltage is seen on the bus at this instant, whatever it may turn out to be."""
    owed_w: tuple[float, ...] = ()
    """What circuits that have just come back will draw beyond what they draw yet, on each phase."""
    least_w: tuple[float, ...] | None = None
    """The same as far as it is known, where not every phase is: enough to shed for, and for nothing else."""
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
    def known_w(self) -> tuple[float, ...] | None:
        """What the former delivers at least."""
        return self.least_w if self.phase_w is None else self.phase_w

    @property
    def expected_w(self) -> tuple[float, ...] | None:
        """What the former will deliver, at least, once the sheds under way have shown."""
        if self.known_w is None:
            return None
        return tuple(watts - going for watts, going in zip(self.known_w, self.going_w, strict=True))


def candidates(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> list[Circuit]:
    """Circuits that are on, or not proven off, and that answer: what can still be shed, first to go first."""
    return can_go(all_on(site, state, snapshot, now_s), state, now_s)


def can_go(on: Iterable[Circuit], state: ControlState, now_s: float) -> list[Circuit]:
    """Of what is on what answers, and is not on its way off, first to go first."""
    forced, untouchable = forced_on(state), locked(state, now_s)

    def may(circuit: Circuit) -> bool:
        memory = state.loads.get(circuit.id, FRESH)
        if memory.deaf or (memory.shed_because is not None and not _kept_on(circuit, state, forced)):
            return False
        return not untouchable or wiring.circuit_closed(circuit.id) not in untouchable

    return [circuit for circuit in _in_order(forced, *on) if may(circuit)]


def _kept_on(circuit: Circuit, state: ControlState, forced: Collection[CircuitId]) -> bool:
    """Whether automation would have it off, but a person has it on."""
    return circuit.id in forced and told_on(state, wiring.circuit_closed(circuit.id))
