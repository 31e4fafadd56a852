"""Every relay board, through a whole outage: what hems has shed stays off, whoever dies."""

import asyncio

import pytest

from drivers import modbus
from drivers.modbus.factory import declare
from drivers.modbus.frame import Space
from drivers.profile.load import available, load_raw
from hems.model.wiring import DeviceSpec
from hil import vloop
from tests.drivers import given
from tests.drivers.bench import Bench, Site, Unit, on_tcp, running

BOARDS = [name for name in available() if load_raw(name)["class"] == "io" and load_raw(name)["engine"] == "modbus"]
LONG_S = 200.0
"""Longer than any renewal, lease or dead-man of a board."""


def each_board(test):
    return pytest.mark.parametrize("product", BOARDS)(test)


def commands_of(product: str):
    link = f"{load_raw(product)['link']['kinds'][0]}://192.0.2.1"
    spec = DeviceSpec(id="board", driver="modbus", profile=product, link=link, params={})
    return declare(spec).product.nominal.commands


@each_board
def test_no_command_of_a_board_ends_by_itself_toggles_or_moves_more_than_its_own_relay(product):
    for name, command in commands_of(product).items():
        # held: off stays off; one plain coil, never those that pulse, toggle or mean all
        assert command.spec.lapses_to in ("held", "open"), name
        assert [step.to for step in command.steps] == ["{value}"], name
        assert all(step.register.space is Space.COIL and step.register.address < 0x40 for step in command.steps), name


@pytest.mark.wire
@each_board
def test_in_an_outage_no_relay_closes_though_the_link_the_board_and_the_daemon_die(product):
    names = list(commands_of(product))

    async def story(_loop: vloop.VirtualLoop) -> None:
        # given a board whose relays are all on, and a daemon that has just switched on one of them
        unit = Unit()
        unit.put("coil", 0, *[1] * len(names))
        unit.put("discrete", 0, *[0] * 8)
        async with on_tcp(Bench(u1=unit)) as bench:
            spec = given.spec(bench, "box", product=product)
            async with running(modbus.FACTORY.open([spec], Site().context)) as daemon:
                daemon.arm("box", True)
                daemon.islanded(True)
                await daemon.write("box", names[0], True, urgent=False, islanded=True)
                # when it sheds all the others, and then the connection breaks, and the board loses its power
                sheds = [daemon.write("box", name, False, urgent=True, islanded=True) for name in names[1:]]
                await asyncio.gather(*sheds)
                shed = len(bench.diary)
                bench.drop()
                await asyncio.sleep(LONG_S)
                unit.put("coil", 0, *[0] * len(names))
                bench.drop()
                await asyncio.sleep(LONG_S)
            # and the daemon dies, and another takes its place and is told nothing
            async with running(modbus.FACTORY.open([spec], Site().context)) as another:
                another.arm("box", True)
                another.islanded(True)
                await asyncio.sleep(LONG_S)
                await another.release("box")
            # then nobody has closed anything
            assert [sent for sent in bench.diary[shed:] if sent.writes and any(sent.values)] == []
            assert set(unit.coil.values()) == {0}

    vloop.run(story)
