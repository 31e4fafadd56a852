"""Fair shares of what the connection leaves for cars; nobody gets anything between a pause and the least current.

Whoever charges goes on before somebody else begins, so that shares do not flap; a share that a car cannot use goes to
the others, and a car never overfills a phase.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hems.control.dispatch.panels import Room
from hems.model.site import Bay, Site
from hems.model.units import SourceId

ALMOST_W = 1.0
"""Less is rounding."""


@dataclass(slots=True)
class _Line:
    """A car, and all that its power flows through: what each part of the building still carries, phase by phase."""

    bay: Bay
    places: tuple[int, ...]
    through_w: list[list[float]]
    given_w: float = 0.0

    def take(self, power_w: float) -> None:
        """What it gets is no longer there for others, wherever it flows through."""
        share_w = power_w / len(self.places)
        self.given_w += power_w
        for phase_w in self.through_w:
            for place in self.places:
                phase_w[place] -= share_w

    @property
    def takes_more(self) -> bool:
        """Whether its charger is not at its most, and none of its phases is full."""
        if self.given_w >= self.bay.charge_max_w - ALMOST_W:
            return False
        return all(phase_w[place] > ALMOST_W for phase_w in self.through_w for place in self.places)


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
        for line in _lines(site, bays, rooms, [room.phase_w for room in rooms]):
            if mine[line.bay.id]:
                line.take(mine[line.bay.id])
        given |= mine
    return given


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
    left = [list(room.phase_w) for room in rooms]
    lines = _lines(site, bays, rooms, left)
    pouring, left_w = lines, budget_w
    while pouring and left_w > ALMOST_W:
        step_w = min([left_w / len(pouring), *[one.bay.charge_max_w - one.given_w for one in pouring]])
        step_w = min([step_w, *[fits_w for phase_w in left for fits_w in _fit_w(pouring, phase_w)]])
        for line in pouring:
            line.take(step_w)
        left_w -= step_w * len(pouring)
        pouring = [line for line in pouring if line.takes_more]
    return {line.bay.id: line.given_w for line in lines}


def _lines(site: Site, bays: Iterable[Bay], rooms: Sequence[Room], left: Sequence[list[float]]) -> list[_Line]:
    """`left` is what the rooms carry, or a copy of it to try something with."""
    pairs = list(zip(rooms, left, strict=True))
    return [_Line(one, site.places(one.phases), [watts for room, watts in pairs if room.carries(one)]) for one in bays]


def _fit_w(lines: Sequence[_Line], phase_w: list[float]) -> list[float]:
    """W that every one of these may get more before each phase that they use is full."""
    parts = [0.0] * len(phase_w)
    for line in lines:
        if any(phase_w is mine for mine in line.through_w):
            for place in line.places:
                parts[place] += 1.0 / len(line.places)
    return [max(0.0, left_w) / part for left_w, part in zip(phase_w, parts, strict=True) if part]
