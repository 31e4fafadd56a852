"""Axis G: is the utility there?  Judged on its own side of the tie only."""

from hems.control.memory.seeing import GridMemory
from hems.control.params import Params
from hems.control.sight import Sight
from hems.model.mode import Grid


def judged(
    memory: GridMemory,
    sights: list[Sight],
    params: Params,
    now_s: float,
    *,
    zero_is_dead: bool,
    needed_s: float,
    closed: bool,
) -> GridMemory:
    """All fresh witnesses must be inside for the grid to be good; one outside is enough for bad, after the debounce.

    UCA 9, 18.
    """
    seen = {Sight.DEAD if one is Sight.ZERO and zero_is_dead else one for one in sights} - {Sight.UNKNOWN, Sight.ZERO}
    if not seen:
        return _unseen(memory, params, now_s, closed=closed) if Sight.ZERO in sights else GridMemory()
    if seen == {Sight.INSIDE}:
        since_s = now_s if memory.inside_since_s is None else memory.inside_since_s
        value = Grid.GOOD if now_s >= since_s + needed_s else Grid.QUALIFYING
        return GridMemory(value=value, inside_since_s=since_s)
    since_s = now_s if memory.outside_since_s is None else memory.outside_since_s
    worst = Grid.DEAD if Sight.DEAD in seen else Grid.BAD
    was_out = memory.value in (Grid.BAD, Grid.DEAD)
    if was_out or now_s >= since_s + params.grid.lost_s:
        return GridMemory(value=worst, outside_since_s=since_s)
    return GridMemory(value=_held(memory.value, closed=closed), outside_since_s=since_s)


def _unseen(memory: GridMemory, params: Params, now_s: float, *, closed: bool) -> GridMemory:
    """Zeros that nothing confirms: after the debounce they mean that the meter has stopped measuring, not an outage."""
    since_s = now_s if memory.outside_since_s is None else memory.outside_since_s
    held = _held(memory.value, closed=closed) if now_s < since_s + params.grid.lost_s else Grid.UNKNOWN
    return GridMemory(value=held, outside_since_s=since_s)


def _held(value: Grid, *, closed: bool) -> Grid:
    """What the axis says within the debounce: its old value, as a flicker is no outage.

    With the tie open no outage hangs on it but a permission to reconnect does, and any excursion restarts its wait.
    """
    return Grid.QUALIFYING if value is Grid.GOOD and not closed else value


def qualifying_left(grid: GridMemory, needed_s: float, now_s: float) -> float | None:
    """Seconds the grid must still stay inside before it counts as good; None unless it is on its way there."""
    if grid.value is not Grid.QUALIFYING or grid.inside_since_s is None:
        return None
    return max(0.0, needed_s - (now_s - grid.inside_since_s))
