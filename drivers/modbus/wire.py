"""Requests as octets, and octets judged as answers: nothing is taken for an answer that is not exactly that.

The library builds the requests, once for each.  Answers are judged here, because everything about the right one but
its values is known before it comes: function, length, and for a write every octet.  That takes two comparisons.  The
library makes an object of each answer, value by value, which takes ten times as long for forty registers, and has then
compared neither length nor echo.
"""

from collections.abc import Callable
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
ECHO = 5
"""Octets of a write that its answer repeats: function, address, and the value or how many there were."""


class Question:
    """One request, and how to judge what comes back."""

    def __init__(self, frame: Frame) -> None:
        self.unit = frame.unit
        message = _read(frame) if isinstance(frame, ReadFrame) else _write(frame)
        self.request = bytes((message.function_code,)) + message.encode()
        """Without address and checksum, which depend on the way it goes."""
        self._values: Callable[[bytes], Words] = _nothing
        if isinstance(frame, WriteFrame):
            self._length, self._head = ECHO, self.request[:ECHO]
            return
        octets = (frame.count + 7) // 8 if frame.space.of_bits else 2 * frame.count
        self._length, self._head = 2 + octets, bytes((message.function_code, octets))
        self._values = _bits(frame.count) if frame.space.of_bits else Struct(f">2x{frame.count}H").unpack

    def answered(self, reply: bytes) -> Words:
        """What a reply of two octets or more carries; nothing for a write.

        Raises:
            Refusal: the device says no.
            Garbled: it is no answer to this request.
        """
        if len(reply) == self._length and reply.startswith(self._head):
            return self._values(reply)
        asked, answered = self.request[0], reply[0]
        if answered == asked | REFUSED:
            raise Refusal(reply[1])
        if answered != asked:
            raise Garbled(f"asked with function {asked}, answered with {answered}")
        if self._values is _nothing:
            raise Garbled(f"sent {self._head.hex(' ')}, acknowledged {reply.hex(' ')}")
        raise Garbled(f"asked for {self._length - 2} octets, got {len(reply) - 2} that claim to be {reply[1]}")


def _nothing(_reply: bytes) -> Words:
    return ()


def _bits(count: int) -> Callable[[bytes], Words]:
    def bits(reply: bytes) -> Words:
        whole = int.from_bytes(reply[2:], "little")
        return tuple(whole >> place & 1 for place in range(count))

    return bits


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
