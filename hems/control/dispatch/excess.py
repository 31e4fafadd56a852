"""What has flowed beyond a limit, event by event, so that nobody has to guess what a limit was worth."""

from hems.control.dispatch.memory import ExcessMemory
from hems.model.copies import replace
from hems.model.units import HOUR_S

SLACK_W, SLACK = 200.0, 0.02
"""Less than this above a limit is a meter's error."""
MOMENT_WH = 1.0
"""What a car still draws in the second or two that it needs to stop; no utility counts so finely."""
AGAIN_S = HOUR_S
"""So soon nobody is told again of what lasted a moment."""


def over_w(grid_w: float | None, import_w: float, export_w: float) -> float | None:
    """W beyond the limit in either direction, 0 inside; None while nobody can tell."""
    if grid_w is None:
        return None
    above_w = max(grid_w - import_w, -grid_w - export_w)
    limit_w = import_w if grid_w > 0.0 else export_w
    return above_w if above_w > max(SLACK_W, SLACK * limit_w) else 0.0


def after(memory: ExcessMemory, above_w: float | None, dt_s: float, now_s: float) -> ExcessMemory:
    """The event after `dt_s` more; what cannot be read neither begins one nor ends it."""
    if above_w is None:
        return memory
    if above_w <= 0.0:
        return over(memory)
    since_s = now_s if memory.since_s is None else memory.since_s
    counted_s = 0.0 if memory.since_s is None else dt_s
    return replace(memory, since_s=since_s, wh=memory.wh + above_w * counted_s / HOUR_S)


def over(memory: ExcessMemory) -> ExcessMemory:
    """The event has ended."""
    return memory if memory.since_s is None else ExcessMemory(told_s=memory.told_s)


def worth_telling(memory: ExcessMemory, now_s: float) -> bool:
    """Whether somebody is told of an event that is over: of a moment's once in a while, of energy always.

    Whenever a compressor starts, circuits are seen a look before the battery or the cars that make room for them.  Told
    each minute that would hide the limit that came and was not met.
    """
    return memory.wh >= MOMENT_WH or now_s >= memory.told_s + AGAIN_S
