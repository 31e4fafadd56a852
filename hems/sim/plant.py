"""The building itself: grid, tie, inverter, battery, sun, cars and circuits, in balance at every instant.

Nothing in here is controlled by hems except through the few acts at the bottom of `Plant`; everything else happens by
itself, as it does in a building.
"""

from collections.abc import Callable, Sequence
from random import Random

from hems.model.site import Site
from hems.model.units import CircuitId, SourceId
from hems.sim.bay import BayCharger
from hems.sim.circuits import CircuitLoad
from hems.sim.engine import Engine
from hems.sim.former import Stage
from hems.sim.grid import Grid
from hems.sim.start import Car, Contacts, StartPoint
from hems.sim.supply import Supply, subtract
from hems.sim.tie import Position, Tie
from hems.sim.traces import Traces

SHORTEST_S = 1e-4
"""No stretch of time is divided finer than this."""
OVERLOAD_INRUSH_STEP = (0.02, 0.25)
INRUSH_STEP = (0.1, 1.0)
"""Shortest stretch within an inrush, s, and how much it grows with the inrush's age: finer where it overloads."""
RAMP_STEP_S = 0.1
ISLAND_STEP_S = 60.0
"""Longest stretch of constant power on an island, where energy counts."""
GRID_STEP_S = 300.0
RESTART_BELOW_PU = 0.9
SHIFT_FROM_HZ, SHIFT_SPAN_HZ = 0.2, 2.5
"""Frequency above nominal at which PV begins to give way to a full battery, and how much more stops it (2.9)."""
ISLAND_DROOP = 0.02
"""Voltage drop of the island at rated load; the grid's is the same, for want of anything better."""


