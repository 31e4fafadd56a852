"""Holding back the sun where more may not be fed in than this: after batteries and cars have taken what they can.

The limit of the utility, or of the agreement, comes first; a plant that nobody can limit feeds what it gives.  While
the meter at the grid is silent all plants together give no more than may be fed in, so that whatever circuits draw the
limit holds.  In doubt about the tie, and while people work, a limit stays as it was told: a plant that hears nothing
for a lease gives all it can, into a battery that may be full.
"""

from collections.abc import Iterator, Sequence
from math import inf

from hems.control.arbitrate import Proposal, Rank
from hems.control.dispatch import able
from hems.control.dispatch.envelope import envelope
from hems.control.dispatch.flows import Flows, flows
from hems.control.dispatch.steady import SHOWS_S
from hems.control.dispatch.storage import FULL_PCT, ON_GRID, steered
from hems.control.state import ControlState
from hems.control.stored import NO_BATTERY
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Mode
from hems.model.site import Pv, Site
from hems.model.snapshot import Snapshot

EASES = 0.3
"""Part of the room by which a limit is raised in one turn; it is lowered by all that is needed, at once."""
LEAST_STEP_W = 300.0
"""Room below this is given at once, so that the last watts do not take forever, or left to batteries."""


STANDS = frozenset({Mode.FAULT_SAFE, Mode.MAINTENANCE, Mode.ISLANDING_PLANNED})
"""Where limits that were told last are said again, and none is raised."""


def proposals(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> Iterator[Proposal]:
    """What each plant that can be limited may give; its rating where nobody limits it."""
    plants = [pv for pv in site.pvs if pv.limitable]
    if plants and state.mode.mode in STANDS:
        yield from _as_told(plants, state)
    if not plants or state.mode.mode not in ON_GRID:
        return
    bounds = envelope(site, state.connection, snapshot, now_s)
    rated_w = sum(pv.rated_w for pv in plants)
    allowed_w = rated_w
    if bounds.export_w < inf:
        flow = flows(site, snapshot, now_s)
        allowed_w = bounds.export_w if flow is None else _allowed_w(site, state, snapshot, flow, bounds.export_w, now_s)
    for pv in plants:
        share_w = pv.rated_w * min(1.0, max(0.0, allowed_w / rated_w))
        role = wiring.pv_limit(pv.id)
        entry = state.sent.get(role)
        if share_w < pv.rated_w or entry is not None:
            yield Proposal(role=role, rank=Rank.LIMIT, cause=_why(share_w, pv, bounds.export_by), high=share_w)
            yield Proposal(role=role, rank=Rank.GRID, cause=Cause(Why.SUN_FREE), prefer=pv.rated_w)


def _as_told(plants: Sequence[Pv], state: ControlState) -> Iterator[Proposal]:
    for pv in plants:
        entry = state.sent.get(wiring.pv_limit(pv.id))
        if entry is not None and float(entry.value) < round(pv.rated_w):
            told_w = float(entry.value)
            yield Proposal(role=wiring.pv_limit(pv.id), rank=Rank.LIMIT, cause=entry.cause, high=told_w, prefer=told_w)


def _why(share_w: float, pv: Pv, limit: Cause) -> Cause:
    return limit if share_w < pv.rated_w else Cause(Why.SUN_FREE)


def _allowed_w(
    site: Site, state: ControlState, snapshot: Snapshot, flow: Flows, export_w: float, now_s: float
) -> float:
    """All plants together: what they give now, less what is too much, or with a part of the room there is."""
    plants = [pv for pv in site.pvs if pv.limitable]
    given_w = sum(snapshot.pvs[pv.id].known(now_s) or 0.0 for pv in plants)
    told = [state.sent.get(wiring.pv_limit(pv.id)) for pv in plants]
    limit_w = sum(pv.rated_w if one is None else float(one.value) for pv, one in zip(plants, told, strict=True))
    if any(one is not None and not _shows(one.sent_s, pv, snapshot) for pv, one in zip(plants, told, strict=True)):
        return limit_w  # meters still show what was before: it would be lowered twice
    too_much_w = -flow.without_batteries_w - export_w - _taken_w(site, state, snapshot, now_s)
    if too_much_w > 0.0:
        return max(0.0, min(limit_w, given_w) - too_much_w)
    room_w = -too_much_w
    if room_w < LEAST_STEP_W and steered(site):
        return limit_w  # batteries serve the last watts; both at once would feed them in
    step_w = room_w if room_w < LEAST_STEP_W else max(LEAST_STEP_W, EASES * room_w)
    return limit_w + step_w


def _shows(sent_s: float, pv: Pv, snapshot: Snapshot) -> bool:
    return min(snapshot.grid_w.taken_s, snapshot.pvs[pv.id].taken_s) >= sent_s + SHOWS_S


def _taken_w(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> float:
    """What batteries can take now."""
    levels = ((one, snapshot.batteries.get(one.id, NO_BATTERY).soc_pct.known(now_s)) for one in steered(site))
    return sum(able.takes_w(one, state) for one, soc_pct in levels if soc_pct is not None and soc_pct < FULL_PCT)
