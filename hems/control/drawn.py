"""What the building draws, as it is believed while the grid carries it.

Meters are read one after the other.  A battery that makes up for a load, or was told something new, moves between the
reading of its own meter and that of the grid's, and for a moment their sum shows what nobody draws: remembered as what
circuits want, it would cost circuits when the tie opens.  So a rise is believed once every meter has been read again,
and no more of it than there was all the while; a fall is believed at once, because demands are forgotten slowly.
"""

from collections.abc import Iterable
from math import inf

from hems.control.demand import feeds, load_w
from hems.control.given import Given
from hems.control.memory.using import DrawnMemory
from hems.control.state import ControlState
from hems.model.mode import TiePosition
from hems.model.reading import Reading

LASTS_S = 3.0
"""A rise that has lasted so long is believed even where a meter is read more seldom, and what was believed stands for
so long while a meter is not read."""


def after(given: Given, state: ControlState) -> DrawnMemory:
    """What is believed after this instant's readings; on an island they are believed as they are.

    It is as old as the oldest of them, on an island as the former's.
    """
    before, now_s = state.drawn, given.now_s
    islanded = state.evidence.tie.value is TiePosition.OPEN
    feeding = feeds(given.site, given.snapshot, islanded)
    watts = load_w(given.site, given.snapshot, now_s, islanded)
    if watts is not None and islanded and mixed(feeding, state.evidence.apart_since_s):
        return before
    counts = given.snapshot.former_phase_w if islanded else feeding
    seen_s = min((one.taken_s for one in counts), default=now_s)
    if watts is None and now_s < before.seen_s + LASTS_S < inf:
        return before
    if islanded or watts is None or before.watts is None or watts <= before.watts:
        return DrawnMemory(watts, seen_s)
    since_s, least_w = (now_s, watts) if before.rising_since_s is None else (before.rising_since_s, before.least_w)
    least_w = min(least_w, watts)
    if seen_s > since_s or now_s >= since_s + LASTS_S:
        return DrawnMemory(least_w, seen_s)
    return DrawnMemory(before.watts, before.seen_s, since_s, least_w)


def mixed(feeding: Iterable[Reading[float]], apart_since_s: float | None) -> bool:
    """Whether something that feeds the island was read last before the tie opened.

    Sun that has gone with the grid, or a car that has been told to rest, would be counted beside the former that makes
    up for it.  What was believed before stands until each has been read again, however seldom: it was measured, and
    the typical power of circuits, which would count instead, is a guess.
    """
    return apart_since_s is not None and any(one.taken_s < apart_since_s for one in feeding)


def due_s(state: ControlState) -> float:
    """When a rise is believed at the latest."""
    since_s = state.drawn.rising_since_s
    return inf if since_s is None else since_s + LASTS_S
