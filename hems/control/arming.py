"""Sheds made ready beforehand, so that on the event there is nothing left to compute.

Each tick arms a list per thing that could go wrong next: the tie opens, a giving car leaves, the sun or the generator
goes, the inverter is overloaded faster than software can think.  Sheds only; they expire within a few seconds, because
the building changes. Source: domain reference 2.2, layer 1.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from hems.control import overload
from hems.control.demand import per_phase
from hems.control.energy import NO_CAR, Band
from hems.control.giving import giving_w
from hems.control.going import going
from hems.control.orders import locked
from hems.control.params import Params
from hems.control.sheddable import Outlook, candidates, expendable, helpful, smallest_set
from hems.control.shedding import armed_set
from hems.control.sources import LEFT_SHARE
from hems.control.state import ControlState
from hems.control.step import Armed, Test, Trigger
from hems.control.undoing import just_back
from hems.model import wiring
from hems.model.again import again
from hems.model.cause import Cause, Why
from hems.model.command import Command
from hems.model.copies import replace
from hems.model.mode import Mode, TiePosition
from hems.model.request import Task
from hems.model.site import Bay, Circuit, Site, Tier
from hems.model.snapshot import BayState, Snapshot
from hems.model.units import CircuitId, SourceId

VALID_S = 3.0
"""Three ticks: if the loop has missed that many, what it knew is too old to act on blindly."""

CONNECTED = (
    Mode.GRID_CONNECTED,
    Mode.GRID_CONNECTED_DEGRADED,
    Mode.GRID_DISTURBED,
    Mode.ISLANDING_PLANNED,
    Mode.RECONNECTED_RESTORING,
)


CONTACTS_OPEN = (
    Trigger(wiring.TIE_CLOSED_CONTACT, Test.IS, False),
    Trigger(wiring.TIE_OPEN_CONTACT, Test.IS, True),
)
FLAG_OPEN = (Trigger(wiring.TIE_FLAG, Test.IS, False),)


def tie_triggers(site: Site) -> tuple[Trigger, ...]:
    """The raw witnesses of an opening tie: its contacts, or where there are none the flag of a device."""
    if site.tie.has_contacts:
        return CONTACTS_OPEN
    return FLAG_OPEN if site.tie.has_flag else ()


@cache
def _open(circuit: CircuitId, why: Why) -> Command:
    return Command(role=wiring.circuit_closed(circuit), value=False, cause=Cause(why), energises=False)


def tie_open(site: Site, tie_open_set: Iterable[CircuitId], now_s: float) -> Armed:
    """What to do the moment the tie opens: the armed set, no charging, no permission to come back."""
    commands = _at_tie_open(site, *tie_open_set)
    return Armed(name="tie open", triggers=tie_triggers(site), commands=commands, expires_s=now_s + VALID_S)


@again
def _at_tie_open(site: Site, *tie_open_set: CircuitId) -> tuple[Command, ...]:
    tiers = {circuit.id: circuit.tier for circuit in site.circuits}
    sheds = [
        _open(circuit, Why.FLEXIBLE_ON_ISLAND if tiers[circuit] is Tier.FLEXIBLE else Why.ISLAND_CAPACITY)
        for circuit in tie_open_set
    ]
    return (*sheds, *_pauses(site, Why.NO_CHARGE_ON_ISLAND))


def _pauses(site: Site, why: Why) -> tuple[Command, ...]:
    """Every car that does not make the island comes to rest."""
    return tuple([_pause(bay.id, why) for bay in site.bays if bay.controllable and bay.id != site.former.source])


@cache
def _pause(bay: SourceId, why: Why) -> Command:
    return Command(role=wiring.bay_power(bay), value=0, cause=Cause(why), energises=False)


def fire_alarm(site: Site, now_s: float) -> Armed:
    """What to do the moment the fire alarm speaks."""
    triggers = (Trigger(wiring.FIRE_ALARM, Test.IS, True),)
    return Armed(name="fire alarm", triggers=triggers, commands=_pauses(site, Why.FIRE), expires_s=now_s + VALID_S)


@dataclass(frozen=True, slots=True)
class _Carried:
    """What a loss is measured against: what may go for it, and what the former carries once no car charges."""

    site: Site
    less: list[Circuit]
    phase_w: tuple[float, ...]
    watts: Mapping[CircuitId, float]
    now_s: float

    def without(self, name: str, lost_w: Sequence[float], *triggers: Trigger) -> Armed | None:
        """What to shed when the former must carry `lost_w` more at once."""
        if max(lost_w) <= 0.0:
            return None
        after_w = [watts + more for watts, more in zip(self.phase_w, lost_w, strict=True)]
        return self.shed(name, overload.beyond(after_w, self.site.former), *triggers)

    def in_the_dark(self, name: str, trigger: Trigger, sun_w: float) -> Armed | None:
        """What to shed when the former's own side loses its sun: its phases carry no more, its battery does."""
        excess = overload.beyond(self.phase_w, self.site.former)
        return self.shed(name, replace(excess, together=excess.together + sun_w), trigger) if sun_w > 0.0 else None

    def shed(self, name: str, excess: overload.Excess, *triggers: Trigger) -> Armed:
        """The list for this event."""
        sheds = smallest_set(self.less, excess, self.watts, self.site)
        return Armed(
            name=f"{name} gone",
            triggers=triggers,
            commands=tuple([_open(circuit.id, Why.SOURCE_LOST) for circuit in sheds]),
            expires_s=self.now_s + VALID_S,
        )


