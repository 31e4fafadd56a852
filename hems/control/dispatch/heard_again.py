"""Chargers that fall silent and answer again: what their cars draw counts once, as circuits' or as theirs.

While one is silent only the meter at the street sees its car.  When it answers, that power is the car's at once: a fall
at the street has to stand for a while, and until then others would be told to make room for the same power twice.

Nor is it told to rest because it is silent: it would hear that first when it answers, and many a car does not resume.
"""

from collections.abc import Iterable, Sequence

from hems.control.dispatch import panels, standing
from hems.control.dispatch.envelope import Envelope, phase_w
from hems.control.dispatch.memory import ConnectionMemory
from hems.control.energy import NO_CAR
from hems.control.state import ControlState
from hems.control.wish import Wish
from hems.model import wiring
from hems.model.copies import replace
from hems.model.reading import Quality
from hems.model.site import Bay, Site
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId

LATELY_S = 6.0
"""So long a car may still draw what it drew while nobody could tell it anything."""


def unheard(site: Site, snapshot: Snapshot, now_s: float) -> frozenset[SourceId]:
    """Those that do not tell what their cars draw."""
    return frozenset(bay.id for bay in site.bays if _power_w(bay, snapshot, now_s) is None)


def tells(bay: Bay, snapshot: Snapshot, now_s: float) -> bool:
    """Whether it tells if there is a car and, if it ever did, what that draws; one may grow old before the other."""
    reading = snapshot.bays.get(bay.id, NO_CAR)
    has_grown_old = reading.power_w.quality is Quality.GOOD and reading.power_w.known(now_s) is None
    return reading.state.known(now_s) is not None and not has_grown_old


def charging_on(bays: Iterable[Bay], site: Site, state: ControlState, bounds: Envelope) -> dict[SourceId, Wish]:
    """For silent chargers what they were asked for already, unless circuits and their cars together are too much."""
    circuits_w = [one.watts for one in state.connection.standing]
    rooms = panels.rooms(site, [phase_w(site) - watts for watts in circuits_w], state.connection.panels)
    found: dict[SourceId, Wish] = {}
    for bay in bays:
        entry = state.sent.get(wiring.bay_power(bay.id))
        fits = sum(circuits_w) <= bounds.import_w and all(min(room.phase_w) >= 0 for room in rooms if room.carries(bay))
        if entry is not None and entry.value < 0 and fits:
            found[bay.id] = Wish(float(entry.value), entry.cause)
    return found


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
