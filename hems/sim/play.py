"""A scenario in fast-forward, and the record of it: the real controller on the building's equations."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hems.control.params import Params
from hems.control.resume import resumed
from hems.control.state import ControlState, initial
from hems.model.codec import from_plain
from hems.model.instant import Instant
from hems.model.mode import Mode
from hems.model.prices import Prices
from hems.model.request import Acknowledge, Asked, CarWish, Order, Request, Task, Want
from hems.model.site import Site
from hems.model.units import CircuitId, DeviceId, SourceId
from hems.model.upstream import upstream
from hems.model.wiring import Wiring, circuit_closed
from hems.sim.faults import Faults, Says
from hems.sim.planner import Planner, Solver, seen
from hems.sim.plant import Plant
from hems.sim.record import Frame, Record
from hems.sim.run import PERIOD_S, Act, FastForward, Ticked
from hems.sim.scenario import WORLD, Scenario, WorldAct, act_on
from hems.sim.tie import in_window

SETTLED_WITHIN_S = 3600.0
CALM_TICK_S, FINE_AGAIN_S = 15.0, 60.0
"""How often hems is asked while nothing is left to restore before a story begins, but for the last minute of it.  Then
it learns anew how often a meter moves: one seldom looked at would have to repeat itself for long until it is frozen."""
REBOOT_S = 3.0
NOON = datetime(2026, 10, 17, 12, tzinfo=UTC)
LOOK_S = 1.0
"""How often a building at rest is looked at; whenever something happens, anyway."""


Look = Callable[[float, Ticked, Plant], None]
"""Sees each tick of a story, with its time and the building after it."""


def unseen(t_s: float, ticked: Ticked, plant: Plant) -> None:
    """Nobody looks."""


def at_rest(
    site: Site, params: Params, plant: Plant, wiring: Wiring | None = None, *, seen_days: int = 0
) -> FastForward:
    """A building in which hems is running on the grid, with the waits of its start behind it.

    `wiring` says what hangs on which device, for scenarios in which devices fail.
    """
    forward = FastForward(
        site,
        params,
        plant,
        state=replace(initial(0.0), habits=seen(site, seen_days)),
        faults=Faults(wiring, upstream(site, wiring) if wiring else frozenset()),
        wall_clock=NOON,
    )
    for ticked in forward.run(SETTLED_WITHIN_S):
        seldom, forward.period_s = forward.period_s > PERIOD_S, CALM_TICK_S if _calm(ticked, params) else PERIOD_S
        if seldom and forward.period_s == PERIOD_S:
            forward.state = replace(forward.state, evidence=replace(forward.state.evidence, points={}))
        if ticked.step.state.mode.mode is Mode.GRID_CONNECTED:
            break
    return forward


def _calm(ticked: Ticked, params: Params) -> bool:
    """Whether everything is on, and no more than time has to pass."""
    mode = ticked.step.state.mode
    left_s = mode.since_s + params.restore.calm_s - ticked.t_s
    return mode.mode is Mode.RECONNECTED_RESTORING and left_s > FINE_AGAIN_S


def play(
    site: Site,
    params: Params,
    plant: Plant,
    scenario: Scenario,
    wiring: Wiring | None = None,
    look: Look = unseen,
    planner: Planner | None = None,
) -> Record:
    """A scenario in fast-forward; its time begins when hems is running on the grid.

    `wiring` is as for `at_rest`; without `planner` nobody plans.
    Raises: KeyError for an act on something that the building does not have.
    """
    forward = at_rest(site, params, plant, wiring, seen_days=scenario.seen_days)
    return play_from(forward, scenario, wiring, look, planner)


def play_from(
    forward: FastForward,
    scenario: Scenario,
    wiring: Wiring | None = None,
    look: Look = unseen,
    planner: Planner | None = None,
) -> Record:
    """A scenario in a building at rest, as in `play`."""
    plant, begin_s = forward.plant, forward.plant.t_s
    stage = Stage(forward, wiring, planner)
    acts = [made for act in scenario.acts for made in stage.acts(act, begin_s)]
    record = Record()
    for ticked in forward.run(begin_s + scenario.ends_s, acts):
        observed(record, ticked, plant, begin_s, forward.now(ticked.t_s))
        stage.plan(ticked)
        look(ticked.t_s - begin_s, ticked, plant)
    return record


@dataclass
class Stage:
    """Where a scenario's acts are done in fast-forward."""

    forward: FastForward
    wiring: Wiring | None
    planner: Planner | None = None

    def plan(self, ticked: Ticked) -> None:
        """Have planned what comes after this tick."""
        if self.planner is not None:
            found = self.planner.plan(ticked.snapshot, ticked.step.state, self.forward.now(ticked.t_s))
            self.forward.requests += [] if found is None else [found]

    def acts(self, act: WorldAct, begin_s: float) -> Iterator[Act]:
        """What `act` comes to, and when; a reboot also ends, and who was killed comes back."""
        t_s = begin_s + act.t_s
        if act.do == "reboot":
            device = act.args["device"]
            yield Act(t_s, lambda plant: self._lose_power(plant, device), act.do)
            yield Act(t_s + REBOOT_S, lambda _: self._say(device, Says.TRUTH), act.do)
        elif act.do == "kill_hems":
            dead_s = float(act.args.get("after_s", 0.0))
            yield Act(t_s, lambda _: self.forward.die(t_s + dead_s), act.do)
            yield Act(t_s + dead_s, lambda plant: self._restart(plant.t_s), act.do)
        elif act.do == "freeze_hems":
            until_s = t_s + float(act.args["for_s"])
            yield Act(t_s, lambda _: self.forward.die(until_s), act.do)
        elif act.do == "second_master":
            source, power_w = SourceId(act.args["source"]), 1000.0 * act.args["kw"]
            yield Act(t_s, lambda plant: plant.overrule(source, power_w), act.do)
            yield Act(t_s + float(act.args["for_s"]), lambda plant: plant.overrule(source, None), act.do)
        else:
            yield Act(t_s, self._doing(act), act.do)

    def _doing(self, act: WorldAct) -> Callable[[Plant], None]:
        args = act.args
        match act.do:
            case do if do in WORLD:
                return lambda plant: act_on(plant, act)
            case "silence" | "resume":
                says = Says.NOTHING if act.do == "silence" else Says.TRUTH
                return lambda _: self._say(args["device"], says)
            case "says":
                return lambda _: self._say(args["device"], Says(args["what"]))
            case "kill_broker" | "start_broker":
                return lambda _: self._broker(alive=act.do == "start_broker")
            case "partition":
                return lambda _: self._partition(cut=args["cut"])
            case "foreign":
                return lambda plant: plant.switch(CircuitId(args["circuit"]), args["closed"])
            case "clock":
                return lambda _: self._set_clock(args["years"])
            case "ask":
                return lambda _: self.forward.requests.append(asked(**args))
            case "solver" if (planner := self.planner) is not None:
                return lambda _: planner.fares(Solver(args["fares"]))
        return lambda _: None  # ghosts, connections and disks are nothing that fast-forward has

    def _say(self, device: str, says: Says) -> None:
        self.forward.faults.set(device, says, self.forward.plant.t_s)

    def _broker(self, *, alive: bool) -> None:
        for spec in self.wiring.devices if self.wiring is not None else ():
            if spec.driver == "mqtt":
                self._say(spec.id, Says.TRUTH if alive else Says.NOTHING)

    def _partition(self, *, cut: bool) -> None:
        for spec in self.wiring.devices if self.wiring is not None else ():
            if not spec.link.startswith("rtu:"):
                self._say(spec.id, Says.NOTHING if cut else Says.TRUTH)

    def _lose_power(self, plant: Plant, device: str) -> None:
        """Every relay of a device drops out, and it is gone until it has started again."""
        self._say(device, Says.NOTHING)
        writes = self.wiring.writes if self.wiring is not None else {}
        for circuit in plant.circuits:
            port = writes.get(circuit_closed(circuit))
            if port is not None and port.device == DeviceId(device):
                plant.switch(circuit, False)

    def _set_clock(self, years: float) -> None:
        began = self.forward.wall_clock or NOON
        self.forward.wall_clock = began + timedelta(days=365.25 * years)

    def _restart(self, now_s: float) -> None:
        """Start hems again with what it had saved."""
        self.forward.state = resumed(self.forward.state, shift_s=0.0, now_s=now_s)


