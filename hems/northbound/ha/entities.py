"""What Home Assistant is shown of a building: one entity for each value and each thing that can be asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hems.model.picture import CarPicture, CircuitPicture, Picture
from hems.model.site import Tier
from hems.wording.language import say

FAST, SLOW = "state", "power"
"""Topics of states: what is told at once, and what is told every few seconds."""
MOST_HOURS, MOST_MINUTES = 72, 480


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity."""

    platform: str
    """`sensor`, `select` ..."""
    key: str
    """Unique in the building; also its name in the JSON of its topic."""
    name: str
    told: str | None
    """Topic of its state below the building's; None for one without a state."""
    asked: str | None = None
    """Topic of its commands below the building's."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Other keys, as Home Assistant names them."""


def entities(picture: Picture, *, commands: bool) -> tuple[Entity, ...]:
    """Everything of one building."""
    found = [*_building(picture)]
    for circuit in picture.circuits:
        found += _circuit(circuit, commands=commands)
    for car in picture.cars:
        found += _car(car, commands=commands)
    return tuple([*found, *_asked()] if commands else found)


def _building(picture: Picture) -> Iterator[Entity]:
    yield Entity("sensor", "mode", say("Mode"), FAST, more={"icon": "mdi:home-lightning-bolt"})
    yield Entity("binary_sensor", "outage", say("Power cut"), FAST, more={"device_class": "problem"})
    yield Entity("binary_sensor", "grid_good", say("Grid"), FAST, more={"device_class": "power"})
    yield Entity("sensor", "next_off", say("Goes off next"), FAST, more={"icon": "mdi:power-plug-off"})
    yield Entity(
        "sensor", "alarms", say("Alarms"), FAST, more={"icon": "mdi:alert", "json_attributes_topic": "~/alarms"}
    )
    yield Entity("binary_sensor", "urgent", say("Urgent alarm"), FAST, more={"device_class": "problem"})
    yield Entity("sensor", "answer", say("Last answer"), "answer", more={"icon": "mdi:message-text", **DIAGNOSTIC})
    yield _watts("grid_w", say("From the grid"))
    yield _watts("load_w", say("Use"))
    if picture.pv_rated_w:
        yield _watts("pv_w", say("Sun power"))
    if picture.battery_capacity_wh:
        yield _watts("battery_w", say("From the battery"))
        yield _percent("battery_soc_pct", say("Battery"))
    if picture.cars:
        yield _watts("cars_w", say("From cars"))
    stored = {"device_class": "energy_storage", "unit_of_measurement": "Wh", "state_class": "measurement"}
    yield Entity("sensor", "stored_wh", say("Stored"), SLOW, more=stored)
    lasts = {"device_class": "duration", "unit_of_measurement": "h", "state_class": "measurement"}
    yield Entity(
        "sensor", "essential_h", say("Essential circuits last"), SLOW, more=lasts | {"suggested_display_precision": 1}
    )


def _circuit(one: CircuitPicture, *, commands: bool) -> Iterator[Entity]:
    key = f"circuit_{one.id}"
    yield Entity("binary_sensor", f"{key}_on", one.name, FAST, more={"device_class": "power"})
    yield _watts(f"{key}_w", say("{name} power", name=one.name))
    if commands and one.switchable and one.tier is not Tier.LIFE_SAFETY:
        choices = {"options": ["auto", "on", "off"], "icon": "mdi:hand-back-right"}
        yield Entity(
            "select", f"{key}_keep", say("{name} by hand", name=one.name), FAST, f"ask/circuit/{one.id}", choices
        )


def _car(one: CarPicture, *, commands: bool) -> Iterator[Entity]:
    key, asked = f"bay_{one.id}", f"ask/bay/{one.id}"
    yield Entity(
        "binary_sensor", f"{key}_plugged", say("{name} car", name=one.name), FAST, more={"device_class": "plug"}
    )
    yield _watts(f"{key}_w", say("{name} power", name=one.name))
    yield _percent(f"{key}_soc_pct", say("{name} charge", name=one.name))
    if not commands:
        return
    yield Entity(
        "button",
        f"{key}_leaving",
        say("{name} leaves now", name=one.name),
        None,
        f"{asked}/leaving",
        {"icon": "mdi:car-arrow-right"},
    )
    keeps = {"min": 0, "max": 100, "step": 1, "unit_of_measurement": "%", "mode": "box"}
    yield Entity("number", f"{key}_keeps_pct", say("{name} keeps", name=one.name), FAST, f"{asked}/keeps_pct", keeps)
    leaves = {"min": 0, "max": MOST_HOURS, "step": 0.5, "unit_of_measurement": "h", "mode": "box"}
    yield Entity("number", f"{key}_leaves_h", say("{name} leaves in", name=one.name), FAST, f"{asked}/leaves_h", leaves)
    code = {"mode": "password", "min": 0, "max": 32, "icon": "mdi:form-textbox-password"}
    yield Entity("text", f"{key}_code", say("{name} code", name=one.name), None, f"{asked}/code", code)


def _asked() -> Iterator[Entity]:
    minutes = {"min": 1, "max": MOST_MINUTES, "step": 1, "unit_of_measurement": "min", "mode": "box"}
    minutes |= {"entity_category": "config", "icon": "mdi:timer-sand"}
    yield Entity("number", "minutes", say("By hand for"), "minutes", "ask/minutes", minutes)
    yield Entity("button", "seen", say("Alarms seen"), None, "ask/seen", {"icon": "mdi:eye-check"})


DIAGNOSTIC = {"entity_category": "diagnostic"}


def _watts(key: str, name: str) -> Entity:
    more = {"device_class": "power", "unit_of_measurement": "W", "state_class": "measurement"}
    return Entity("sensor", key, name, SLOW, more=more | {"suggested_display_precision": 0})


def _percent(key: str, name: str) -> Entity:
    more = {"device_class": "battery", "unit_of_measurement": "%", "state_class": "measurement"}
    return Entity("sensor", key, name, SLOW, more=more | {"suggested_display_precision": 0})
