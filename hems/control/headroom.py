"""Room kept beside a nearly full battery: where the sun can be limited it is, before a load that goes off needs it.

When a large load goes at once, what the sun gave it must flow into the battery.  One that is nearly full does not take
it, and voltage and frequency run away until everything trips; an inverter that shifts its frequency is slower than
that.  So from `band.surplus_leave_pct` on, the sun gives no more than the battery would take if the largest load, or
all that is going off now, were gone.  Cars and sinks come first: what they draw counts as load.
Source: domain reference 2.9.
"""

from collections.abc import Iterator, Sequence
from math import inf

from hems.control import overload
from hems.control.arbitrate import Proposal, Rank
from hems.control.demand import is_on
from hems.control.energy import NO_CAR, store_pct
from hems.control.given import Given
from hems.control.sheddable import Outlook
from hems.control.state import ControlState
from hems.control.surplus import ENDS_BELOW_PCT
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import ISLAND_MODES, Mode
from hems.model.site import Pv, Site

STEP = 0.05
"""Part of its rating by which a plant is allowed more at a time at least; it is held back by all that is needed."""


CALM = frozenset({Mode.ISLANDED, Mode.GRID_RETURN_QUALIFYING})
"""Where the sun may be allowed more."""


def room_w(given: Given, state: ControlState) -> float:
    """What the battery would take at its charge; infinite while it is not nearly full, or not the former's.

    All of its rating up to `band.surplus_pct`, and in a straight line nothing at 100 %: most taper later.
    """
    site, band = given.site, given.params.band
    store = next((one for one in site.batteries if one.id == site.former.source), None)
    stored_pct = store_pct(site, given.snapshot, given.params.car, given.now_s)
    begins_pct = band.surplus_leave_pct - (ENDS_BELOW_PCT if _holds(site, state) else 0.0)
    if store is None or stored_pct is None or stored_pct < begins_pct or state.mode.mode not in ISLAND_MODES:
        return inf
    return store.charge_max_w * min(1.0, max(0.0, (100.0 - stored_pct) / (100.0 - band.surplus_pct)))


def bears_w(given: Given, state: ControlState, former_w: Sequence[float] | None) -> float:
    """How much load may go off at once without need: so much more the battery would take."""
    return inf if former_w is None else max(0.0, room_w(given, state) + sum(former_w))


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
        if share_w < pv.rated_w or told_w < pv.rated_w:
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
    if former_w is None or len(known) < len(suns):
        return sum(_told_w(pv, state) for pv in plants)
    return sum(known) + sum(former_w) + room - _may_go_w(given, state, outlook)


def _may_go_w(given: Given, state: ControlState, outlook: Outlook) -> float:
    """The most that may go off at once: the largest circuit or car, or all that is on its way off."""
    site, now_s = given.site, given.now_s
    circuits = [outlook.watts[one.id] for one in site.circuits if is_on(one, state, given.snapshot, now_s)]
    cars = [-(given.snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) or 0.0) for bay in site.bays]
    return max(0.0, sum(outlook.going_w), *circuits, *cars)


def _told_w(pv: Pv, state: ControlState) -> float:
    entry = state.sent.get(wiring.pv_limit(pv.id))
    return pv.rated_w if entry is None else float(entry.value)


def _holds(site: Site, state: ControlState) -> bool:
    return any(_told_w(pv, state) < pv.rated_w for pv in site.pvs if pv.limitable)