def asked(*, request: str, refused: bool = False, **args: object) -> Asked:
    """What a person's request is to the tick, which itself says when it is `refused`.

    Raises: KeyError for one that fast-forward does not know.
    """
    who, role = str(args.pop("who", "the scenario")), "engineer"
    if request == "acknowledge":
        return Acknowledge(who=who, role=role)
    if request == "order":
        return Order(task=Task(str(args.pop("task"))), begin=bool(args.pop("begin")), who=who, role=role, **args)  # type: ignore[arg-type]
    if request == "car":
        return CarWish(bay=SourceId(str(args.pop("bay"))), who=who, **args)  # type: ignore[arg-type]
    if request == "prices":
        return from_plain(Prices, args)
    if request != "override":
        raise KeyError(request)
    return Request(
        circuit=CircuitId(str(args["circuit"])),
        want=Want(str(args["want"])),
        who=who,
        role=role,
        reason=str(args.get("reason", "")),
        duration_s=float(str(args.get("duration_s", 3600.0))),
    )


def observed(record: Record, ticked: Ticked, plant: Plant, begin_s: float, now: Instant) -> None:
    """Add one tick of a fast-forward run to its record."""
    t_s = ticked.t_s - begin_s
    record.events += [(t_s, event) for event in ticked.step.events]
    if plant.open_contact and record.tie_opened_s is None:
        record.tie_opened_s = t_s
    frame = frame_of(plant, t_s, ticked.step.state, now)
    for name in frame.off:
        record.opened_s.setdefault(name, t_s)
    if (
        not record.frames
        or ticked.step.events
        or t_s - record.frames[-1].t_s >= LOOK_S - 1e-6
        or _sudden(record, frame)
    ):
        record.frames.append(frame)


