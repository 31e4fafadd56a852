"""How much worse a bad quarter of an hour is than what habits expect of its hour: learned on site, hour by hour.

A demand charge, and a limit on the mean of a quarter, ask for the worst of them: means of hours know none.  What was
measured above the forecast raises what is expected of that hour quickly, and a quiet quarter lowers it slowly.
"""

from collections.abc import Sequence
from datetime import datetime

from hems.control import ahead, habits
from hems.control.dispatch.expected import loads_w, net_w
from hems.control.dispatch.flows import flows
from hems.control.dispatch.memory import WorseMemory
from hems.control.dispatch.quarter import QUARTER_S
from hems.control.given import Given
from hems.control.memory.using import Habits
from hems.control.state import ControlState
from hems.model.copies import replace
from hems.model.site import Site
from hems.model.units import HOUR_S

RAISES, LOWERS = 0.3, 0.03
"""Part of the way to what was measured: ten to one for what is worse, so that nine of ten quarters stay below it."""
ENOUGH_S = 600.0
"""A quarter of which less was seen teaches nothing."""


def after(given: Given, state: ControlState, memory: WorseMemory, dt_s: float) -> WorseMemory:
    """With what flowed in the last `dt_s`; nothing is learned without a clock, on an island or from a longer gap."""
    utc, flow = given.now.utc, flows(given.site, given.snapshot, given.now_s)
    if utc is None or flow is None or state.mode.mode.on_island or not 0.0 < dt_s <= QUARTER_S + 1.0:
        return WorseMemory(watts=memory.watts)
    now_s = utc.timestamp()
    quarter = int(now_s // QUARTER_S)
    if memory.house_w is None:
        return WorseMemory(watts=memory.watts, quarter=quarter, house_w=flow.house_w)
    fresh_s = min(dt_s, now_s - quarter * QUARTER_S) if quarter != memory.quarter else 0.0
    memory = replace(
        memory, joules=memory.joules + memory.house_w * (dt_s - fresh_s), seen_s=memory.seen_s + dt_s - fresh_s
    )
    if quarter != memory.quarter:
        if memory.seen_s >= ENOUGH_S and habits.known(state.habits):
            mean_w = memory.joules / memory.seen_s
            memory = replace(memory, watts=learned(memory.watts, given.site, state.habits, memory.quarter, mean_w))
        joules = (memory.house_w or 0.0) * fresh_s
        memory = replace(memory, quarter=quarter, joules=joules, seen_s=fresh_s)
    return replace(memory, house_w=flow.house_w)


def learned(before: Sequence[float], site: Site, known: Habits, quarter: int, mean_w: float) -> tuple[float, ...]:
    """W by the hour (UTC) after a quarter, counted from 1970, in which circuits drew so much beyond the sun."""
    begins_s = quarter * QUARTER_S
    more_w = mean_w - net_w(loads_w(site, known), ahead.suns_w(known)[0], begins_s)
    watts = list(before) if before else [0.0] * habits.HOURS
    hour = int(begins_s // HOUR_S) % habits.HOURS
    off_w = more_w - watts[hour]
    watts[hour] = max(0.0, watts[hour] + (RAISES if off_w > 0.0 else LOWERS) * off_w)
    return tuple(round(one, 1) for one in watts)


def bad_w(
    memory: WorseMemory, site: Site, known: Habits, utc: datetime, poor_w: Sequence[float], step_s: float
) -> list[float]:
    """The quarters ahead of a poor day as bad as they are likely to be; no better than `poor_w` has them."""
    if not memory.watts:
        return list(poor_w)
    usual_w, sun_w, found = loads_w(site, known), ahead.suns_w(known)[0], []
    for step, watts in enumerate(poor_w):
        begins_s = utc.timestamp() + step * step_s
        middle_h = int((begins_s + step_s / 2.0) // HOUR_S) % habits.HOURS
        found.append(max(watts, net_w(usual_w, sun_w, begins_s) + memory.watts[middle_h]))
    return found
