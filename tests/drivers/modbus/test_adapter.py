"""A serial adapter that is plugged in anew may have another name, and another adapter its own."""

import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.modbus.address import parse_address
from drivers.modbus.errors import LinkDown
from drivers.modbus.link import ModbusLink

ONE, OTHER = "usb-FTDI_FT232R_USB_UART_A1-if00-port0", "usb-FTDI_FT232R_USB_UART_B2-if00-port0"


class Machine:
    """A machine with adapters, each a pseudo-terminal, named as the kernel and udev would."""

    def __init__(self, root: Path) -> None:
        self.dev, self.by_id = root / "dev", root / "by-id"
        self.dev.mkdir()
        self.by_id.mkdir()
        self._ends: list[int] = []

    def plug(self, name: str, tty: str) -> None:
        master, slave = pty.openpty()
        self._ends += [master, slave]
        (self.dev / tty).symlink_to(os.ttyname(slave))
        (self.by_id / name).symlink_to(self.dev / tty)

    def unplug(self, name: str, tty: str) -> None:
        (self.by_id / name).unlink()
        (self.dev / tty).unlink()

    async def used(self, path: Path) -> ModbusLink:
        """A link to it that was open once."""
        link = ModbusLink(parse_address(f"rtu://{path}"), self.by_id)
        await link.open(1.0)
        link.close()
        return link

    def close(self) -> None:
        for end in self._ends:
            os.close(end)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.close()


async def test_another_adapter_under_the_same_name_is_not_spoken_to(machine: Machine):
    # given two lines, of which one is in use by the name that the kernel gave it
    machine.plug(ONE, "ttyUSB0")
    machine.plug(OTHER, "ttyUSB1")
    link = await machine.used(machine.dev / "ttyUSB0")
    # when both are plugged in anew, the other way round
    machine.unplug(ONE, "ttyUSB0")
    machine.unplug(OTHER, "ttyUSB1")
    machine.plug(OTHER, "ttyUSB0")
    machine.plug(ONE, "ttyUSB1")
    # then nothing is sent to the devices of the other line, which may have the same addresses
    with pytest.raises(LinkDown, match=rf"is another adapter now, {OTHER}.*write rtu://.*{ONE} in the site file"):
        await link.open(1.0)
    assert not link.is_open


async def test_an_adapter_that_has_another_name_now_is_told_with_the_one_that_stays(machine: Machine):
    machine.plug(ONE, "ttyUSB0")
    link = await machine.used(machine.dev / "ttyUSB0")
    machine.unplug(ONE, "ttyUSB0")
    with pytest.raises(LinkDown, match=r"is the adapter plugged in\?$"):
        await link.open(1.0)
    machine.plug(ONE, "ttyUSB1")
    with pytest.raises(LinkDown, match=f"write rtu://.*{ONE} in the site file"):
        await link.open(1.0)


async def test_a_line_that_is_given_by_the_name_that_stays_is_found_wherever_it_is(machine: Machine):
    machine.plug(ONE, "ttyUSB0")
    link = await machine.used(machine.by_id / ONE)
    machine.unplug(ONE, "ttyUSB0")
    machine.plug(OTHER, "ttyUSB0")
    machine.plug(ONE, "ttyUSB1")
    await link.open(1.0)
    assert link.is_open
    link.close()
