"""Everybody's wishes for every actuator, as proposals: interlocks, limits, people, the island, the grid."""

from collections.abc import Iterable, Iterator, Mapping

from hems.control import sending, steer, turns
from hems.control.arbitrate import Proposal, Rank, Ruling
from hems.control.asked_on import asked_on, shed_rank
from hems.control.balance import unbalanced
from hems.control.bay_memory import NEW
from hems.control.cars import phases, sunny, waking
from hems.control.cars.memory import PhaseMemory, Rung, Waking
from hems.control.dispatch import lending
from hems.control.energy import NO_CAR, car_free_wh
from hems.control.generator import out_of_the_way
from hems.control.giving import carries_on, giving_w, may_give
from hems.control.going import settled
from hems.control.memory.using import FRESH
from hems.control.params import Params
from hems.control.sheddable import Outlook
from hems.control.state import ControlState
from hems.control.told import told_on
from hems.control.vehicle import MAY_SUPPORT, charges_first, steps_back
from hems.control.wish import Wish
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.mode import Grid, Mode
from hems.model.request import Task, Want
from hems.model.site import Bay, Circuit, Site
from hems.model.snapshot import Snapshot
from hems.model.units import SourceId
from hems.model.wiring import Role

NOTHING_CHARGES = frozenset(Mode) - {Mode.GRID_CONNECTED}
MAY_GIVE = MAY_SUPPORT | {Mode.GRID_CONNECTED}
IDLE_W = 300.0
"""A car below this counts as not giving."""
AT_FLOOR, SOC_UNKNOWN = Cause(Why.CAR_AT_FLOOR), Cause(Why.CAR_SOC_UNKNOWN)
RESERVE_KEPT, INHIBIT_RECONNECT = Cause(Why.RESERVE_KEPT), Cause(Why.INHIBIT_RECONNECT)


def circuits(site: Site, state: ControlState, outlook: Outlook, params: Params, now_s: float) -> Iterator[Proposal]:
    """Off for what was shed, on for what was restored, and what people want of either.

    Nothing is proposed for a circuit that hems has never touched: what a person switched off by hand stays off.
    """
    wants = {override.circuit: override for override in state.overrides}
    asked = asked_on(site, state, outlook, params, now_s)
    for circuit in site.circuits:
        if not circuit.switchable:
            continue
        role = wiring.circuit_closed(circuit.id)
        memory = state.loads.get(circuit.id, FRESH)
        entry = state.sent.get(role)
        override = wants.get(circuit.id)
        if entry is None and override is None and memory.shed_because is None:
            continue
        if memory.shed_because is not None:
            yield Proposal(role=role, rank=shed_rank(memory.shed_because), cause=memory.shed_because, high=0.0)
        if override is not None and override.want is Want.OFF:
            yield Proposal(role=role, rank=Rank.OVERRIDE, cause=Cause(Why.OVERRIDE, {"who": override.who}), high=0.0)
        if override is not None and override.want is Want.ON and (circuit.id in asked or told_on(state, role)):
            yield Proposal(role=role, rank=Rank.OVERRIDE, cause=Cause(Why.OVERRIDE, {"who": override.who}), low=1.0)
        kept_off = override is not None and override.want is Want.OFF
        touched = entry is not None or memory.shed_because is not None or kept_off
        closing = entry is not None and not entry.value and memory.shed_because is None
        if touched and (not closing or sending.may_close(state, now_s)):
            yield Proposal(role=role, rank=Rank.GRID, cause=_back(circuit, site, state, outlook), prefer=1.0)


def _back(circuit: Circuit, site: Site, state: ControlState, outlook: Outlook) -> Cause:
    """Why it may come back."""
    if not outlook.mode.on_island:
        return Cause(Why.GRID_RESTORED)
    if circuit.id in state.saving.turns_s and turns.rotating(state.saving, circuit.tier):
        return Cause(Why.ITS_TURN, turns.told(site, state.saving, circuit))
    return Cause(Why.ROOM_ON_ISLAND)


