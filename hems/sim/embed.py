"""hems's controller inside another simulator: no devices, no clock, no waiting.

    controller = Controller(site)
    while simulating:
        told = controller.step(Observation(time_s=t, grid=True, circuits_w={...}, battery_soc_pct={...}))
        # let told.circuits, told.cars_w and told.batteries_w act on the other simulator's building, then let time pass

It is the daemon's own `tick`; nothing is simplified.  What comes due between two observations, such as the end of a
minimum pause, is decided at its own instant on the building as it was seen last, and is in the next answer.  Powers
follow `hems.model.units`: circuits positive when they draw, sources and cars positive when they give.

Importing this brings in no screen, no protocol and no event loop.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import inf
from pathlib import Path

from hems.control.measure import Measure
from hems.control.params import Params
from hems.control.state import ControlState, initial
from hems.control.stored import usable_wh
from hems.control.tick import tick
from hems.model import wiring
from hems.model.cause import Cause
from hems.model.command import Command, Fate, Outcome
from hems.model.errors import HemsError
from hems.model.event import EventKind
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.site import Site
from hems.sim.held import Held, as_embedded
from hems.wording import sentence

SHORTEST_STEP_S, LONGEST_STEP_S = 1.0, 900.0
RUN_IN_S = 1200.0
"""So long before its first observation the controller is taken to have been running, on a building as seen then."""
MOMENT_S = 0.9
"""What follows from an observation within so long is in the answer to it."""
TICKS_AT_ONCE = 12
"""Most turns in that moment: one change of the mode each."""
TICKS_BETWEEN = 60
"""Most turns between two observations."""
SHORTEST_S = 0.05


class ObservationError(HemsError):
    """What was observed cannot be; says what, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarSeen:
    """One car that is plugged in."""

    soc_pct: float | None
    """0 to 100; None when it does not tell, and then it never gives."""
    power_w: float | None = None
    """What it gives now, negative while it charges; None: what it was told."""
    capacity_wh: float | None = None
    gives: bool = True
    """Whether car and charger agree on giving to the building now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The building at one instant.  Names are those of the site; what is left out is not known."""

    time_s: float
    """At least a second later than before, and at most 15 minutes."""
    grid: bool
    """Whether the utility's voltage is there and good."""
    tie_closed: bool | None = None
    """Where the switch to the grid is; None: open as soon as there is no grid, and closed as soon as that is permitted
    and there is one."""
    circuits_w: Mapping[str, float] = field(default_factory=dict)
    """W that each metered circuit draws."""
    on: Mapping[str, bool] = field(default_factory=dict)
    """Circuits that are not where they were told to be; the others are."""
    pv_w: Mapping[str, float] = field(default_factory=dict)
    battery_soc_pct: Mapping[str, float] = field(default_factory=dict)
    battery_w: Mapping[str, float] = field(default_factory=dict)
    cars: Mapping[str, CarSeen] = field(default_factory=dict)
    """By bay; a bay that is left out is empty."""
    capacity_va: tuple[float, ...] | None = None
    """What the island-former can deliver per phase now; None: its rating."""
    former_phase_w: tuple[float, ...] | None = None
    """What it delivers per phase; None: what circuits draw less what sun and cars give."""
    utc: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Something that was decided, and why."""

    time_s: float
    kind: EventKind
    subject: str
    cause: Cause
    words: str
    """The cause as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setpoints:
    """What the building shall do until the next observation."""

    circuits: Mapping[str, bool]
    """True is on; circuits without a switch are always on."""
    cars_w: Mapping[str, float]
    """Positive gives, negative charges, 0 rests."""
    batteries_w: Mapping[str, float]
    """Only those that are told; the others serve themselves, or carry the island."""
    permit: bool
    """Whether the certified switch may reconnect to the grid."""
    mode: Mode
    usable_wh: float | None
    decisions: tuple[Decision, ...]
    wake_in_s: float
    """When the controller itself would look again."""


