"""Batteries beside the former that do not give what they are asked for: nobody may count on what they hold.

An inverter may have tripped with the grid, keep a reserve of its own, or go by a meter at the street, where nothing
flows in a power cut.  It is asked again after a while.
"""

from collections.abc import Mapping

from hems.control.memory.acting import Sent
from hems.control.state import ControlState
from hems.control.stored import NO_BATTERY, beside
from hems.model import wiring
from hems.model.cause import Why
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId

IDLE_S = 60.0
"""Who has given too little for so long is counted on no more."""
LEFT_S = 900.0
"""So long it is asked for nothing then, and asked again for `IDLE_S`."""
LEFT_SHARE = 0.5
"""Less than this part of what it was told is too little."""
TOLD_W = 500.0
"""Who was told less than this has not been tried."""


def after(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> Mapping[SourceId, float]:
    """Since when each battery beside the former has given too little, until it gives; nothing on the grid.

    `site` as it is installed.  What cannot be read, or is not asked, changes nothing.
    """
    if not state.mode.mode.on_island:
        return {}
    found = {}
    for battery in beside(site):
        since_s = state.idle_s.get(battery.id)
        watts = snapshot.batteries.get(battery.id, NO_BATTERY).power_w.known(now_s)
        entry = state.sent.get(wiring.battery_power(battery.id))
        if watts is not None and entry is not None and _tried(entry):
            idles = watts < LEFT_SHARE * float(entry.value)
            since_s = (now_s if since_s is None else since_s) if idles else None
        if since_s is not None:
            found[battery.id] = since_s
    return found


def _tried(entry: Sent) -> bool:
    """Whether it was told to give so much that it would show."""
    return entry.cause.why is Why.SUPPORT_ISLAND and float(entry.value) >= TOLD_W


def idle(state: ControlState, now_s: float) -> frozenset[SourceId]:
    """The batteries that people are told of."""
    return frozenset(source for source, since_s in state.idle_s.items() if now_s >= since_s + IDLE_S)


def left(state: ControlState, now_s: float) -> frozenset[SourceId]:
    """Those that are asked for nothing at this instant, and do not count."""
    rounds_s = {source: (now_s - state.idle_s[source] - IDLE_S) % (LEFT_S + IDLE_S) for source in idle(state, now_s)}
    return frozenset(source for source, round_s in rounds_s.items() if round_s < LEFT_S)


def due_s(state: ControlState, now_s: float) -> list[float]:
    """When one counts no more, and when it is asked again."""
    return [now_s + _next_s(now_s - since_s) for since_s in state.idle_s.values()]


def _next_s(for_s: float) -> float:
    round_s = for_s % (LEFT_S + IDLE_S)
    return IDLE_S - round_s if round_s < IDLE_S else LEFT_S + IDLE_S - round_s