class Plant:
    """A building in operation.

    Powers follow the project's signs: sources positive when they feed the bus, loads positive when they consume, the
    grid positive on import.  `step` may be given any duration: it divides itself where something happens.
    """

    def __init__(
        self,
        site: Site,
        traces: Traces,
        *,
        start: StartPoint,
        begin_s: float = 0.0,
        longest_s: float = ISLAND_STEP_S,
    ) -> None:
        """`begin_s` is the time at which it begins, `longest_s` how long an island's powers are taken as constant."""
        physics = start.physics
        self.site = site
        self.t_s = begin_s
        self._longest_s = longest_s
        self._physics = physics
        self._traces = traces
        self._phases = range(len(site.phases))
        self.grid = Grid(
            nominal_v=site.grid.nominal_v,
            nominal_hz=site.grid.nominal_hz,
            phases=len(site.phases),
            rng=Random(start.seed),
        )
        self.tie = Tie(physics)
        self.circuits: dict[CircuitId, CircuitLoad] = {
            spec.id: CircuitLoad(spec, site.phases, physics, closed=spec.id not in start.open_circuits)
            for spec in site.circuits
        }
        self.bays: dict[SourceId, BayCharger] = {
            spec.id: BayCharger(spec, site.phases, physics, own_supply=spec.id == site.former.source)
            for spec in site.bays
        }
        for bay, car in start.cars.items():
            self.bays[bay].plug(car)
        self.supply = Supply(site, start, self.bays)
        self.engine = self.supply.engine
        self.former = self.supply.former
        self.batteries = self.supply.batteries
        self.pvs = self.supply.pvs
        self.misplaced = start.misplaced
        self.contacts = Contacts()
        self._load_w = [0.0] * len(site.phases)
        self._net_w = [0.0] * len(site.phases)
        self._wanted_w: dict[CircuitId, float | None] = {}
        self._sun_pu: float | None = None
        self._next_car = traces.next_car(begin_s - 1.0)
        self._settle(0.0)

    # What can be measured

    @property
    def utility_v(self) -> tuple[float, ...]:
        """V per phase, upstream of the tie."""
        return self.grid.volts(self.t_s)

    @property
    def utility_hz(self) -> float:
        """Hz upstream of the tie; 0 when dead."""
        return self.grid.hertz(self.t_s)

    @property
    def bus_live(self) -> bool:
        """Whether the building has voltage."""
        return self.former.forming or (self.tie.connects and self.grid.energised)

    @property
    def bus_v(self) -> tuple[float, ...]:
        """V per phase, downstream of the tie."""
        if not self.bus_live:
            return (0.0,) * len(self._phases)
        source_v = (self.grid.nominal_v,) * len(self._phases) if self.former.forming else self.utility_v
        return tuple(
            volt * (1.0 - ISLAND_DROOP * net_w / rated_va)
            for volt, net_w, rated_va in zip(source_v, self._net_w, self.site.former.phase_va, strict=True)
        )

    @property
    def bus_hz(self) -> float:
        """Hz downstream of the tie; an island's rises while it holds back PV."""
        if not self.bus_live:
            return 0.0
        if not self.former.forming:
            return self.utility_hz
        held_back_pu = self.supply.curtailed_pu
        return self.grid.nominal_hz + (SHIFT_FROM_HZ + SHIFT_SPAN_HZ * held_back_pu if held_back_pu > 0.0 else 0.0)

    @property
    def tie_position(self) -> str:
        """`closed`, `open` or `moving`."""
        return self.tie.position.value

    @property
    def closed_contact(self) -> bool:
        """Auxiliary contact of the closed position."""
        return self.tie.closed_contact

    @property
    def open_contact(self) -> bool:
        """Auxiliary contact of the open position."""
        return self.tie.open_contact

    @property
    def permit(self) -> bool:
        """Whether reconnection is permitted."""
        return self.tie.permit

    @property
    def load_w(self) -> float:
        """What all circuits draw together."""
        return sum(self._load_w)

    @property
    def load_phase_w(self) -> tuple[float, ...]:
        """What all circuits draw, per phase."""
        return tuple(self._load_w)

    @property
    def grid_phase_w(self) -> tuple[float, ...]:
        """Import per phase; 0 when the tie is not closed or the grid is dead."""
        return tuple(self._net_w) if self.bus_live and not self.former.forming else (0.0,) * len(self._phases)

    @property
    def grid_w(self) -> float:
        """Import of all phases."""
        return sum(self.grid_phase_w)

    @property
    def former_phase_w(self) -> tuple[float, ...]:
        """What the island-former delivers per phase; on the grid, what it feeds as a follower."""
        return tuple(self._net_w) if self.former.forming else self.supply.source_phase_w()

    @property
    def former_running(self) -> bool:
        """Whether the inverter makes the bus's voltage now."""
        return self.former.forming

    @property
    def former_trips(self) -> int:
        """Overload and over-voltage trips so far."""
        return self.former.trips

    @property
    def overload_dose(self) -> float:
        """0 cool, 1 trips."""
        return self.former.dose

    # What devices can be told

    def switch(self, circuit: CircuitId, closed: bool) -> None:
        """Move a circuit's switch; it moves with or without voltage."""
        self.circuits[circuit].told = closed
        self._settle(0.0)

    def set_bay_power(self, bay: SourceId, power_w: float | None) -> None:
        """Command a charger, positive to feed the building; None leaves it to itself."""
        self.bays[bay].setpoint_w = power_w

    def set_battery_power(self, battery: SourceId, power_w: float | None) -> None:
        """Force a battery on the grid, positive to discharge; None returns it to self-consumption."""
        self.supply.wishes[battery] = power_w
        self._settle(0.0)

    def limit_pv(self, pv: SourceId, limit_w: float | None) -> None:
        """Cap a PV plant; None lifts the cap."""
        self.pvs[pv].limit_w = limit_w
        self._settle(0.0)

    def set_permit(self, permit: bool) -> None:
        """Permit or withhold reconnection."""
        self.tie.permit = permit

    def ask_apart(self, apart: bool) -> None:
        """Ask the certified device to open the tie and keep it open, or no longer."""
        self.tie.apart = apart

    def start_former(self, start: bool) -> None:
        """Ask the former to make voltage on a dead building; the end of the request changes nothing."""
        if start and self.contacts.dark_start and not self.tie.connects and not self.bus_live:
            self.former.start(able=self.supply.able)
            self._settle(0.0)

    # What the world does

    def fail_grid(self) -> None:
        """The utility's voltage goes."""
        self.sag(0.0)

    def begin_as_island(self, doses: Sequence[float] = ()) -> None:
        """Be on its own from the first, as after an outage of some hours; `doses` is the heat of each phase."""
        self.grid.present_pu = 0.0
        self.tie.position = Position.OPEN
        self.former.stage = Stage.FORMING
        self.former.doses[: len(doses)] = doses
        self._settle(0.0)

    def return_grid(self) -> None:
        """It is back, as if nothing had been."""
        self.sag(1.0)

    def sag(self, present_pu: float) -> None:
        """The utility's voltage becomes `present_pu` of nominal, until told otherwise."""
        self.grid.present_pu = present_pu
        self._settle(0.0)

    def plug(self, bay: SourceId, car: Car) -> None:
        """A car arrives."""
        self.bays[bay].plug(car)
        self._settle(0.0)

    def unplug(self, bay: SourceId) -> None:
        """A car leaves; when it makes the island, the island ends."""
        self.bays[bay].unplug()
        self.supply.stop_when_empty()
        self._settle(0.0)

    # What breaks

    def run_generator(self, do: Callable[[Engine], None]) -> None:
        """Something is done to the generator.  Raises: KeyError when there is none."""
        if self.engine is None:
            raise KeyError("generator")
        do(self.engine)
        self._settle(0.0)

    def stick(self, circuit: CircuitId, closed: bool | None) -> None:
        """Weld a circuit's contacts, break them, or None: mend them.  Its relay goes on moving."""
        self.circuits[circuit].stuck = closed
        self._settle(0.0)

    def want(self, circuit: CircuitId, power_w: float | None) -> None:
        """Have a circuit's users want so much from now on; None gives them back to their habits."""
        self._wanted_w[circuit] = power_w
        self._settle(0.0)

    def shine(self, sun_pu: float | None) -> None:
        """Fix the sun; None gives it back to the day."""
        self._sun_pu = sun_pu
        self._settle(0.0)

    # Time

    def step(self, dt_s: float) -> None:
        """Let `dt_s` pass."""
        left_s = dt_s
        while left_s > 1e-9:
            stretch_s = min(left_s, max(SHORTEST_S, self.calm_for_s))
            self._advance(stretch_s)
            left_s -= stretch_s

    @property
    def calm_for_s(self) -> float:
        """For how long everything stays as it is, or near enough, s."""
        live = self.bus_live
        until_s = min(
            self.tie.until_s(self.grid.present_pu),
            self.supply.until_s(self._net_w, live=live, may_restart=self._may_restart()),
            self._calm_s(live=live),
        )
        if self._next_car is not None:
            until_s = min(until_s, self._next_car.t_s - self.t_s)
        for bay in self.bays.values():
            until_s = min(until_s, bay.until_s(live=live))
        return until_s

    def _calm_s(self, *, live: bool) -> float:
        """How far powers may be taken as constant."""
        if not self.former_running:
            return GRID_STEP_S
        if self.supply.excess_w > 0.0:
            return RAMP_STEP_S
        inrush_s = self._youngest_inrush_s()
        if inrush_s is not None:
            shortest_s, growth = OVERLOAD_INRUSH_STEP if self.supply.overloaded(self._net_w) else INRUSH_STEP
            return max(shortest_s, growth * inrush_s)
        for bay in self.bays.values():
            if bay.ramping(live=live):
                return RAMP_STEP_S
        return self._longest_s

    def _youngest_inrush_s(self) -> float | None:
        """How long the latest start is ago, while any is still felt."""
        ages_s = [circuit.since_start_s for circuit in self.circuits.values() if circuit.starting]
        return min(ages_s) if ages_s else None

    def _advance(self, dt_s: float) -> None:
        """Let `dt_s` pass with powers as they are, then see what has changed."""
        live = self.bus_live
        self.supply.step(dt_s, self._net_w, live=live, may_restart=self._may_restart())
        for bay in self.bays.values():
            bay.step(dt_s, live=live)
        for circuit in self.circuits.values():
            circuit.step(dt_s)
        before = self.tie.position
        self.tie.step(dt_s, self.grid.present_pu)
        self.t_s += dt_s
        if self.tie.position is not before:
            self._tie_moved()
        self._wake_former()
        self.supply.stop_when_empty()
        self._move_cars()
        self._settle(dt_s)

    def _tie_moved(self) -> None:
        if self.tie.position is Position.OPEN:
            self.former.tie_opened(able=self.supply.able)
        elif self.tie.position is Position.CLOSED:
            self.former.tie_closed()
        for circuit in self.circuits.values():
            circuit.dropped = circuit.spec.layer_0 and self.tie.position is not Position.CLOSED

    def _wake_former(self) -> None:
        """A generator that takes load on a dead building wakes the former, which then follows it."""
        if self.engine is not None and self.engine.loaded and not self.tie.connects and not self.bus_live:
            self.former.start(able=True)

    def _move_cars(self) -> None:
        while self._next_car is not None and self._next_car.t_s <= self.t_s + 1e-9:
            event = self._next_car
            if event.car is None:
                self.bays[event.bay].unplug()
                self.supply.stop_when_empty()
            else:
                self.bays[event.bay].plug(event.car)
            self._next_car = self._traces.next_car(event.t_s)

    def _may_restart(self) -> bool:
        """Whether the load that waits on the dead bus is small enough for the inverter to try again."""
        if self.former.stage is not Stage.TRIPPED:
            return False
        waiting_w = [sum([c.waiting_w * c.shares[phase] for c in self.circuits.values()]) for phase in self._phases]
        return max(self.former.load_pu((*waiting_w, sum(waiting_w)))) < RESTART_BELOW_PU

    def _settle(self, dt_s: float) -> None:
        """Find every power for this instant; `dt_s` is how long ramps have had."""
        live = self.bus_live
        loads_w = [0.0] * len(self._phases)
        for circuit_id, circuit in self.circuits.items():
            wanted_w = self._wanted_w.get(circuit_id)
            demand_w = self._traces.load_w(circuit_id, self.t_s) if wanted_w is None else wanted_w
            power_w = circuit.draw(demand_w, live=live)
            if power_w:
                for phase, share in enumerate(circuit.shares):
                    loads_w[phase] += power_w * share
        self._load_w = loads_w
        net_w = list(loads_w)
        forming_bay = self.site.former.source if self.former_running else None
        for bay_id, bay in self.bays.items():
            bay.forming = bay_id == forming_bay
            if not bay.forming:
                subtract(net_w, bay.follow(dt_s, live=live), bay.shares)
        sun_pu = self._traces.sun_pu(self.t_s) if self._sun_pu is None else self._sun_pu
        self.supply.balance(net_w, sun_pu=sun_pu if self.pvs else 0.0, live=live)
        self._net_w = net_w if live else [0.0] * len(self._phases)
