"""How often a switch has moved lately: contacts wear out, and a circuit that comes and goes serves nobody.

Protection may always open.  Only automation's closing waits, early enough for the opening that may have to follow, and
no longer than until the grid has stood for as long as it takes to call all normal: what came and went was the grid.
Source: domain reference 2.4.
"""

from collections.abc import Iterable, Mapping
from math import inf

from hems.control.dispatch.relief import FOR_A_LIMIT
from hems.control.memory.acting import Sent
from hems.control.memory.using import FRESH, LoadMemory
from hems.control.state import ControlState
from hems.control.tuning.island import RestoreParams
from hems.model import wiring
from hems.model.command import Command
from hems.model.copies import replace
from hems.model.units import DAY_S, HOUR_S, CircuitId
from hems.model.wiring import Role


def moved(
    state: ControlState, before: Mapping[Role, Sent], commands: Iterable[Command], params: RestoreParams, now_s: float
) -> ControlState:
    """The state with each command that moves a circuit's switch counted; `before` is what it was told until then."""
    loads: dict[CircuitId, LoadMemory] = {}
    told: dict[Role, bool] = {}
    for command in commands:
        circuit, entry = wiring.circuit_of(command.role), before.get(command.role)
        closed = told.get(command.role, entry.value if entry is not None else True)  # what nobody has touched is on
        told[command.role] = bool(command.value)  # several lists that were armed may open it at once
        if circuit is not None and bool(command.value) != closed:
            memory = loads.get(circuit) or state.loads.get(circuit, FRESH)
            loads[circuit] = replace(memory, moves_s=(*memory.moves_s, now_s)[-int(params.moves_day) :])
    return replace(state, loads={**state.loads, **loads}) if loads else state


def rests_until_s(memory: LoadMemory, state: ControlState, params: RestoreParams) -> float:
    """When automation may close it at the earliest: on a grid that has carried the building for so long, at once.

    Nothing opens it there but a limit of the connection; what went off for one keeps to its budget.
    """
    because, solid_s = memory.shed_because, state.grid_solid_since_s
    for_a_limit = because is not None and because.why in FOR_A_LIMIT
    calm_s = inf if solid_s is None or for_a_limit else solid_s + params.calm_s
    return min(closes_s(memory, params), calm_s)


def closes_s(memory: LoadMemory, params: RestoreParams) -> float:
    """When it may be closed with an opening to spare in the hour and in the day (UCA 8)."""
    return max(_free_s(memory.moves_s, params.moves_hour, HOUR_S), _free_s(memory.moves_s, params.moves_day, DAY_S))


def _free_s(moves_s: tuple[float, ...], most: float, within_s: float) -> float:
    spare = int(most) - 1
    return moves_s[-spare] + within_s if len(moves_s) >= spare else -inf
