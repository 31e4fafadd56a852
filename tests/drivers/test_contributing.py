"""The product that CONTRIBUTING shows is a good one, and its image reads as the page says."""

import re
import tomllib

import pytest

from drivers.modbus.codec import decode
from drivers.modbus.place import layout_of
from drivers.modbus.schema import ModbusProfile
from drivers.profile import point
from drivers.profile.load import parse


def test_the_example_is_valid_and_its_image_reads_as_it_says(checkout):
    page = (checkout / "CONTRIBUTING.md").read_text(encoding="utf-8")
    profile, image, commands = (tomllib.loads(text) for text in re.findall(r"```toml\n(.*?)```", page, re.DOTALL))
    layout = layout_of(parse(ModbusProfile, profile, {}))
    words = {int(address): registers for address, registers in image["words"]["holding"].items()}
    for name, value in image["points"].items():
        placed = layout.points[name]
        raw = decode(placed.register.coding, words[placed.register.address])
        assert point.decode(placed.spec, raw).value == pytest.approx(value)
    assert set(commands["commands"][0]) == {"name", "value", "sent", "fate"}
