"""What stands between a device and its line: who hears nothing, who answers nonsense, late, or an octet at a time."""

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, cast

from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import SimDevice

from hems.sim.faults import Says

READS = (1, 2, 3, 4)
UNIT_AT = 6
"""Where the unit stands in a frame of Modbus TCP."""
DEVICE_FAILURE = 4
SENTINEL = 0x8000
"""What most signed registers say for "not known"."""
SLOW_S = 0.4
"""Within any patience, and as long as a small charger takes at its worst."""
LATE_S = 1.6
"""Beyond any patience: who has asked has given up, and perhaps asked something else."""
OCTET_S = 0.004
"""Between two octets of an answer that comes one by one: longer than 3.5 characters at 9600 baud."""
AT_ONCE = struct.pack("ii", 1, 0)
"""For SO_LINGER: nothing is waited for, so that the kernel ends the connection with a reset."""

Speech = Callable[[int], Says]
"""What the device with this unit id answers now."""


class Ear:
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
        if not sending:
            return frame
        match self.manner(frame):
            case Says.GARBAGE:
                return self._rng.randbytes(len(frame))
            case Says.CUT:
                return frame[: len(frame) // 2]
            case Says.MIXED:
                return bytes((frame[0] ^ 0x55,)) + frame[1:]
        return frame

    def manner(self, frame: bytes) -> Says:
        """How the device speaks whose answer this is."""
        return self._speech(frame[self._unit_at]) if len(frame) > self._unit_at else Says.TRUTH

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


class Mouth(ServerRequestHandler):
    """One connection: sends answers in the manner of their device, and may be dead without anybody knowing."""

    def __init__(self, server: ModbusTcpServer | ModbusSerialServer, ear: Ear) -> None:
        super().__init__(server, ear.garble, ear.hear, None)  # type: ignore[no-untyped-call]
        self.dead = False
        self._ear = ear
        self._at_work: set[asyncio.Task[None]] = set()

    def callback_data(self, data: bytes, addr: tuple[Any, ...] | None = None) -> int:
        """What comes in; behind a dead connection nobody hears it."""
        return len(data) if self.dead else super().callback_data(data, addr)

    def handle_later(self) -> None:
        """Answer, as a task of this loop: what the library does goes by way of other threads."""
        task = self.loop.create_task(self.handle_request())  # type: ignore[no-untyped-call]
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    def send(self, data: bytes, addr: tuple[Any, ...] | None = None) -> None:
        """At once, later, or bit by bit."""
        match Says.NOTHING if self.dead else self._ear.manner(data):
            case Says.NOTHING:
                return
            case Says.SLOW:
                self.loop.call_later(SLOW_S, self._utter, data)
            case Says.LATE:
                self.loop.call_later(LATE_S, self._utter, data)
            case Says.OCTETS:
                for index in range(len(data)):
                    self.loop.call_later(index * OCTET_S, self._utter, data[index : index + 1])
            case _:
                super().send(data, addr)

    def reset(self) -> None:
        """End the connection without a farewell, as a device does that has started anew."""
        transport = cast(asyncio.Transport, self.transport)
        if transport is not None:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            transport.abort()

    def _utter(self, octets: bytes) -> None:
        transport = cast(asyncio.Transport, self.transport)
        if transport is not None and not transport.is_closing() and not self.dead:
            transport.write(octets)
