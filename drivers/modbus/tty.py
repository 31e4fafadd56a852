"""A serial line as a transport: pyserial sets it up, the event loop reads it."""

import asyncio
import os

import serial

from drivers.modbus.address import SerialLine


class Tty(asyncio.Transport):
    """One open tty, which nobody else may open meanwhile."""

    def __init__(self, path: str, line: SerialLine, protocol: asyncio.BufferedProtocol) -> None:
        """Open it.  Raises: OSError."""
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        self._port = serial.Serial(
            path, line.baud, parity=line.parity, stopbits=line.stop_bits, timeout=0, exclusive=True
        )
        self._loop.add_reader(self._port.fd, self._readable)
        protocol.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """A request fits into what the kernel holds for a line; if it does not, the line is stuck."""
        try:
            os.write(self._port.fd, data)
        except OSError:
            self.abort()

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return not self._port.is_open

    def abort(self) -> None:
        """Close it."""
        if self._port.is_open:
            self._loop.remove_reader(self._port.fd)
            self._port.close()
            self._loop.call_soon(self._protocol.connection_lost, None)

    def _readable(self) -> None:
        try:
            count = os.readv(self._port.fd, [self._protocol.get_buffer(-1)])
        except BlockingIOError:
            return
        except OSError:
            count = 0
        if count:
            self._protocol.buffer_updated(count)
        else:  # the adapter has been pulled out
            self.abort()
