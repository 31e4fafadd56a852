"""Ending in good order: on an island what the released sources carry goes off first; then they may stop.

On the grid nothing needs to be shed.  The source that forms the island is never told to stop.  Source: architecture,
the tick, point 10.

Nobody is left then who could take a request back, and a relay holds what it was told last.  So a permit ends, and on
the grid every request does: a generator would run until its tank is empty.  On an island the request for it stands, and
so do a generator and a black start that carry the building.  In the dark the permit stands, too: nobody else would let
the building back, and a gateway that goes off for want of power would not start again.
"""

from dataclasses import dataclass

from hems.control.demand import all_on, demands, per_phase
from hems.control.giving import giving_w, phase_w_of_cars
from hems.control.mode import ON_GRID
from hems.control.overload import beyond, phase_w
from hems.control.params import Params
from hems.control.sending import REQUESTS
from hems.control.sheddable import candidates, expendable, smallest_set
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.mode import Mode
from hems.model.site import Site
from hems.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Ending:
    """What to send before leaving, in this order."""

    sheds: tuple[Command, ...]
    releases: tuple[Command, ...]


def ending(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> Ending:
    """The last commands of a daemon that is told to stop while the building feeds itself."""
    giving = giving_w(site, snapshot, now_s)
    return Ending(
        sheds=tuple(_off(circuit, False) for circuit in _carried(site, state, snapshot, params, now_s)),
        releases=tuple(_off(wiring.bay_power(bay), 0) for bay, watts in giving.items() if watts > 0.0),
    )


def withdrawn(state: ControlState) -> tuple[Command, ...]:
    """Requests that may still stand and that nobody will be there to take back."""
    mode = state.mode.mode
    off_grid = frozenset[wiring.Role]() if mode is Mode.BLACKOUT else frozenset({wiring.TIE_PERMIT})
    ends = REQUESTS if mode in ON_GRID else off_grid
    told = {role: state.sent[role] for role in sorted(ends) if role in state.sent}
    stands = [role for role, one in told.items() if not one.observed and (one.value or one.acknowledged_s is None)]
    return tuple(_off(role, False) for role in stands)


def _off(role: wiring.Role, value: bool | float) -> Command:
    return Command(role=role, value=value, cause=Cause(Why.STOPPING), energises=False)


def _carried(site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float) -> list[wiring.Role]:
    """The circuits that the former alone could not hold; a former that cannot be read counts as full.

    Down to its target where that costs nothing critical, which goes only for what is beyond its rating.
    """
    cars_w = phase_w_of_cars(site, snapshot, now_s)
    if max(cars_w, default=0.0) <= 0.0:
        return []
    watts = demands(site, state, snapshot, now_s)
    on = all_on(site, state, snapshot, now_s)
    # What was switched on a moment ago is not in the measurement yet, so the sum of the circuits counts as well.
    wanted_w = per_phase(site, watts, on)
    measured_w = phase_w(snapshot, site, now_s) or site.former.phase_va
    both = [max(now_w + more_w, sum_w) for now_w, more_w, sum_w in zip(measured_w, cars_w, wanted_w, strict=True)]
    on = candidates(site, state, snapshot, now_s)
    chosen = smallest_set(expendable(on, state), beyond(both, site.former, params.overload.target_pu), watts, site)
    gone_w = per_phase(site, watts, chosen)
    left_w = [w - gone for w, gone in zip(both, gone_w, strict=True)]
    rest = [circuit for circuit in on if circuit not in chosen]
    chosen += smallest_set(rest, beyond(left_w, site.former), watts, site)
    return [wiring.circuit_closed(circuit.id) for circuit in chosen]
