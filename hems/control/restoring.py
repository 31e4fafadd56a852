"""Which circuit comes back next, and when: one at a time, most important first, only into room that is really there.

There is no function here that switches everything on.  Source: domain reference 2.4 to 2.6 and invariant I3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from hems.control import attempts, overload, said, wear
from hems.control.demand import LITTLE, hunger, per_phase, pickup_w
from hems.control.memory.using import FRESH
from hems.control.params import Params
from hems.control.sheddable import Outlook
from hems.control.state import ControlState
from hems.model.cause import Cause, Why
from hems.model.copies import replace
from hems.model.mode import Mode
from hems.model.request import Task
from hems.model.site import Circuit, Former, Site, Tier
from hems.model.units import CircuitId

ON_ISLAND = frozenset({Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING})
ON_GRID = frozenset({Mode.RECONNECTED_RESTORING, Mode.GRID_CONNECTED})


@dataclass(frozen=True, slots=True)
class Restore:
    """The circuit to switch on now, if any, and otherwise when to look again."""

    circuit: CircuitId | None
    cause: Cause | None
    due_s: float


NOT_NOW = Restore(None, None, inf)


def off_circuits(site: Site, state: ControlState) -> list[Circuit]:
    """What automation has switched off, the first to come back first."""
    shed = (circuit for circuit in site.circuits if state.loads.get(circuit.id, FRESH).shed_because is not None)
    return sorted(shed, key=lambda circuit: (circuit.tier, circuit.rank, circuit.id))


def _read(circuit: Circuit, state: ControlState) -> bool:
    """Whether its switch has been seen since this process started: the others do not wait for a silent one."""
    return state.loads.get(circuit.id, FRESH).read_back


def locked_out(circuit: Circuit, state: ControlState, params: Params) -> bool:
    """Whether it had to be undone so often that a person must look first."""
    return state.loads.get(circuit.id, FRESH).fruitless >= params.restore.tries


def rested_s(circuit: Circuit, state: ControlState, params: Params) -> float:
    """When its minimum off time is over, longer after failures; counted from the start of this process at least."""
    memory = state.loads.get(circuit.id, FRESH)
    since_s = max(memory.shed_since_s or state.boot_s, state.boot_s)
    return since_s + max(circuit.min_off_s * params.restore.pause_factor, attempts.pause_s(memory, params.restore))


def restore(site: Site, state: ControlState, outlook: Outlook, params: Params, now_s: float) -> Restore:
    """The next circuit to switch on.  On a failure to fit, everything behind it waits too, so that order is kept.

    Behind what would not fit even if all that matters less were off, nobody waits; nor behind a compressor that only
    has to rest, where there is room for both.

    UCA 11.
    """
    off = [one for one in off_circuits(site, state) if _read(one, state) and not locked_out(one, state, params)]
    spared_s = {one.id: wear.rests_until_s(state.loads.get(one.id, FRESH), state, params.restore) for one in off}
    waiting = [circuit for circuit in off if spared_s[circuit.id] <= now_s]
    found = _next(waiting, site, state, outlook, params, now_s)
    return replace(found, due_s=min(found.due_s, *(when_s for when_s in spared_s.values() if when_s > now_s), inf))


def _next(
    waiting: Sequence[Circuit], site: Site, state: ControlState, outlook: Outlook, params: Params, now_s: float
) -> Restore:
    held_until_s = state.boot_s + params.boot.hold_energise_s
    if Task.FIRE in state.orders:
        return NOT_NOW
    if not waiting or now_s < held_until_s:
        return Restore(None, None, held_until_s) if waiting else NOT_NOW
    if outlook.mode in ON_ISLAND:
        return _on_island(waiting, site, state, outlook, params, now_s)
    if outlook.mode is Mode.GRID_CONNECTED_DEGRADED and said.present(state, now_s):
        waiting = [circuit for circuit in waiting if _saved_energy(circuit, state)]
        return _on_grid(waiting, state, params, now_s) if waiting else NOT_NOW
    return _on_grid(waiting, state, params, now_s) if outlook.mode in ON_GRID else NOT_NOW


def _saved_energy(circuit: Circuit, state: ControlState) -> bool:
    """Whether it is off for the sake of energy alone."""
    because = state.loads.get(circuit.id, FRESH).shed_because
    return because is not None and because.why in said.ENERGY


def _on_island(
    waiting: Sequence[Circuit], site: Site, state: ControlState, outlook: Outlook, params: Params, now_s: float
) -> Restore:
    """What layer 0 holds off cannot come back before the tie closes, and nobody waits behind it."""
    served = [one for one in waiting if outlook.serves(one) and not one.layer_0 and not _deaf(one, state)]
    steps = params.restore
    paced_s = max(_after(state.last_restore_s, steps.step_island_s), _after(state.last_shed_s, steps.after_shed_s))
    heated = max(state.dose, default=0.0) >= params.overload.dose_block
    if not served or heated or outlook.phase_w is None or outlook.sags or attempts.given_up(state, params.restore):
        return NOT_NOW
    if now_s < paced_s:
        return Restore(None, None, paced_s)
    due_s = inf
    for first in served:
        rests_until_s = rested_s(first, state, params)
        rests = now_s < rests_until_s
        due_s = min(due_s, rests_until_s) if rests else due_s
        if not rests and fits(first, site, state, outlook, params, now_s):
            return Restore(first.id, Cause(Why.ROOM_ON_ISLAND, {"w": round(outlook.watts[first.id])}), now_s)
        if not fits(first, site, state, _without_lesser(first, site, state, outlook), params, now_s):
            continue
        if not rests:
            break
        outlook = _with_its_room(first, site, state, outlook, params, now_s)
    return Restore(None, None, due_s)


def _with_its_room(
    circuit: Circuit, site: Site, state: ControlState, outlook: Outlook, params: Params, now_s: float
) -> Outlook:
    """How it would look if a circuit that still has to rest had come back already."""
    hungry = hunger(state.loads.get(circuit.id), params.restore, now_s, state.boot_s)
    watts = pickup_w(circuit, _fed_w(circuit, state, outlook, params), hungry, params.restore)
    owed_w = outlook.owed_w or (0.0,) * len(site.phases)
    mine_w = per_phase(site, {circuit.id: watts}, [circuit])
    return replace(outlook, owed_w=tuple(owed + more for owed, more in zip(owed_w, mine_w, strict=True)))


def _without_lesser(first: Circuit, site: Site, state: ControlState, outlook: Outlook) -> Outlook:
    """How it would look if all that matters less were off: what does not fit even then makes nobody wait."""
    if outlook.phase_w is None:
        return outlook
    lesser = [
        one
        for one in site.circuits
        if one.sheddable and (one.tier, one.rank, one.id) > (first.tier, first.rank, first.id)
        if state.loads.get(one.id, FRESH).shed_because is None
    ]
    freed_w = per_phase(site, outlook.watts, lesser)
    return replace(outlook, phase_w=tuple(watts - less for watts, less in zip(outlook.phase_w, freed_w, strict=True)))


def _deaf(circuit: Circuit, state: ControlState) -> bool:
    """A switch that did not do as it was told, or moves something else, is left alone while it matters."""
    return state.loads.get(circuit.id, FRESH).deaf


def _on_grid(waiting: Sequence[Circuit], state: ControlState, params: Params, now_s: float) -> Restore:
    """The first that may: the grid has room for all, and nobody waits behind one that has to rest."""
    paced_s = _after(state.last_restore_s, params.restore.step_grid_s)
    due_s = {one.id: max(firm_s(one, state, params), paced_s, rested_s(one, state, params)) for one in waiting}
    first = next((one for one, when_s in due_s.items() if when_s <= now_s), None)
    if first is None:
        return Restore(None, None, min(due_s.values()))
    return Restore(first, Cause(Why.GRID_RESTORED), now_s)


def firm_s(circuit: Circuit, state: ControlState, params: Params) -> float:
    """From when the grid may be relied on for a circuit: good and connected, or vouched for, without a break."""
    hold_s = params.restore.hold_essential_s if circuit.tier <= Tier.ESSENTIAL else params.restore.hold_rest_s
    since_s = state.vouched_since_s if state.grid_solid_since_s is None else state.grid_solid_since_s
    return inf if since_s is None else since_s + hold_s


def _after(when_s: float | None, pause_s: float) -> float:
    return -inf if when_s is None else when_s + pause_s


def fits(circuit: Circuit, site: Site, state: ControlState, outlook: Outlook, params: Params, now_s: float) -> bool:
    """Whether every phase stays within its room with the circuit's cold pick-up, and within surge with its inrush.

    Nothing fits on a bus that shows no voltage: its former carries nothing because it is gone.

    UCA 1, 11.
    """
    if outlook.phase_w is None or outlook.dark:
        return False
    hungry = hunger(state.loads.get(circuit.id), params.restore, now_s, state.boot_s)
    demand_w = _fed_w(circuit, state, outlook, params)
    steady = site.per_phase(pickup_w(circuit, demand_w, hungry, params.restore), circuit.phases)
    surge = site.per_phase(demand_w + circuit.inrush_w, circuit.phases)
    former, owed_w = site.former, outlook.owed_w or (0.0,) * len(steady)
    later = [watts + owed for watts, owed in zip(steady, owed_w, strict=True)]
    return _fits_together(outlook.phase_w, sum(later), sum(surge), former, params) and all(
        max(0.0, now_w) + later_w <= params.island.room_pu * rated
        and max(0.0, now_w) + surge_w <= former.surge_pu * rated
        for now_w, steady_w, later_w, surge_w, rated in zip(
            outlook.phase_w, steady, later, surge, former.phase_va, strict=True
        )
        if steady_w > 0.0
    )


def _fits_together(now_w: Sequence[float], steady_w: float, surge_w: float, former: Former, params: Params) -> bool:
    """Whether the former's source bears it, where that gives less than all phases could take."""
    if former.total_w is None:
        return True
    sum_w = max(0.0, sum(now_w))
    fits_on = sum_w + steady_w <= params.island.room_pu * former.total_w
    return fits_on and sum_w + surge_w <= former.surge_pu * former.total_w


