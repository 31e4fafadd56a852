"""Builders: a house, a block of flats, a controller on simulated time.  Tests read as given, when, then.

`building` is a controller on the plant's equations, for stories; `tests/control/panel.py` has one fed by hand.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from hems.control.params import Params, shortened
from hems.control.resume import resumed
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.codec import from_plain, to_plain
from hems.model.command import Command, Fate, Outcome
from hems.model.event import Event
from hems.model.mode import Mode
from hems.model.reading import Quality, Reading, missing
from hems.model.request import Asked, Order, Request, Task, Want
from hems.model.site import Battery, Bay, Circuit, Former, Location, Phase, Pv, Site, Supply, Tie, Tier, VoltagePoint
from hems.model.supply import GridConnection
from hems.model.units import CircuitId, PointId, SourceId
from hems.model.wiring import Role
from hems.sim.plant import Plant
from hems.sim.run import Act, FastForward, Ticked
from hems.sim.start import Car, Physics, StartPoint
from hems.sim.traces import ConstantTraces

THREE = (Phase.L1, Phase.L2, Phase.L3)


def circuit(
    name: str, tier: Tier, typical_w: float, *phases: Phase, rank: int = 0, inrush_w: float = 0.0, **more: object
) -> Circuit:
    """A circuit that has a switch unless it is life safety."""
    settings: dict[str, object] = {"switchable": tier is not Tier.LIFE_SAFETY} | more
    return Circuit(
        id=CircuitId(name),
        name=name.replace("_", " ").capitalize(),
        tier=tier,
        rank=rank,
        phases=phases or THREE,
        typical_w=typical_w,
        inrush_w=inrush_w,
        **settings,  # type: ignore[arg-type]
    )


def flats(**changes: object) -> Site:
    """A block of flats: fourteen circuits over all tiers, 30 kVA island-former, two cars that can give."""
    site = Site(
        name="Maple Court 12",
        phases=THREE,
        grid=GridConnection(nominal_v=230.0, nominal_hz=50.0, service_a=100.0),
        tie=Tie(has_contacts=True, has_flag=True, has_permit=True, listing="a listed transfer switch"),
        former=Former(source=SourceId("main"), name="Hybrid inverter", phase_va=(10_000.0, 10_000.0, 10_000.0)),
        circuits=(
            circuit("lift", Tier.LIFE_SAFETY, 3000.0),
            circuit("emergency_lighting", Tier.LIFE_SAFETY, 600.0, Phase.L1),
            circuit("fire_panel", Tier.LIFE_SAFETY, 200.0, Phase.L2),
            circuit("medical_sockets", Tier.CRITICAL, 1200.0, Phase.L3),
            circuit("sump_pump", Tier.CRITICAL, 1500.0, inrush_w=3000.0),
            circuit("network_room", Tier.CRITICAL, 500.0, Phase.L1, switchable=False, protected=True),
            circuit("kitchen", Tier.ESSENTIAL, 5400.0, rank=2),
            circuit("freezers", Tier.ESSENTIAL, 1500.0, Phase.L1, rank=1, min_off_s=300.0, thermostatic=True),
            circuit("door_entry", Tier.ESSENTIAL, 300.0, Phase.L2),
            circuit("heat_pump", Tier.COMFORT, 6000.0, min_off_s=300.0, thermostatic=True, inrush_w=6000.0),
            circuit("ventilation", Tier.COMFORT, 2400.0, rank=1),
            circuit("laundry", Tier.NON_ESSENTIAL, 5000.0, Phase.L2, Phase.L3, rank=1),
            circuit("gym", Tier.NON_ESSENTIAL, 3000.0, Phase.L1, Phase.L2),
            circuit("hot_water", Tier.FLEXIBLE, 6000.0),
        ),
        batteries=(
            Battery(
                id=SourceId("main"),
                name="Battery",
                capacity_wh=80_000.0,
                charge_max_w=30_000.0,
                discharge_max_w=30_000.0,
            ),
        ),
        pvs=(Pv(id=SourceId("roof"), name="Roof", rated_w=30_000.0, phases=THREE),),
        bays=(
            bay("bay_1", discharge_max_w=10_000.0),
            bay("bay_2", discharge_max_w=10_000.0, floor_pct=50.0),
            bay("bay_3", phases=(Phase.L1,), charge_max_w=7400.0),
            bay("bay_4", phases=(Phase.L2,), charge_max_w=7400.0),
        ),
        voltage_points=(
            VoltagePoint(id=PointId("street"), location=Location.UTILITY, powered_from=Supply.UPS),
            VoltagePoint(id=PointId("bus"), location=Location.BUS, powered_from=Supply.DC),
        ),
    )
    return replace(site, **changes)  # type: ignore[arg-type]


def bay(
    name: str,
    *,
    phases: tuple[Phase, ...] = THREE,
    charge_max_w: float = 11_000.0,
    discharge_max_w: float = 0.0,
    floor_pct: float = 40.0,
) -> Bay:
    """A charger."""
    return Bay(
        id=SourceId(name),
        name=name,
        phases=phases,
        charge_max_w=charge_max_w,
        discharge_max_w=discharge_max_w,
        floor_pct=floor_pct,
    )


Flaw = Callable[[Reading[Any]], Reading[Any]]
"""What becomes of a reading on its way."""


def silent(reading: Reading[Any]) -> Reading[Any]:
    """Nothing has ever arrived."""
    return missing()


def stale(reading: Reading[Any]) -> Reading[Any]:
    """It arrived too long ago."""
    return reading._replace(taken_s=reading.taken_s - 60.0, stale_after_s=5.0)


def sentinel(reading: Reading[Any]) -> Reading[Any]:
    """A number that means "no value", and that the profile knows."""
    return Reading(None, reading.taken_s, reading.stale_after_s, Quality.INVALID, "sentinel")


def reads(value: object) -> Flaw:
    """Good to look at, but this."""
    return lambda reading: Reading(value, reading.taken_s, reading.stale_after_s)


def volts(point: str, phases: int = 3) -> list[Role]:
    """Every voltage of a point, and its frequency."""
    return [*(wiring.voltage(PointId(point), index) for index in range(phases)), wiring.frequency(PointId(point))]


@dataclass
class Flawed(FastForward):
    """Fast-forward with devices that lie, fall silent or do not obey."""

    flaws: dict[Role, Flaw] = field(default_factory=dict)
    deaf: set[Role] = field(default_factory=set)
    """Actuators that answer nothing and do nothing."""

    def _read(self) -> dict[Role, Reading[Any]]:
        readings = super()._read()
        return readings | {role: flaw(readings[role]) for role, flaw in self.flaws.items() if role in readings}

    def _do(self, commands: Iterable[Command]) -> None:
        told = list(commands)
        super()._do(command for command in told if command.role not in self.deaf)
        self._outcomes += [
            Outcome(command=command, fate=Fate.UNREACHABLE, at_s=self.plant.t_s)
            for command in told
            if command.role in self.deaf
        ]


class Building:
    """A controller on a plant, in simulated time; every verb moves time or the world and returns the building."""

    def __init__(self, site: Site, params: Params, plant: Plant, loads_w: dict[CircuitId, float]) -> None:
        self.forward = Flawed(site, params, plant)
        self._loads_w = loads_w
        self.site, self.params, self.plant = site, params, plant
        self.ticks: list[Ticked] = []

    def advance(self, seconds: float) -> "Building":
        """Let time pass."""
        self.ticks += self.forward.run(self.plant.t_s + seconds)
        return self

    def flawed(self, flaw: Flaw, *roles: Role) -> "Building":
        """From now on these readings arrive like that."""
        self.forward.flaws |= dict.fromkeys(roles, flaw)
        return self

    def mended(self, *roles: Role) -> "Building":
        """These readings are as they should be again; all of them, when none is named."""
        for role in roles or tuple(self.forward.flaws):
            self.forward.flaws.pop(role, None)
        return self

    def ask(self, request: Asked) -> "Building":
        """A person asks for something."""
        self.forward.requests.append(request)
        return self

    def wants(self, circuit: str, watts: float) -> "Building":
        """The users of a circuit want another power from now on."""
        self._loads_w[CircuitId(circuit)] = watts
        return self

    def act(self, do: Callable[[Plant], None]) -> "Building":
        """Something happens in the world."""
        return self._act(do)

    def unplug(self, bay: str) -> "Building":
        """A car drives off."""
        return self._act(lambda plant: plant.unplug(SourceId(bay)))

    def plug(self, bay: str, *, soc_pct: float) -> "Building":
        """A car arrives."""
        return self._act(lambda plant: plant.plug(SourceId(bay), Car(soc_pct=soc_pct)))

    def restart(self, *, down_s: float = 5.0) -> "Building":
        """The daemon is killed and comes back `down_s` later with what it had saved."""
        saved = json.dumps(to_plain(self.forward.state))
        self.forward.armed = ()
        self.plant.step(down_s)
        state = from_plain(ControlState, json.loads(saved))
        self.forward.state = resumed(state, shift_s=0.0, now_s=self.plant.t_s)
        return self

    def grid_lost(self) -> "Building":
        """The utility's voltage goes."""
        return self._act(lambda plant: plant.fail_grid())

    def grid_back(self) -> "Building":
        """It returns."""
        return self._act(lambda plant: plant.return_grid())

    def sag(self, present_pu: float) -> "Building":
        """It dips."""
        return self._act(lambda plant: plant.sag(present_pu))

    def _act(self, do: Callable[[Plant], None]) -> "Building":
        self.ticks += self.forward.run(self.plant.t_s + 0.1, [Act(self.plant.t_s, do)])
        return self

    @property
    def mode(self) -> Mode:
        """The present mode."""
        return self.forward.state.mode.mode

    @property
    def modes(self) -> list[Mode]:
        """Every mode entered, in order."""
        return [Mode(event.subject) for event in self.events if event.kind == "mode"]

    @property
    def events(self) -> list[Event]:
        """Everything that happened."""
        return [event for ticked in self.ticks for event in ticked.step.events]

    def commands(self, role: Role | None = None) -> list[tuple[float, Command]]:
        """Every command with its time, for one role or all."""
        return [
            (ticked.t_s, command)
            for ticked in self.ticks
            for command in ticked.step.commands
            if role is None or command.role == role
        ]

    def switched(self, circuit: str) -> list[tuple[float, bool]]:
        """When a circuit was told what, by the reflex or by a tick."""
        role = wiring.circuit_closed(CircuitId(circuit))
        return [
            (ticked.t_s, bool(command.value))
            for ticked in self.ticks
            for command in (*ticked.snapshot.fired, *ticked.step.commands)
            if command.role == role
        ]

    @property
    def alarms(self) -> set[str]:
        """Keys of the alarms in force."""
        return set(self.forward.state.alarms)

    def off(self) -> set[str]:
        """Circuits whose switch is open."""
        return {str(name) for name, load in self.plant.circuits.items() if not load.closed}


