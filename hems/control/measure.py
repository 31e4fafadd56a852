"""From the latest reading of every role to one typed snapshot: the process image of a tick."""

from collections.abc import Callable, Mapping
from typing import Any

from hems.model import wiring
from hems.model.command import Command, Outcome
from hems.model.reading import Quality, Reading, missing
from hems.model.request import Asked
from hems.model.site import Site
from hems.model.snapshot import (
    BatteryReading,
    BayReading,
    BayState,
    CircuitReading,
    DeviceHealth,
    GeneratorReading,
    LimitReading,
    Snapshot,
    TieReading,
    VoltageReading,
)
from hems.model.units import DeviceId
from hems.model.wiring import Role

Latest = Mapping[Role, Reading[Any]]
Get = Callable[[Role, Reading[Any]], Reading[Any]]
NEVER: Reading[Any] = missing()
STATES: Mapping[Any, BayState] = {one.value: one for one in BayState}


def bay_reading(latest: Latest, roles: Mapping[str, Role]) -> BayReading:
    """One bay; a state no charger should know is an invalid reading, not an empty bay."""
    get: Get = latest.get
    return BayReading(
        state=_bay_state(get(roles["state"], NEVER)),
        power_w=get(roles["power_w"], NEVER),
        soc_pct=get(roles["soc_pct"], NEVER),
        capacity_wh=get(roles["capacity_wh"], NEVER),
        discharge_ready=get(roles["discharge_ready"], NEVER),
        three_phases=get(roles["three_phases"], NEVER),
    )


def _bay_state(reading: Reading[Any]) -> Reading[BayState]:
    state = STATES.get(reading.value)
    if state is not None:
        return Reading(state, reading.taken_s, reading.stale_after_s, reading.quality, reading.reason)
    quality = Quality.MISSING if reading.quality is Quality.MISSING else Quality.INVALID
    return Reading(None, reading.taken_s, reading.stale_after_s, quality, reading.reason or "no such state")


def _tie(get: Get) -> TieReading:
    return TieReading(
        closed_contact=get(wiring.TIE_CLOSED_CONTACT, NEVER),
        open_contact=get(wiring.TIE_OPEN_CONTACT, NEVER),
        grid_connected=get(wiring.TIE_FLAG, NEVER),
        permit=get(wiring.TIE_PERMIT, NEVER),
    )


def _limits(get: Get) -> LimitReading:
    return LimitReading(
        import_w=get(wiring.IMPORT_LIMIT, NEVER),
        export_w=get(wiring.EXPORT_LIMIT, NEVER),
        heartbeat=get(wiring.LIMIT_HEARTBEAT, NEVER),
        reduced=get(wiring.REDUCED, NEVER),
    )


class Measure:
    """The roles of one site, spelled once, so that a tick only looks them up."""

    def __init__(self, site: Site) -> None:
        phases = range(len(site.phases))
        self._former = tuple(wiring.former_phase_w(index) for index in phases)
        self._panels = {one.id: tuple(wiring.panel_phase_w(one.id, index) for index in phases) for one in site.panels}
        self._grid = tuple(wiring.grid_phase_w(index) for index in phases)
        self._points = {
            point.id: (tuple(wiring.voltage(point.id, index) for index in phases), wiring.frequency(point.id))
            for point in site.voltage_points
        }
        self._circuits = {
            one.id: (
                wiring.circuit_closed(one.id),
                wiring.circuit_power(one.id),
                wiring.circuit_temperature(one.id),
                wiring.circuit_by_hand(one.id),
            )
            for one in site.circuits
        }
        self._batteries = {
            one.id: (wiring.battery_power(one.id), wiring.battery_soc(one.id), wiring.battery_limit(one.id))
            for one in site.batteries
        }
        self._pvs = {one.id: wiring.pv_power(one.id) for one in site.pvs}
        self._suns = {one.id: wiring.pv_available(one.id) for one in site.pvs}
        self._bays = {
            one.id: {
                "state": wiring.bay_state(one.id),
                "power_w": wiring.bay_power(one.id),
                "soc_pct": wiring.bay_soc(one.id),
                "capacity_wh": wiring.bay_capacity(one.id),
                "discharge_ready": wiring.bay_discharge_ready(one.id),
                "three_phases": wiring.bay_three_phases(one.id),
            }
            for one in site.bays
        }

    def snapshot(
        self,
        latest: Latest,
        *,
        devices: Mapping[DeviceId, DeviceHealth] | None = None,
        faults: Mapping[str, str] | None = None,
        watched_only: frozenset[Role] = frozenset(),
        outcomes: tuple[Outcome, ...] = (),
        fired: tuple[Command, ...] = (),
        requests: tuple[Asked, ...] = (),
        local_h: float | None = None,
    ) -> Snapshot:
        """All that is known now.  `latest` is read, not kept."""
        get: Get = latest.get
        return Snapshot(
            tie=_tie(get),
            voltages={
                point: VoltageReading(volts=tuple(get(role, NEVER) for role in volts), hertz=get(hertz, NEVER))
                for point, (volts, hertz) in self._points.items()
            },
            fire_alarm=get(wiring.FIRE_ALARM, NEVER),
            red_button=get(wiring.RED_BUTTON, NEVER),
            former_wakes=get(wiring.FORMER_WAKE, NEVER),
            generator=GeneratorReading(
                running=get(wiring.GENERATOR_RUNNING, NEVER),
                power_w=get(wiring.GENERATOR_POWER, NEVER),
                fuel_pct=get(wiring.GENERATOR_FUEL, NEVER),
            ),
            grid_w=get(wiring.GRID_POWER, NEVER),
            grid_phase_w=tuple(get(role, NEVER) for role in self._grid),
            panels={panel: tuple(get(role, NEVER) for role in roles) for panel, roles in self._panels.items()},
            limits=_limits(get),
            former_phase_w=tuple(get(role, NEVER) for role in self._former),
            circuits={
                circuit: CircuitReading(
                    closed=get(closed, NEVER),
                    power_w=get(power_w, NEVER),
                    temp_c=get(temp_c, NEVER),
                    by_hand=get(by_hand, NEVER),
                )
                for circuit, (closed, power_w, temp_c, by_hand) in self._circuits.items()
            },
            batteries={
                battery: BatteryReading(
                    power_w=get(power_w, NEVER), soc_pct=get(soc_pct, NEVER), discharge_max_w=get(limit_w, NEVER)
                )
                for battery, (power_w, soc_pct, limit_w) in self._batteries.items()
            },
            pvs={pv: get(power_w, NEVER) for pv, power_w in self._pvs.items()},
            suns={pv: latest[role] for pv, role in self._suns.items() if role in latest},
            bays={bay: bay_reading(latest, roles) for bay, roles in self._bays.items()},
            devices=devices or {},
            faults=faults or {},
            watched_only=watched_only,
            outcomes=outcomes,
            fired=fired,
            requests=requests,
            local_h=local_h,
        )
