"""What announces the building to Home Assistant, and what takes back what is no longer there."""

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from hems.config.tables.outward import HomeAssistantTable
from hems.northbound.ha.entities import FAST, SLOW, Entity

STATUS = "status"
"""Topic that says whether anything told is of now."""
ALIVE, GONE = "online", "offline"
BUTTON_PRESSED = "press"


def node(table: HomeAssistantTable) -> str:
    """The building's name in topics of discovery and in identifiers."""
    return table.topic.replace("/", "_")


def announced(table: HomeAssistantTable, site: str, found: Iterable[Entity]) -> dict[str, str]:
    """The messages of discovery, by topic; all of them are retained."""
    if table.discovery == "device":
        parts = {one.key: {"platform": one.platform, **_config(table, one)} for one in found}
        whole = {**_shared(table, site), "components": parts}
        return {device_topic(table): json.dumps(whole)}
    return {
        single_topic(table, one.platform, one.key): json.dumps({**_shared(table, site), **_config(table, one)})
        for one in found
    }


def withdrawn(table: HomeAssistantTable, told: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """What must be sent so that Home Assistant forgets what was announced earlier and is not any more.

    `told` is what the broker has kept, `now` what is announced today.
    """
    empty = {topic: "" for topic, payload in told.items() if topic not in now and payload}
    own = device_topic(table)
    if own not in told or own not in now:
        return empty
    kept, parts = _parts(now[own]), _parts(told[own])
    old = {key: {"platform": part.get("platform", "sensor")} for key, part in parts.items() if key not in kept}
    if not old:
        return empty
    # a part of which nothing but its platform is said is one that goes
    return {**empty, own: json.dumps({**json.loads(now[own]), "components": {**kept, **old}})}


def _parts(payload: str) -> Mapping[str, Any]:
    try:
        parts = json.loads(payload)["components"]
    except (ValueError, KeyError, TypeError):
        return {}
    return parts if isinstance(parts, dict) else {}


def device_topic(table: HomeAssistantTable) -> str:
    """Where the whole building is announced in one message."""
    return f"{table.prefix}/device/{node(table)}/config"


def single_topic(table: HomeAssistantTable, platform: str, key: str) -> str:
    """Where one entity is announced; `+` for any."""
    return f"{table.prefix}/{platform}/{node(table)}/{key}/config"


def _shared(table: HomeAssistantTable, site: str) -> dict[str, Any]:
    return {
        "device": {
            "identifiers": [f"hems_{node(table)}"],
            "name": site,
            "manufacturer": "hems",
            "model": "Building energy controller",
            "sw_version": version("hems"),
        },
        "origin": {"name": "hems", "sw_version": version("hems")},
        "availability": [{"topic": f"{table.topic}/{STATUS}"}],
        "qos": 1,
    }


def _config(table: HomeAssistantTable, one: Entity) -> dict[str, Any]:
    config: dict[str, Any] = {"name": one.name, "unique_id": f"hems_{node(table)}_{one.key}"}
    if one.told in (FAST, SLOW):
        config |= {"state_topic": f"{table.topic}/{one.told}", "value_template": f"{{{{ value_json.{one.key} }}}}"}
    elif one.told is not None:
        config["state_topic"] = f"{table.topic}/{one.told}"
    if one.asked is not None:
        config["command_topic"] = f"{table.topic}/{one.asked}"
    if one.platform == "binary_sensor":
        config |= {"payload_on": "True", "payload_off": "False"}
    if one.platform == "button":
        config["payload_press"] = BUTTON_PRESSED
    return config | {key: _full(table, value) for key, value in one.more.items()}


def _full(table: HomeAssistantTable, value: Any) -> Any:  # noqa: ANN401  (any JSON)
    return value.replace("~/", f"{table.topic}/") if isinstance(value, str) else value
