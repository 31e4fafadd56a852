"""What is remembered of each car from tick to tick: since when it is here, whether it was stopped, whom it obeys."""

from collections.abc import Mapping
from math import inf

from hems.control.cars import charge, ledger, phases, sunny, usual, waking
from hems.control.cars.memory import BayMemory, Charge, Ledger, PhaseMemory, Usual
from hems.control.demand import charging_w
from hems.control.dispatch.envelope import envelope
from hems.control.energy import NO_CAR, car_free_wh, floor_pct
from hems.control.given import Given
from hems.control.memory.acting import Sent
from hems.control.params import Params
from hems.control.remembered import kept_after, remembered_w
from hems.control.state import ControlState
from hems.control.tuning.acting import CommandParams
from hems.control.tuning.sources import CarParams
from hems.model import wiring
from hems.model.copies import replace, revised
from hems.model.reading import Reading
from hems.model.site import Bay, Site
from hems.model.snapshot import BayReading, Snapshot
from hems.model.units import HOUR_S, SourceId
from hems.model.wiring import Role

NEW = BayMemory()
STRAY_W, STRAY_SHARE = 500.0, 0.2
"""So much more than its command a charger may do before that is somebody else's doing."""
ECHO_SHARE = 1.0 / 6.0
"""Of a lease, half of the time between two renewals.  What obeys for so long after it was told anew, and no longer,
follows somebody else who speaks as often: whoever looked just then took it for obedient, each time."""


def remembered(
    site: Site, state: ControlState, snapshot: Snapshot, params: Params, now_s: float
) -> dict[SourceId, BayMemory]:
    """Each bay's memory after this instant; `site` as it counts now."""
    found: dict[SourceId, BayMemory] = {}
    sun_w = sunny.surplus_w(site, state, snapshot, now_s)
    room_w = _room_w(site, state, snapshot, now_s)
    kept = kept_after(now_s - state.at_s)
    for bay in site.bays:
        before, reading = state.bays.get(bay.id, NEW), snapshot.bays.get(bay.id, NO_CAR)
        entry = state.sent.get(wiring.bay_power(bay.id))
        memory = _bay_memory(bay, before, reading, entry, params, now_s - state.at_s, now_s)
        if memory is not NEW:
            memory = _charging(memory, bay, reading, sun_w, room_w, state, now_s)
        if bay.stops_s and memory is not NEW:
            drawn_w = charging_w(bay, state, snapshot, now_s)
            charging = remembered_w(before.charging_w, drawn_w, kept)
            memory = memory if charging == memory.charging_w else replace(memory, charging_w=charging)
        strays = bay.id != site.former.source and _strays(reading.power_w, entry, now_s)
        since_s = _astray_since_s(before.astray_since_s, entry, state, params.command, now_s, strays=strays)
        found[bay.id] = memory if since_s == memory.astray_since_s else replace(memory, astray_since_s=since_s)
    return found


def _charging(
    memory: BayMemory,
    bay: Bay,
    reading: BayReading,
    sun_w: float | None,
    room_w: float | None,
    state: ControlState,
    now_s: float,
) -> BayMemory:
    """Whether it charges from the sun, and on how many phases."""
    island = state.mode.mode.on_island
    least = phases.on_one(bay) if bay.switches_phases else bay
    sun = sunny.after(memory.sunny, least, sun_w, now_s, island=island)
    by_sun = island or (bay.sun_first and sun.begun_s is not None)
    switch = phases.after(memory.phases, bay, reading, sun_w if by_sun else room_w, now_s)
    same = sun is memory.sunny and switch is memory.phases
    return memory if same else replace(memory, sunny=sun, phases=switch)


def _room_w(site: Site, state: ControlState, snapshot: Snapshot, now_s: float) -> float | None:
    """What the connection leaves for each car that is here; None on an island, or while nobody can tell."""
    standing = state.connection.standing
    if state.mode.mode.on_island or not standing:
        return None
    here = sum(1 for one in state.bays.values() if one.plugged_since_s is not None)
    bounds = envelope(site, state.connection, snapshot, now_s)
    return (bounds.import_w - sum(one.watts for one in standing)) / max(1, here)


