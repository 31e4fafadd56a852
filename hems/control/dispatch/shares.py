"""Fair shares of what the connection leaves for cars; nobody gets anything between a pause and the least current.

Whoever charges goes on before somebody else begins, so that shares do not flap; a share that a car cannot use goes to
the others, and a car never overfills a phase.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hems.model.site import Bay, Site
from hems.model.units import SourceId

ALMOST_W = 1.0
"""Less is rounding."""


def shares(
    site: Site,
    groups: Iterable[Sequence[Bay]],
    budget_w: float,
    room: list[float],
    charging: frozenset[SourceId],
) -> Mapping[SourceId, float]:
    """W for each car, 0 for a pause; a later group gets what the earlier ones leave.

    `room` is what each phase still carries for cars, aligned with `Site.phases`; what is given is taken out of it.
    """
    given: dict[SourceId, float] = {}
    for bays in groups:
        mine = _among(site, bays, budget_w - sum(given.values()), room, charging)
        for bay in bays:
            if mine[bay.id]:
                for place, share_w in enumerate(site.per_phase(mine[bay.id], bay.phases)):
                    room[place] -= share_w
        given |= mine
    return given


def _among(
    site: Site, bays: Sequence[Bay], budget_w: float, phase_w: Sequence[float], charging: frozenset[SourceId]
) -> dict[SourceId, float]:
    order = sorted(bays, key=lambda bay: bay.id not in charging)
    while order:
        given = _poured(site, order, budget_w, phase_w)
        starved = [bay for bay in order if given[bay.id] < bay.charge_min_w - ALMOST_W]
        if not starved:
            return {bay.id: given.get(bay.id, 0.0) for bay in bays}
        order.remove(starved[-1])
    return {bay.id: 0.0 for bay in bays}


def _poured(site: Site, bays: Sequence[Bay], budget_w: float, phase_w: Sequence[float]) -> dict[SourceId, float]:
    """Equal shares, each up to what its car and its phases take, until nothing is left or nobody takes more."""
    given = {bay.id: 0.0 for bay in bays}
    room = list(phase_w)
    open_bays = list(bays)
    left_w = budget_w
    while open_bays and left_w > ALMOST_W:
        step_w = min([left_w / len(open_bays), *(bay.charge_max_w - given[bay.id] for bay in open_bays)])
        step_w = min([step_w, *_fit_w(site, open_bays, room)])
        for bay in open_bays:
            given[bay.id] += step_w
            for place, share_w in enumerate(site.per_phase(step_w, bay.phases)):
                room[place] -= share_w
        left_w -= step_w * len(open_bays)
        open_bays = [bay for bay in open_bays if _takes_more(site, bay, given[bay.id], room)]
    return given


def _fit_w(site: Site, bays: Sequence[Bay], room: Sequence[float]) -> Iterator[float]:
    """W that every one of these may get more before each phase that they use is full."""
    parts = [sum(shares) for shares in zip(*(site.per_phase(1.0, bay.phases) for bay in bays), strict=True)]
    return (max(0.0, room_w) / part for room_w, part in zip(room, parts, strict=True) if part)


def _takes_more(site: Site, bay: Bay, given_w: float, room: Sequence[float]) -> bool:
    free = (room[place] > ALMOST_W for place, phase in enumerate(site.phases) if phase in bay.phases)
    return given_w < bay.charge_max_w - ALMOST_W and all(free)
