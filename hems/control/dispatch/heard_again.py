"""Chargers that fall silent and answer again: what their cars draw counts once, as circuits' or as theirs.

While one is silent only the meter at the street sees its car.  When it answers, that power is the car's at once: a fall
at the street has to stand for a while, and until then others would be told to make room for the same power twice.
"""

from collections.abc import Sequence

from hems.control.dispatch import panels, standing
from hems.control.dispatch.memory import ConnectionMemory
from hems.control.energy import NO_CAR
from hems.model.copies import replace
from hems.model.site import Bay, Site
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId

LATELY_S = 6.0
"""So long a car may still draw what it drew while nobody could tell it anything."""


def unheard(site: Site, snapshot: Snapshot, now_s: float) -> frozenset[SourceId]:
    """Those that do not tell what their cars draw."""
    return frozenset(bay.id for bay in site.bays if _power_w(bay, snapshot, now_s) is None)


def after(site: Site, memory: ConnectionMemory, snapshot: Snapshot, now_s: float) -> ConnectionMemory:
    """With those that answer again counted as cars, no longer as circuits."""
    back_s = {bay: at_s for bay, at_s in memory.back_s.items() if now_s < at_s + LATELY_S}
    if len(back_s) < len(memory.back_s):
        memory = replace(memory, back_s=back_s)
    back = [bay for bay in site.bays if bay.id in memory.silent and _power_w(bay, snapshot, now_s) is not None]
    if not back:
        return memory
    phase_w = _phase_w(site, back, snapshot, now_s)
    mine = {one.id: [bay for bay in back if bay.id in panels.below(site, one)] for one in site.panels}
    return replace(
        memory,
        standing=standing.less(memory.standing, phase_w),
        stood_w=tuple(old - less for old, less in zip(memory.stood_w, phase_w, strict=False)),
        panels={
            panel: standing.less(known, _phase_w(site, mine.get(panel, []), snapshot, now_s))
            for panel, known in memory.panels.items()
        },
        silent=memory.silent - {bay.id for bay in back},
        back_s={**back_s, **dict.fromkeys((bay.id for bay in back), now_s)},
    )


def _phase_w(site: Site, bays: Sequence[Bay], snapshot: Snapshot, now_s: float) -> list[float]:
    """What they draw together, phase by phase."""
    total = [0.0] * len(site.phases)
    for bay in bays:
        drawn_w = max(0.0, -(_power_w(bay, snapshot, now_s) or 0.0))
        for place, share_w in enumerate(site.per_phase(drawn_w, bay.phases)):
            total[place] += share_w
    return total


def _power_w(bay: Bay, snapshot: Snapshot, now_s: float) -> float | None:
    return snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s)