def astray(
    site: Site, state: ControlState, snapshot: Snapshot, params: CommandParams, now_s: float
) -> dict[SourceId, float]:
    """Since when each battery that is told a power on the grid follows somebody else.

    UCA 6.
    """
    found = {}
    for battery in site.batteries if not state.mode.mode.on_island else ():
        entry, reading = state.sent.get(wiring.battery_power(battery.id)), snapshot.batteries.get(battery.id)
        strays = reading is not None and _held(entry, params, now_s) and _strays(reading.power_w, entry, now_s)
        since_s = _astray_since_s(state.astray_s.get(battery.id), entry, state, params, now_s, strays=strays)
        if since_s is not None:
            found[battery.id] = since_s
    return found


def left_s(state: ControlState, params: CommandParams) -> dict[Role, float]:
    """Until when each power that somebody else commands is left to them, if it has been so for long enough.

    UCA 6.
    """
    told = {
        wiring.bay_power(bay): one.astray_since_s + params.follow_s
        for bay, one in state.bays.items()
        if one.astray_since_s is not None
    }
    told |= {wiring.battery_power(battery): since_s + params.follow_s for battery, since_s in state.astray_s.items()}
    return {role: told_s + params.leave_s for role, told_s in told.items() if state.at_s >= told_s}


def _held(entry: Sent | None, params: CommandParams, now_s: float) -> bool:
    """Whether what a device was told last still holds."""
    return entry is not None and now_s < entry.last_s + params.lease_s


def _astray_since_s(
    before_s: float | None,
    entry: Sent | None,
    state: ControlState,
    params: CommandParams,
    now_s: float,
    *,
    strays: bool,
) -> float | None:
    """Since when a device follows somebody else; once somebody has been told, also while nobody asks it anything.

    It begins anew when a person has looked, and when it has been left alone for long enough.
    """
    told_s = inf if before_s is None else before_s + params.follow_s
    looked = state.acknowledged_s is not None and before_s is not None and state.acknowledged_s > before_s
    if before_s is None or looked or now_s >= told_s + params.leave_s:
        return now_s if strays else None
    left = now_s >= told_s and not _held(entry, params, now_s)
    echo = entry is not None and 0.0 <= now_s - entry.last_s < ECHO_SHARE * params.lease_s
    return before_s if strays or left or echo else None


def _strays(power_w: Reading[float], entry: Sent | None, now_s: float) -> bool:
    """Whether a device that took its command does or shows more than it says, or the opposite; less is its own affair.

    UCA 6.
    """
    watts = power_w.known(now_s)
    if entry is None or entry.acknowledged_s is None or entry.observed:
        return False
    if watts is None or entry.overruled:
        return entry.overruled
    told_w = float(entry.value)
    slack_w = max(STRAY_W, STRAY_SHARE * abs(told_w))
    return watts > max(0.0, told_w) + slack_w or watts < min(0.0, told_w) - slack_w


def _bay_memory(
    bay: Bay, memory: BayMemory, reading: BayReading, entry: Sent | None, params: Params, dt_s: float, now_s: float
) -> BayMemory:
    state = reading.state.known(now_s)
    told_w = float(entry.value) if entry is not None else 0.0
    counted = charge.after(memory.charge, bay, reading, told_w, dt_s, now_s)
    holds = entry if _held(entry, params.command, now_s) else None  # nobody sleeps who is asked for nothing any more
    if state is None:
        return memory if counted is memory.charge else replace(memory, charge=counted)
    if not state.has_car:
        moves_s = memory.phases.moves_s
        return replace(NEW, phases=PhaseMemory(moves_s=moves_s)) if moves_s else NEW
    gives_w = reading.power_w.known(now_s)
    return revised(
        memory,
        plugged_since_s=now_s if memory.plugged_since_s is None else memory.plugged_since_s,
        at_floor=_at_floor(bay, memory, counted, params.car),
        charge=counted,
        waking=waking.after(memory.waking, reading, holds, bay.restarts, now_s),
        proven=memory.proven or (gives_w is not None and gives_w >= waking.DOES_W),
        taken_wh=memory.taken_wh + max(0.0, -(gives_w or 0.0)) * dt_s / HOUR_S,
    )


