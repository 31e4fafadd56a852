"""What cars need before they leave, and who must charge now so that all of them get it.

Proven anew at every step: all that is needed is put as late as it fits, through the connection together and through
each charger alone.  What would then have to begin soon begins now.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hems.control.bay_memory import NEW
from hems.control.cars import usual
from hems.control.drivers import SILENT
from hems.control.energy import NO_CAR
from hems.control.state import ControlState
from hems.model.cause import Cause, Value, Why
from hems.model.site import Bay, Site
from hems.model.snapshot import Snapshot
from hems.model.units import HOUR_S, SourceId

CHARGED = 0.9
"""From the socket into the cells."""
SAFE = 0.8
"""Part of the power of a charger, and of what the connection leaves, that is counted on."""
SLOT_S = 900.0
MARGIN_SLOTS = 2
"""What would have to begin within so many quarters of an hour begins now."""
KEEPS_S = 450.0
"""Whoever charges gains so much time before somebody else's turn comes: nobody is switched to and fro."""
ENOUGH_WH = 100.0
"""So little missing is nothing a driver notices: half a kilometre."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one car must still be given, at the socket, and until when."""

    bay: SourceId
    wh: float
    by_s: float
    most_w: float
    told: bool
    """Its driver has said so; otherwise it is what is usual at this bay."""


@dataclass(frozen=True, slots=True)
class Late:
    """A car that must charge now, and whether all that it needs still fits."""

    need: Need
    now_wh: float
    """What it must be given within the margin."""
    fits: bool


def needs(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> tuple[Need, ...]:
    """Of every car whose departure is known or usual, the first to leave first."""
    found = (_need(bay, state, snapshot, now_s) for bay in site.bays)
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.by_s, one.bay)))


def leaves_s(bay: Bay, state: ControlState) -> float | None:
    """When the car leaves: as its driver says, else as usual at this bay; None while nobody knows."""
    said_s = state.drivers.get(bay.id, SILENT).leaves_s
    return state.bays.get(bay.id, NEW).usually_leaves_s if said_s is None else said_s


def _need(bay: Bay, state: ControlState, snapshot: Snapshot, now_s: float) -> Need | None:
    memory, by_s = state.bays.get(bay.id, NEW), leaves_s(bay, state)
    if by_s is None or memory.plugged_since_s is None or by_s <= now_s or memory.waking.sated:
        return None
    wh = missing_wh(bay, state, snapshot, now_s)
    if wh < ENOUGH_WH:
        return None
    return Need(bay.id, wh, by_s, bay.charge_max_w, state.drivers.get(bay.id, SILENT).leaves_s is not None)


def plugged(bay: Bay, state: ControlState) -> bool:
    """Whether a car is here."""
    return state.bays.get(bay.id, NEW).plugged_since_s is not None


def target_pct(bay: Bay, state: ControlState) -> float:
    """How full it shall be when it leaves."""
    said_pct = state.drivers.get(bay.id, SILENT).target_pct
    return bay.target_pct if said_pct is None else said_pct


def missing_wh(bay: Bay, state: ControlState, snapshot: Snapshot, now_s: float) -> float:
    """What is missing to what the driver wants, at the socket; what visits usually take where the car tells nothing."""
    reading, wanted_pct = snapshot.bays.get(bay.id, NO_CAR), target_pct(bay, state)
    soc_pct = reading.soc_pct.known(now_s)
    capacity_wh = reading.capacity_wh.known(now_s) or bay.capacity_wh
    if soc_pct is not None:
        return max(0.0, wanted_pct - soc_pct) / 100.0 * capacity_wh / CHARGED
    takes_wh = usual.takes_wh(state.usual.get(bay.id, usual.NEVER))
    whole_wh = wanted_pct / 100.0 * capacity_wh / CHARGED if takes_wh is None else takes_wh
    return max(0.0, whole_wh - state.bays.get(bay.id, NEW).taken_wh)


def late(wanted: Sequence[Need], room_w: float, now_s: float) -> Mapping[SourceId, Late]:
    """Who must charge now; `room_w` is what the connection leaves for all of them.

    All is put as late as it can be, from the end backwards, what would take longest first.  Whoever has then not had
    all before the margin begins must charge within it.
    """
    left = {one.bay: one.wh for one in wanted}
    last_s = max((one.by_s for one in wanted), default=now_s)
    for slot in range(int((last_s - now_s) // SLOT_S), MARGIN_SLOTS - 1, -1):
        _put(left, wanted, room_w, now_s + slot * SLOT_S)
    must = {one.bay: left[one.bay] for one in wanted if left[one.bay] > 0.0}
    for slot in reversed(range(MARGIN_SLOTS)):
        _put(left, wanted, room_w, now_s + slot * SLOT_S)
    return {one.bay: Late(one, must[one.bay], left[one.bay] <= ENOUGH_WH) for one in wanted if one.bay in must}


def _put(left: dict[SourceId, float], wanted: Sequence[Need], room_w: float, begins_s: float) -> None:
    """Take from what is left what can be charged in one quarter of an hour."""
    room_wh = SAFE * room_w * SLOT_S / HOUR_S
    for need in sorted(wanted, key=lambda one: -left[one.bay] / one.most_w):
        lasts_s = min(SLOT_S, need.by_s - begins_s)
        if lasts_s > 0.0:
            wh = min(left[need.bay], room_wh, SAFE * need.most_w * lasts_s / HOUR_S)
            left[need.bay] -= wh
            room_wh -= wh


def in_order(must: Mapping[SourceId, Late], going: Collection[SourceId], now_s: float) -> list[SourceId]:
    """Who is served first: who has least time to lose, and among those who have about the same, who leaves first.

    What takes longest is not what is most urgent: a car that leaves in minutes has no later.  A car that can no longer
    be ready has nothing to lose, but no claim on what others need either.
    """

    def urgent(bay: SourceId) -> tuple[int, float, SourceId]:
        need = must[bay].need
        spare_s = need.by_s - now_s - need.wh * HOUR_S / (SAFE * need.most_w)
        return int(max(0.0, spare_s - (KEEPS_S if bay in going else 0.0)) // SLOT_S), need.by_s, bay

    return sorted(must, key=urgent)


def cause(one: Late, power_w: float, now_s: float) -> Cause:
    """Why it charges now, with what it will have in time if that is less than wanted."""
    left_s = one.need.by_s - now_s
    facts: dict[str, Value] = {"leaves_s": left_s, "w": round(power_w)}
    if one.fits:
        return Cause(Why.CHARGE_TO_LEAVE, facts)
    missing_wh = one.need.wh - power_w * left_s / HOUR_S
    return Cause(Why.CHARGE_TOO_LATE, facts | {"missing_wh": max(0.0, missing_wh)})
