"""What becomes of switches in an outage when hems hangs or is killed: an open one stays open, a permit goes."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from drivers.profile.load import load_raw
from hil import vloop
from tests.drivers.bench import Bench, Unit, on_pty, on_tcp
from tests.drivers.test_images import IMAGES, device, image, link_of, product_of, unit_of

pytestmark = pytest.mark.wire


def has_switches(path: Path) -> bool:
    commands = load_raw(product_of(path)).get("write", {})
    return any(line.get("kind") == "bool" for line in commands.values())


SWITCHED = {product_of(path): path for path in reversed(IMAGES) if has_switches(path)}


def each_switched(test):
    return pytest.mark.parametrize("path", SWITCHED.values(), ids=SWITCHED)(test)


def state(unit: Unit) -> dict[tuple[str, int], int]:
    """Everything that can be written."""
    tables = {"coil": unit.coil, "holding": unit.holding}
    return {(name, address): value for name, table in tables.items() for address, value in table.items()}


@each_switched
def test_when_control_hangs_in_an_outage_no_switch_closes_and_the_permit_goes(path: Path):
    async def story(_loop: vloop.VirtualLoop) -> None:
        async with device(path, armed=True) as made:
            driver, (unit,) = made.driver, made.bench.units.values()
            commands = load_raw(product_of(path))["write"]
            switches = [name for name, line in commands.items() if line.get("kind") == "bool"]
            driver.islanded(True, stabilising=True)
            # given every switch open, and one given as a permit
            for name in switches:
                await driver.write("box", name, False, urgent=True, islanded=True)
            opened = state(unit)
            await driver.write("box", switches[-1], True, urgent=False, islanded=True, lease_s=60.0)
            permitted, told = state(unit), len(made.bench.writes())
            # when nobody asks for anything for five minutes, while the polling runs
            for _ in range(10):
                await asyncio.sleep(30.0)
                shown = state(unit)
                # then no value has risen at any time, which is what closes
                assert all(value <= permitted[place] for place, value in shown.items())
            # and the permit has been taken back
            assert state(unit) == opened
            assert len(made.bench.writes()) > told or permitted == opened

    vloop.run(story)


@each_switched
async def test_when_the_daemon_is_killed_in_an_outage_no_switch_closes(path: Path):
    # given a process that has opened every switch, as a bench sees it
    told, product = image(path), product_of(path)
    engine, link = load_raw(product)["engine"], link_of(told, product)
    wire, unit = on_tcp if "tcp" in link["kinds"] else on_pty, unit_of(told)
    async with wire(Bench(**{f"u{link.get('unit_id', 1)}": unit})) as bench:
        arguments = (engine, product, bench.link, json.dumps(told.get("params", {})))
        daemon = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.drivers.doomed", *arguments, stdout=asyncio.subprocess.PIPE
        )
        assert daemon.stdout is not None
        async with asyncio.timeout(30.0):
            assert await daemon.stdout.readline() == b"shed\n"
        left = state(unit)
        # when it is killed outright
        daemon.kill()
        await daemon.wait()
        written = len(bench.writes())
        await asyncio.sleep(0.3)
        # then nothing moves by itself: no command of hems was one that ends in closing
        assert state(unit) == left
        assert len(bench.writes()) == written
