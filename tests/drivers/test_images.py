"""Every Modbus and SunSpec product against registers written by hand from its maker's facts: wrong numbers show.

An image may also say which alarms stand, in `alarms`, what a command becomes on the wire, in `[[commands]]`, and in
`[shows]` at which other register the device shows what was written to one; and in `[[codes]]` what a point means for
each code that the maker lists.  Real frames in virtual time: a charger
that wants seconds of peace gets them.
"""

import asyncio
import contextlib
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from drivers import modbus, sunspec
from drivers.profile.load import available, declared_in, load_raw
from drivers.profile.params import choose, fill
from hems.ports.device import Reply
from hil import vloop
from tests.drivers import given
from tests.drivers.bench import Bench, Request, Site, Unit, eventually, on_gateway, on_tcp, running
from tests.drivers.sunspec import chain

FACTORIES = {"modbus": modbus.FACTORY, "sunspec": sunspec.FACTORY}
IMAGES = sorted((Path(__file__).parent / "images").glob("*.toml"))


@cache
def image(path: Path) -> dict:
    """Nobody changes it."""
    return tomllib.loads(path.read_text())


def product_of(path: Path) -> str:
    return image(path).get("profile", path.stem)


def told_things() -> list[tuple[Path, int]]:
    return [(path, place) for path in IMAGES for place in range(len(image(path).get("commands", ())))]


def link_of(told: dict, product: str) -> dict:
    raw = load_raw(product)
    chosen, _ = choose(declared_in(product), told.get("params", {}))
    return fill(raw["link"], chosen)


def unit_of(told: dict) -> Unit:
    unit = Unit()
    unit.put("holding", 40000, *(chain.registers(told["models"]) if "models" in told else ()))
    for table, blocks in told.get("words", {}).items():
        for address, words in blocks.items():
            unit.put(table, int(address, 0), *words)
    shows = {int(written, 0): shown for written, shown in told.get("shows", {}).items()}

    def follow(request: Request) -> None:
        if request.address in shows:
            unit.put("holding", shows[request.address], *request.values)

    unit.wrote = follow
    return unit


def test_every_product_on_registers_has_an_image():
    engines = {name: load_raw(name)["engine"] for name in available()}
    assert {name for name, engine in engines.items() if engine in FACTORIES} == {product_of(path) for path in IMAGES}


@asynccontextmanager
async def device(path: Path, *, armed: bool = False) -> AsyncIterator[SimpleNamespace]:
    """The product as its maker describes it, and a driver for it that has read it."""
    told, product, site = image(path), product_of(path), Site()
    engine, link = load_raw(product)["engine"], link_of(told, product)
    # A terminal hands over in its own time, which a clock that jumps does not wait for; a gateway does at once.
    wire = on_tcp if "tcp" in link["kinds"] else on_gateway
    async with wire(Bench(**{f"u{link.get('unit_id', 1)}": unit_of(told)})) as bench:
        spec = given.spec(bench, "box", engine=engine, product=product, **told.get("params", {}))
        assert FACTORIES[engine].check([spec]) == []
        async with running(FACTORIES[engine].open([spec], site.context)) as driver:
            driver.arm("box", armed)
            names = [f"box/{point}" for point in [*told["points"], *told.get("unknown", {})]]
            await site.until(*names, within_s=60.0)
            with contextlib.suppress(TimeoutError):  # then the comparison tells which
                await eventually(lambda: all(site.value(f"box/{point}") is not None for point in told["points"]), 30.0)
            yield SimpleNamespace(told=told, site=site, bench=bench, driver=driver)


@pytest.mark.wire
@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.stem)
def test_an_image_reads_as_its_maker_says(path):
    async def polled(_loop: vloop.VirtualLoop) -> SimpleNamespace:
        async with device(path) as its:
            with contextlib.suppress(TimeoutError):
                await eventually(lambda: alarms_of(its) == its.told.get("alarms", []), 90.0)
            its.alarms = alarms_of(its)
            await asyncio.sleep(20.0)
            now_s = its.site.context.clock.mono_s()
            its.old = [point for point in its.told["points"] if its.site.latest[f"box/{point}"].known(now_s) is None]
            if not its.bench.link.startswith("tcp"):  # virtual time leaves a pseudo-terminal none
                its.old = []
            return its

    # given the device as its maker describes it, when it is polled
    its = vloop.run(polled)
    told, site = its.told, its.site
    # then each point is what it should be, or unknown for the right reason
    assert {point: site.value(f"box/{point}") for point in told["points"]} == {
        point: pytest.approx(value, rel=1e-6) if isinstance(value, float) else value
        for point, value in told["points"].items()
    }
    for point, reason in told.get("unknown", {}).items():
        assert site.value(f"box/{point}") is None
        assert reason in site.latest[f"box/{point}"].reason
    # and it holds for as long as the device answers
    assert its.old == []
    # and what the device calls abnormal is told as such, and nothing else
    assert its.alarms == told.get("alarms", [])


def alarms_of(its: SimpleNamespace) -> list[str]:
    return [alarm.code for alarm in its.driver.health()["box"].alarms]


@pytest.mark.wire
@pytest.mark.parametrize(("path", "place"), told_things(), ids=lambda part: getattr(part, "stem", part))
def test_a_command_is_written_as_its_maker_wants_it(path, place):
    wish = image(path)["commands"][place]

    async def commanded(_loop: vloop.VirtualLoop) -> tuple[Reply, list[Request]]:
        async with device(path, armed=True) as its:
            reply = await its.driver.write("box", wish["name"], wish["value"], urgent=False, islanded=False)
            return reply, its.bench.writes()

    # given the device in the state of its image, when it is told something
    reply, writes = vloop.run(commanded)
    # then just these registers were written, in this order, and the answer says what became of it
    assert [[sent.code, sent.address, *sent.values] for sent in writes] == wish["sent"]
    assert (reply.fate, wish.get("detail", "") in reply.detail) == (wish["fate"], True), reply.detail


@pytest.mark.wire
@pytest.mark.parametrize(
    "path", [path for path in IMAGES if "codes" in image(path)], ids=lambda path: getattr(path, "stem", path)
)
def test_each_code_of_a_register_means_what_its_maker_says(path):
    async def story(_loop: vloop.VirtualLoop) -> None:
        async with device(path) as its:
            (unit,) = its.bench.units.values()
            for listed in its.told["codes"]:
                table, address = listed["at"]
                for code, meaning in listed["means"]:
                    # when the device shows a code
                    unit.put(table, address, *(code if isinstance(code, list) else [code]))
                    read = len(its.bench.diary)
                    point = f"box/{listed['point']}"
                    # then the point comes to mean what it says there
                    with contextlib.suppress(TimeoutError):
                        await eventually(
                            lambda at=read, of=point, to=meaning: (
                                len(its.bench.diary) > at + 2 and its.site.value(of) == to
                            ),
                            120.0,
                        )
                    assert (code, its.site.value(point)) == (code, meaning)

    vloop.run(story)
