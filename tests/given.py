"""Builders: a house, a block of flats, a controller on simulated time.  Tests read as given, when, then."""

from dataclasses import replace

from hems.control.params import Params, shortened
from hems.model.command import Command
from hems.model.event import Event
from hems.model.mode import Mode
from hems.model.site import (
    Battery,
    Bay,
    Circuit,
    Former,
    GridConnection,
    Location,
    Phase,
    Pv,
    Site,
    Supply,
    Tie,
    Tier,
    VoltagePoint,
)
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
        tie=Tie(has_contacts=True, has_flag=True, has_permit=True),
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


class Building:
    """A controller on a plant, in simulated time; every verb moves time or the world and returns the building."""

    def __init__(self, site: Site, params: Params, plant: Plant) -> None:
        self.forward = FastForward(site, params, plant)
        self.site, self.plant = site, plant
        self.ticks: list[Ticked] = []

    def advance(self, seconds: float) -> "Building":
        """Let time pass."""
        self.ticks += self.forward.run(self.plant.t_s + seconds)
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

    def _act(self, do: object) -> "Building":
        self.ticks += self.forward.run(self.plant.t_s + 0.1, [Act(self.plant.t_s, do)])  # type: ignore[arg-type]
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
    traces = ConstantTraces({one.id: load * one.typical_w for one in site.circuits}, sun=sun)
    start = StartPoint(
        battery_soc_pct=battery_soc_pct,
        cars={SourceId(name): car for name, car in (cars or {}).items()},
        physics=physics or Physics(tie_qualify_s=3.0),
    )
    made = Building(site, params or shortened(Params()), Plant(site, traces, start=start))
    return made.advance(10.0)
