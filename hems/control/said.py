"""What a person says of the grid, and a hold: words that evidence may not replace, each with an end.

LOST counts like a witness that sees the grid out of its window, at any time: no car charges from it and nothing goes
back to it.  PRESENT lifts no more than the saving of energy, and only on a tie that is proven closed and a live bus; a
permit, a black start and the wait for a good grid never hear it.  A hold leaves what is on as it is when only energy
asks for a change; protection and the last reserve go on.  Source: architecture 10.
"""

from collections.abc import Mapping

from hems.control import orders
from hems.control.state import ControlState
from hems.control.tuning.acting import OverrideParams
from hems.model.cause import Cause, Why
from hems.model.mode import Bus, Grid, TiePosition
from hems.model.request import Order, Standing, Task

ENERGY = frozenset({Why.ENERGY_BAND, Why.FLEXIBLE_ON_ISLAND, Why.NOT_ITS_TURN, Why.KEPT_FOR_LATER})
"""Reasons to be off that are lifted by somebody who sees that the grid is there."""
UNLIKE = {Task.GRID_LOST: Task.GRID_PRESENT, Task.GRID_PRESENT: Task.GRID_LOST}


def refusal(order: Order, state: ControlState, params: OverrideParams, now_s: float) -> Cause | None:
    """Why a hold cannot begin: there is nothing to hold, or the last one was not long ago."""
    if order.task is not Task.HOLD or not order.begin:
        return None
    if not state.mode.mode.on_island:
        return Cause(Why.HOLD_REFUSED)
    since_s = state.held_s
    left_s = 0.0 if since_s is None else since_s + params.hold_again_s - now_s
    return Cause(Why.HOLD_REFUSED, {"left_s": left_s}) if left_s > 0.0 else None


def without_opposite(standing: Mapping[Task, Standing], before: Mapping[Task, Standing]) -> dict[Task, Standing]:
    """Whoever says that the grid is lost takes back that it is there, and the other way round.

    Of both at once the loss counts.
    """
    new = {task for task in UNLIKE if task in standing and standing[task] != before.get(task)}
    new = {Task.GRID_LOST} if len(new) > 1 else new
    return {task: one for task, one in standing.items() if not (task in UNLIKE and UNLIKE[task] in new)}


def held_s(state: ControlState, standing: Mapping[Task, Standing]) -> float | None:
    """When the last hold began."""
    hold = standing.get(Task.HOLD)
    return state.held_s if hold is None else hold.begins_s


def lost(state: ControlState, now_s: float) -> bool:
    """Whether somebody says that the grid is lost."""
    return orders.stands(state, Task.GRID_LOST, now_s)


def present(state: ControlState, now_s: float) -> bool:
    """Whether a person's word that the grid is there counts now: tie and bus agree, and no measurement contradicts."""
    seen = state.evidence
    proven = seen.tie.value is TiePosition.CLOSED and seen.tie.seen is TiePosition.CLOSED and seen.bus.value is Bus.LIVE
    return proven and seen.grid.value is Grid.UNKNOWN and orders.stands(state, Task.GRID_PRESENT, now_s)


def holds(state: ControlState, now_s: float) -> bool:
    """Whether everything is to stay as it is, as far as energy goes."""
    return state.mode.mode.on_island and orders.stands(state, Task.HOLD, now_s)