def _at_floor(bay: Bay, memory: BayMemory, counted: Charge | None, params: CarParams) -> bool:
    """Whether it has come down to its floor and not up again since; unknown changes nothing."""
    if counted is None:
        return memory.at_floor
    left_pct, floor = charge.left_pct(counted), floor_pct(bay, params)
    return left_pct <= floor or (memory.at_floor and left_pct < floor + params.resume_band_pct)


def booked(given: Given, state: ControlState, dt_s: float) -> Mapping[SourceId, Ledger]:
    """What bays have taken and given, after `dt_s` more."""
    month = ledger.month_of(given.now.utc, given.snapshot.local_h)
    outage = state.mode.mode.on_island
    return ledger.after(state.ledgers, given.site, given.snapshot, month, outage=outage, dt_s=dt_s, now_s=given.now_s)


def visited(
    given: Given, state: ControlState, bays: Mapping[SourceId, BayMemory]
) -> tuple[Mapping[SourceId, BayMemory], Mapping[SourceId, Usual]]:
    """`bays` with when their cars usually leave, and what is usual, with visits that have just ended or begun.

    `state` holds what was remembered before.
    """
    offset = given.local_offset
    local = None if given.now.utc is None or offset is None else given.now.utc + offset
    found, foreseen = dict(state.usual), dict(bays)
    for bay in given.site.bays:
        before, now = state.bays.get(bay.id, NEW), bays[bay.id]
        if before.plugged_since_s is not None and now.plugged_since_s is None:
            in_cut = state.mode.outage_since_s is not None
            found[bay.id] = usual.left(found.get(bay.id, usual.NEVER), before, local, in_cut=in_cut)
        elif now.charge is not None and before.charge is None and not now.charge.stale:
            free_wh = car_free_wh(bay, given.snapshot.bays.get(bay.id, NO_CAR), given.params.car, given.now_s)
            found[bay.id] = usual.came(found.get(bay.id, usual.NEVER), free_wh, local)
        past = now.usually_leaves_s is None or now.usually_leaves_s <= given.now_s
        if past and now.plugged_since_s is not None and local is not None and bay.id in found:
            when = usual.leaves(found[bay.id], local)
            leaves_s = None if when is None else given.now_s + (when - local).total_seconds()
            foreseen[bay.id] = replace(now, usually_leaves_s=leaves_s)
    return foreseen, state.usual if found == state.usual else found


def expected(given: Given, state: ControlState) -> list[tuple[float, tuple[float, float, float]]]:
    """Cars that are as good as certain to come home: in how many hours, and with how many Wh to spare.

    In a poor, a middling and a good case.
    """
    offset = given.local_offset
    if given.now.utc is None or offset is None:
        return []
    found = []
    for bay in given.site.bays:
        here = state.bays.get(bay.id, NEW).plugged_since_s is not None
        known = state.usual.get(bay.id)
        in_h = None if here or known is None else usual.comes_h(known, given.now.utc + offset)
        if bay.bidirectional and known is not None and in_h is not None:
            found.append((in_h, usual.brings_wh(known)))
    return found


def uncounted(state: ControlState) -> frozenset[SourceId]:
    """Cars whose energy nobody may count on: those that refuse, and those that came in this power cut, until they give.

    Source: domain reference 3.3.
    """
    since_s = state.mode.outage_since_s
    return frozenset(bay for bay, one in state.bays.items() if waking.refuses(one.waking) or _untried(one, since_s))


def _untried(memory: BayMemory, since_s: float | None) -> bool:
    plugged_s = memory.plugged_since_s
    return since_s is not None and plugged_s is not None and plugged_s > since_s and not memory.proven


def due_s(given: Given, state: ControlState) -> float:
    """When something of it comes due by time alone; the site and the charges as they count now."""
    now_s = given.now_s
    due = [charge.due_s(given.site, state.bays, given.snapshot, given.params.car, now_s)]
    for one in state.bays.values():
        due += [waking.due_s(one.waking), *sunny.due_s(one.sunny), *phases.due_s(one.phases)]
    return min([when_s for when_s in due if when_s > now_s], default=inf)
