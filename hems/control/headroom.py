"""Room kept beside a nearly full battery: where the sun can be limited it is, before a load that goes off needs it.

When a large load goes at once, what the sun gave it must flow into the battery.  One that is nearly full does not take
it, and voltage and frequency run away until everything trips; an inverter that shifts its frequency is slower than
that.  So from `band.surplus_leave_pct` on, the sun gives no more than the battery would take if the largest load, or
all that is going off now, were gone.  Cars, sinks and batteries beside the former come first: what they draw counts as
load.  What they give does not: the sun takes its place.
Source: domain reference 2.9.
"""

from collections.abc import Iterator, Sequence
from math import inf

from hems.control import overload
from hems.control.arbitrate import Proposal, Rank
from hems.control.demand import all_on
from hems.control.energy import NO_CAR
from hems.control.given import Given
from hems.control.sheddable import Outlook
from hems.control.state import ControlState
from hems.control.stored import former_pct, own_battery
from hems.control.surplus import ENDS_BELOW_PCT
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import ISLAND_MODES, Mode
from hems.model.site import Pv, Site
from hems.model.snapshot import Snapshot

STEP = 0.05
"""Part of its rating by which a plant is allowed more at a time at least; it is held back by all that is needed."""
SHOWS_S = 0.9
"""So soon after a limit a reading may show what came of it."""
AT_LIMIT = 0.9
"""A plant that gives such a part of what it may is held back; else the sky does it."""
CALM = frozenset({Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING})
"""Where the sun may be allowed more."""


def room_w(given: Given, state: ControlState) -> float:
    """What the battery would take at its charge; infinite while it is not nearly full, or not the former's.

    All of its rating up to `band.surplus_pct`, and in a straight line nothing at 100 %: most taper later.
    """
    site, band = given.site, given.params.band
    if state.mode.mode not in ISLAND_MODES:
        return inf
    store = own_battery(site)
    stored_pct = former_pct(site, given.snapshot, given.params.car, given.now_s)
    begins_pct = band.surplus_leave_pct - (ENDS_BELOW_PCT if _holds(site, state) else 0.0)
    if store is None or stored_pct is None or stored_pct < begins_pct:
        return inf
    return store.charge_max_w * min(1.0, max(0.0, (100.0 - stored_pct) / (100.0 - band.surplus_pct)))


def bears_w(given: Given, state: ControlState, former_w: Sequence[float] | None) -> float:
    """How much load may go off at once without need: so much more the battery would take."""
    return inf if former_w is None else max(0.0, room_w(given, state) + sum(former_w))


def held_back(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> bool:
    """Whether a plant gives as good as all that it may, and could give more."""
    for pv in site.pvs:
        told_w = _told_w(pv, state)
        watts = snapshot.pvs[pv.id].known(now_s) if pv.id in snapshot.pvs else None
        if pv.limitable and told_w < pv.rated_w and watts is not None and watts >= AT_LIMIT * told_w:
            return True
    return False


def proposals(given: Given, state: ControlState, outlook: Outlook) -> Iterator[Proposal]:
    """What each plant that can be limited may give on an island; its rating where nothing is in the way."""
    plants = [pv for pv in given.site.pvs if pv.limitable and not pv.direct]
    if not plants or state.mode.mode not in ISLAND_MODES:
        return
    allowed_w = _allowed_w(plants, given, state, outlook)
    rated_w = sum(pv.rated_w for pv in plants)
    for pv in plants:
        told_w = _told_w(pv, state)
        share_w = pv.rated_w * min(1.0, max(0.0, allowed_w / rated_w))
        calm = state.mode.mode in CALM and share_w >= min(pv.rated_w, told_w + STEP * pv.rated_w)
        share_w = share_w if calm else min(told_w, share_w)
        if share_w < pv.rated_w or wiring.pv_limit(pv.id) in state.sent:  # said again until the grid is back
            why = Why.SUN_HEADROOM if share_w < pv.rated_w else Why.SUN_FREE
            yield Proposal(
                role=wiring.pv_limit(pv.id), rank=Rank.LIMIT, cause=Cause(why), high=share_w, prefer=pv.rated_w
            )


def _allowed_w(plants: Sequence[Pv], given: Given, state: ControlState, outlook: Outlook) -> float:
    """All plants together; as they were told while the former or one of them cannot be read."""
    room = room_w(given, state)
    suns = [given.snapshot.pvs[pv.id].known(given.now_s) if pv.id in given.snapshot.pvs else None for pv in plants]
    known = [watts for watts in suns if watts is not None]
    former_w = overload.phase_w(given.snapshot, given.site, given.now_s)
    if room == inf:
        return inf
    told_w = sum(_told_w(pv, state) for pv in plants)
    unshown = state.mode.mode in CALM and not _shown(plants, given, state)
    if former_w is None or len(known) < len(suns) or unshown:
        return told_w
    stored_w = sum(max(0.0, watts) for watts in _stored_w(given.site, given.snapshot, given.now_s))
    return sum(known) + sum(former_w) + stored_w + room - _may_go_w(given, state, outlook)


def _shown(plants: Sequence[Pv], given: Given, state: ControlState) -> bool:
    """Whether the former and every plant were read since its last limit could show.

    One that was read before and one that was read after do not add up to what the building draws.
    """
    for pv in plants:
        entry = state.sent.get(wiring.pv_limit(pv.id))
        seen = (*given.snapshot.former_phase_w, given.snapshot.pvs[pv.id])
        if entry is not None and min(one.taken_s for one in seen) < entry.sent_s + SHOWS_S:
            return False
    return True


def _may_go_w(given: Given, state: ControlState, outlook: Outlook) -> float:
    """The most that may go off at once: the largest circuit, car or battery, or all that is on its way off."""
    site, now_s = given.site, given.now_s
    circuits = [outlook.watts[one.id] for one in all_on(site, state, given.snapshot, now_s)]
    charging = [-watts for watts in _stored_w(site, given.snapshot, now_s)]
    return max(0.0, sum(outlook.going_w), *circuits, *charging)


def _stored_w(site: Site, snapshot: Snapshot, now_s: float) -> list[float]:
    """What each car gives, and each battery beside the former; below zero it charges."""
    stores = [snapshot.bays.get(bay.id, NO_CAR).power_w for bay in site.bays]
    stores += [one.power_w for key, one in snapshot.batteries.items() if key != site.former.source]
    return [one.known(now_s) or 0.0 for one in stores]


def _told_w(pv: Pv, state: ControlState) -> float:
    entry = state.sent.get(wiring.pv_limit(pv.id))
    return pv.rated_w if entry is None else float(entry.value)


def _holds(site: Site, state: ControlState) -> bool:
    return any(_told_w(pv, state) < pv.rated_w for pv in site.pvs if pv.limitable)
