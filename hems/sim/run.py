"""Fast-forward: the real tick on the plant's equations, without wires; a day in seconds.

The step rule: 0.1 s while something has just happened (the reflex and the sheds need it), 1 s within a quarter of an
hour of any event (a minute where only a car's power has changed, or a day's account was told), otherwise to the tick's
own `wake_at`, at most five minutes and on whole multiples of them, or until a watched value changes.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hems.control.measure import Measure
from hems.control.params import Params
from hems.control.reflex import sets_off
from hems.control.state import ControlState, initial
from hems.control.step import Armed, Step
from hems.control.tick import tick
from hems.model.cause import Why
from hems.model.command import Command, Fate, Outcome
from hems.model.event import Event, EventKind
from hems.model.instant import Instant
from hems.model.reading import Reading
from hems.model.request import Asked
from hems.model.site import Site
from hems.model.snapshot import Snapshot
from hems.model.wiring import Role, battery_power, bay_power
from hems.sim.building import SHORTEST_S
from hems.sim.faults import Faults
from hems.sim.observe import actuate, observe
from hems.sim.plant import Plant

FINE_S = 0.1
"""The poll period of the tie's contacts."""
FINE_FOR_S = 5.0
PERIOD_S = 1.0
NEAR_S = 900.0
NEAR_POWER_S = 60.0
"""The same after a mere change of a power, which a car's charging brings dozens of times a day."""
OVERLOADED_S = 5.0
"""Longest step while the former has more than its rating: cars still change their power, and a trip may be near."""
FAR_S = 300.0


