"""A building with its meters, and everything that can happen to it.

Nothing in here is controlled by hems except through the few acts under "What devices can be told"; everything else
happens by itself, as it does in a building.
"""

from collections.abc import Callable, Container, Sequence

from hems.model.units import CircuitId, SourceId
from hems.sim.building import Building
from hems.sim.engine import Engine
from hems.sim.former import Stage
from hems.sim.start import Car
from hems.sim.tie import Position

DROOP = 0.02
"""Voltage drop of the island at rated load; the grid's is the same, for want of anything better."""


class Plant(Building):
    """A building in operation."""

    # What can be measured

    @property
    def bus_v(self) -> tuple[float, ...]:
        """V per phase, downstream of the tie."""
        if not self.bus_live:
            return (0.0,) * len(self._phases)
        source_v, rated_va = self.utility_v, (self._service_va,) * len(self._phases)
        if self.former.forming:
            source_v, rated_va = (self.grid.nominal_v,) * len(self._phases), self.site.former.phase_va
        return tuple(
            volt * (1.0 - DROOP * net_w / most_va)
            for volt, net_w, most_va in zip(source_v, self._net_w, rated_va, strict=True)
        )

    @property
    def _service_va(self) -> float:
        """What the connection carries on each phase."""
        return self.site.grid.service_a * self.site.grid.nominal_v

    @property
    def bus_hz(self) -> float:
        """Hz downstream of the tie; an island's rises while it holds back PV."""
        if not self.bus_live:
            return 0.0
        if not self.former.forming:
            return self.utility_hz
        return self.grid.nominal_hz - self._droop_hz + self.supply.shift_hz

    @property
    def _droop_hz(self) -> float:
        """How far the island's frequency hangs under its load, or stands above it while it takes in power."""
        own = self._physics.former_droop_hz
        return own * sum(self.former_phase_w) / sum(self.site.former.phase_va) if own else 0.0

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

    def drawn_phase_w(self, names: Container[str]) -> tuple[float, ...]:
        """What these circuits and bays draw, per phase, as the meter of a sub-panel shows it."""
        total = [0.0] * len(self._phases)
        drawn = [(circuit.power_w, circuit.spec.phases) for name, circuit in self.circuits.items() if name in names]
        drawn += [(-bay.power_w, bay.spec.phases) for name, bay in self.bays.items() if name in names]
        for watts, phases in drawn:
            for place, share_w in enumerate(self.site.per_phase(watts, phases)):
                total[place] += share_w
        return tuple(total)

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
        """What the island-former delivers per phase; on the grid, what it feeds as a follower; in the dark nothing."""
        if not self.bus_live:
            return (0.0,) * len(self._phases)
        return self.supply.through_former(self._net_w if self.former.forming else self.supply.source_phase_w())

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
        self.bays[bay].setpoint_w = self.overruled.get(bay, power_w)

    def set_battery_power(self, battery: SourceId, power_w: float | None) -> None:
        """Force a battery on the grid, positive to discharge; None returns it to self-consumption."""
        self.supply.wishes[battery] = self.overruled.get(battery, power_w)
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

    def overrule(self, source: SourceId, power_w: float | None) -> None:
        """Another master tells a battery or a charger this, and says it again and again; None: no longer."""
        self.overruled.pop(source, None)
        if power_w is not None:
            self.overruled[source] = power_w
        tell = self.set_battery_power if source in self.batteries else self.set_bay_power
        tell(source, power_w)

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
