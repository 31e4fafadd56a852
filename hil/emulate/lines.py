"""Modbus servers on TCP ports and on serial lines, which can fall silent without hanging up."""

import asyncio
import os
import tty
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random
from typing import cast

from pymodbus import FramerType
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import SimDevice

from hems.sim.faults import Says

LOOPBACK = "127.0.0.1"
BITS_PER_BYTE = 10
"""Start bit, eight data bits, stop bit."""
CHUNK = 4096
READS = (1, 2, 3, 4)
UNIT_AT = 6
"""Where the unit stands in a frame of Modbus TCP."""
DEVICE_FAILURE = 4

Speech = Callable[[int], Says]
"""What the device with this unit id answers now."""
SENTINEL = 0x8000
"""What most signed registers say for "not known"."""


class _Ear:
    """Lets requests through to devices that are there and answer, swallows the others', and bends what liars answer."""

    def __init__(self, devices: Sequence[SimDevice], speech: Speech, *, numbered: bool) -> None:
        """`numbered` if frames begin with a number, as in Modbus TCP, and not with the unit, as on a serial line."""
        self._unit_at = UNIT_AT if numbered else 0
        self._rng = Random(1)
        self._units = {device.id for device in devices}
        self._speech = speech
        self._asked: tuple[int, int, int, int] = (0, 0, 0, 0)
        self._said: dict[tuple[int, int, int, int], tuple[list[int], list[bool]]] = {}

    def hear(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:
        """What the server calls with each request and reply; to hear nothing is how it comes to answer nothing."""
        if sending and self._speech(pdu.dev_id) is Says.REFUSES:
            return ExceptionResponse(pdu.function_code, DEVICE_FAILURE, pdu.dev_id, pdu.transaction_id)
        if sending:
            self._bend(pdu)
        elif pdu.dev_id not in self._units or self._speech(pdu.dev_id) is Says.NOTHING:
            return cast(ModbusPDU, None)
        else:
            self._asked = (pdu.dev_id, pdu.function_code, pdu.address, pdu.count)
        return pdu

    def garble(self, sending: bool, frame: bytes) -> bytes:
        """What the server calls with each frame; what leaves may be something else than it was."""
        if not sending or len(frame) <= self._unit_at:
            return frame
        match self._speech(frame[self._unit_at]):
            case Says.GARBAGE:
                return self._rng.randbytes(len(frame))
            case Says.CUT:
                return frame[: len(frame) // 2]
            case Says.MIXED:
                return bytes((frame[0] ^ 0x55,)) + frame[1:]
        return frame

    def _bend(self, pdu: ModbusPDU) -> None:
        """Put into a reply to a read what its device says instead of the truth."""
        if pdu.function_code not in READS:
            return
        says = self._speech(pdu.dev_id)
        if says is Says.SAME and self._asked in self._said:
            registers, bits = self._said[self._asked]
            pdu.registers, pdu.bits = list(registers), list(bits)
        elif says is Says.ZEROS:
            pdu.registers, pdu.bits = [0] * len(pdu.registers), [False] * len(pdu.bits)
        elif says is Says.SENTINELS:
            pdu.registers = [SENTINEL] * len(pdu.registers)
        else:
            self._said[self._asked] = (list(pdu.registers), list(pdu.bits))


class TcpLine:
    """Devices behind one port of loopback: with Modbus TCP, or as a gateway to a serial line, which speaks RTU."""

    def __init__(self, *devices: SimDevice, port: int, speech: Speech, gateway: bool = False) -> None:
        self._devices = list(devices)
        self._wanted_port = port
        self._gateway = gateway
        self._ear = _Ear(devices, speech, numbered=not gateway)
        self._server: ModbusTcpServer | None = None
        self.port = 0

    async def open(self) -> str:
        """Listen; the link for a site file.  Raises: RuntimeError when the port is taken."""
        self._server = ModbusTcpServer(
            self._devices,
            framer=FramerType.RTU if self._gateway else FramerType.SOCKET,
            address=(LOOPBACK, self._wanted_port),
            trace_pdu=self._ear.hear,
            trace_packet=self._ear.garble,
        )
        await self._server.serve_forever(background=True)
        listener = cast(asyncio.Server, self._server.transport)
        self.port = int(listener.sockets[0].getsockname()[1])
        return f"{'rtu-over-tcp' if self._gateway else 'tcp'}://{LOOPBACK}:{self.port}"

    async def close(self) -> None:
        """Hang up."""
        if self._server is not None:
            await _shut(self._server)


async def _shut(server: ModbusTcpServer | ModbusSerialServer) -> None:
    shutdown = cast(Callable[[], Awaitable[None]], server.shutdown)
    await shutdown()


class SerialLine:
    """Several Modbus RTU devices on one pair of wires: two pseudo-terminals with a bridge as slow as its baud rate."""

    def __init__(self, devices: Sequence[SimDevice], *, path: Path, baud: int, speech: Speech) -> None:
        self._devices = list(devices)
        self._path = path
        self._baud = baud
        self._ear = _Ear(devices, speech, numbered=False)
        self._server: ModbusSerialServer | None = None
        self._bridge = Bridge(baud)

    async def open(self) -> str:
        """Lay the wires and listen; the link for a site file."""
        self._path.unlink(missing_ok=True)
        self._path.symlink_to(self._bridge.open())
        self._server = ModbusSerialServer(
            self._devices,
            port=self._bridge.far_end,
            baudrate=self._baud,
            trace_pdu=self._ear.hear,
            trace_packet=self._ear.garble,
        )
        await self._server.serve_forever(background=True)
        return f"rtu://{self._path}?baud={self._baud}&parity=N&stop_bits=1"

    async def close(self) -> None:
        """Hang up and take the wires away."""
        if self._server is not None:
            await _shut(self._server)
        self._bridge.close()
        self._path.unlink(missing_ok=True)


class Bridge:
    """Two pseudo-terminals, back to back; what enters one leaves the other as late as the wire would make it."""

    def __init__(self, baud: int) -> None:
        self._byte_s = BITS_PER_BYTE / baud
        self._masters: tuple[int, int] | None = None
        self._slaves: tuple[int, int] | None = None
        self._free_s = [0.0, 0.0]
        self.far_end = ""

    def open(self) -> str:
        """Path of the near end."""
        near, far = os.openpty(), os.openpty()
        self._masters, self._slaves = (near[0], far[0]), (near[1], far[1])
        for slave in self._slaves:
            tty.setraw(slave)
        loop = asyncio.get_running_loop()
        for side, master in enumerate(self._masters):
            os.set_blocking(master, False)
            loop.add_reader(master, self._carry, side)
        self.far_end = os.ttyname(far[1])
        return os.ttyname(near[1])

    def close(self) -> None:
        """Cut both."""
        if self._masters is None or self._slaves is None:
            return
        loop = asyncio.get_running_loop()
        for master in self._masters:
            loop.remove_reader(master)
        for end in (*self._masters, *self._slaves):
            os.close(end)
        self._masters = None

    def _carry(self, side: int) -> None:
        """Bytes have come in on `side`; they come out on the other when the wire has carried the last of them."""
        if self._masters is None:
            return
        data = os.read(self._masters[side], CHUNK)
        loop = asyncio.get_running_loop()
        out_s = max(loop.time(), self._free_s[side]) + len(data) * self._byte_s
        self._free_s[side] = out_s
        loop.call_at(out_s, self._deliver, 1 - side, data)

    def _deliver(self, side: int, data: bytes) -> None:
        if self._masters is not None:
            os.write(self._masters[side], data)
