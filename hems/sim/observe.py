"""The plant by the building's own words: every role, without any device in between, for fast-forward."""

from collections.abc import Callable
from weakref import WeakKeyDictionary

from hems.model import wiring
from hems.model.site import Location, Site, VoltagePoint
from hems.model.wiring import Role
from hems.sim.plant import Plant

Value = bool | float | str
Getter = Callable[[Plant], Value | None]

_views: WeakKeyDictionary[Plant, tuple[tuple[Role, Getter], ...]] = WeakKeyDictionary()
"""What to ask each plant; built once, because a simulated year asks thirty million times.  No getter holds it."""


def observe(plant: Plant, site: Site) -> dict[Role, Value]:
    """Every role of `site` that can be known now; a bay without a car has no state of charge.

    `site` is what hems believes is installed; the plant may have been built from another description of the same
    building, as on a bench, as long as both use the same names.
    """
    view = _views.get(plant)
    if view is None:
        view = _views[plant] = tuple(_getters(plant, site).items())
    return {role: value for role, get in view if (value := get(plant)) is not None}


def actuate(plant: Plant, role: Role, value: bool | float) -> None:
    """Do what a device wired to `role` would do.  Raises: KeyError when nothing in the plant can be told so."""
    act = _act(plant, role)
    act(value)


def _act(plant: Plant, role: Role) -> Callable[[bool | float], None]:
    if role == wiring.TIE_PERMIT:
        return lambda value: plant.set_permit(bool(value))
    if role == wiring.TIE_ISLAND:
        return lambda value: plant.ask_apart(bool(value))
    if role == wiring.FORMER_START:
        return lambda value: plant.start_former(bool(value))
    if role == wiring.GENERATOR_RUN and plant.engine is not None:
        return lambda value: plant.run_generator(lambda engine: engine.ask(bool(value)))
    for circuit in plant.circuits:
        if role == wiring.circuit_closed(circuit):
            return lambda value: plant.switch(circuit, bool(value))
    for bay in plant.bays:
        if role == wiring.bay_power(bay):
            return lambda value: plant.set_bay_power(bay, float(value))
        if role == wiring.bay_three_phases(bay):
            return lambda value: plant.bays[bay].use_phases(bool(value))
    for pv in plant.pvs:
        if role == wiring.pv_limit(pv):
            return lambda value: plant.limit_pv(pv, float(value))
    for battery in plant.batteries:
        if role == wiring.battery_power(battery):
            return lambda value: plant.set_battery_power(battery, float(value))
    raise KeyError(role)


def _getters(plant: Plant, site: Site) -> dict[Role, Getter]:
    getters: dict[Role, Getter] = {
        wiring.TIE_CLOSED_CONTACT: lambda plant: plant.closed_contact,
        wiring.TIE_OPEN_CONTACT: lambda plant: plant.open_contact,
        wiring.TIE_FLAG: lambda plant: plant.tie.connects,
        wiring.TIE_PERMIT: lambda plant: plant.permit,
        wiring.GRID_POWER: lambda plant: plant.grid_w,
    }
    for index in range(len(site.phases)):
        getters[wiring.former_phase_w(index)] = _former_w(index)
        for point in site.voltage_points:
            getters[wiring.voltage(point.id, index)] = _volts(point, index)
    for point in site.voltage_points:
        getters[wiring.frequency(point.id)] = _hertz(point)
    return getters | _inputs(plant, site) | _loads(plant, site) | _sources(plant, site)


def _inputs(plant: Plant, site: Site) -> dict[Role, Getter]:
    getters: dict[Role, Getter] = {wiring.FORMER_WAKE: lambda plant: plant.contacts.dark_start}
    if site.has_fire_alarm:
        getters[wiring.FIRE_ALARM] = lambda plant: plant.contacts.fire_alarm
    if site.has_red_button:
        getters[wiring.RED_BUTTON] = lambda plant: plant.contacts.red_button
    engine = plant.engine
    if engine is not None and site.generator is not None:
        getters[wiring.GENERATOR_RUN] = _attribute(engine, "asked")
        getters[wiring.GENERATOR_RUNNING] = _attribute(engine, "running")
        getters[wiring.GENERATOR_POWER] = _attribute(engine, "power_w")
    return getters


def _loads(plant: Plant, site: Site) -> dict[Role, Getter]:
    getters: dict[Role, Getter] = {}
    for spec in site.circuits:
        circuit = plant.circuits[spec.id]
        if spec.switchable:
            getters[wiring.circuit_closed(spec.id)] = _attribute(circuit, "told")
        getters[wiring.circuit_power(spec.id)] = _attribute(circuit, "power_w")
    return getters


def _sources(plant: Plant, site: Site) -> dict[Role, Getter]:
    getters: dict[Role, Getter] = {}
    for battery in site.batteries:
        getters[wiring.battery_power(battery.id)] = _attribute(plant.batteries[battery.id], "power_w")
        getters[wiring.battery_soc(battery.id)] = _attribute(plant.batteries[battery.id], "told_pct")
    for pv in site.pvs:
        getters[wiring.pv_power(pv.id)] = _attribute(plant.pvs[pv.id], "power_w")
    for bay_id, bay in ((spec.id, plant.bays[spec.id]) for spec in site.bays):
        getters[wiring.bay_state(bay_id)] = _attribute(bay, "state")
        getters[wiring.bay_power(bay_id)] = _attribute(bay, "power_w")
        getters[wiring.bay_soc(bay_id)] = _attribute(bay, "soc_pct")
        getters[wiring.bay_capacity(bay_id)] = _attribute(bay, "capacity_wh")
        getters[wiring.bay_discharge_ready(bay_id)] = _attribute(bay, "discharge_ready")
        getters[wiring.bay_three_phases(bay_id)] = _attribute(bay, "three")
    return getters


def _attribute(part: object, name: str) -> Getter:
    def get(_: Plant) -> Value | None:
        value: Value | None = getattr(part, name)
        return value

    return get


def _former_w(index: int) -> Getter:
    return lambda plant: plant.former_phase_w[index]


def _upstream(point: VoltagePoint, plant: Plant) -> bool:
    """Where it really is."""
    return point.location is Location.UTILITY and point.id not in plant.misplaced


def _volts(point: VoltagePoint, index: int) -> Getter:
    return lambda plant: (plant.utility_v if _upstream(point, plant) else plant.bus_v)[index]


def _hertz(point: VoltagePoint) -> Getter:
    return lambda plant: plant.utility_hz if _upstream(point, plant) else plant.bus_hz