class Controller:
    """One building under control.  Not to be shared between threads; copying is not needed, `state` is a value."""

    def __init__(self, site: Site, params: Params | None = None) -> None:
        self.site = as_embedded(site)
        # Nothing lapses between observations, so nothing has to be renewed; and a permit waits for the next of them.
        given, patience_s = params or Params(), 4.0 * LONGEST_STEP_S
        self.params = replace(
            given,
            command=replace(given.command, lease_s=patience_s),
            reconnect=replace(given.reconnect, watchdog_s=patience_s),
        )
        self.state: ControlState | None = None
        self._held = Held(self.site)
        self._measure = Measure(self.site)
        self._zero_s = 0.0
        self._last_s = -inf
        self._due_s = 0.0
        self._outcomes: list[Outcome] = []
        self._decisions: list[Decision] = []

    def step(self, seen: Observation) -> Setpoints:
        """Decide on what is seen.  Raises: ObservationError for what cannot be, in one sentence."""
        if self.state is None:
            self._zero_s = seen.time_s - RUN_IN_S
            self.state = initial(0.0)
            self._held.look(self._checked(seen), self.state)
            self._until(RUN_IN_S, seen.utc)
        checked, now_s = self._checked(seen), seen.time_s - self._zero_s
        self._until(now_s, seen.utc)
        self._held.look(checked, self.state)
        self._last_s = seen.time_s
        self._due_s = self._at(now_s, seen.utc)
        return self._told(now_s)

    def _until(self, until_s: float, utc: datetime | None) -> None:
        """Turn whenever something comes due before `until_s`, on the building as it was seen last."""
        for _ in range(TICKS_BETWEEN):
            now_s = self._due_s
            if now_s >= until_s:
                return
            due_s = self._turn(now_s, None if utc is None else utc - timedelta(seconds=until_s - now_s))
            self._due_s = max(due_s, now_s + SHORTEST_S)

    def _at(self, now_s: float, utc: datetime | None) -> float:
        """Turn at this instant, and for what follows within a moment: a debounce, an acknowledgement."""
        then_s = now_s
        for _ in range(TICKS_AT_ONCE):
            due_s = self._turn(then_s, utc)
            if due_s > now_s + MOMENT_S and not self._outcomes:
                break
            then_s = max(then_s, min(due_s, now_s + MOMENT_S))
        return max(due_s, then_s)

    def _turn(self, now_s: float, utc: datetime | None) -> float:
        assert self.state is not None
        snapshot = self._measure.snapshot(self._held.readings(now_s), outcomes=tuple(self._outcomes))
        self._outcomes.clear()
        step = tick(self._held.site, self.state, snapshot, self.params, Instant(now_s, utc))
        self.state = step.state
        for command in step.commands:
            self._obey(command, now_s)
        self._decisions += [
            Decision(
                time_s=now_s + self._zero_s,
                kind=event.kind,
                subject=event.subject,
                cause=event.cause,
                words=sentence(event.cause),
            )
            for event in step.events
        ]
        return step.wake_at_s

    def _obey(self, command: Command, now_s: float) -> None:
        self._held.obey(command)
        self._outcomes.append(Outcome(command=command, fate=Fate.CONFIRMED, at_s=now_s))

    def _told(self, now_s: float) -> Setpoints:
        assert self.state is not None
        decisions, self._decisions = tuple(self._decisions), []
        snapshot = self._measure.snapshot(self._held.readings(now_s))
        permit = self.state.sent.get(wiring.TIE_PERMIT)
        return Setpoints(
            circuits={one.id: self._held.closed(one.id) for one in self.site.circuits},
            cars_w={bay.id: self._held.told(wiring.bay_power(bay.id)) or 0.0 for bay in self.site.bays},
            batteries_w={
                battery.id: watts
                for battery in self.site.batteries
                if (watts := self._held.told(wiring.battery_power(battery.id))) is not None
            },
            permit=permit is not None and bool(permit.value),
            mode=self.state.mode.mode,
            usable_wh=usable_wh(self.site, snapshot, self.params.car, now_s),
            decisions=decisions,
            wake_in_s=max(0.0, self._due_s - now_s),
        )

    def _checked(self, seen: Observation) -> Observation:
        for problem in _problems(self.site, seen):
            raise ObservationError(problem)
        passed_s = seen.time_s - self._last_s
        if not SHORTEST_STEP_S <= passed_s <= LONGEST_STEP_S and self._last_s > -inf:
            raise ObservationError(
                f"time_s {seen.time_s:g} is {passed_s:g} s after the last: give {SHORTEST_STEP_S:.0f} to "
                f"{LONGEST_STEP_S:.0f} s."
            )
        return seen


def site_from(path: Path) -> tuple[Site, Params]:
    """Building and tuning of a hems site file; its devices are not looked at.

    Raises: ConfigError with every mistake in it.
    """
    from hems.config.load import building  # not needed by those who describe the building in Python

    return building(path)


def _problems(site: Site, seen: Observation) -> Iterator[str]:
    """What is wrong with an observation, one sentence each."""
    known: dict[str, tuple[Mapping[str, object], list[str]]] = {
        "circuits_w": (seen.circuits_w, [one.id for one in site.circuits]),
        "on": (seen.on, [one.id for one in site.circuits]),
        "pv_w": (seen.pv_w, [one.id for one in site.pvs]),
        "battery_soc_pct": (seen.battery_soc_pct, [one.id for one in site.batteries]),
        "battery_w": (seen.battery_w, [one.id for one in site.batteries]),
        "cars": (seen.cars, [one.id for one in site.bays]),
    }
    for name, (given, ids) in known.items():
        for key, value in given.items():
            if key not in ids:
                yield f"{name} names {key}, which the site does not have: use one of {', '.join(ids) or 'none'}."
            if isinstance(value, float) and value != value:
                yield f"{name}[{key}] is not a number: leave out what is not known."
    for name, soc_pct in (*seen.battery_soc_pct.items(), *((bay, car.soc_pct) for bay, car in seen.cars.items())):
        if soc_pct is not None and not 0.0 <= soc_pct <= 100.0:
            yield f"the charge of {name} is {soc_pct:g}: give percent from 0 to 100."
    for name, vector in (("capacity_va", seen.capacity_va), ("former_phase_w", seen.former_phase_w)):
        if vector is not None and len(vector) != len(site.phases):
            yield f"{name} has {len(vector)} values: give one for each of the {len(site.phases)} phases."
