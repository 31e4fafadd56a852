"""The relay board and the meter against the library's own simulator: a second server that we did not write."""

import asyncio

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from drivers.modbus import FACTORY
from hems.model.command import Fate
from hems.model.wiring import DeviceSpec
from tests.drivers.bench import Site, eventually, running

pytestmark = pytest.mark.wire


@pytest.fixture
async def board():
    nothing = [SimData(0, values=0, datatype=DataType.REGISTERS)]
    coils = [SimData(0, values=[False] * 8, datatype=DataType.BITS)]
    inputs = [SimData(0, values=[True, False] * 4, datatype=DataType.BITS)]
    server = ModbusTcpServer([SimDevice(1, simdata=(coils, inputs, nothing, nothing))], address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    yield server.transport.sockets[0].getsockname()[1]
    await server.shutdown()


async def test_the_relay_board_is_read_and_its_relays_switch_together(board):
    site = Site()
    driver = FACTORY.open(
        [DeviceSpec(id="relays", driver="modbus", profile="waveshare-relay", link=f"tcp://127.0.0.1:{board}")],
        site.context,
    )
    driver.arm("relays", True)
    async with running(driver):
        await site.until("relays/coil_1", "relays/input_8")
        assert [site.value(f"relays/input_{number}") for number in (1, 2, 7, 8)] == [True, False, True, False]
        replies = await asyncio.gather(
            *(
                driver.write("relays", f"coil_{number}", number != 3, urgent=True, islanded=True)
                for number in range(1, 9)
            )
        )
        assert {reply.fate for reply in replies} == {Fate.CONFIRMED}
        await eventually(lambda: site.value("relays/coil_8") is True)
        assert site.value("relays/coil_3") is False