def cars(
    site: Site,
    state: ControlState,
    snapshot: Snapshot,
    wishes: Iterable[tuple[SourceId, Wish]],
    params: Params,
    now_s: float,
) -> Iterator[Proposal]:
    """The wish for each car inside what the mode, the driver's floor and the charger allow."""
    bays, mode = {bay.id: bay for bay in site.bays}, state.mode.mode
    may_give = mode in MAY_GIVE or steps_back(mode, site, state) or carries_on(state)
    charges = mode not in NOTHING_CHARGES or sunny.spares(state) or charges_first(mode, state, params, now_s)
    doubted = unbalanced(state, params.witness, now_s)
    for source, plain in wishes:
        bay, role = bays[source], wiring.bay_power(source)
        memory = state.bays.get(source, NEW)
        ladder, switch = memory.waking, memory.phases
        wish = waking.wished(plain, bay, ladder)
        if phases.pauses(switch):
            wish = Wish(0.0, Cause(Why.CAR_SWITCHES))
            yield from _switched(bay, switch)
        if bay.wakes or bay.restarts:
            yield from _woken(bay, ladder, state)
        if not charges:
            yield Proposal(role=role, rank=Rank.INTERLOCK, cause=wish.cause, low=0.0)
        if Task.FIRE in state.orders:
            yield Proposal(role=role, rank=Rank.INTERLOCK, cause=Cause(Why.FIRE), low=0.0, high=0.0)
        if not may_give:
            yield Proposal(role=role, rank=Rank.INTERLOCK, cause=wish.cause, high=0.0)
        yield _car_limit(bay, snapshot, params, now_s)
        if mode is Mode.GRID_CONNECTED and not lending.may(bay, site, state, snapshot, params, now_s):
            proof_w = max(0.0, steer.asked_w(state, source, now_s))  # a little for some seconds is not lending
            yield Proposal(role=role, rank=Rank.LIMIT, cause=RESERVE_KEPT, high=proof_w)
        if doubted:
            entry = state.sent.get(role)
            given_w = max(0.0, float(entry.value)) if entry is not None else 0.0
            yield Proposal(role=role, rank=Rank.LIMIT, cause=Cause(Why.UNBALANCED), high=given_w)
        yield Proposal(
            role=role, rank=Rank.ISLAND if mode.on_island else Rank.GRID, cause=wish.cause, prefer=wish.power_w
        )


def whole(site: Site, rulings: Mapping[Role, Ruling]) -> dict[Role, Ruling]:
    """Without what no charger can do: nothing between a pause and the least current, whoever wished or bounded it."""
    found = dict(rulings)
    for bay in site.bays:
        role = wiring.bay_power(bay.id)
        ruling = found.get(role)
        if ruling is not None and -round(bay.charge_min_w) < round(ruling.value) < round(bay.discharge_min_w):
            found[role] = Ruling(0.0, ruling.cause)
    return found


def _switched(bay: Bay, switch: PhaseMemory) -> Iterator[Proposal]:
    """To three phases or to one, while its car rests for that; told once, for such registers wear."""
    if switch.told and switch.to is not None:
        role = wiring.bay_three_phases(bay.id)
        yield Proposal(role=role, rank=Rank.GRID, cause=Cause(Why.CAR_SWITCHES), prefer=float(switch.to))


def _woken(bay: Bay, ladder: Waking, state: ControlState) -> Iterator[Proposal]:
    """The charger's own ways to wake a car, on their rungs; told to rest after, where they were ever used."""
    for wired, role, rung in (
        (bay.wakes, wiring.bay_wake(bay.id), Rung.BREAK),
        (bay.restarts, wiring.bay_restart(bay.id), Rung.RESTART),
    ):
        wanted = ladder.rung is rung
        if wired and (wanted or role in state.sent):
            yield Proposal(role=role, rank=Rank.GRID, cause=Cause(Why.CAR_WOKEN), prefer=float(wanted))


def resting_cars(site: Site) -> Iterator[Proposal]:
    """While nobody decides about cars none goes on by itself, down to nothing; what forms the island is left alone."""
    for bay in site.bays:
        if bay.controllable and bay.id != site.former.source:
            role, cause = wiring.bay_power(bay.id), Cause(Why.CAR_UNATTENDED)
            yield Proposal(role=role, rank=Rank.INTERLOCK, cause=cause, low=0.0, high=0.0, prefer=0.0)


def _car_limit(bay: Bay, snapshot: Snapshot, params: Params, now_s: float) -> Proposal:
    reading = snapshot.bays.get(bay.id, NO_CAR)
    may_give = bool(car_free_wh(bay, reading, params.car, now_s))
    known = reading.soc_pct.known(now_s) is not None
    return Proposal(
        role=wiring.bay_power(bay.id),
        rank=Rank.LIMIT,
        cause=AT_FLOOR if known else SOC_UNKNOWN,
        low=-bay.charge_max_w,
        high=bay.discharge_max_w if may_give else 0.0,
    )


def tie(
    site: Site, state: ControlState, snapshot: Snapshot, outlook: Outlook, params: Params, now_s: float
) -> Iterator[Proposal]:
    """Permission to reconnect: withheld, except while reconnecting or on a dead bus with a good grid (UCA 16).

    Before it is given, cars that follow must have stopped giving, so that the former alone meets the grid.
    """
    if not site.tie.has_permit:
        return
    if outlook.mode is Mode.RECONNECTING and state.evidence.grid.value is Grid.GOOD:
        ready = sum(giving_w(site, snapshot, now_s).values()) < IDLE_W
        ready = ready and not may_give(site, state, snapshot, params, now_s)
    else:
        ready = outlook.mode is Mode.BLACKOUT_GRID_AVAILABLE and settled(site, state)
    ready = ready and out_of_the_way(site, snapshot, now_s)
    if ready:
        yield Proposal(role=wiring.TIE_PERMIT, rank=Rank.GRID, cause=Cause(Why.PERMIT_RECONNECT), prefer=1.0)
    else:
        yield Proposal(role=wiring.TIE_PERMIT, rank=Rank.INTERLOCK, cause=INHIBIT_RECONNECT, high=0.0, prefer=0.0)