def _fed_w(circuit: Circuit, state: ControlState, outlook: Outlook, params: Params) -> float:
    """What it draws once it has had enough: what it drew last, unless that was when it had just come back hungry."""
    demand_w, memory = outlook.watts[circuit.id], state.loads.get(circuit.id, FRESH)
    if not circuit.thermostatic or memory.restored_s is None or memory.shed_since_s is None:
        return demand_w
    was_hungry = hunger(memory, params.restore, memory.shed_since_s) >= LITTLE
    return min(demand_w, circuit.typical_w) if was_hungry else demand_w


def room_w(site: Site, power_w: Sequence[float] | None, params: Params) -> float | None:
    """What may still be switched on: the room on the worst phase, times their number, or what the source still has."""
    if power_w is None:
        return None
    excess = overload.beyond(power_w, site.former, params.island.room_pu)
    return max(0.0, min(-max(excess.by_phase) * len(excess.by_phase), -excess.together))


def fruitless_after(state: ControlState, circuit: CircuitId, cause: Cause, params: Params, now_s: float) -> int:
    """How many restores in a row were undone, if the circuit is shed at `now_s` (UCA 8)."""
    memory = state.loads.get(circuit, FRESH)
    if cause.why is Why.BLACKOUT:  # whose fault that was is judged apart (`attempts`)
        return memory.fruitless
    overloaded = cause.why in (Why.OVERLOAD, Why.ISLAND_CAPACITY, Why.VOLTAGE_SAGS)
    soon = memory.restored_s is not None and now_s - memory.restored_s <= params.restore.after_shed_s
    return memory.fruitless + 1 if overloaded and soon else 0


def worst_pu(site: Site, outlook: Outlook) -> float:
    """The loading of the worst phase as a multiple of its rating; 0 when it cannot be read."""
    return max(overload.loading(outlook.phase_w, site.former), default=0.0) if outlook.phase_w is not None else 0.0
