"""The devices of `images`, as units that a bench can serve: one for each product, as its maker describes it."""

import tomllib
from pathlib import Path
from typing import Any

from drivers.modbus.schema import ModbusProfile
from drivers.profile.load import available, load_raw, profile_for
from hems.model.wiring import DeviceSpec
from tests.drivers.bench import Bench, Unit, on_pty, on_tcp

FOLDER = Path(__file__).parent / "images"
PATHS = sorted(FOLDER.glob("*.toml"))
MODBUS = [name for name in available() if load_raw(name)["engine"] == "modbus"]
"""Every product of engine `modbus`; a new profile is among them by itself."""


def image(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


def product_of(path: Path) -> str:
    return image(path).get("profile", path.stem)


def path_of(product: str) -> Path:
    """The first image of a product."""
    return next(path for path in PATHS if product_of(path) == product)


def spec_of(path: Path, link: str = "tcp://192.0.2.1") -> DeviceSpec:
    product = product_of(path)
    kinds = load_raw(product)["link"]["kinds"]
    link = link if "tcp" in kinds or link.startswith("rtu") else "rtu:///dev/ttyUSB0"
    return DeviceSpec(id="box", driver="modbus", profile=product, link=link, params=image(path).get("params", {}))


def profile_of(path: Path) -> ModbusProfile:
    return profile_for(ModbusProfile, spec_of(path))


def bench_of(path: Path) -> Bench:
    """The device alone on its link."""
    unit = Unit()
    for table, blocks in image(path)["words"].items():
        for address, words in blocks.items():
            unit.put(table, int(address, 0), *words)
    return Bench(**{f"u{profile_of(path).link.unit_id}": unit})


def wire_of(path: Path):
    """TCP where the product has it."""
    return on_tcp if "tcp" in load_raw(product_of(path))["link"]["kinds"] else on_pty
