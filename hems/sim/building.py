"""The physics of a building: grid, tie, inverter, battery, sun, cars and circuits, in balance at every instant."""

from random import Random

from hems.model.site import Site
from hems.model.units import CircuitId, SourceId
from hems.sim.bay import BayCharger
from hems.sim.circuits import CircuitLoad
from hems.sim.former import Stage
from hems.sim.grid import Grid
from hems.sim.start import Contacts, StartPoint
from hems.sim.supply import Supply, subtract
from hems.sim.tie import Position, Tie
from hems.sim.traces import Traces
from hems.sim.utility import Utility

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


class Building:
    """A building left to itself.

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
        self.circuits = _circuits(site, start)
        self._compressors = [load.compressor for load in self.circuits.values() if load.compressor is not None]
        self.bays = _bays(site, start)
        self.supply = Supply(site, start, self.bays)
        self.engine = self.supply.engine
        self.former = self.supply.former
        self.batteries = self.supply.batteries
        self.pvs = self.supply.pvs
        self.misplaced = start.misplaced
        self.contacts = Contacts()
        self.utility = Utility()
        self.overruled: dict[SourceId, float] = {}
        """What another master tells batteries and chargers, who has the last word."""
        self._load_w = [0.0] * len(site.phases)
        self._net_w = [0.0] * len(site.phases)
        self._wanted_w: dict[CircuitId, float | None] = {}
        self._sun_pu: float | None = None
        self._next_car = traces.next_car(begin_s - 1.0)
        self._settle(0.0)

    # What all of it turns on

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
    def former_running(self) -> bool:
        """Whether the inverter makes the bus's voltage now."""
        return self.former.forming

    # Time

    def step(self, dt_s: float) -> None:
        """Let `dt_s` pass."""
        left_s = dt_s
        while left_s > 1e-9:
            left_s -= self.stretch(left_s)

    def stretch(self, most_s: float) -> float:
        """Let at most `most_s` pass, and no more than until something happens; how much that was."""
        stretch_s = min(most_s, max(SHORTEST_S, self.calm_for_s))
        self._advance(stretch_s)
        return stretch_s

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
        for part in self._compressors:
            until_s = min(until_s, part.until_s())
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
        for bay in self.bays.values():
            bay.dropped = bay.spec.layer_0 and self.tie.position is not Position.CLOSED

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
        self.supply.balance(net_w, sun_pu=sun_pu if self.pvs else 0.0, live=live, off_hz=self.grid.off_hz, dt_s=dt_s)
        self._net_w = net_w if live else [0.0] * len(self._phases)


def _circuits(site: Site, start: StartPoint) -> dict[CircuitId, CircuitLoad]:
    return {
        spec.id: CircuitLoad(
            spec,
            site.phases,
            start.physics,
            closed=spec.id not in start.open_circuits,
            hermetic=start.hermetics.get(spec.id),
        )
        for spec in site.circuits
    }


def _bays(site: Site, start: StartPoint) -> dict[SourceId, BayCharger]:
    """With the cars that stand there."""
    bays = {
        spec.id: BayCharger(spec, site.phases, start.physics, own_supply=spec.id == site.former.source)
        for spec in site.bays
    }
    for bay, car in start.cars.items():
        bays[bay].plug(car)
    return bays
