"""One connection to one host and port or tty, one request at a time; the only module that knows pymodbus.

pymodbus is told never to retry and never to reconnect: both are decided in `queue`, because a retry right after a
time-out takes the late answer to the first request for the answer to the second.
"""

import asyncio
import logging
import os
from pathlib import Path
from typing import Protocol

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU

from drivers.modbus.address import Address
from drivers.modbus.errors import Garbled, LinkDown, NoAnswer, Refusal
from drivers.modbus.frame import Frame, ReadFrame, Space, WriteFrame

# Every failure is reported once, by the health of the device; the library would log each of them again.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

NEVER_S = 3600.0
"""The library's own time-out must never fire first: `open` and `ask` set the time for each request."""

READ_CODES = {Space.COIL: 1, Space.DISCRETE: 2, Space.HOLDING: 3, Space.INPUT: 4}


class Link(Protocol):
    """What carries one frame at a time.  Small, so that another library can take its place."""

    @property
    def is_open(self) -> bool:
        """Whether there is a connection now."""

    async def open(self, timeout_s: float) -> None:
        """Connect afresh.  Raises: LinkDown."""

    async def ask(self, frame: Frame, timeout_s: float) -> tuple[int, ...]:
        """Send one request and return registers or bits, or nothing for a write.  Raises: LinkError."""

    def close(self) -> None:
        """Drop the connection and whatever is still on its way."""


class PymodbusLink:
    """A link over pymodbus, TCP, RTU over TCP, or RTU on a tty (opened exclusively)."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: AsyncModbusTcpClient | AsyncModbusSerialClient | None = None
        self._limit: asyncio.Timeout | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection now."""
        return self._client is not None and self._client.connected

    async def open(self, timeout_s: float) -> None:
        """Connect afresh; what an earlier connection may still deliver is gone with it."""
        self.close()
        client = self._new_client()
        try:
            async with asyncio.timeout(timeout_s):
                connected = await client.connect()
        except TimeoutError:
            connected = False
        if not connected:
            client.close()
            raise LinkDown(_why_not(self._address))
        self._client = client

    async def ask(self, frame: Frame, timeout_s: float) -> tuple[int, ...]:
        """Send one request, check that the answer is its answer, return what it carries."""
        client = self._client
        if client is None or not client.connected:
            raise LinkDown(f"no connection to {self._address}")
        try:
            async with asyncio.timeout(timeout_s) as self._limit:
                answer = await _sent(client, frame)
        except TimeoutError:
            if not client.connected:
                raise LinkDown(f"{self._address} closed the connection") from None
            raise NoAnswer(f"no answer from unit {frame.unit} within {timeout_s:g} s") from None
        except ConnectionException:
            raise LinkDown(f"no connection to {self._address}") from None
        except ModbusException as wrong:
            raise Garbled(str(wrong)) from wrong
        finally:
            self._limit = None
        return _checked(frame, answer)

    def close(self) -> None:
        """Drop the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _new_client(self) -> AsyncModbusTcpClient | AsyncModbusSerialClient:
        place, serial = self._address.place, self._address.serial
        if self._address.kind == "rtu":
            return AsyncModbusSerialClient(
                place,
                baudrate=serial.baud,
                parity=serial.parity,
                stopbits=serial.stop_bits,
                timeout=NEVER_S,
                retries=0,
                reconnect_delay=0,
                trace_connect=self._connection_changed,
            )
        framer = FramerType.SOCKET if self._address.kind == "tcp" else FramerType.RTU
        return AsyncModbusTcpClient(
            place,
            port=self._address.port,
            framer=framer,
            timeout=NEVER_S,
            retries=0,
            reconnect_delay=0,
            trace_connect=self._connection_changed,
        )

    def _connection_changed(self, up: bool) -> None:
        """Do not wait for an answer that can no longer come."""
        if not up and self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time())


def _why_not(address: Address) -> str:
    """In words for whoever stands in front of the cabinet."""
    if address.kind != "rtu":
        return f"no connection to {address}"
    if not Path(address.place).exists():
        return f"there is no {address.place}: is the adapter plugged in?"
    if not os.access(address.place, os.R_OK | os.W_OK):
        return f"{address.place} may not be opened: the user of hems must be in the group of that file, often dialout"
    return f"{address.place} cannot be opened: another program speaks on it; end that, a line has one master"


async def _sent(client: AsyncModbusTcpClient | AsyncModbusSerialClient, frame: Frame) -> ModbusPDU:
    match frame:
        case ReadFrame(unit, Space.COIL, address, count):
            return await client.read_coils(address, count=count, device_id=unit)
        case ReadFrame(unit, Space.DISCRETE, address, count):
            return await client.read_discrete_inputs(address, count=count, device_id=unit)
        case ReadFrame(unit, Space.INPUT, address, count):
            return await client.read_input_registers(address, count=count, device_id=unit)
        case ReadFrame(unit, _, address, count):
            return await client.read_holding_registers(address, count=count, device_id=unit)
        case WriteFrame(unit, Space.COIL, address, values, True):
            return await client.write_coil(address, bool(values[0]), device_id=unit)
        case WriteFrame(unit, Space.COIL, address, values):
            return await client.write_coils(address, [bool(value) for value in values], device_id=unit)
        case WriteFrame(unit, _, address, values, True):
            return await client.write_register(address, values[0], device_id=unit)
        case WriteFrame(unit, _, address, values):
            return await client.write_registers(address, list(values), device_id=unit)


def _checked(frame: Frame, answer: ModbusPDU) -> tuple[int, ...]:
    """What the answer carries, if it is the answer to this request: function, length or echo must agree."""
    if answer.isError():
        raise Refusal(answer.exception_code)
    if answer.function_code != _function_code(frame):
        raise Garbled(f"asked with function {_function_code(frame)}, answered with {answer.function_code}")
    if isinstance(frame, WriteFrame):
        return _echoed(frame, answer)
    got = answer.bits if frame.space.of_bits else answer.registers
    expected = (frame.count + 7) // 8 * 8 if frame.space.of_bits else frame.count
    if len(got) != expected:
        raise Garbled(f"asked for {frame.count} values, got {len(got)}")
    return tuple(map(int, got[: frame.count])) if frame.space.of_bits else tuple(got)


def _echoed(frame: WriteFrame, answer: ModbusPDU) -> tuple[int, ...]:
    if answer.address != frame.address:
        raise Garbled(f"wrote at {frame.address}, acknowledged at {answer.address}")
    if not frame.single:
        if answer.count != len(frame.values):
            raise Garbled(f"wrote {len(frame.values)} values, acknowledged {answer.count}")
        return ()
    echo = answer.bits if frame.space.of_bits else answer.registers
    if int(echo[0]) != frame.values[0]:
        raise Garbled(f"wrote {frame.values[0]}, acknowledged {int(echo[0])}")
    return ()


def _function_code(frame: Frame) -> int:
    if isinstance(frame, ReadFrame):
        return READ_CODES[frame.space]
    single, several = (5, 15) if frame.space is Space.COIL else (6, 16)
    return single if frame.single else several
