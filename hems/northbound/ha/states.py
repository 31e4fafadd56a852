"""A picture as Home Assistant gets it.  What is not known is null, which Home Assistant shows as unknown."""

from typing import Any

from hems.model.mode import Bus, Grid
from hems.model.picture import AlarmPicture, CircuitPicture, Picture
from hems.model.units import HOUR_S
from hems.northbound.ha.entities import MOST_HOURS
from hems.northbound.latest import names_in
from hems.wording import mode_words, priority_word, sentence
from hems.wording.language import say

LONGEST_STATE = 250
"""Letters; Home Assistant takes 255."""


def at_once(picture: Picture) -> dict[str, Any]:
    """What is told when it changes."""
    told: dict[str, Any] = {
        "mode": mode_words(picture.mode),
        "outage": picture.outage_for_s is not None,
        "grid_good": None if picture.grid is Grid.UNKNOWN else picture.grid in (Grid.GOOD, Grid.QUALIFYING),
        "next_off": _cut(", ".join(one.name for one in picture.circuits if one.due)) or say("nothing"),
        "alarms": len(picture.alarms),
        "urgent": any(one.priority == "HIGH" for one in picture.alarms),
    }
    for circuit in picture.circuits:
        told[f"circuit_{circuit.id}_on"] = _on(circuit, picture.bus)
        kept = "auto" if circuit.override_on is None else "on" if circuit.override_on else "off"
        told[f"circuit_{circuit.id}_keep"] = kept
    for car in picture.cars:
        told[f"bay_{car.id}_plugged"] = None if car.state is None else car.state.has_car
        told[f"bay_{car.id}_keeps_pct"] = car.floor_pct
        leaves_s = car.leaves_in_s
        half_hours = None if leaves_s is None else min(MOST_HOURS, round(leaves_s / HOUR_S * 2.0) / 2.0)
        told[f"bay_{car.id}_leaves_h"] = half_hours
    return told


def _on(circuit: CircuitPicture, bus: Bus) -> bool | None:
    """What its switch says; what has none has power whenever the building has."""
    if circuit.switchable or circuit.closed is not None:
        return circuit.closed
    return {Bus.LIVE: True, Bus.DEAD: False}.get(bus)


def every_few_seconds(picture: Picture) -> dict[str, Any]:
    """Numbers that never rest."""
    told = {
        "grid_w": _whole(picture.grid_w),
        "load_w": _whole(picture.load_w),
        "pv_w": _whole(picture.pv_w),
        "battery_w": _whole(picture.battery_w),
        "battery_soc_pct": _whole(picture.battery_soc_pct),
        "cars_w": _whole(picture.cars_w),
        "stored_wh": _whole(picture.stored_wh),
        "essential_h": None if picture.essential_hours is None else _hours(picture.essential_hours[1]),
    }
    told |= {f"circuit_{one.id}_w": _whole(one.power_w) for one in picture.circuits}
    told |= {f"bay_{one.id}_w": _whole(one.power_w) for one in picture.cars}
    return told | {f"bay_{one.id}_soc_pct": _whole(one.soc_pct) for one in picture.cars}


def standing(picture: Picture) -> dict[str, Any]:
    """The alarms in sentences, the most urgent first as on the screen."""
    names = names_in(picture)
    return {"standing": [f"{priority_word(one.priority)}: {_said(one, names)}" for one in picture.alarms]}


def _said(alarm: AlarmPicture, names: dict[str, str]) -> str:
    return sentence(alarm.cause, alarm.subject, names)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _hours(value: float) -> float | None:
    """For ever is no number that anybody can show."""
    return round(value, 1) if value < float("inf") else None


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_STATE else f"{text[: LONGEST_STATE - 3]}..."
