"""Devices that would be read wrongly, by their mode or their model: nothing of them is believed, and it is told why."""

import asyncio
from pathlib import Path

import pytest

from drivers import modbus
from hil import vloop
from tests.drivers import given
from tests.drivers.bench import Bench, Site, on_tcp, running
from tests.drivers.test_images import image, link_of, product_of, unit_of

IMAGES = Path(__file__).parent / "images"


@pytest.mark.wire
@pytest.mark.parametrize(
    ("name", "register", "words", "told"),
    [
        ("carlo-gavazzi-em24-e1", 0xA000, [3], "is 7, found 3. Set the application of the meter to H"),
        ("carlo-gavazzi-em24-e1", 0x0B, [345], "model that is 1648 to 1653, found 345"),
        ("carlo-gavazzi-em530", 0x1103, [0], "mode that is 1 or 2, found 0. Set the measuring mode to B"),
        ("carlo-gavazzi-em530", 0x0B, [340], "or 1763, found 340"),
        (
            "deye-hybrid-3p",
            0,
            [0x0601],
            "found 1537. If it is an inverter for a high voltage battery, say battery = hv.",
        ),
        ("deye-hybrid-3p-off-grid", 0, [0x0005], "type that is 6 or 1537 or 1538"),
        ("deye-hybrid-3p", 20, [0x4240, 0x000F], "rated_w that is 1000 to 90000"),
        ("deye-hybrid-1p", 0, [0x0200], "type that is 3 or 259"),
        ("huawei-sun2000", 30000, [0x4C55, 0x4E41], "contains 'SUN', found 'LUNA000-10KTL-M1'. Check the address"),
        ("goodwe-et", 35187, [0x5375], "work_mode that is 0 to "),
    ],
)
def test_what_would_be_read_wrongly_is_not_read(name, register, words, told):
    its = image(IMAGES / f"{name}.toml")
    product = product_of(IMAGES / f"{name}.toml")
    site, unit = Site(), unit_of(its)
    # given a device with a model or a mode in which its numbers mean something else
    unit.put("holding", register, *words)

    async def watched(_loop: vloop.VirtualLoop) -> str:
        bench = Bench(**{f"u{link_of(its, product).get('unit_id', 1)}": unit})
        async with on_tcp(bench):
            spec = given.spec(bench, "box", product=product, **its.get("params", {}))
            async with running(modbus.FACTORY.open([spec], site.context)) as driver:
                # when it is polled
                await asyncio.sleep(20.0)
                return driver.health()["box"].detail

    detail = vloop.run(watched)
    # then nothing is delivered, and the operator reads what was expected
    assert {point: reading.value for point, reading in site.latest.items() if reading.value is not None} == {}
    assert told in detail
