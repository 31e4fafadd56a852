"""Every place where the site file names a point of a device: which quantity it is, and in which direction it goes."""

from collections.abc import Iterator
from dataclasses import dataclass

from hems.config.problem import Path
from hems.config.schema import SiteTable
from hems.config.tables.connection import GridTable
from hems.config.tables.uses import BayTable
from hems.model import wiring
from hems.model.units import CircuitId, DeviceId, PanelId, PointId, SourceId
from hems.model.wiring import Port, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One quantity of the building at one port."""

    where: Path
    port: Port
    role: Role
    kind: str
    """`bool`, `float` or `str`."""
    reads: bool = True
    writes: bool = False


def wires(site: SiteTable) -> Iterator[Wire]:
    """All of them, in the order of the tables."""
    yield from _grid(site.grid)
    for panel_id, panel in site.panels.items():
        roles = [wiring.panel_phase_w(PanelId(panel_id), phase) for phase in range(3)]
        yield from _many(("panels", panel_id, "phase_power"), panel.phase_power, roles)
    yield from _tie(site)
    yield from _single(("former", "start"), site.former.start, wiring.FORMER_START, "bool", writes=True)
    yield from _single(("former", "wakes"), site.former.wakes, wiring.FORMER_WAKE, "bool")
    if site.generator is not None:
        own = site.generator
        yield from _single(("generator", "run"), own.run, wiring.GENERATOR_RUN, "bool", writes=True)
        yield from _single(("generator", "running"), own.running, wiring.GENERATOR_RUNNING, "bool")
        yield from _single(("generator", "power"), own.power, wiring.GENERATOR_POWER)
        yield from _single(("generator", "fuel"), own.fuel, wiring.GENERATOR_FUEL)
    yield from _single(("inputs", "fire_alarm"), site.inputs.fire_alarm, wiring.FIRE_ALARM, "bool")
    yield from _single(("inputs", "red_button"), site.inputs.red_button, wiring.RED_BUTTON, "bool")
    yield from _many(("former", "power"), site.former.power, [wiring.former_phase_w(phase) for phase in range(3)])
    yield from _voltage_points(site)
    yield from _batteries(site)
    for pv_id, pv in site.pvs.items():
        source = SourceId(pv_id)
        yield from _single(("pvs", pv_id, "power"), pv.power, wiring.pv_power(source))
        yield from _single(("pvs", pv_id, "limit"), pv.limit, wiring.pv_limit(source), reads=False, writes=True)
        yield from _single(("pvs", pv_id, "available"), pv.available, wiring.pv_available(source))
    for bay_id, bay in site.bays.items():
        yield from _bay(bay_id, bay)
    yield from _circuits(site)


def _single(
    where: Path, text: str | None, role: Role, kind: str = "float", *, reads: bool = True, writes: bool = False
) -> Iterator[Wire]:
    if text is not None:
        device, _, point = text.partition("/")
        yield Wire(where=where, port=Port(DeviceId(device), point), role=role, kind=kind, reads=reads, writes=writes)


def _many(where: Path, texts: list[str] | None, roles: list[Role]) -> Iterator[Wire]:
    for index, (text, role) in enumerate(zip(texts or [], roles, strict=False)):
        yield from _single((*where, index), text, role)


def _grid(grid: GridTable) -> Iterator[Wire]:
    yield from _single(("grid", "power"), grid.power, wiring.GRID_POWER)
    yield from _many(("grid", "phase_power"), grid.phase_power, [wiring.grid_phase_w(phase) for phase in range(3)])
    if grid.flexible is not None:
        where, own = ("grid", "flexible"), grid.flexible
        yield from _single((*where, "import_limit"), own.import_limit, wiring.IMPORT_LIMIT)
        yield from _single((*where, "export_limit"), own.export_limit, wiring.EXPORT_LIMIT)
        yield from _single((*where, "heartbeat"), own.heartbeat, wiring.LIMIT_HEARTBEAT)
        yield from _single((*where, "reduced"), own.reduced, wiring.REDUCED, "bool")


def _tie(site: SiteTable) -> Iterator[Wire]:
    tie = site.tie
    yield from _single(("tie", "closed_contact"), tie.closed_contact, wiring.TIE_CLOSED_CONTACT, "bool")
    yield from _single(("tie", "open_contact"), tie.open_contact, wiring.TIE_OPEN_CONTACT, "bool")
    yield from _single(("tie", "grid_connected"), tie.grid_connected, wiring.TIE_FLAG, "bool")
    yield from _single(("tie", "permit"), tie.permit, wiring.TIE_PERMIT, "bool", writes=True)
    yield from _single(("tie", "island"), tie.island, wiring.TIE_ISLAND, "bool", writes=True)


def _voltage_points(site: SiteTable) -> Iterator[Wire]:
    for point_id, point in site.voltage_points.items():
        where, place = ("voltage_points", point_id), PointId(point_id)
        yield from _many((*where, "volts"), point.volts, [wiring.voltage(place, phase) for phase in range(3)])
        yield from _single((*where, "hz"), point.hz, wiring.frequency(place))


def _batteries(site: SiteTable) -> Iterator[Wire]:
    for battery_id, battery in site.batteries.items():
        where, source = ("batteries", battery_id), SourceId(battery_id)
        yield from _single((*where, "power"), battery.power, wiring.battery_power(source))
        yield from _single((*where, "soc"), battery.soc, wiring.battery_soc(source))
        yield from _single((*where, "discharge_limit"), battery.discharge_limit, wiring.battery_limit(source))
        setpoint = wiring.battery_power(source)
        yield from _single((*where, "setpoint"), battery.setpoint, setpoint, reads=False, writes=True)


def _bay(bay_id: str, bay: BayTable) -> Iterator[Wire]:
    where, source = ("bays", bay_id), SourceId(bay_id)
    yield from _single((*where, "state"), bay.state, wiring.bay_state(source), "str")
    yield from _single((*where, "power"), bay.power, wiring.bay_power(source))
    yield from _single((*where, "soc"), bay.soc, wiring.bay_soc(source))
    yield from _single((*where, "capacity"), bay.capacity, wiring.bay_capacity(source))
    yield from _single((*where, "discharge_ready"), bay.discharge_ready, wiring.bay_discharge_ready(source), "bool")
    yield from _single((*where, "setpoint"), bay.setpoint, wiring.bay_power(source), reads=False, writes=True)
    yield from _single((*where, "three_phases"), bay.three_phases, wiring.bay_three_phases(source), "bool", writes=True)
    yield from _single((*where, "wake"), bay.wake, wiring.bay_wake(source), "bool", reads=False, writes=True)
    yield from _single((*where, "restart"), bay.restart, wiring.bay_restart(source), "bool", reads=False, writes=True)


def _circuits(site: SiteTable) -> Iterator[Wire]:
    for circuit_id, circuit in site.circuits.items():
        where, branch = ("circuits", circuit_id), CircuitId(circuit_id)
        yield from _single((*where, "switch"), circuit.switch, wiring.circuit_closed(branch), "bool", writes=True)
        yield from _single((*where, "hand_switch"), circuit.hand_switch, wiring.circuit_by_hand(branch), "bool")
        yield from _single((*where, "power"), circuit.power, wiring.circuit_power(branch))
        yield from _single((*where, "temperature"), circuit.temperature, wiring.circuit_temperature(branch))
