"""Modbus servers on TCP ports and on serial lines, which can fall silent without hanging up."""

import asyncio
import os
import tty
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import cast

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import SimDevice

from hil.emulate.ear import Ear, Mouth, Speech

LOOPBACK = os.environ.get("HEMS_BENCH_ADDRESS", "127.0.0.1")
"""Where devices and broker listen; another address only for a bench that stands behind a network of its own."""
BITS_PER_BYTE = 10
"""Start bit, eight data bits, stop bit."""
CHUNK = 4096


class _TcpServer(ModbusTcpServer):
    """A server whose connections can be ill."""

    ear: Ear

    def callback_new_connection(self) -> Mouth:
        """One more."""
        return Mouth(self, self.ear)


class _SerialServer(ModbusSerialServer):
    """The same on a serial line, which is one connection for ever."""

    ear: Ear

    def callback_new_connection(self) -> Mouth:
        """The only one."""
        return Mouth(self, self.ear)


class TcpLine:
    """Devices behind one port of loopback: with Modbus TCP, or as a gateway to a serial line, which speaks RTU."""

    def __init__(self, *devices: SimDevice, port: int, speech: Speech, gateway: bool = False) -> None:
        self._devices = list(devices)
        self._wanted_port = port
        self._gateway = gateway
        self._ear = Ear(devices, speech, numbered=not gateway)
        self._server: _TcpServer | None = None
        self.port = 0

    async def open(self) -> str:
        """Listen; the link for a site file.  Raises: RuntimeError when the port is taken."""
        framer = FramerType.RTU if self._gateway else FramerType.SOCKET
        self._server = _TcpServer(self._devices, framer=framer, address=(LOOPBACK, self._wanted_port))
        self._server.ear = self._ear
        await self._server.serve_forever(background=True)
        listener = cast(asyncio.Server, self._server.transport)
        self.port = int(listener.sockets[0].getsockname()[1])
        return f"{'rtu-over-tcp' if self._gateway else 'tcp'}://{LOOPBACK}:{self.port}"

    async def close(self) -> None:
        """Hang up."""
        if self._server is not None:
            await _shut(self._server)

    @property
    def connections(self) -> list[Mouth]:
        """Those that are open now."""
        return [] if self._server is None else cast(list[Mouth], list(self._server.active_connections.values()))


async def _shut(server: ModbusTcpServer | ModbusSerialServer) -> None:
    shutdown = cast(Callable[[], Awaitable[None]], server.shutdown)
    await shutdown()


class SerialLine:
    """Several Modbus RTU devices on one pair of wires: two pseudo-terminals with a bridge as slow as its baud rate."""

    def __init__(self, devices: Sequence[SimDevice], *, path: Path, baud: int, speech: Speech) -> None:
        self._devices = list(devices)
        self._path = path
        self._baud = baud
        self._ear = Ear(devices, speech, numbered=False)
        self._server: _SerialServer | None = None
        self._bridge = Bridge(baud)

    async def open(self) -> str:
        """Lay the wires and listen; the link for a site file."""
        self._path.unlink(missing_ok=True)
        self._path.symlink_to(self._bridge.open())
        self._server = _SerialServer(self._devices, port=self._bridge.far_end, baudrate=self._baud)
        self._server.ear = self._ear
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
