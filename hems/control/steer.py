"""A power that an engineer asks of a source for a moment, so that its sign and its obedience can be proven.

A proposal like any other: below interlocks and limits, above automation, on the grid only, and it always ends.
"""

from collections.abc import Iterable, Iterator

from hems.control.arbitrate import Proposal, Rank
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.request import Asked, Steer, Steering
from hems.model.site import Battery, Site
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId

LONGEST_S = 60.0
TAIL_S = 10.0
"""After its end a battery is told 0 for so long; then nothing at all, and it goes on by itself."""
SOC_PCT = (20.0, 95.0)
"""A battery outside of this is not asked to give, or to take."""


def after(state: ControlState, requests: Iterable[Asked], now_s: float) -> tuple[Steering, ...]:
    """What is in force after this instant; nothing survives a change of mode."""
    if state.mode.mode is not Mode.GRID_CONNECTED:
        return ()
    active = {one.source: one for one in state.steering if now_s < one.expires_s + TAIL_S}
    for request in requests:
        if isinstance(request, Steer):
            ends_s = now_s + min(request.duration_s, LONGEST_S)
            active[request.source] = Steering(
                source=request.source, power_w=request.power_w, who=request.who, expires_s=ends_s
            )
    return tuple(active.values())


def proposals(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> Iterator[Proposal]:
    """Exactly this power, inside what battery or car allow."""
    if state.mode.mode is not Mode.GRID_CONNECTED:
        return
    batteries = {battery.id: battery for battery in site.batteries}
    for one in state.steering:
        asked_w = one.power_w if now_s < one.expires_s else 0.0
        battery = batteries.get(one.source)
        if battery is None and now_s >= one.expires_s:
            continue  # a car has wishes of its own to go back to
        role = wiring.battery_power(one.source) if battery is not None else wiring.bay_power(one.source)
        cause = Cause(Why.OVERRIDE, {"who": one.who})
        if battery is not None:
            low, high = _bounds(battery, snapshot, now_s)
            yield Proposal(role=role, rank=Rank.LIMIT, cause=cause, low=low, high=high)
        yield Proposal(role=role, rank=Rank.OVERRIDE, cause=cause, low=asked_w, high=asked_w, prefer=asked_w)


def _bounds(battery: Battery, snapshot: Snapshot, now_s: float) -> tuple[float, float]:
    """What may be asked of it at its charge; nothing while that is not known."""
    reading = snapshot.batteries.get(battery.id)
    soc_pct = reading.soc_pct.known(now_s) if reading is not None else None
    if soc_pct is None:
        return 0.0, 0.0
    low = -battery.charge_max_w if soc_pct < SOC_PCT[1] else 0.0
    return low, battery.discharge_max_w if soc_pct > SOC_PCT[0] else 0.0


def asked_w(state: ControlState, source: SourceId, now_s: float) -> float:
    """What an engineer asks of it at this instant; 0 where nobody does."""
    return next((one.power_w for one in state.steering if one.source == source and now_s < one.expires_s), 0.0)


def expiries(state: ControlState) -> list[float]:
    """When something of it ends by time alone."""
    return [end_s for one in state.steering for end_s in (one.expires_s, one.expires_s + TAIL_S)]