@dataclass(frozen=True, slots=True)
class Act:
    """Something the world does at a time."""

    t_s: float
    do: Callable[[Plant], None]
    name: str = ""
    fails_grid: bool = False
    """The grid may be gone after it."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """One tick of a run, with what it saw and what it decided."""

    t_s: float
    snapshot: Snapshot
    step: Step


@dataclass
class FastForward:
    """A site's controller on a plant.  Iterate `run` to move time; the plant may be inspected between ticks."""

    site: Site
    params: Params
    plant: Plant
    state: ControlState = field(default_factory=lambda: initial(0.0))
    armed: tuple[Armed, ...] = ()
    requests: list[Asked] = field(default_factory=list)
    """What people ask for; the next tick hears it."""
    wall_clock: datetime | None = None
    """What the wall clock showed at the plant's beginning, as it is set now; None for none."""
    faults: Faults = field(default_factory=Faults)
    """What stands between the plant and hems."""
    watch_s: float = PERIOD_S
    """How often an island is looked at for what would wake a real daemon, on whole multiples of it; longer where
    nothing happens in between."""
    near_s: float = NEAR_S
    """How long after an event `period_s` is the longest step."""
    period_s: float = PERIOD_S
    far_s: float = FAR_S
    """The longest step, where nothing happens; at most 15 minutes."""
    _dead_until_s: float = 0.0
    _leases: dict[Role, tuple[float, float]] = field(default_factory=dict)
    """When each leased command was given, and until when it holds."""
    _outcomes: list[Outcome] = field(default_factory=list)
    _fired: list[Command] = field(default_factory=list)
    _eventful_s: float = 0.0
    """Until when the last event asks for short steps."""
    _sudden_s: float = field(init=False)
    _far: Params = field(init=False)

    def __post_init__(self) -> None:
        # Far from any event a lease needs no renewal before the next look: nothing in a simulation lapses meanwhile.
        lease_s = max(3.0 * self.far_s, self.params.command.lease_s)
        self._far = replace(self.params, command=replace(self.params.command, lease_s=lease_s))
        self._sudden_s = self.plant.t_s
        self._eventful_s = self.plant.t_s + self.near_s

    def run(self, until_s: float, acts: Iterable[Act] = ()) -> Iterator[Ticked]:
        """Each tick up to `until_s` of plant time, acting on the world where `acts` says so."""
        measure = Measure(self.site)
        ahead = sorted(acts, key=lambda act: act.t_s)
        wake_s = self.plant.t_s
        contacts = self._contacts()
        while self.plant.t_s < until_s:
            while ahead and ahead[0].t_s <= self.plant.t_s:
                ahead.pop(0).do(self.plant)
                self._sudden_s = self.plant.t_s
                self._eventful_s = self.plant.t_s + self.near_s
            if self._contacts() != contacts:
                contacts = self._contacts()
                self._sudden_s = self.plant.t_s
            self._lapse()
            if self.plant.t_s < self._dead_until_s:
                left_s = min(self._dead_until_s - self.plant.t_s, self._dt(until_s, until_s, ahead))
                self._pass(max(SHORTEST_S, min(PERIOD_S, left_s)))  # less would not move the clock at all
                continue
            latest = self._read()
            self._reflex(latest)
            self.armed = ()  # each list is used once; the tick below makes new ones
            ticked = self._tick(measure, latest)
            yield ticked
            wake_s = ticked.step.wake_at_s
            self._pass(self._dt(wake_s, until_s, ahead))

    def die(self, until_s: float) -> None:
        """Nobody decides anything until then; what was leased lapses in the devices."""
        self._dead_until_s = until_s
        self.armed = ()

    def _lapse(self) -> None:
        """Chargers stop and batteries serve themselves again when nobody has repeated what they were told."""
        for role in [role for role, (_, ends_s) in self._leases.items() if ends_s <= self.plant.t_s]:
            del self._leases[role]
            for bay in self.plant.bays:
                if role == bay_power(bay):
                    self.plant.set_bay_power(bay, 0.0)
            for battery in self.plant.batteries:
                if role == battery_power(battery):
                    self.plant.set_battery_power(battery, None)

    def _renew(self) -> None:
        """What was leased while every second was ticked holds over a long step too: a real daemon would repeat it."""
        for role, (given_s, ends_s) in self._leases.items():
            if self.faults.reaches(role):
                self._leases[role] = (given_s, max(ends_s, given_s + self._far.command.lease_s))

    def _pass(self, dt_s: float) -> None:
        """Let time pass; on an island only until something happens that would wake a real daemon."""
        if not self.plant.former_running:
            while dt_s > PERIOD_S and self.plant.t_s < self._eventful_s:
                self.plant.step(PERIOD_S)  # the building moves by seconds then, however seldom hems looks
                dt_s -= PERIOD_S
            self.plant.step(dt_s)
            return
        until_s, before = self.plant.t_s + dt_s, self._watched()
        while self.plant.t_s < until_s - 1e-9 and self._watched() == before:
            self.plant.step(min(self._to_look_s(), until_s - self.plant.t_s))

    def _to_look_s(self) -> float:
        """Time to the next look at the island."""
        if self.watch_s <= PERIOD_S:
            return self.watch_s
        left_s = self.watch_s - self.plant.t_s % self.watch_s
        return min(left_s if left_s > SHORTEST_S else self.watch_s, max(SHORTEST_S, self.plant.calm_for_s))

    def _watched(self) -> tuple[bool, ...]:
        """What `Step.watch` names: the contacts of the tie, and each phase of the former beyond its rating."""
        return (*self._contacts(), *self._overloaded())

    def _overloaded(self) -> tuple[bool, ...]:
        former = zip(self.plant.former_phase_w, self.site.former.phase_va, strict=True)
        return tuple(watts > rated for watts, rated in former)

    def _contacts(self) -> tuple[bool, bool, bool]:
        return (self.plant.closed_contact, self.plant.open_contact, self.plant.bus_live)

    def _read(self) -> dict[Role, Reading[Any]]:
        return self.faults.readings(observe(self.plant, self.site), self.plant.t_s)

    def _reflex(self, latest: dict[Role, Reading[Any]]) -> None:
        """What the armed lists do before the tick sees it, as on the wire."""
        now_s = self.plant.t_s
        for ready in self.armed:
            for role in {trigger.role for trigger in ready.triggers}:
                if role in latest and sets_off(ready, role, latest[role], now_s):
                    self._fired += ready.commands
                    self._do(ready.commands)
                    break

    def _tick(self, measure: Measure, latest: dict[Role, Reading[Any]]) -> Ticked:
        now = self.now(self.plant.t_s)
        now_s = now.mono_s
        snapshot = measure.snapshot(
            latest,
            devices=self.faults.health(),
            outcomes=tuple(self._outcomes),
            fired=tuple(self._fired),
            requests=tuple(self.requests),
            local_h=now.hour_in(UTC),
        )
        self._outcomes.clear()
        self._fired.clear()
        self.requests.clear()
        params = self.params if now_s < self._eventful_s else self._far
        if params is self._far:
            self._renew()
        step = tick(self.site, self.state, snapshot, params, now)
        self.state, self.armed = step.state, step.armed
        self._do(step.commands)
        for event in step.events:
            near_s = min(self.near_s, NEAR_POWER_S) if _mere_power(event) or _mere_account(event) else self.near_s
            self._eventful_s = max(self._eventful_s, now_s + near_s)
        return Ticked(now_s, snapshot, step)

    def now(self, t_s: float) -> Instant:
        """A time of the plant, and what the wall clock shows then."""
        return Instant(t_s, None if self.wall_clock is None else self.wall_clock + timedelta(seconds=t_s))

    def _do(self, commands: Iterable[Command]) -> None:
        for command in commands:
            fate = Fate.UNREACHABLE
            if self.faults.reaches(command.role):
                actuate(self.plant, command.role, command.value)
                if command.lease_s > 0.0:
                    self._leases[command.role] = (self.plant.t_s, self.plant.t_s + command.lease_s)
                fate = Fate.CONFIRMED
            self._outcomes.append(Outcome(command=command, fate=fate, at_s=self.plant.t_s))

    def _dt(self, wake_s: float, until_s: float, ahead: list[Act]) -> float:
        now_s = self.plant.t_s
        if now_s - self._sudden_s < FINE_FOR_S:
            longest_s = FINE_S
        elif now_s < self._eventful_s:
            longest_s = self.period_s
        elif self.plant.former_running and any(self._overloaded()):
            longest_s = OVERLOADED_S
        else:
            longest_s = self.far_s - now_s % self.far_s  # on whole multiples: what changes by the clock is seen at once
        next_s = min(now_s + longest_s, wake_s, until_s, *(act.t_s for act in ahead[:1]))
        return max(next_s - now_s, 0.01)


def _mere_power(event: Event) -> bool:
    """Whether it is about no more than a power: another one asked of a car, a limit of the connection met or kept."""
    return event.kind in (EventKind.COMMAND, EventKind.SYSTEM) and event.subject.endswith("/power_w")


def _mere_account(event: Event) -> bool:
    """Whether it tells what a day was worth: it is midnight, and nothing has happened."""
    return event.cause.why is Why.DAY_VALUE


def events(ticks: Iterable[Ticked]) -> list[Event]:
    """All events of a run, in order."""
    return [event for ticked in ticks for event in ticked.step.events]
