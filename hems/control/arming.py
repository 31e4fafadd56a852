"""Sheds made ready beforehand, so that on the event there is nothing left to compute.

Each tick arms a list per thing that could go wrong next: the tie opens, a giving car leaves, the sun or the generator
goes, the inverter is overloaded faster than software can think.  Sheds only; they expire within a few seconds, because
the building changes. Source: domain reference 2.2, layer 1.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from hems.control import overload
from hems.control.demand import per_phase
from hems.control.energy import Band
from hems.control.giving import giving_w
from hems.control.loads import going
from hems.control.orders import locked
from hems.control.params import Params
from hems.control.shedding import Outlook, armed_set, candidates, expendable, smallest_set
from hems.control.sources import LEFT_SHARE
from hems.control.state import ControlState
from hems.control.step import Armed, Test, Trigger
from hems.model import wiring
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.mode import Mode, TiePosition
from hems.model.request import Task
from hems.model.site import Bay, Circuit, Pv, Site, Tier
from hems.model.snapshot import BayState, Snapshot
from hems.model.units import CircuitId

VALID_S = 3.0
"""Three ticks: if the loop has missed that many, what it knew is too old to act on blindly."""

CONNECTED = (
    Mode.GRID_CONNECTED,
    Mode.GRID_CONNECTED_DEGRADED,
    Mode.GRID_DISTURBED,
    Mode.ISLANDING_PLANNED,
    Mode.RECONNECTED_RESTORING,
)


def tie_triggers(site: Site) -> tuple[Trigger, ...]:
    """The raw witnesses of an opening tie: its contacts, or where there are none the flag of a device."""
    if site.tie.has_contacts:
        return (
            Trigger(wiring.TIE_CLOSED_CONTACT, Test.IS, False),
            Trigger(wiring.TIE_OPEN_CONTACT, Test.IS, True),
        )
    return (Trigger(wiring.TIE_FLAG, Test.IS, False),) if site.tie.has_flag else ()


def _open(circuit: CircuitId, why: Why) -> Command:
    return Command(role=wiring.circuit_closed(circuit), value=False, cause=Cause(why), energises=False)


def tie_open(site: Site, tie_open_set: Iterable[CircuitId], now_s: float) -> Armed:
    """What to do the moment the tie opens: the armed set, no charging, no permission to come back."""
    tiers = {circuit.id: circuit.tier for circuit in site.circuits}
    sheds = [
        _open(circuit, Why.FLEXIBLE_ON_ISLAND if tiers[circuit] is Tier.FLEXIBLE else Why.ISLAND_CAPACITY)
        for circuit in tie_open_set
    ]
    pauses = _pauses(site, Why.NO_CHARGE_ON_ISLAND)
    return Armed(name="tie open", triggers=tie_triggers(site), commands=(*sheds, *pauses), expires_s=now_s + VALID_S)


def _pauses(site: Site, why: Why) -> tuple[Command, ...]:
    """Every car that does not make the island comes to rest."""
    return tuple(
        Command(role=wiring.bay_power(bay.id), value=0, cause=Cause(why), energises=False)
        for bay in site.bays
        if bay.controllable and bay.id != site.former.source
    )


def fire_alarm(site: Site, now_s: float) -> Armed:
    """What to do the moment the fire alarm speaks."""
    triggers = (Trigger(wiring.FIRE_ALARM, Test.IS, True),)
    return Armed(name="fire alarm", triggers=triggers, commands=_pauses(site, Why.FIRE), expires_s=now_s + VALID_S)


def _car_gone(
    bay: Bay, site: Site, expendable: list[Circuit], snapshot: Snapshot, outlook: Outlook, now_s: float
) -> Armed | None:
    """What to shed if a giving car leaves: the former must carry its share at once."""
    share = site.per_phase(giving_w(site, snapshot, now_s).get(bay.id, 0.0), bay.phases)
    if outlook.phase_w is None or max(share) <= 0.0:
        return None
    after = (watts + more for watts, more in zip(outlook.phase_w, share, strict=True))
    excess = [watts - rated for watts, rated in zip(after, site.former.phase_va, strict=True)]
    sheds = smallest_set(expendable, excess, outlook.watts, site)
    return Armed(
        name=f"{bay.id} gone",
        triggers=(Trigger(wiring.bay_state(bay.id), Test.IS, BayState.UNPLUGGED),),
        commands=tuple(_open(circuit.id, Why.SOURCE_LOST) for circuit in sheds),
        expires_s=now_s + VALID_S,
    )


def _generator_gone(
    site: Site, expendable: list[Circuit], snapshot: Snapshot, outlook: Outlook, now_s: float
) -> Armed | None:
    """What to shed if the generator stops: the former must carry its share at once."""
    given_w = snapshot.generator.power_w.known(now_s)
    if site.generator is None or outlook.phase_w is None or not given_w or given_w <= 0.0:
        return None
    share_w = given_w / len(site.phases)
    excess = [watts + share_w - rated for watts, rated in zip(outlook.phase_w, site.former.phase_va, strict=True)]
    sheds = smallest_set(expendable, excess, outlook.watts, site)
    return Armed(
        name="generator gone",
        triggers=(Trigger(wiring.GENERATOR_RUNNING, Test.IS, False),),
        commands=tuple(_open(circuit.id, Why.SOURCE_LOST) for circuit in sheds),
        expires_s=now_s + VALID_S,
    )


def _sun_gone(
    pv: Pv, site: Site, expendable: list[Circuit], snapshot: Snapshot, outlook: Outlook, now_s: float
) -> Armed | None:
    """What to shed if a PV plant trips or its feeder is lost; one that a full store holds back is not missed."""
    given_w = snapshot.pvs[pv.id].known(now_s) if pv.id in snapshot.pvs else None
    if outlook.phase_w is None or given_w is None or given_w <= 0.0 or outlook.band is Band.SURPLUS:
        return None
    share = site.per_phase(given_w, pv.phases)
    after = (watts + more for watts, more in zip(outlook.phase_w, share, strict=True))
    excess = [watts - rated for watts, rated in zip(after, site.former.phase_va, strict=True)]
    sheds = smallest_set(expendable, excess, outlook.watts, site)
    return Armed(
        name=f"{pv.id} gone",
        triggers=(Trigger(wiring.pv_power(pv.id), Test.BELOW, LEFT_SHARE * given_w),),
        commands=tuple(_open(circuit.id, Why.SOURCE_LOST) for circuit in sheds),
        expires_s=now_s + VALID_S,
    )


def _overload(
    site: Site, on: list[Circuit], going_w: Sequence[float], outlook: Outlook, params: Params, now_s: float
) -> Iterator[Armed]:
    """Per phase: what to open when the power jumps so high that the inverter would trip before a second decision.

    What is on its way off already counts as gone: the meter that shows the jump lags behind the switches.
    """
    if outlook.phase_w is None:
        return
    too_fast_pu = overload.loading_that_trips_in(overload.ACTUATIONS * params.overload.actuation_s, site.former.curve)
    for index, rated in enumerate(site.former.phase_va):
        limit_w = too_fast_pu * rated
        excess_w = limit_w - 0.9 * rated - going_w[index]
        excess = [excess_w if index == phase else 0.0 for phase in range(len(site.phases))]
        sheds = smallest_set(on, excess, outlook.watts, site)
        yield Armed(
            name=f"overload {site.phases[index]}",
            triggers=(Trigger(wiring.former_phase_w(index), Test.ABOVE, limit_w),),
            commands=tuple(_open(circuit.id, Why.OVERLOAD) for circuit in sheds),
            expires_s=now_s + VALID_S,
        )


def arm(
    site: Site, state: ControlState, snapshot: Snapshot, outlook: Outlook, params: Params, now_s: float
) -> tuple[tuple[Armed, ...], tuple[CircuitId, ...]]:
    """The armed lists for the present mode, and the set for the tie on its own so that the next tick can confirm it."""
    if state.by_hand:
        return (), ()
    always = (fire_alarm(site, now_s),) if site.has_fire_alarm and Task.FIRE not in state.orders else ()
    lists, tie_set = _armed(site, state, snapshot, outlook, params, now_s)
    untouchable = locked(state)
    kept = (
        replace(one, commands=tuple(command for command in one.commands if command.role not in untouchable))
        for one in (*always, *lists)
    )
    return tuple(one for one in kept if one.commands), tie_set


def _armed(
    site: Site, state: ControlState, snapshot: Snapshot, outlook: Outlook, params: Params, now_s: float
) -> tuple[tuple[Armed, ...], tuple[CircuitId, ...]]:
    if outlook.mode in CONNECTED:
        if state.evidence.tie.seen is not TiePosition.CLOSED:
            return (), state.armed_on_tie_open  # it has fired; what it sent is on its way
        tie_set = armed_set(site, state, snapshot, outlook, params, now_s)
        return (tie_open(site, tie_set, now_s),), tie_set
    if not outlook.mode.on_island and outlook.mode not in (Mode.FAULT_SAFE, Mode.MAINTENANCE):
        return (), ()
    on = candidates(site, state, snapshot, now_s)
    less = expendable(on, state)
    cars = (_car_gone(bay, site, less, snapshot, outlook, now_s) for bay in site.bays if bay.bidirectional)
    measured_s = min((reading.taken_s for reading in snapshot.former_phase_w), default=float("-inf"))
    going_w = per_phase(site, outlook.watts, going(site, state, measured_s))
    suns = (_sun_gone(pv, site, less, snapshot, outlook, now_s) for pv in site.pvs)
    gone = (*cars, *suns, _generator_gone(site, less, snapshot, outlook, now_s))
    lists = [*(one for one in gone if one is not None), *_overload(site, on, going_w, outlook, params, now_s)]
    return tuple(ready for ready in lists if ready.commands), ()


def dose_due_s(site: Site, state: ControlState, outlook: Outlook, params: Params, now_s: float) -> float:
    """When the overload dose crosses its next threshold at the present power."""
    if outlook.phase_w is None or not overload.on_its_own(state.evidence):
        return float("inf")
    return overload.due_s(state.dose, outlook.phase_w, site.former, params.overload, now_s)
