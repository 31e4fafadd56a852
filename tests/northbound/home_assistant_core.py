"""Runs in the Python of Home Assistant, not in ours: its real core with its real MQTT integration, and nothing else.

Each line on standard input is one JSON request: {"do": "states"}, {"do": "devices"} or
{"do": "call", "domain": "select", "service": "select_option", "data": {..}}.  Each answer is one line of JSON.
"""

import asyncio
import json
import logging
import os
import pathlib
import sys
from types import SimpleNamespace

from homeassistant import bootstrap, config_entries, loader
from homeassistant.const import __version__
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry, entity_registry
from homeassistant.setup import async_setup_component

ENTRY = {
    "entry_id": "01",
    "version": 1,
    "minor_version": 1,
    "domain": "mqtt",
    "title": "broker",
    "options": {},
    "pref_disable_new_entities": False,
    "pref_disable_polling": False,
    "source": "user",
    "unique_id": None,
    "disabled_by": None,
}


def answer(value):
    print(json.dumps(value), flush=True)


async def main(folder):
    hass = HomeAssistant(folder)
    hass.config.config_dir, hass.config.skip_pip = folder, True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    assert await async_setup_component(hass, "homeassistant", {})
    hass.http = SimpleNamespace(register_view=lambda view: None)
    for one in ("http", "file_upload", "websocket_api"):  # for its own screens, which nobody opens here
        hass.config.components.add(one)
    assert await async_setup_component(hass, "mqtt", {}), "mqtt was not set up"
    await hass.async_start()
    await hass.async_block_till_done()
    answer({"version": __version__})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        if asked["do"] == "states":
            answer({one.entity_id: [one.state, dict(one.attributes)] for one in hass.states.async_all()})
        elif asked["do"] == "devices":
            devices = device_registry.async_get(hass).devices.values()
            found = entity_registry.async_get(hass).entities.values()
            answer(
                {"devices": [one.name for one in devices], "entities": {one.unique_id: one.entity_id for one in found}}
            )
        elif asked["do"] == "call":
            await hass.services.async_call(asked["domain"], asked["service"], asked["data"], blocking=True)
            answer({})
    await hass.async_stop(force=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    where, broker = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    store = where / ".storage"
    store.mkdir(parents=True, exist_ok=True)
    entry = {**ENTRY, "data": {"broker": "127.0.0.1", "port": broker}}
    entry |= {
        "created_at": "2026-01-01T00:00:00+00:00",
        "modified_at": "2026-01-01T00:00:00+00:00",
        "discovery_keys": {},
    }
    kept = {"version": 1, "minor_version": 1, "key": "core.config_entries", "data": {"entries": [entry]}}
    (store / "core.config_entries").write_text(json.dumps(kept))
    (where / "configuration.yaml").touch()
    asyncio.run(main(os.fspath(where)))
