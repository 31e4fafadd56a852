"""A device that is not armed is never written to, by whichever way; every product on registers, new ones as well."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from drivers.modbus.address import parse_address
from drivers.modbus.device import Device
from drivers.modbus.errors import Forbidden
from drivers.modbus.frame import Space, WriteFrame
from drivers.modbus.job import Job, Manners, Rank
from drivers.modbus.link import ModbusLink
from drivers.modbus.queue import LinkQueue
from drivers.modbus.send import Sender
from hems.model.command import Fate
from hil import vloop
from tests.drivers.bench import Bench, Unit, on_tcp
from tests.drivers.test_images import IMAGES, device, product_of

pytestmark = pytest.mark.wire

PRODUCTS = {product_of(path): path for path in reversed(IMAGES)}
VALUES = (0.0, 100.0, -100.0, 3000.0, -3000.0, True, False)


def each_product(test):
    return pytest.mark.parametrize("path", PRODUCTS.values(), ids=PRODUCTS)(test)


async def everything_that_writes(driver, its: Device) -> set[Fate]:
    """All commands with all sorts of values, urgently and not, on the grid and on an island, and giving back."""
    fates = set()
    for name in its._commander.layout.commands:
        for value in VALUES:
            for urgent in (True, False):
                reply = await driver.write("box", name, value, urgent=urgent, islanded=urgent, lease_s=60.0)
                fates.add(reply.fate)
    await driver.release("box")
    return fates


@each_product
def test_what_was_never_armed_sees_no_write(path: Path):
    async def story(_loop: vloop.VirtualLoop) -> None:
        async with device(path) as made:
            its = made.driver._devices["box"]
            # when everything is asked for, time passes, and the connection breaks and comes back
            fates = await everything_that_writes(made.driver, its)
            await asyncio.sleep(30.0)
            made.bench.drop()
            await asyncio.sleep(30.0)
            # then nothing was written, and the caller was told
            assert fates <= {Fate.OBSERVING}
            assert made.bench.writes() == []

    vloop.run(story)


@each_product
def test_what_is_disarmed_while_commands_are_in_force_sees_no_renewal_no_lapse_no_safe_and_no_release(path: Path):
    async def story(_loop: vloop.VirtualLoop) -> None:
        async with device(path, armed=True) as made:
            its = made.driver._devices["box"]
            # given whatever the device takes of its commands
            async with asyncio.TaskGroup() as tasks:
                for name, placed in its._commander.layout.commands.items():
                    value = True if placed.spec.kind == "bool" else 1500.0
                    tasks.create_task(made.driver.write("box", name, value, urgent=False, islanded=False, lease_s=20.0))
            # when it is disarmed, all leases and dead-men run out, and it is lost and found again
            made.driver.arm("box", False)
            written = len(made.bench.writes())
            await asyncio.sleep(70.0)
            made.bench.drop()
            await asyncio.sleep(20.0)
            fates = await everything_that_writes(made.driver, its)
            assert fates <= {Fate.OBSERVING}
            assert len(made.bench.writes()) == written

    vloop.run(story)


@each_product
def test_the_link_itself_sends_no_step_of_a_profile_for_a_device_that_is_not_armed(path: Path):
    async def story(_loop: vloop.VirtualLoop) -> None:
        async with device(path) as made:
            its = made.driver._devices["box"]
            layout, queue = its._commander.layout, its._queue
            sender = Sender(its._product.unit, queue, its._product.manners, its._reader, lambda: False)
            steps = [*layout.acquire, *layout.release, *layout.safe, *layout.renew]
            steps += [step for command in layout.commands.values() for step in command.steps]
            for step in steps:
                with pytest.raises(Forbidden):
                    await sender._write(step, 0.0, True, lambda: True)
            assert made.bench.writes() == []

    vloop.run(story)


@pytest.mark.parametrize("space", [Space.COIL, Space.HOLDING])
async def test_a_write_that_nobody_vouches_for_never_leaves(space):
    """Even by a way that does not exist today: a request that forgot to say who allows it."""
    unit = Unit()
    unit.put(space.value, 0, 0)
    async with on_tcp(Bench(u1=unit)) as bench:
        address = parse_address(bench.link)
        queue = LinkQueue(address, ModbusLink(address), Random(1))
        frame = WriteFrame(1, space, 0, (1,), single=True)
        job = Job(unit=1, rank=Rank.SHED, due_s=0.0, manners=Manners(), frame=frame)
        answer = job.answer()
        queue.waiting.add(job)
        serving = asyncio.create_task(queue.serve())
        with pytest.raises(Forbidden):
            await answer
        serving.cancel()
        assert bench.writes() == []
