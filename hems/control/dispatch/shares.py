"""Fair shares of what the connection leaves for cars; nobody gets anything between a pause and the least current.

Whoever charges goes on before somebody else begins, so that shares do not flap; a share that a car cannot use goes to
the others, and a car never overfills a phase.
"""

from collections.abc import Iterable, Mapping, Sequence

from hems.control.dispatch.panels import Room
from hems.model.site import Bay, Site
from hems.model.units import SourceId

ALMOST_W = 1.0
"""Less is rounding."""


def shares(
    site: Site,
    groups: Iterable[Sequence[Bay]],
    budget_w: float,
    rooms: Sequence[Room],
    charging: frozenset[SourceId],
) -> Mapping[SourceId, float]:
    """W for each car, 0 for a pause; a later group gets what the earlier ones leave.

    `rooms` is what each part of the building still carries for cars; what is given is taken out of it.
    """
    given: dict[SourceId, float] = {}
    for bays in filter(None, groups):
        mine = _among(site, bays, budget_w - sum(given.values()), rooms, charging)
        for bay in bays:
            if mine[bay.id]:
                _take(site, rooms, bay, mine[bay.id])
        given |= mine
    return given


def _take(site: Site, rooms: Iterable[Room], bay: Bay, power_w: float) -> None:
    """What a car gets is no longer there for others, wherever it flows through."""
    shares_w = site.per_phase(power_w, bay.phases)
    for room in rooms:
        if room.carries(bay):
            for place, share_w in enumerate(shares_w):
                room.phase_w[place] -= share_w


def _among(
    site: Site, bays: Sequence[Bay], budget_w: float, rooms: Sequence[Room], charging: frozenset[SourceId]
) -> dict[SourceId, float]:
    order = sorted(bays, key=lambda bay: bay.id not in charging)
    while order:
        given = _poured(site, order, budget_w, rooms)
        starved = [bay for bay in order if given[bay.id] < bay.charge_min_w - ALMOST_W]
        if not starved:
            return {bay.id: given.get(bay.id, 0.0) for bay in bays}
        order.remove(starved[-1])
    return {bay.id: 0.0 for bay in bays}


def _poured(site: Site, bays: Sequence[Bay], budget_w: float, rooms: Sequence[Room]) -> dict[SourceId, float]:
    """Equal shares, each up to what its car and its phases take, until nothing is left or nobody takes more."""
    given = {bay.id: 0.0 for bay in bays}
    left = [Room(list(room.phase_w), room.bays, room.panel) for room in rooms]
    open_bays = list(bays)
    left_w = budget_w
    while open_bays and left_w > ALMOST_W:
        step_w = min([left_w / len(open_bays), *[bay.charge_max_w - given[bay.id] for bay in open_bays]])
        step_w = min([step_w, *[fits_w for room in left for fits_w in _fit_w(site, open_bays, room)]])
        for bay in open_bays:
            given[bay.id] += step_w
            _take(site, left, bay, step_w)
        left_w -= step_w * len(open_bays)
        open_bays = [bay for bay in open_bays if _takes_more(site, bay, given[bay.id], left)]
    return given


def _fit_w(site: Site, bays: Sequence[Bay], room: Room) -> list[float]:
    """W that every one of these may get more before each phase that they use is full."""
    mine = [site.per_phase(1.0, bay.phases) for bay in bays if room.carries(bay)]
    parts = map(sum, zip(*mine, strict=True))
    return [max(0.0, left_w) / part for left_w, part in zip(room.phase_w, parts, strict=False) if part]


def _takes_more(site: Site, bay: Bay, given_w: float, rooms: Sequence[Room]) -> bool:
    if given_w >= bay.charge_max_w - ALMOST_W:
        return False
    places = [place for place, phase in enumerate(site.phases) if phase in bay.phases]
    return all(room.phase_w[place] > ALMOST_W for room in rooms if room.carries(bay) for place in places)
