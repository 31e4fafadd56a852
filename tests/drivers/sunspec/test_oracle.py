"""Every SunSpec image read by an independent implementation: what pysunspec2 finds in it, hems must find too."""

import asyncio
import math
from typing import Any

import pytest

from drivers.modbus.codec import decode
from drivers.modbus.frame import ReadFrame
from drivers.profile.load import load_raw
from drivers.profile.point import ReadSpec
from drivers.profile.point import decode as understood
from drivers.sunspec.models import Ref
from drivers.sunspec.tables import MODELS
from drivers.sunspec.walk import Block, walk
from tests.drivers.bench import Bench, on_tcp
from tests.drivers.test_images import IMAGES, image, product_of, unit_of

pytestmark = pytest.mark.wire

SUNSPEC = [path for path in IMAGES if load_raw(product_of(path))["engine"] == "sunspec"]


def read_by_pysunspec2(port: int) -> dict[int, Any]:
    """The first of each model, as it reads it."""
    client = pytest.importorskip("sunspec2.modbus.client")
    device = client.SunSpecModbusClientDeviceTCP(slave_id=1, ipaddr="127.0.0.1", ipport=port)
    device.scan()
    device.close()
    return {number: models[0] for number, models in device.models.items() if isinstance(number, int)}


def theirs(model: Any, here: Ref) -> Any:
    """Their value of one point, scaled; None for not implemented."""
    group = model
    if here.definition.every:
        name = next(name for name, part in model.groups.items() if isinstance(part, list))
        group = model.groups[name][here.index - 1]
    found = group.points[here.point.rpartition(".")[2]].cvalue
    return None if isinstance(found, float) and math.isnan(found) else found


def ours(registers: dict[int, int], blocks: dict[int, Block], here: Ref) -> Any:
    """Our value of the same point, through the same steps as the engine takes."""

    def raw(one: Ref) -> Any:
        start = blocks[one.model].start + one.offset
        return decode(one.coding, [registers[start + place] for place in range(one.coding.registers)])

    exponent = raw(here.exponent) if here.exponent else 0
    if exponent == -0x8000:
        return None
    spec = ReadSpec(nan=here.sentinels)
    return understood(spec, raw(here), bits=here.coding.bits, exponent=exponent).value


def points_of(model: int, block: Block) -> list[Ref]:
    """All numbers that we know of a model and that its edition has; what an image does not say is no text."""
    known = [
        Ref(model, name, index) for name, line in MODELS[model].items() for index in range(1, 9 if line.every else 2)
    ]
    return [here for here in known if block.holds(here.end) and here.coding.type != "str"]


@pytest.mark.parametrize("path", SUNSPEC, ids=lambda path: path.stem)
async def test_every_point_of_an_image_is_what_an_independent_reader_finds(path):
    # given the registers of the image
    unit = unit_of(image(path))

    async def ask(frame: ReadFrame) -> tuple[int, ...]:
        return tuple(unit.holding[frame.address + place] for place in range(frame.count))

    # when both have walked them
    blocks = dict(await walk(ask, 1, (40000,)))
    async with on_tcp(Bench(u1=unit)) as bench:
        found = await asyncio.to_thread(read_by_pysunspec2, int(bench.link.rsplit(":", 1)[1]))
    # then they have found the same models at the same places
    assert {number: Block(model.model_addr, model.model_len) for number, model in found.items()} == blocks
    # and the same in each
    wanted = [here for number, block in blocks.items() if number in MODELS for here in points_of(number, block)]
    assert len(wanted) > 5
    different = {
        str(here): (ours(unit.holding, blocks, here), theirs(found[here.model], here))
        for here in wanted
        if not same(ours(unit.holding, blocks, here), theirs(found[here.model], here))
    }
    assert different == {}


def same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
