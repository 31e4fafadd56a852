"""One way the next days may go: the daemon's tick on the building's equations, from the present state."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf

from hems.control.energy import NO_CAR
from hems.model import wiring
from hems.model.mode import Bus, TiePosition
from hems.model.site import Site, Tier
from hems.model.snapshot import BayState
from hems.model.units import HOUR_S, CircuitId, SourceId
from hems.outlook.expected import Expected
from hems.outlook.question import Question
from hems.sim.plant import Plant
from hems.sim.run import Act, FastForward
from hems.sim.start import Car, StartPoint

HORIZON_H = 168.0
FAILS_AFTER_S = 2.0
AT_ONCE_S = 60.0
"""What goes off so soon after the grid goes with it, and not for want of energy."""
GONE_S = 3.0 * HOUR_S
"""A circuit that is off for so long is gone; shorter is a pause: others have their turn, or cooling rests."""
DARK_S = 900.0
"""A building that is dark for so long has ended; after a shorter time its former had only tripped and come back."""
STEP_S, LATER_STEP_S, LATER_S = 300.0, 900.0, 12.0 * HOUR_S
"""Longest step, and the same once so much has gone by: nobody needs the minute of something half a day ahead."""
STEADY_S = 60.0 * HOUR_S
"""When nothing has gone off for so long, through two nights, nothing will."""
NEAR_S = 2.0
FULL_PCT = 100.0


@dataclass
class Course:
    """What has come of it so far; hours from the present."""

    dark_h: float = inf
    off_h: dict[CircuitId, float] = field(default_factory=dict)
    """When each circuit went off for good, or for long; not those that stay on."""
    at_once: set[CircuitId] = field(default_factory=set)
    """Went off with the grid and stayed off, or was off from the first."""
    served_wh: dict[CircuitId, float] = field(default_factory=dict)
    wanted_w: dict[CircuitId, float] = field(default_factory=dict)
    last_net_w: float = 0.0
    """What storage gave while essential power lasted, at the end."""

    def tier_h(self, question: Question, tier: Tier) -> float | None:
        """Until the first circuit of a tier goes off that was on; None when none was."""
        on = [one.id for one in question.site.circuits if one.tier is tier and one.id not in self.at_once]
        return min((min(self.off_h.get(one, inf), self.dark_h) for one in on), default=None)

    def essential_h(self, question: Question) -> float:
        """The first of tiers 0 to 2; 0 when none of them is on."""
        hours = [self.tier_h(question, tier) for tier in Tier if tier <= Tier.ESSENTIAL]
        return min((one for one in hours if one is not None), default=0.0)


def answerable(question: Question) -> bool:
    """Whether there is a course to compute: a live building whose tie is known, and energy that can be read."""
    state, now_s = question.state, question.now.mono_s
    known = all(one.soc_pct.known(now_s) is not None for one in question.snapshot.batteries.values())
    live = state.evidence.bus.value is Bus.LIVE
    return live and known and (state.mode.mode.on_island or state.evidence.tie.value is TiePosition.CLOSED)


def course(question: Question, traces: Expected, *, essential_only: bool = False) -> Iterator[Course]:
    """The course as it grows; the last one given is complete, or as far as essential power lasts."""
    forward = begun(question, traces)
    plant, on_island, now_s = forward.plant, question.state.mode.mode.on_island, question.now.mono_s
    acts = () if on_island else (Act(now_s + FAILS_AFTER_S, Plant.fail_grid),)
    begin_s = now_s + (0.0 if on_island else FAILS_AFTER_S)
    seen, course = Watch(question.site, plant, begin_s), Course()
    for ticked in forward.run(now_s + HORIZON_H * HOUR_S, acts):
        if ticked.t_s >= begin_s:
            seen.look(course)
            if seen.over(course) or (essential_only and course.essential_h(question) < inf):
                break
        if ticked.t_s >= begin_s + LATER_S:
            forward.far_s = LATER_STEP_S
        yield course
    seen.close(course)
    yield course


def begun(question: Question, traces: Expected) -> FastForward:
    """The building as it stands, its controller as it is, and what somebody asks for."""
    forward = FastForward(
        question.site,
        question.params,
        _plant(question, traces),
        state=question.state,
        watch_s=LATER_STEP_S,
        near_s=NEAR_S,
        far_s=STEP_S,
    )
    if question.now.utc is not None:
        forward.wall_clock = question.now.utc - timedelta(seconds=question.now.mono_s)
    if question.request is not None:
        forward.requests.append(question.request)
    return forward


class Watch:
    """Looks at the building at each tick."""

    def __init__(self, site: Site, plant: Plant, begin_s: float) -> None:
        self._plant = plant
        self._essential = [one.id for one in site.circuits if one.tier <= Tier.ESSENTIAL]
        self._begin_s = begin_s
        self._before_s = begin_s
        self._dark_since_s: float | None = None
        self._off_since_s: dict[CircuitId, float] = {}
        self._before_w: dict[CircuitId, float] = {}

    def look(self, course: Course) -> None:
        """Note who is off, and what has been used since the last look."""
        plant, now_s = self._plant, self._plant.t_s
        live = plant.bus_live or now_s - self._begin_s < AT_ONCE_S  # the blink of a transfer is no end
        if live:
            self._dark_since_s = None
        elif self._dark_since_s is None:
            self._dark_since_s = now_s
        elif now_s - self._dark_since_s >= DARK_S and course.dark_h == inf:
            course.dark_h = (self._dark_since_s - self._begin_s) / HOUR_S
        for name, load in plant.circuits.items():
            if load.closed and live:
                self._off_since_s.pop(name, None)
            elif self._off_since_s.setdefault(name, now_s) <= now_s - GONE_S:
                self._gone(course, name)
        if not any(name in self._off_since_s and name not in course.at_once for name in self._essential):
            self._count(course, now_s - self._before_s)
        self._before_s = now_s
        self._before_w = {name: load.power_w for name, load in plant.circuits.items()}

    def _count(self, course: Course, dt_s: float) -> None:
        """What was used while essential power lasted, and what storage gives for it now."""
        for name, watts in self._before_w.items():
            course.served_wh[name] = course.served_wh.get(name, 0.0) + watts * dt_s / HOUR_S
            course.wanted_w[name] = self._plant.circuits[name].demand_w
        given_w = sum(self._plant.former_phase_w) + sum(bay.power_w for bay in self._plant.bays.values())
        course.last_net_w = max(0.0, given_w)

    def _gone(self, course: Course, name: CircuitId) -> None:
        since_s = self._off_since_s[name] - self._begin_s
        if since_s <= AT_ONCE_S:
            course.at_once.add(name)
        else:
            course.off_h.setdefault(name, since_s / HOUR_S)

    def over(self, course: Course) -> bool:
        """Whether nothing is left to be found out: all is dark, or goes on as it is."""
        since_s = self._plant.t_s - self._begin_s
        if since_s < AT_ONCE_S + GONE_S:
            return False
        last_h = max(course.off_h.values(), default=0.0)
        return course.dark_h < inf or since_s - last_h * HOUR_S > STEADY_S

    def close(self, course: Course) -> None:
        """What is off at the end counts as gone when it went."""
        for name in self._off_since_s:
            self._gone(course, name)


def _plant(question: Question, traces: Expected) -> Plant:
    """The building as it stands, as far as it can be read; what cannot, as the site file says."""
    site, snapshot, now_s = question.site, question.snapshot, question.now.mono_s
    off = frozenset(name for name, one in snapshot.circuits.items() if one.closed.known(now_s) is False)
    cars = {bay.id: car for bay in site.bays if (car := _car(question, bay.id)) is not None}
    plant = Plant(site, traces, start=StartPoint(open_circuits=off, cars=cars), begin_s=now_s, longest_s=STEP_S)
    for name, reading in snapshot.batteries.items():
        plant.batteries[name].soc_pct = reading.soc_pct.known(now_s) or 0.0
    for bay in site.bays:
        power_w = snapshot.bays.get(bay.id, NO_CAR).power_w.known(now_s)
        entry = question.state.sent.get(wiring.bay_power(bay.id))
        plant.bays[bay.id].setpoint_w = float(entry.value) if entry is not None else power_w
    if question.state.mode.mode.on_island:
        plant.begin_as_island(question.state.dose)
    return plant


def _car(question: Question, bay: SourceId) -> Car | None:
    """The car at a bay; one whose charge nobody knows gives nothing."""
    reading, now_s = question.snapshot.bays.get(bay, NO_CAR), question.now.mono_s
    state, soc_pct = reading.state.known(now_s) or BayState.UNPLUGGED, reading.soc_pct.known(now_s)
    if not state.has_car:
        return None
    spec = next(one for one in question.site.bays if one.id == bay)
    gives = soc_pct is not None and reading.discharge_ready.known(now_s) is not False
    capacity_wh = reading.capacity_wh.known(now_s) or spec.capacity_wh
    return Car(soc_pct=FULL_PCT if soc_pct is None else soc_pct, capacity_wh=capacity_wh, gives=gives)
