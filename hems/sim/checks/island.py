"""Checks of the way into an island and back to the grid."""

from collections.abc import Mapping

from hems.model import wiring
from hems.model.cause import Why
from hems.model.event import EventKind
from hems.model.mode import ISLAND_MODES
from hems.sim.checks.case import Case, Check, Finding

FIRST_S = 2.0
"""What is shed so soon after the tie has opened is shed because it opened."""
LOOK_S = 0.3
"""By so much a wait read off looks may be short."""


def mode_by(case: Case, mode: str, by_s: float) -> Finding:
    """The mode was entered no later than `by_s`."""
    reached = [t_s for t_s, one in case.record.modes() if one == mode]
    return bool(reached) and reached[0] <= by_s, f"{mode} at {reached[0]:.1f} s" if reached else f"{mode} never"


def islanded_between(case: Case, from_s: float, to_s: float) -> Finding:
    """Every look of this time found a mode of the island."""
    inside = [frame for frame in case.record.frames if from_s <= frame.t_s <= to_s]
    wrong = [frame for frame in inside if frame.mode not in ISLAND_MODES]
    if wrong:
        return False, f"{wrong[0].mode} at {wrong[0].t_s:.1f} s"
    return bool(inside), f"{len(inside)} looks, all on the island"


def sheds_within(case: Case, limit_s: float) -> Finding:
    """From the tie's contacts changing to each switch that was opened in the first seconds being open."""
    opened_s = case.record.tie_opened_s
    if opened_s is None:
        return False, "the tie never opened"
    first = {name for t_s, name, _ in case.record.switched(False) if t_s <= opened_s + FIRST_S}
    took = {name: case.record.opened_s[name] - opened_s for name in sorted(first) if name in case.record.opened_s}
    if not first or len(took) < len(first):
        return False, f"{len(took)} of {len(first)} switched"
    slowest = max(took, key=lambda name: took[name])
    return took[slowest] <= limit_s, f"{len(took)} circuits, slowest {slowest} after {took[slowest]:.2f} s"


def no_trip(case: Case) -> Finding:
    """The former never tripped."""
    trips = max((frame.trips for frame in case.record.frames), default=0)
    return trips == 0, f"{trips} trips"


def quiet_tie(case: Case, limit_w: float, for_s: float) -> Finding:
    """When the tie first opened, no more than `limit_w` had flowed through it for `for_s`."""
    frames = case.record.frames
    opened_s = next((frame.t_s for frame in frames if frame.tie_open), None)
    if opened_s is None:
        return False, "the tie never opened"
    flowed_w = [abs(frame.grid_w) for frame in frames if opened_s - for_s <= frame.t_s < opened_s]
    return bool(flowed_w) and max(flowed_w) <= limit_w, f"at most {max(flowed_w, default=0.0):.0f} W"


def qualified(case: Case) -> Finding:
    """From the grid's return to the permission to reconnect."""
    permits = case.record.commanded(wiring.TIE_PERMIT, True)
    if not permits:
        return False, "reconnection was never permitted"
    good_s = permits[0]
    for frame in reversed([frame for frame in case.record.frames if frame.t_s <= permits[0]]):
        if not frame.grid_good:
            break
        good_s = frame.t_s
    waited_s = permits[0] - good_s
    needed_s = case.params.grid.qualify_s
    return waited_s >= needed_s - LOOK_S, f"good for {waited_s:.1f} s, required {needed_s:.0f} s"


def no_unknown_end(case: Case) -> Finding:
    """Every way from the island back to the grid leads through a tie and a grid that are known."""
    endings = [
        event
        for _, event in case.record.events
        if event.kind is EventKind.MODE and event.cause.why in (Why.TIE_CLOSED, Why.BUS_LIVE)
    ]
    unknown = [event for event in endings if "unknown" in event.cause.facts.values()]
    return bool(endings) and not unknown, f"{len(endings)} ended, each on a known tie, grid and bus"


ISLAND: Mapping[str, Check] = {
    "mode_by": mode_by,
    "islanded_between": islanded_between,
    "sheds_within": sheds_within,
    "no_trip": no_trip,
    "quiet_tie": quiet_tie,
    "qualified": qualified,
    "no_unknown_end": no_unknown_end,
}
