"""What cars draw whoever says otherwise: of those that do not follow, and of those that nobody commands.

Their power is as good as a circuit's: it is there first, and only what it leaves is given to other cars.  A charger
that is silent is seen by the meter at the street alone, and counts among circuits (`flows`).
"""

from collections.abc import Collection, Mapping, Sequence

from hems.control.bay_memory import NEW
from hems.control.dispatch.panels import Room
from hems.control.energy import NO_CAR
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.site import Bay, Site
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId

OBEYS_S = 6.0
"""As long as a car on alternating current may take to draw less."""

SLACK_W, SLACK = 300.0, 0.05
"""So much more than it was told is a charger's rounding."""


def uncommanded_w(site: Site, commanded: Collection[Bay], snapshot: Snapshot, now_s: float) -> Mapping[SourceId, float]:
    """What cars draw that nobody asks anything."""
    asked = {bay.id for bay in commanded}
    drawn = {bay.id: _draws_w(bay, snapshot, now_s) for bay in site.bays if bay.id not in asked}
    return {bay: watts for bay, watts in drawn.items() if watts > 0.0}


def disobedient_w(
    commanded: Collection[Bay], state: ControlState, snapshot: Snapshot, now_s: float
) -> Mapping[SourceId, float]:
    """What those draw that still draw more than they were told after they have had time to obey."""
    drawn = {bay.id: _draws_w(bay, snapshot, now_s) for bay in commanded}
    return {bay: watts for bay, watts in drawn.items() if _disobeys(bay, watts, state, now_s)}


def _disobeys(bay: SourceId, drawn_w: float, state: ControlState, now_s: float) -> bool:
    """Whether its charger took the command makes no difference to the fuses.

    Who has not followed for long enough gets no new time with each new set-point; nor does a car whose charger was
    silent, for nobody knows what it was told.
    """
    entry, astray_s = state.sent.get(wiring.bay_power(bay)), state.bays.get(bay, NEW).astray_since_s
    if entry is None or entry.observed:
        return drawn_w > SLACK_W
    told_w = max(0.0, -float(entry.value))
    since_s = entry.sent_s if astray_s is None else min(entry.sent_s, astray_s)
    late = now_s >= since_s + OBEYS_S or bay in state.connection.back_s
    return late and drawn_w > told_w + max(SLACK_W, SLACK * told_w)


def _draws_w(bay: Bay, snapshot: Snapshot, now_s: float) -> float:
    return max(0.0, -(snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) or 0.0))


def take(site: Site, rooms: Sequence[Room], drawn_w: Mapping[SourceId, float]) -> None:
    """What they draw is no longer there for others, wherever it flows through."""
    for bay in [one for one in site.bays if one.id in drawn_w]:
        for place, share_w in enumerate(site.per_phase(drawn_w[bay.id], bay.phases)):
            for room in rooms:
                if room.carries(bay):
                    room.phase_w[place] -= share_w
