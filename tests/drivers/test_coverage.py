"""No line of a product is only believed: some image shows what each point reads as, and what each command sends."""

import re
from collections.abc import Iterable
from typing import Any

import pytest

from drivers.modbus.schema import ModbusProfile
from drivers.mqtt.schema import MqttProfile
from drivers.profile.load import available, every_variant, load_raw
from drivers.profile.schema import Profile
from drivers.sunspec.schema import SunSpecProfile
from tests.drivers import test_images as registers
from tests.drivers.mqtt import images as topics

MODELS: dict[str, Any] = {"modbus": ModbusProfile, "sunspec": SunSpecProfile, "mqtt": MqttProfile}


def images() -> dict[str, list[dict]]:
    """Every image by its product."""
    found: dict[str, list[dict]] = {name: [] for name in available()}
    for path in registers.IMAGES:
        found[registers.product_of(path)].append(registers.image(path))
    for path in topics.IMAGES:
        found[topics.image(path).product].append(topics.image(path).told)
    return found


IMAGES = images()


def variants(name: str) -> list[Profile]:
    return every_variant(MODELS[load_raw(name)["engine"]], name)


def ends_of_series(names: Iterable[str]) -> set[str]:
    """Of many commands that are numbered, the first and the last; the read-back shows that the others fit between."""
    series: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        stem, number = re.fullmatch(r"(.*?)(\d*)", name).groups()
        series.setdefault(stem if number else name, []).append((int(number or 0), name))
    return {name for numbered in series.values() for _, name in (min(numbered), max(numbered))}


@pytest.mark.parametrize("name", available())
def test_every_point_is_shown_by_an_image(name):
    points = {point for profile in variants(name) for point in profile.kinds() if not point.startswith("_")}
    shown = {point for told in IMAGES[name] for point in (*told.get("points", ()), *told.get("unknown", ()))}
    assert points - shown == set(), f"add them to [points] of an image of {name}"


@pytest.mark.parametrize("name", available())
def test_every_command_is_shown_by_an_image(name):
    commands = ends_of_series({command for profile in variants(name) for command in profile.write})
    shown = {command["name"] for told in IMAGES[name] for command in told.get("commands", ())}
    assert commands - shown == set(), f"add [[commands]] to an image of {name}"
