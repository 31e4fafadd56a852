"""What an embedded controller goes by between two observations: the building as seen last, with its own acts on it."""

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

from hems.control.remembered import held_w
from hems.control.sending import is_switch
from hems.control.state import ControlState
from hems.model import wiring
from hems.model.command import Command
from hems.model.reading import Reading
from hems.model.site import Location, Site, Supply, VoltagePoint
from hems.model.snapshot import BayState
from hems.model.units import CircuitId, PointId
from hems.model.wiring import Role

if TYPE_CHECKING:
    from hems.sim.embed import Observation

GRID_POINT, BUS_POINT = PointId("grid"), PointId("bus")


def as_embedded(site: Site) -> Site:
    """The site with the witnesses that an observation has, and without what it has not."""
    return replace(
        site,
        tie=replace(site.tie, has_contacts=True, has_flag=False, has_permit=True),
        voltage_points=(
            VoltagePoint(id=GRID_POINT, location=Location.UTILITY, powered_from=Supply.UPS),
            VoltagePoint(id=BUS_POINT, location=Location.BUS, powered_from=Supply.DC),
        ),
        generator=None,
        has_fire_alarm=False,
        has_red_button=False,
    )


class Held:
    """Every reading, from the last observation and from what has been commanded since."""

    def __init__(self, site: Site) -> None:
        self.site = site
        """With the capacity as observed."""
        self._plain = site
        self._values: dict[Role, Any] = {}
        self._told: dict[Role, bool | float] = {}
        self._draws_w: dict[CircuitId, float] = {}
        self._former_w: list[float] = [0.0] * len(site.phases)
        self._tie_obeys = True
        self._astray: frozenset[CircuitId] = frozenset()

    def closed(self, circuit: CircuitId) -> bool:
        """Whether a circuit is on, as told or as seen."""
        return bool(self._values.get(wiring.circuit_closed(circuit), True))

    def told(self, role: Role) -> float | None:
        """The power last asked of a car or a battery."""
        return self._told.get(role)

    def look(self, seen: "Observation", state: ControlState) -> None:
        """Take over an observation."""
        site, on_grid = self._plain, self._on_grid(seen)
        if seen.capacity_va is not None:
            self.site = replace(site, former=replace(site.former, phase_va=seen.capacity_va))
        else:
            self.site = site
        values: dict[Role, Any] = {
            wiring.TIE_CLOSED_CONTACT: on_grid,
            wiring.TIE_OPEN_CONTACT: not on_grid,
            wiring.TIE_PERMIT: bool(self._told.get(wiring.TIE_PERMIT, False)),
            wiring.frequency(GRID_POINT): site.grid.nominal_hz if seen.grid else 0.0,
            wiring.frequency(BUS_POINT): site.grid.nominal_hz,
        }
        for index in range(len(site.phases)):
            values[wiring.voltage(GRID_POINT, index)] = site.grid.nominal_v if seen.grid else 0.0
            values[wiring.voltage(BUS_POINT, index)] = site.grid.nominal_v
        self._values = values
        self._look_at_loads(seen, state)
        self._look_at_sources(seen, on_grid=on_grid)

    def _on_grid(self, seen: "Observation") -> bool:
        self._tie_obeys = seen.tie_closed is None and seen.grid
        if seen.tie_closed is not None:
            return seen.tie_closed
        was_closed = self._values.get(wiring.TIE_CLOSED_CONTACT, True)
        return seen.grid and (bool(was_closed) or bool(self._told.get(wiring.TIE_PERMIT, False)))

    def _look_at_loads(self, seen: "Observation", state: ControlState) -> None:
        told = {one.id: bool(self._told.get(wiring.circuit_closed(one.id), True)) for one in self._plain.circuits}
        # What is not where it was told to be stays where it is until the next look, whatever it is told meanwhile.
        self._astray = frozenset(name for name, was_told in told.items() if seen.on.get(name, was_told) != was_told)
        for one in self._plain.circuits:
            role = wiring.circuit_closed(one.id)
            closed = seen.on.get(one.id, told[one.id])
            watts = seen.circuits_w.get(one.id)
            self._draws_w[one.id] = held_w(one, state) if watts is None or not closed else watts
            if one.switchable:
                self._values[role] = closed
            if watts is not None or not closed:
                self._values[wiring.circuit_power(one.id)] = watts if closed else 0.0

    def _look_at_sources(self, seen: "Observation", *, on_grid: bool) -> None:
        site, values = self._plain, self._values
        for battery in site.batteries:
            values[wiring.battery_soc(battery.id)] = seen.battery_soc_pct.get(battery.id)
            values[wiring.battery_power(battery.id)] = seen.battery_w.get(battery.id, 0.0)
        for pv in site.pvs:
            values[wiring.pv_power(pv.id)] = seen.pv_w.get(pv.id, 0.0)
        for bay in site.bays:
            car = seen.cars.get(bay.id)
            values[wiring.bay_state(bay.id)] = BayState.UNPLUGGED if car is None else BayState.PLUGGED
            told_w = self._told.get(wiring.bay_power(bay.id), 0.0)
            power_w = None if car is None else told_w if car.power_w is None else car.power_w
            values[wiring.bay_power(bay.id)] = float(power_w or 0.0)
            if car is not None:
                values[wiring.bay_soc(bay.id)] = car.soc_pct
                values[wiring.bay_capacity(bay.id)] = car.capacity_wh or bay.capacity_wh
                values[wiring.bay_discharge_ready(bay.id)] = car.gives and bay.bidirectional
        net_w = self._net_w()
        self._former_w = list(seen.former_phase_w) if seen.former_phase_w is not None else net_w
        if on_grid:
            values[wiring.GRID_POWER] = sum(net_w) - sum(seen.battery_w.values())
            self._former_w = list(seen.former_phase_w or (0.0,) * len(site.phases))
        else:
            values[wiring.GRID_POWER] = 0.0

    def _net_w(self) -> list[float]:
        """What circuits draw less what sun and cars that follow give, per phase."""
        site, net_w = self._plain, [0.0] * len(self._plain.phases)
        parts = [(self._draws_w[one.id] if self.closed(one.id) else 0.0, one.phases) for one in site.circuits]
        parts += [(-float(self._values.get(wiring.pv_power(pv.id)) or 0.0), pv.phases) for pv in site.pvs]
        parts += [
            (-float(self._values.get(wiring.bay_power(bay.id)) or 0.0), bay.phases)
            for bay in site.bays
            if bay.id != site.former.source
        ]
        for watts, phases in parts:
            net_w = [a + b for a, b in zip(net_w, site.per_phase(watts, phases), strict=True)]
        return net_w

    def obey(self, command: Command) -> None:
        """Do as commanded, at once and without fail; the next observation tells what really came of it."""
        before_w = self._net_w()
        self._told[command.role] = command.value
        circuit = wiring.circuit_of(command.role)
        if circuit in self._astray:
            pass
        elif circuit is not None:
            self._values[command.role] = bool(command.value)
            self._values[wiring.circuit_power(circuit)] = self._draws_w[circuit] if command.value else 0.0
        elif is_switch(command.role):
            self._values[command.role] = bool(command.value)
            if command.role == wiring.TIE_PERMIT and command.value and self._tie_obeys:
                self._reconnect()
        elif command.role.startswith("bays/"):
            bay = next(one for one in self._plain.bays if wiring.bay_power(one.id) == command.role)
            plugged = self._values.get(wiring.bay_state(bay.id)) is not BayState.UNPLUGGED
            self._values[command.role] = float(command.value) if plugged else 0.0
        moved_w = [after - before for after, before in zip(self._net_w(), before_w, strict=True)]
        if self._values[wiring.TIE_CLOSED_CONTACT]:
            self._values[wiring.GRID_POWER] += sum(moved_w)
        else:
            self._former_w = [watts + more for watts, more in zip(self._former_w, moved_w, strict=True)]

    def _reconnect(self) -> None:
        """The certified switch closes, and the grid carries what the former did."""
        self._values |= {wiring.TIE_CLOSED_CONTACT: True, wiring.TIE_OPEN_CONTACT: False}
        self._values[wiring.GRID_POWER] = sum(self._former_w)
        self._former_w = [0.0] * len(self._former_w)

    def readings(self, now_s: float) -> dict[Role, Reading[Any]]:
        """Everything, as of now."""
        told = {role: Reading(value, now_s, inf) for role, value in self._values.items() if value is not None}
        for index, watts in enumerate(self._former_w):
            told[wiring.former_phase_w(index)] = Reading(watts, now_s, inf)
        return told