def _sudden(record: Record, frame: Frame) -> bool:
    """Whether something can be seen that could not be seen before."""
    last = record.frames[-1]
    return (last.off, last.bus_live, last.trips, last.mode) != (frame.off, frame.bus_live, frame.trips, frame.mode)


def frame_of(plant: Plant, t_s: float, state: ControlState, now: Instant) -> Frame:
    """The building as it is, and what hems goes by."""
    plan = state.connection.market.plan
    return Frame(
        t_s=t_s,
        mode=state.mode.mode,
        off=frozenset(str(name) for name, load in plant.circuits.items() if not load.closed),
        stalled=frozenset(str(name) for name, load in plant.circuits.items() if load.stalled),
        bus_live=plant.bus_live,
        car_soc_pct={str(name): bay.store.soc_pct for name, bay in plant.bays.items() if bay.store is not None},
        car_w=sum(bay.power_w for bay in plant.bays.values()),
        battery_w=sum(store.power_w for store in plant.batteries.values()),
        pv_w=sum(pv.power_w for pv in plant.pvs.values()),
        load_w=plant.load_w,
        generator="none" if plant.engine is None else plant.engine.stage.value,
        generator_w=0.0 if plant.engine is None else plant.engine.power_w,
        paralleled=plant.engine is not None and plant.engine.meets(plant.tie.connects),
        bus_hz=plant.bus_hz,
        battery_pct=min((store.soc_pct for store in plant.batteries.values()), default=0.0),
        trips=plant.former_trips,
        dose=plant.overload_dose,
        grid_w=plant.grid_w,
        grid_good=in_window(plant.grid.present_pu),
        tie_open=plant.open_contact,
        permit=plant.permit,
        by_plan=state.connection.market.planned,
        plan_age_s=0.0 if plan is None or now.utc is None else plan.age_s(now.utc.timestamp()),
    )