def building(
    *,
    site: Site | None = None,
    params: Params | None = None,
    load: float = 1.0,
    battery_soc_pct: float = 62.0,
    sun: float = 0.0,
    cars: dict[str, Car] | None = None,
    physics: Physics | None = None,
) -> Building:
    """A building on the grid with constant loads (`load` times typical), ten seconds old and at rest."""
    site = site or flats()
    loads_w = {one.id: load * one.typical_w for one in site.circuits}
    start = StartPoint(
        battery_soc_pct=battery_soc_pct,
        cars={SourceId(name): car for name, car in (cars or {}).items()},
        physics=physics or Physics(tie_qualify_s=3.0),
    )
    made = Building(
        site, params or shortened(Params()), Plant(site, ConstantTraces(loads_w, sun=sun), start=start), loads_w
    )
    return made.advance(10.0)


def order(task: Task, *, begin: bool = True, **more: Any) -> Order:
    """A person's order for the whole building."""
    return Order(**{"task": task, "begin": begin, "who": "Alex", "role": "operator", "reason": "a reason"} | more)


def forces(circuit_name: str, want: Want, *, duration_s: float = 3600.0, role: str = "operator") -> Request:
    """A person's wish."""
    return Request(
        circuit=CircuitId(circuit_name), want=want, who="Alex", role=role, reason="a reason", duration_s=duration_s
    )
