"""Whether hems itself took a building beyond a limit of its connection, judged by the plant's true powers.

What circuits draw and the sun gives is nobody's doing on the grid.  What counts is by how much batteries and cars make
it worse than it would be if they rested, for longer than they may take to make room.  The limits of the bench's weeks
are those that always stand: the fuse of each phase, what is agreed, and that no battery and no car feeds the grid.
"""

from dataclasses import dataclass

from hems.model.site import CONTINUOUS, Site
from hems.model.units import HOUR_S
from hems.sim.bill import Bill, Metered
from hems.sim.plant import Plant
from hems.sim.start import StartPoint
from hems.sim.traces import Traces

SLACK_W, SLACK = 200.0, 0.02
"""Less than this beyond a limit, or than this part of it, is what the meter that hems goes by may be off."""


@dataclass(slots=True)
class Beyond:
    """What hems did beyond limits so far."""

    site: Site
    settle_s: float
    """So long it may last: from a change of load until batteries and cars have followed."""
    times: int = 0
    wh: float = 0.0
    """After that time."""
    _lasts_s: float = 0.0

    def note(self, plant: Plant, dt_s: float) -> None:
        """`dt_s` is about to pass with the plant's powers as they are."""
        own_w = 0.0 if plant.former_running or not plant.bus_live else own_w_beyond(self.site, plant)
        if own_w <= 0.0:
            self._lasts_s = 0.0
            return
        before_s, self._lasts_s = self._lasts_s, self._lasts_s + dt_s
        if before_s <= self.settle_s < self._lasts_s:
            self.times += 1
        self.wh += own_w * max(0.0, self._lasts_s - max(before_s, self.settle_s)) / HOUR_S


def own_w_beyond(site: Site, plant: Plant) -> float:
    """By how much stores make the worst excess worse: what is drawn, in all and per phase, and what is fed in."""
    drawn_w, rest_w = plant.grid_phase_w, _at_rest(site, plant)
    fuse_w = CONTINUOUS * site.grid.service_a * site.grid.nominal_v
    found_w = [_worse_w(now_w, then_w, fuse_w) for now_w, then_w in zip(drawn_w, rest_w, strict=True)]
    if site.grid.import_max_w is not None:
        found_w.append(_worse_w(sum(drawn_w), sum(rest_w), site.grid.import_max_w))
    sun_w = max(0.0, -sum(rest_w))
    found_w.append(_worse_w(-sum(drawn_w), sun_w, sun_w))  # batteries and cars never feed the grid
    return max(found_w)


def _at_rest(site: Site, plant: Plant) -> list[float]:
    """What each phase would draw if batteries and cars rested."""
    rest_w = list(plant.load_phase_w)
    for one in site.pvs:
        for place, watts in enumerate(site.per_phase(plant.pvs[one.id].power_w, one.phases)):
            rest_w[place] -= watts
    return rest_w


def _worse_w(now_w: float, rest_w: float, most_w: float) -> float:
    """W beyond a limit that would not be there at rest."""
    if now_w - most_w <= max(SLACK_W, SLACK * most_w):
        return 0.0
    return now_w - max(most_w, rest_w)


class Judged(Metered):
    """A plant whose bill is kept, and what hems does beyond limits too."""

    def __init__(self, site: Site, traces: Traces, *, start: StartPoint, bill: Bill, settle_s: float) -> None:
        self.beyond = Beyond(site, settle_s)
        super().__init__(site, traces, start=start, bill=bill)

    def _advance(self, dt_s: float) -> None:
        if self.bill.begun:
            self.beyond.note(self, dt_s)
        super()._advance(dt_s)
