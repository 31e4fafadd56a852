"""Every Modbus product against registers written by hand from its maker's facts: wrong numbers show."""

import tomllib
from pathlib import Path

import pytest

from drivers.modbus import FACTORY
from drivers.profile.load import available, load_raw
from tests.drivers import given
from tests.drivers.bench import Bench, Site, Unit, on_pty, on_tcp, running

IMAGES = sorted((Path(__file__).parent / "images").glob("*.toml"))


def image(path: Path) -> dict:
    return tomllib.loads(path.read_text())


def product_of(path: Path) -> str:
    return image(path).get("profile", path.stem)


def test_every_modbus_product_has_an_image():
    engines = {name: load_raw(name)["engine"] for name in available()}
    assert {name for name, engine in engines.items() if engine == "modbus"} == {product_of(path) for path in IMAGES}


@pytest.mark.wire
@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.stem)
async def test_an_image_reads_as_its_maker_says(path):
    # given the device as its maker describes it
    told, product, site, unit = image(path), product_of(path), Site(), Unit()
    for table, blocks in told["words"].items():
        for address, words in blocks.items():
            unit.put(table, int(address, 0), *words)
    number = {"vestel-evc04": 255, "goodwe-et": 247}.get(product, 1)
    wire = on_tcp if "tcp" in load_raw(product)["link"]["kinds"] else on_pty
    async with wire(Bench(**{f"u{number}": unit})) as bench:
        spec = given.spec(bench, "box", product=product, **told.get("params", {}))
        assert FACTORY.check([spec]) == []
        # when it is polled
        async with running(FACTORY.open([spec], site.context)):
            await site.until(*(f"box/{point}" for point in [*told["points"], *told.get("unknown", {})]))
    # then each point is what it should be, or unknown for the right reason
    assert {point: site.value(f"box/{point}") for point in told["points"]} == {
        point: pytest.approx(value, rel=1e-6) if isinstance(value, float) else value
        for point, value in told["points"].items()
    }
    for point, reason in told.get("unknown", {}).items():
        assert site.value(f"box/{point}") is None
        assert reason in site.latest[f"box/{point}"].reason
