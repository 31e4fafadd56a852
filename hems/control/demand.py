"""What circuits draw, or would draw if they were on, and what that means for each phase of the island."""

from collections.abc import Collection, Iterable, Mapping
from math import exp

from hems.control.memory.using import LoadMemory
from hems.control.remembered import held_w
from hems.control.state import ControlState
from hems.control.tuning.island import RestoreParams
from hems.model import wiring
from hems.model.again import again
from hems.model.reading import Quality, Reading
from hems.model.site import Bay, Circuit, Site
from hems.model.snapshot import CircuitReading, Snapshot, drawn_w, positions
from hems.model.units import CircuitId

NOTHING = CircuitReading()
SHOWS_S = 0.1
"""So long after a shed is acknowledged a measurement shows it."""
STARTS_S = 600.0
"""A compressor that has been without power starts within this time, if it wants to."""
LITTLE = 0.1
"""A cold-load pick-up of which no more is left is over."""
SPREAD = (0.3, 2.5)
"""How far a circuit without a meter may be from its typical power."""


def is_on(circuit: Circuit, state: ControlState, snapshot: Snapshot, now_s: float) -> bool:
    """Whether it must be counted as consuming: its switch says so, or nothing proves that it is off.

    A switch that was told to close counts as closed until a newer reading shows that it has not.
    """
    return positions(snapshot, now_s).get(circuit.id) is not False or _closing(circuit, state, snapshot)


