"""Charging from what would be fed in, or held back: begun when there is enough for a while, kept up for a while.

The same with the grid and without.  Without it only while the store is full: what nobody takes is lost then, and the
former shows by giving nothing that there is more.  Source: domain reference 2.9, 3.4.
"""

from hems.control.cars.memory import Sunny
from hems.control.energy import NO_CAR, Band
from hems.control.state import ControlState
from hems.model.copies import replace
from hems.model.mode import Mode
from hems.model.site import Bay, Site
from hems.model.snapshot import Snapshot

BEGINS_S, RUNS_S = 60.0, 600.0
"""Surplus must last so long before charging begins, and then it goes on for so long, from the grid if need be."""
ISLAND_BEGINS_S = 180.0
"""On an island, where it ends at once when the former begins to give: chargers are not switched every minute."""
STEP_SHARE = 0.5
"""Of the former's rating that the least a car takes may be at most: it must carry it when the sun goes."""
PROBE_W = 500.0
"""How much more is tried at a time on an island whose sun is held back."""
SLACK_W = 200.0
"""A car that gives more is giving, not measured badly."""


def surplus_w(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> float | None:
    """W that cars may take of the sun, what they take already included; None where nobody can tell."""
    if not state.mode.mode.on_island:
        standing = state.connection.standing
        return -sum(one.watts for one in standing) if standing else None
    return _held_back_w(site, state, snapshot, now_s)


def _held_back_w(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> float | None:
    """On an island with a full store: a little more as long as the former gives nothing, else less."""
    former = [reading.known(now_s) for reading in snapshot.former_phase_w]
    suns = [reading.known(now_s) for reading in snapshot.pvs.values()]
    known = [watts for watts in former if watts is not None]
    shines_w = sum(watts for watts in suns if watts is not None)
    if not spares(state) or len(known) < len(former) or shines_w < PROBE_W:
        return None
    taken_w = sum(max(0.0, -(snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) or 0.0)) for bay in site.bays)
    gives_w = sum(known)
    if gives_w > SLACK_W:
        return max(0.0, taken_w - gives_w)
    if not full(state):
        return taken_w - gives_w * state.surplus.part
    return taken_w - gives_w + (PROBE_W if taken_w >= PROBE_W else _first_w(site))


def _first_w(site: Site) -> float:
    """What is tried first: the least that any car takes, as far as the former could carry that alone."""
    least_w = min((bay.charge_min_w for bay in site.bays if bay.controllable), default=0.0)
    return least_w if least_w <= STEP_SHARE * sum(site.former.phase_va) else 0.0


def full(state: ControlState) -> bool:
    """Whether an island has more than it can store."""
    return state.mode.mode is Mode.ISLANDED and state.band == Band.SURPLUS


def spares(state: ControlState) -> bool:
    """Whether an island has more than it can store, or soon will: some of it is given away, so that there is room."""
    return full(state) or (state.mode.mode is Mode.ISLANDED and state.surplus.part > 0.0)


def after(before: Sunny, bay: Bay, spare_w: float | None, now_s: float, *, island: bool = False) -> Sunny:
    """Whether a car charges from the sun now; `spare_w` is what is there for it."""
    begins_s, runs_s = (ISLAND_BEGINS_S, 0.0) if island else (BEGINS_S, RUNS_S)
    enough = spare_w is not None and spare_w >= bay.charge_min_w
    if not enough:
        waiting = before if before.enough_since_s is None else replace(before, enough_since_s=None)
        ends = before.begun_s is not None and now_s >= before.begun_s + runs_s
        return replace(waiting, begun_s=None) if ends else waiting
    since_s = now_s if before.enough_since_s is None else before.enough_since_s
    begins = before.begun_s is None and now_s >= since_s + begins_s
    begun_s = now_s if begins else before.begun_s
    same = (since_s, begun_s) == (before.enough_since_s, before.begun_s)
    return before if same else replace(before, enough_since_s=since_s, begun_s=begun_s)


def due_s(memory: Sunny) -> list[float]:
    """When it begins, or may end."""
    since_s = memory.enough_since_s
    waits = [] if since_s is None else [since_s + BEGINS_S, since_s + ISLAND_BEGINS_S]
    return waits if memory.begun_s is None else [memory.begun_s + RUNS_S]
