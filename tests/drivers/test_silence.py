"""What each product is sent when nobody commands any more, and when control is handed back, as its image says.

`[silence]` in an image: after the command `after`, `renewed` goes out every `every_s`; when nothing fresh has come for
`hold_s`, `safe` goes out, once, and then nothing.  `[release]`: what handing back sends.
"""

import asyncio
from pathlib import Path

import pytest

from hil import vloop
from tests.drivers.bench import Request
from tests.drivers.test_images import IMAGES, device, image

pytestmark = pytest.mark.wire


def with_section(name: str):
    paths = [path for path in IMAGES if name in image(path)]
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def frames(writes: list[Request]) -> list[list[int]]:
    return [[sent.code, sent.address, *sent.values] for sent in writes]


@with_section("silence")
def test_a_device_that_nobody_commands_any_more_is_made_safe_once(path: Path):
    told = image(path)["silence"]
    name, value = told["after"]
    hold_s = told["hold_s"]

    async def story(loop: vloop.VirtualLoop) -> None:
        async with device(path, armed=True) as its:
            # given a device that follows a command, and a daemon that reads on but commands no more
            began_s = loop.time()
            sending = asyncio.create_task(its.driver.write("box", name, value, urgent=False, islanded=False))
            await asyncio.sleep(told.get("taken_s", 5.0))
            first = len(its.bench.writes())
            await asyncio.sleep(2 * hold_s + 60.0)
            await sending
            # then it is kept while the command is fresh, as often as its own timer wants, and made safe once it is not
            sent, renewed, safe = its.bench.writes()[first:], told.get("renewed", []), told["safe"]
            kept = frames(sent)[: -len(safe)]
            rounds = len(kept) // len(renewed) if renewed else 0
            assert frames(sent) == renewed * rounds + safe
            assert rounds >= hold_s // told.get("every_s", 2 * hold_s) - 1
            assert hold_s <= sent[-len(safe)].at_s - began_s < hold_s + 8.0

    vloop.run(story)


@with_section("release")
def test_control_that_is_handed_back_leaves_nothing_behind(path: Path):
    told = image(path)["release"]
    name, value = told["after"]

    async def story(_loop: vloop.VirtualLoop) -> None:
        async with device(path, armed=True) as its:
            # given a device that follows a command, when control of it is handed back
            await its.driver.write("box", name, value, urgent=False, islanded=False)
            commanded = len(its.bench.writes())
            await its.driver.release("box")
            # then just this is sent, and nothing afterwards
            assert frames(its.bench.writes()[commanded:]) == told["sent"]
            await asyncio.sleep(150.0)
            assert frames(its.bench.writes()[commanded:]) == told["sent"]

    vloop.run(story)


def test_the_battery_that_makes_the_island_is_not_put_on_standby_when_its_lease_runs_out():
    path = next(path for path in IMAGES if path.stem == "sigenergy-hybrid")

    async def story(_loop: vloop.VirtualLoop) -> None:
        async with device(path, armed=True) as its:
            # given a plant that charges by order, when the grid goes and nobody repeats the order
            (plant,) = its.bench.units.values()
            await its.driver.write("box", "battery_w", -3000.0, urgent=False, islanded=False, lease_s=20.0)
            ordered = len(its.bench.writes())
            plant.put("input", 30009, 1)
            await asyncio.sleep(25.0)
            # then its limits are open and it runs itself (2), and never stands by (1)
            lapsed = frames(its.bench.writes()[ordered:])
            assert lapsed == [[6, 40031, 2], [16, 40032, 0, 8800], [16, 40034, 0, 9600]]

    vloop.run(story)