def all_on(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> list[Circuit]:
    """Every circuit that must be counted so."""
    closed = positions(snapshot, now_s)
    if False not in closed.values():
        return list(site.circuits)
    return [one for one in site.circuits if closed.get(one.id) is not False or _closing(one, state, snapshot)]


def _closing(circuit: Circuit, state: ControlState, snapshot: Snapshot) -> bool:
    """Whether what was read of a switch that is off is older than the word to close."""
    entry = state.sent.get(wiring.circuit_closed(circuit.id))
    return entry is not None and entry.value is True and snapshot.circuits[circuit.id].closed.taken_s <= entry.last_s


def demands(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> dict[CircuitId, float]:
    """W that each circuit draws now, or is expected to draw when switched on.

    Metered and on: the meter, once it was read after the switch was told to close.  Off, or on only since a moment ago:
    what it drew when last seen on.  On without a meter: typical power, scaled so that all circuits together give what
    the building is believed to draw.
    """
    total_w, seen_s = state.drawn.watts, state.drawn.seen_s
    closed, drawn = positions(snapshot, now_s), drawn_w(snapshot, now_s)
    # what came on after the building's load was measured is not contained in it
    late = {role for role, entry in state.sent.items() if entry.value is True and entry.sent_s > seen_s}
    measured = {circuit.id: drawn.get(circuit.id) for circuit in site.circuits}
    if late or False in closed.values():
        unseen = [one for one in measured if closed.get(one) is False or wiring.circuit_closed(one) in late]
        measured = {one: watts for one, watts in measured.items() if one not in unseen}
        total_w = None if total_w is None else total_w - _still_in_w(site, state, unseen, seen_s)
    scale = _scale(site, measured, total_w)
    found = {one.id: held_w(one, state) if one.id not in measured else one.typical_w * scale for one in site.circuits}
    if late:  # perhaps for hours, where a source that feeds the building is silent
        back = [one for one in unseen if closed.get(one) is not False]
        measured |= {one: drawn.get(one) for one in back if _read_since(one, state, snapshot)}
    return found | {circuit: max(0.0, watts) for circuit, watts in measured.items() if watts is not None}


def _read_since(circuit: CircuitId, state: ControlState, snapshot: Snapshot) -> bool:
    """Whether a circuit's own meter was read after the word to close had had its effect."""
    entry, reading = state.sent[wiring.circuit_closed(circuit)], snapshot.circuits.get(circuit, NOTHING).power_w
    return reading.taken_s >= (entry.acknowledged_s or entry.sent_s) + SHOWS_S


def untold(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> frozenset[CircuitId]:
    """Circuits of whose draw no meter tells, neither their own nor the building's.

    What they are taken to draw meanwhile is a guess, from which nothing is to be learned.
    """
    if state.drawn.watts is not None:
        return frozenset()
    own = drawn_w(snapshot, now_s)
    return frozenset([one.id for one in site.circuits if own.get(one.id) is None])


def _still_in_w(site: Site, state: ControlState, unseen: Collection[CircuitId], seen_s: float) -> float:
    """What circuits drew that went off after the building's load was measured: it is contained in that."""
    watts = 0.0
    for circuit in site.circuits:
        entry = state.sent.get(wiring.circuit_closed(circuit.id)) if circuit.id in unseen else None
        if entry is not None and not entry.value and seen_s < (entry.acknowledged_s or entry.sent_s) + SHOWS_S:
            watts += held_w(circuit, state)
    return watts


def _scale(site: Site, measured: Mapping[CircuitId, float | None], total_w: float | None) -> float:
    if None not in measured.values():
        return 1.0
    blind_w = sum(circuit.typical_w for circuit in site.circuits if measured.get(circuit.id, 0.0) is None)
    if total_w is None or blind_w <= 0.0:
        return 1.0
    seen_w = sum(watts for watts in measured.values() if watts is not None)
    return min(SPREAD[1], max(SPREAD[0], (total_w - seen_w) / blind_w))


@again
def load_w(site: Site, snapshot: Snapshot, now_s: float, islanded: bool) -> float | None:
    """What the building consumes, cars charging excluded, by the balance of everything that feeds the bus.

    None when a source that matters cannot be read.
    """
    known = [reading.known(now_s) for reading in feeds(site, snapshot, islanded)]
    if site.generator is not None:
        known.append(_generator_w(snapshot, now_s))
    given = [watts for watts in known if watts is not None]
    return sum(given) if len(given) == len(known) else None


@again
def feeds(site: Site, snapshot: Snapshot, islanded: bool) -> tuple[Reading[float], ...]:
    """The readings whose sum the building draws; a generator apart.

    On an island the former's phases deliver what its own source gives, and the sun on its own side.  On the grid many
    an inverter tells there what it passes on to its backup port, so source and sun are counted themselves, unless
    nobody measures that source.  One that is measured and has not been read yet leaves the sum unknown.
    """
    stores = {key: battery.power_w for key, battery in snapshot.batteries.items()}
    stores |= {key: bay.power_w for key, bay in snapshot.bays.items()}
    own = stores.pop(site.former.source, None)
    measured = own is not None and own.quality is not Quality.MISSING
    measured |= any(one.metered for one in site.batteries if one.id == site.former.source)
    counted = measured and not islanded
    inside = set() if counted else {pv.id for pv in site.pvs if pv.direct}
    readings = [*stores.values(), *(one for key, one in snapshot.pvs.items() if key not in inside)]
    readings += [own] if own is not None and counted else snapshot.former_phase_w
    return tuple(readings if islanded else [*readings, snapshot.grid_w])


def _generator_w(snapshot: Snapshot, now_s: float) -> float | None:
    """Nothing from a generator that stands still, whatever its meter says."""
    return 0.0 if snapshot.generator.running.known(now_s) is False else snapshot.generator.power_w.known(now_s)


def slow_charging_w(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> tuple[float, ...]:
    """What cars draw on each phase that will go on charging for a while, whatever they are told."""
    total = [0.0] * len(site.phases)
    for bay in site.bays:
        if bay.stops_s and bay.id != site.former.source:
            memory = state.bays.get(bay.id)
            drawn_w = max(charging_w(bay, state, snapshot, now_s), 0.0 if memory is None else memory.charging_w)
            for index, share_w in enumerate(site.per_phase(drawn_w, bay.phases)):
                total[index] += share_w
    return tuple(total)


def charging_w(bay: Bay, state: ControlState, snapshot: Snapshot, now_s: float) -> float:
    """As measured; as it was last told where nobody can see, because a car takes no more than that."""
    reading = snapshot.bays.get(bay.id)
    measured_w = None if reading is None else reading.power_w.known(now_s)
    entry = state.sent.get(wiring.bay_power(bay.id))
    told_w = 0.0 if entry is None else float(entry.value)
    return max(0.0, -(told_w if measured_w is None else measured_w))


def per_phase(site: Site, watts: Mapping[CircuitId, float], circuits: Iterable[Circuit]) -> tuple[float, ...]:
    """Sum of some circuits on each phase."""
    total = dict.fromkeys(site.phases, 0.0)
    for circuit in circuits:
        share_w = watts[circuit.id] / len(circuit.phases)
        for phase in circuit.phases:
            total[phase] += share_w
    return tuple(total.values())


def hunger(memory: LoadMemory | None, params: RestoreParams, now_s: float, off_since_s: float | None = None) -> float:
    """How much of the whole cold-load pick-up a circuit would show now, 0 to 1 (domain 2.5).

    It grows while there is no power (since `off_since_s` where nothing is remembered) and dies away while there is.
    One that came back hungry and soon went off again has not had enough.
    """
    off_s = memory.shed_since_s if memory is not None and memory.shed_since_s is not None else off_since_s
    left = 0.0
    if memory is not None and memory.restored_s is not None:
        fed_s = max(0.0, (now_s if off_s is None else off_s) - memory.restored_s)
        left = memory.hungry * exp(-fed_s / params.pickup_tau_s)
    return left if off_s is None else min(1.0, left + max(0.0, now_s - off_s) / params.pickup_full_s)


def pickup_w(circuit: Circuit, demand_w: float, hungry: float, params: RestoreParams) -> float:
    """What it draws when power comes back, so hungry."""
    if not circuit.thermostatic:
        return 1.1 * demand_w
    return (1.0 + (params.pickup_k - 1.0) * hungry) * max(demand_w, circuit.typical_w)


def owed_w(
    site: Site, state: ControlState, snapshot: Snapshot, params: RestoreParams, now_s: float
) -> tuple[float, ...]:
    """What circuits that have just come back hungry will draw beyond what they draw now, on each phase.

    A compressor may wait for minutes before it starts; only a meter tells that it has not.
    """
    owed: dict[CircuitId, float] = {}
    for circuit in site.circuits:
        memory = state.loads.get(circuit.id) if circuit.thermostatic else None
        if memory is not None and _just_back(memory, now_s):
            draws_w = drawn_w(snapshot, now_s).get(circuit.id)
            will_w = pickup_w(circuit, circuit.typical_w, hunger(memory, params, now_s), params)
            owed[circuit.id] = 0.0 if draws_w is None else max(0.0, will_w - draws_w)
    return per_phase(site, owed, (one for one in site.circuits if one.id in owed)) if owed else ()


def _just_back(memory: LoadMemory, now_s: float) -> bool:
    if memory.shed_because is not None or memory.restored_s is None:
        return False
    return memory.hungry >= LITTLE and now_s < memory.restored_s + STARTS_S
