"""The plant by the building's own words: every role, without any device in between, for fast-forward."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from operator import attrgetter
from typing import Any
from weakref import WeakKeyDictionary

from hems.control.dispatch import panels
from hems.model import wiring
from hems.model.site import Bay, Circuit, Location, Panel, Site
from hems.model.wiring import Role
from hems.sim.plant import Plant

Value = bool | float | str
See = Callable[[Plant], Iterable[Value | None]]
Look = tuple[tuple[Role, ...], See]
"""Some roles, and how to see all of them at once."""

_views: WeakKeyDictionary[Plant, tuple[list[Role], list[See]]] = WeakKeyDictionary()
"""What to ask each plant; built once, because a simulated year asks thirty million times.  No look holds it."""


def observe(plant: Plant, site: Site) -> dict[Role, Value]:
    """Every role of `site` that can be known now; a bay without a car has no state of charge.

    `site` is what hems believes is installed; the plant may have been built from another description of the same
    building, as on a bench, as long as both use the same names.
    """
    view = _views.get(plant)
    if view is None:
        looks = list(_looks(plant, site))
        view = _views[plant] = [role for mine, _ in looks for role in mine], [see for _, see in looks]
    roles, sees = view
    seen = dict(zip(roles, chain.from_iterable([see(plant) for see in sees]), strict=True))
    return {role: value for role, value in seen.items() if value is not None}


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


_UTILITY = (wiring.IMPORT_LIMIT, wiring.EXPORT_LIMIT, wiring.LIMIT_HEARTBEAT, wiring.REDUCED)


def _looks(plant: Plant, site: Site) -> Iterator[Look]:
    tie = (wiring.TIE_CLOSED_CONTACT, wiring.TIE_OPEN_CONTACT, wiring.TIE_FLAG, wiring.TIE_PERMIT)
    yield tie, lambda plant: (plant.closed_contact, plant.open_contact, plant.tie.connects, plant.permit)
    yield (wiring.GRID_POWER, wiring.FORMER_WAKE), lambda plant: (plant.grid_w, plant.contacts.dark_start)
    phases = range(len(site.phases))
    yield tuple(wiring.former_phase_w(index) for index in phases), lambda plant: plant.former_phase_w
    yield _voltages(site)
    yield from (_panel(panel, site) for panel in site.panels)
    if site.grid.flexible is not None:
        yield _UTILITY, lambda plant: plant.utility.told
    if site.has_fire_alarm:
        yield (wiring.FIRE_ALARM,), lambda plant: (plant.contacts.fire_alarm,)
    if site.has_red_button:
        yield (wiring.RED_BUTTON,), lambda plant: (plant.contacts.red_button,)
    if plant.engine is not None and site.generator is not None:
        engine = [(wiring.GENERATOR_RUN, "asked"), (wiring.GENERATOR_RUNNING, "running")]
        for role, name in (*engine, (wiring.GENERATOR_POWER, "power_w")):
            yield (role,), _each([plant.engine], name)
    yield from _loads(plant, site)
    yield from _sources(plant, site)


def _voltages(site: Site) -> Look:
    """What the voltage points show; some are not where the site file says."""
    points = site.voltage_points
    phases = range(len(site.phases))
    roles = [(*(wiring.voltage(one.id, index) for index in phases), wiring.frequency(one.id)) for one in points]

    def look(plant: Plant) -> list[float]:
        grid, bus = (*plant.utility_v, plant.utility_hz), (*plant.bus_v, plant.bus_hz)
        upstream = [one.location is Location.UTILITY and one.id not in plant.misplaced for one in points]
        return [value for is_grid in upstream for value in (grid if is_grid else bus)]

    return tuple(role for point in roles for role in point), look


def _panel(panel: Panel, site: Site) -> Look:
    """What flows through a sub-panel to all that hangs on it, by way of others too."""
    parts: list[Circuit | Bay] = [*site.circuits, *site.bays]
    behind = frozenset(str(one.id) for one in parts if panel.id in panels.way(site, one.panel))
    roles = tuple(wiring.panel_phase_w(panel.id, index) for index in range(len(site.phases)))
    return roles, lambda plant: plant.drawn_phase_w(behind)


def _loads(plant: Plant, site: Site) -> Iterator[Look]:
    switched = [one.id for one in site.circuits if one.switchable]
    yield tuple(map(wiring.circuit_closed, switched)), _each([plant.circuits[one] for one in switched], "told")
    drawn = [one.id for one in site.circuits]
    yield tuple(map(wiring.circuit_power, drawn)), _each([plant.circuits[one] for one in drawn], "power_w")


def _sources(plant: Plant, site: Site) -> Iterator[Look]:
    batteries = [one.id for one in site.batteries]
    for of_battery, name in ((wiring.battery_power, "power_w"), (wiring.battery_soc, "told_pct")):
        yield tuple(map(of_battery, batteries)), _each([plant.batteries[one] for one in batteries], name)
    pvs, bays = [one.id for one in site.pvs], [one.id for one in site.bays]
    yield tuple(map(wiring.pv_power, pvs)), _each([plant.pvs[one] for one in pvs], "power_w")
    for of_bay, name in (
        (wiring.bay_state, "state"),
        (wiring.bay_power, "power_w"),
        (wiring.bay_soc, "soc_pct"),
        (wiring.bay_capacity, "capacity_wh"),
        (wiring.bay_discharge_ready, "discharge_ready"),
        (wiring.bay_three_phases, "three"),
    ):
        yield tuple(map(of_bay, bays)), _each([plant.bays[one] for one in bays], name)


def _each(parts: Iterable[Any], name: str) -> Callable[[Plant], list[Value | None]]:
    """The same quantity of several parts, which belong to the plant for good."""
    parts, quantity = tuple(parts), attrgetter(name)
    return lambda _: list(map(quantity, parts))