def _charging_w(site: Site, snapshot: Snapshot, now_s: float) -> tuple[float, ...]:
    """What the cars take away that charge on the island and stop as fast as circuits do, by phase."""
    total = [0.0] * len(site.phases)
    for bay in site.bays:
        drawn_w = max(0.0, -(snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s) or 0.0))
        if drawn_w and not bay.stops_s and bay.id != site.former.source:
            shares_w = site.per_phase(drawn_w, bay.phases)
            total = [before + share_w for before, share_w in zip(total, shares_w, strict=True)]
    return tuple(total)


def _car_gone(bay: Bay, given_w: float, state: ControlState) -> Iterator[Trigger]:
    """It is unplugged, or gives next to nothing any more without having been told to: its feeder is lost."""
    yield Trigger(wiring.bay_state(bay.id), Test.IS, BayState.UNPLUGGED)
    told = state.sent.get(wiring.bay_power(bay.id))
    if told is None or float(told.value) >= LEFT_SHARE * given_w:
        yield Trigger(wiring.bay_power(bay.id), Test.BELOW, LEFT_SHARE * given_w)


def _sources_gone(
    carried: _Carried, state: ControlState, snapshot: Snapshot, outlook: Outlook
) -> Iterator[Armed | None]:
    """What to shed if a car leaves, a PV plant trips, a battery or the generator stops, or the feeder of one is lost.

    The sun that a full store holds back is not missed.
    """
    site, now_s = carried.site, carried.now_s
    given_w = giving_w(site, snapshot, now_s)
    for bay in site.bays:
        if bay.bidirectional and given_w.get(bay.id):
            lost_w = site.per_phase(given_w[bay.id], bay.phases)
            yield carried.without(bay.id, lost_w, *_car_gone(bay, given_w[bay.id], state))
    for pv in site.pvs if outlook.band is not Band.SURPLUS else ():
        sun_w = max(0.0, snapshot.pvs[pv.id].known(now_s) or 0.0) if pv.id in snapshot.pvs else 0.0
        gone = Trigger(wiring.pv_power(pv.id), Test.BELOW, LEFT_SHARE * sun_w)
        if pv.direct:
            yield carried.in_the_dark(pv.id, gone, sun_w)
        else:
            yield carried.without(pv.id, site.per_phase(sun_w, pv.phases), gone)
    for battery in site.batteries:
        if battery.id != site.former.source and battery.id in snapshot.batteries:
            stored_w = max(0.0, snapshot.batteries[battery.id].power_w.known(now_s) or 0.0)
            gone = Trigger(wiring.battery_power(battery.id), Test.BELOW, LEFT_SHARE * stored_w)
            yield carried.without(battery.id, site.per_phase(stored_w, site.phases), gone)
    if site.generator is not None:
        engine_w = max(0.0, snapshot.generator.power_w.known(now_s) or 0.0)
        stopped = Trigger(wiring.GENERATOR_RUNNING, Test.IS, False)
        yield carried.without("generator", site.per_phase(engine_w, site.phases), stopped)


