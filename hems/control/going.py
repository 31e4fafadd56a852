"""Sheds that have been decided and do not show yet, and what else about a circuit comes due by time alone."""

from collections.abc import Iterator

from hems.control.demand import SHOWS_S
from hems.control.memory.using import FRESH
from hems.control.obeying import ignored_s
from hems.control.params import Params
from hems.control.sheddable import forced_on
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.site import Circuit, Site


def going(site: Site, state: ControlState, seen_s: float) -> list[Circuit]:
    """Circuits on their way off, whose absence a measurement taken at `seen_s` cannot show yet.

    Not those given up on as deaf, and not those that a person keeps on, until protection has told them off.
    """
    memories = state.loads
    shed = [one for one in site.circuits if one.id in memories and memories[one.id].shed_because is not None]
    if not shed:
        return []
    forced = forced_on(state)
    return [circuit for circuit in shed if _going(circuit, state, seen_s, forced=circuit.id in forced)]


def _going(circuit: Circuit, state: ControlState, seen_s: float, *, forced: bool) -> bool:
    if state.loads.get(circuit.id, FRESH).deaf:
        return False
    entry = state.sent.get(wiring.circuit_closed(circuit.id))
    if entry is None or entry.value:
        return not forced  # decided in this very tick
    if entry.observed:
        return False
    return entry.acknowledged_s is None or seen_s < entry.acknowledged_s + SHOWS_S


def settled(site: Site, state: ControlState) -> bool:
    """Whether every shed so far is acknowledged or given up on."""
    return not going(site, state, float("inf"))


def expiries(site: Site, state: ControlState, params: Params) -> Iterator[float]:
    """When something about a circuit changes by time alone: disobedience found, minimum on time over, alarm due."""
    for circuit in site.circuits:
        memory = state.loads.get(circuit.id, FRESH)
        entry = state.sent.get(wiring.circuit_closed(circuit.id))
        if entry is not None and memory.shed_because is not None:
            yield ignored_s(entry, params) or (entry.acknowledged_s or 0.0) + SHOWS_S
        if entry is not None and entry.contradicted_since_s is not None:
            yield entry.contradicted_since_s + params.command.confirm_s
        if memory.let_go_s is not None and memory.shed_because is None:
            yield memory.let_go_s + params.command.confirm_s
        if memory.restored_s is not None and memory.shed_because is None:
            yield memory.restored_s + circuit.min_on_s * params.restore.pause_factor
