"""Requests as octets, and octets judged as answers: nothing is taken for an answer that is not exactly that.

The library builds the requests, once for each.  Answers are judged here, because everything about the right one but
its values is known before it comes: function, length, and for a write every octet.  That takes two comparisons.  The
library makes an object of each answer, value by value, which takes ten times as long for forty registers, and has then
compared neither length nor echo.
"""

from collections.abc import Callable
from functools import partial
from struct import Struct

from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadDiscreteInputsRequest,
    WriteMultipleCoilsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from drivers.modbus.errors import Garbled, Refusal
from drivers.modbus.frame import Frame, ReadFrame, Space, WriteFrame
from drivers.modbus.hearing import Words

READS = {
    Space.COIL: ReadCoilsRequest,
    Space.DISCRETE: ReadDiscreteInputsRequest,
    Space.HOLDING: ReadHoldingRegistersRequest,
    Space.INPUT: ReadInputRegistersRequest,
}
REFUSED = 0x80
"""Set in the function code of a refusal."""
Octets = bytes | bytearray
ECHO = 5
"""Octets of a write that its answer repeats: function, address, and the value or how many there were."""


class Question:
    """One request, and how to judge what comes back."""

    def __init__(self, frame: Frame) -> None:
        self.unit = frame.unit
        message = _read(frame) if isinstance(frame, ReadFrame) else _write(frame)
        self.request = bytes((message.function_code,)) + message.encode()
        """Without address and checksum, which depend on the way it goes."""
        self.values_at: Callable[[Octets, int], Words] = _nothing
        """What a right reply carries that begins at a place of some octets."""
        if isinstance(frame, WriteFrame):
            self.length, self.head = ECHO, self.request[:ECHO]
            return
        octets = (frame.count + 7) // 8 if frame.space.of_bits else 2 * frame.count
        self.length, self.head = 2 + octets, bytes((message.function_code, octets))
        if frame.space.of_bits:
            self.values_at = partial(_bits, frame.count, octets)
        else:
            self.values_at = Struct(f">2x{frame.layout or f'{frame.count}H'}").unpack_from

    def answered(self, reply: bytes) -> Words:
        """What a reply of two octets or more carries; nothing for a write.

        Raises:
            Refusal: the device says no.
            Garbled: it is no answer to this request.
        """
        if len(reply) == self.length and reply.startswith(self.head):
            return self.values_at(reply, 0)
        asked, answered = self.request[0], reply[0]
        if answered == asked | REFUSED:
            raise Refusal(reply[1])
        if answered != asked:
            raise Garbled(f"asked with function {asked}, answered with {answered}")
        if self.values_at is _nothing:
            raise Garbled(f"sent {self.head.hex(' ')}, acknowledged {reply.hex(' ')}")
        raise Garbled(f"asked for {self.length - 2} octets, got {len(reply) - 2} that claim to be {reply[1]}")


def _nothing(_octets: Octets, _start: int) -> Words:
    return ()


def _bits(count: int, octets: int, reply: Octets, start: int) -> Words:
    whole = int.from_bytes(reply[start + 2 : start + 2 + octets], "little")
    return tuple(whole >> place & 1 for place in range(count))


def _read(frame: ReadFrame) -> ModbusPDU:
    return READS[frame.space](address=frame.address, count=frame.count)


def _write(frame: WriteFrame) -> ModbusPDU:
    if frame.space is Space.COIL:
        bits = [bool(value) for value in frame.values]
        one_or_more = WriteSingleCoilRequest if frame.single else WriteMultipleCoilsRequest
        return one_or_more(address=frame.address, bits=bits)
    registers = list(frame.values)
    if frame.single:
        return WriteSingleRegisterRequest(address=frame.address, registers=registers)
    return WriteMultipleRegistersRequest(address=frame.address, registers=registers)
