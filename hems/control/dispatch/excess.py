"""What has flowed beyond a limit, event by event, so that nobody has to guess what a limit was worth."""

from hems.control.dispatch.memory import ExcessMemory
from hems.model.units import HOUR_S

SLACK_W, SLACK = 200.0, 0.02
"""Less than this above a limit is a meter's error."""


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
        return ExcessMemory()
    since_s = now_s if memory.since_s is None else memory.since_s
    counted_s = 0.0 if memory.since_s is None else dt_s
    return ExcessMemory(since_s=since_s, wh=memory.wh + above_w * counted_s / HOUR_S)
