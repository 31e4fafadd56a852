"""Fair shares of what the connection leaves for cars; nobody gets anything between a pause and the least current.

Whoever charges goes on before somebody else begins, so that shares do not flap; a share that a car cannot use goes to
the others, and a car never overfills a phase.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from hems.control.dispatch.panels import Room
from hems.model.site import Bay, Site
from hems.model.units import SourceId

ALMOST_W = 1.0
"""Less is rounding."""

Left = tuple[tuple[float, ...], ...]
"""W that each room still carries, phase by phase."""


class _Line(NamedTuple):
    """A car, and what its power flows through: phases by their places, and rooms by theirs."""

    bay: SourceId
    least_w: float
    most_w: float
    places: tuple[int, ...]
    through: tuple[int, ...]

    def take(self, power_w: float, left: Sequence[list[float]]) -> None:
        """What it gets is no longer there for others, wherever it flows through."""
        share_w = power_w / len(self.places)
        for room in self.through:
            phase_w = left[room]
            for place in self.places:
                phase_w[place] -= share_w

    def takes_more(self, given_w: float, left: Sequence[list[float]]) -> bool:
        """Whether its charger is not at its most, and none of its phases is full."""
        if given_w >= self.most_w - ALMOST_W:
            return False
        return all(left[room][place] > ALMOST_W for room in self.through for place in self.places)


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
    left = [room.phase_w for room in rooms]
    for bays in filter(None, groups):
        lines = [_line(site, bay, rooms) for bay in bays]
        order = tuple(sorted(lines, key=lambda line: line.bay not in charging))
        mine = _among(order, budget_w - sum(given.values()), tuple(map(tuple, left)))
        for line in lines:
            given[line.bay] = mine.get(line.bay, 0.0)
            if given[line.bay]:
                line.take(given[line.bay], left)
    return given


def _line(site: Site, bay: Bay, rooms: Sequence[Room]) -> _Line:
    through = tuple([place for place, room in enumerate(rooms) if room.carries(bay)])
    return _Line(bay.id, bay.charge_min_w, bay.charge_max_w, site.places(bay.phases), through)


@lru_cache(maxsize=16)  # as long as circuits draw what they drew, cars get what they got
def _among(order: tuple[_Line, ...], budget_w: float, left: Left) -> Mapping[SourceId, float]:
    """W for those who get something; whoever comes last in `order` is the first to be left out."""
    while order:
        given = _poured(order, budget_w, [list(phase_w) for phase_w in left])
        starved = [line for line in order if given[line.bay] < line.least_w - ALMOST_W]
        if not starved:
            return given
        order = tuple([line for line in order if line is not starved[-1]])
    return {}


def _poured(lines: Sequence[_Line], budget_w: float, left: Sequence[list[float]]) -> dict[SourceId, float]:
    """Equal shares, each up to what its car and its phases take, until nothing is left or nobody takes more.

    What is given is taken out of `left`.
    """
    given = {line.bay: 0.0 for line in lines}
    pouring, left_w = lines, budget_w
    while pouring and left_w > ALMOST_W:
        room_w = [line.most_w - given[line.bay] for line in pouring]
        fits_w = [watts for room, phase_w in enumerate(left) for watts in _fit_w(pouring, room, phase_w)]
        step_w = min([left_w / len(pouring), *room_w, *fits_w])
        for line in pouring:
            given[line.bay] += step_w
            line.take(step_w, left)
        left_w -= step_w * len(pouring)
        pouring = [line for line in pouring if line.takes_more(given[line.bay], left)]
    return given


def _fit_w(lines: Sequence[_Line], room: int, phase_w: Sequence[float]) -> list[float]:
    """W that every one of these may get more before each phase of the room that they use is full."""
    parts = [0.0] * len(phase_w)
    for line in lines:
        if room in line.through:
            for place in line.places:
                parts[place] += 1.0 / len(line.places)
    return [max(0.0, left_w) / part for left_w, part in zip(phase_w, parts, strict=True) if part]