def _overload(
    site: Site,
    state: ControlState,
    on: list[Circuit],
    leaving: list[Circuit],
    outlook: Outlook,
    params: Params,
    now_s: float,
) -> Iterator[Armed]:
    """What to open when the power jumps so high that the inverter would trip before a second decision.

    Per phase, and where its source gives less, on all phases together.

    What is on its way off already counts as gone: the meter that shows the jump lags behind the switches.  What has
    just come back goes alone (`undoing`).
    """
    if outlook.known_w is None:
        return
    going_w, back = per_phase(site, outlook.watts, leaving), just_back([*on, *leaving], state, now_s)
    too_fast_pu = overload.loading_that_trips_in(overload.ACTUATIONS * params.overload.actuation_s, site.former.curve)
    for index, rated in enumerate(site.former.phase_va):
        limit_w = too_fast_pu * rated
        excess_w = limit_w - 0.9 * rated - going_w[index]
        excess = overload.Excess(tuple(excess_w if index == phase else 0.0 for phase in range(len(site.phases))))
        trigger = Trigger(wiring.former_phase_w(index), Test.ABOVE, limit_w)
        phase = site.phases[index]
        suspects = [one for one in back if phase in one.phases]
        sheds = suspects or smallest_set(on, excess, outlook.watts, site)
        yield _jump(phase, trigger, [one for one in sheds if one in on], now_s)
    total_w, source = site.former.total_w, site.former.source
    if total_w is not None and any(battery.id == source for battery in site.batteries):
        limit_w = too_fast_pu * total_w
        excess = overload.Excess((0.0,) * len(site.phases), limit_w - 0.9 * total_w - sum(going_w))
        trigger = Trigger(wiring.battery_power(source), Test.ABOVE, limit_w)
        sheds = back or smallest_set(on, excess, outlook.watts, site)
        yield _jump("together", trigger, [one for one in sheds if one in on], now_s)


def _jump(where: str, trigger: Trigger, sheds: Iterable[Circuit], now_s: float) -> Armed:
    return Armed(
        name=f"overload {where}",
        triggers=(trigger,),
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
    untouchable = locked(state, now_s)
    kept: Iterable[Armed] = (*always, *lists)
    if untouchable:
        kept = (
            replace(one, commands=tuple(command for command in one.commands if command.role not in untouchable))
            for one in kept
        )
    return tuple([one for one in kept if one.commands]), tie_set


def _armed(
    site: Site, state: ControlState, snapshot: Snapshot, outlook: Outlook, params: Params, now_s: float
) -> tuple[tuple[Armed, ...], tuple[CircuitId, ...]]:
    if outlook.mode in CONNECTED:
        if state.evidence.tie.seen is not TiePosition.CLOSED:
            return (), state.armed_on_tie_open  # it has fired; what it sent is on its way
        tie_set = armed_set(site, state, snapshot, outlook, params, now_s)
        return (tie_open(site, tie_set, now_s),), tie_set
    if outlook.mode is Mode.FAULT_SAFE and state.evidence.tie.value is TiePosition.CLOSED:
        tie_set = armed_set(site, state, snapshot, outlook, params, now_s)  # good data, not yet for long enough
        return (tie_open(site, tie_set, now_s), *_losses(site, state, snapshot, outlook, params, now_s)), tie_set
    if outlook.mode.on_island or outlook.mode in (Mode.FAULT_SAFE, Mode.MAINTENANCE):
        return _losses(site, state, snapshot, outlook, params, now_s), ()
    return (), ()


def _losses(
    site: Site, state: ControlState, snapshot: Snapshot, outlook: Outlook, params: Params, now_s: float
) -> tuple[Armed, ...]:
    """What to do when a source goes, or the former is overloaded."""
    on = helpful(candidates(site, state, snapshot, now_s), state)
    less = expendable(on, state)
    leaving = going(site, state, overload.seen_s(snapshot))
    lists = list(_overload(site, state, on, leaving, outlook, params, now_s))
    if outlook.phase_w is not None:
        charging_w = _charging_w(site, snapshot, now_s)
        paused_w = tuple([watts - less_w for watts, less_w in zip(outlook.phase_w, charging_w, strict=True)])
        carried = _Carried(site, less, paused_w, outlook.watts, now_s)
        lists = [*(one for one in _sources_gone(carried, state, snapshot, outlook) if one is not None), *lists]
    pauses = [one for one in _pauses(site, Why.NO_CHARGE_ON_ISLAND) if _charges(one, state)]
    lists = [replace(one, commands=(*pauses, *one.commands)) for one in lists]
    return tuple(ready for ready in lists if ready.commands)


def _charges(pause: Command, state: ControlState) -> bool:
    """Whether that car was told to charge: on an island the first thing to stop."""
    entry = state.sent.get(pause.role)
    return entry is not None and entry.value < 0


def dose_due_s(site: Site, state: ControlState, outlook: Outlook, params: Params, now_s: float) -> float:
    """When the overload dose crosses its next threshold at the present power."""
    if outlook.known_w is None or not overload.on_its_own(state.evidence):
        return float("inf")
    return overload.due_s(state.dose, outlook.known_w, site.former, params.overload, now_s)
