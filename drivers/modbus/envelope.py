"""What is put around a message for its way, and how a message is found in what arrives.

Over TCP a header says whose answer it is and how long; a serial line, also one behind a gateway, has neither, only a
checksum at the end.
"""

from struct import Struct
from typing import Protocol

from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU

from drivers.modbus.errors import Garbled
from drivers.modbus.wire import REFUSED, Question

HEADER = Struct(">HHHB")
"""Transaction, protocol, number of octets from here on, unit."""
BEFORE_UNIT = 6
MOST = 254
"""Octets that may follow in one message: the unit and 253."""
LEAST = 3
"""The unit and a refusal.  Some devices count one too few for that."""
CHECKSUM = 2
SHORTEST = 5
"""A refusal on a serial line."""
ACKNOWLEDGED = 8
ACKNOWLEDGED_AS_SENT = (5, 6)
READS, WRITES = (1, 2, 3, 4), (5, 6, 15, 16)

_LIBRARY = DecodePDU(is_server=False)
_OVER_TCP, _ON_LINE = FramerSocket(_LIBRARY), FramerRTU(_LIBRARY)


class Envelope(Protocol):
    """One of the two."""

    is_heard_late: bool
    """Whether what comes too late still comes: over TCP the connection has gone by then."""

    def sealed(self, question: Question) -> bytes:
        """A request as it leaves, but for its number."""

    def numbered(self, sealed: bytes, expects: bytes, number: int) -> tuple[bytes, bytes]:
        """A request as it leaves, and how its answer begins."""

    def expects(self, question: Question) -> bytes:
        """How what brings a right reply begins, up to its values, with number 0; b"" where it must be looked for."""

    def unechoed(self, heard: bytes, sent: bytes) -> tuple[bytes, bytes]:
        """What came without what was `sent`, and that again while it may still be coming."""

    def opened(self, heard: bytes, unit: int, number: int) -> tuple[bytes | None, bytes]:
        """The reply that `heard` holds, if it does already, and what is still to be looked at with what comes next.

        Raises:
            Garbled: no reply can come of this any more.
        """


class TcpEnvelope:
    """Modbus TCP: replies that carry another number came too late, and are passed over."""

    is_heard_late = False

    def sealed(self, question: Question) -> bytes:
        """With number 0."""
        return _OVER_TCP.encode(question.request, question.unit, 0)

    def numbered(self, sealed: bytes, expects: bytes, number: int) -> tuple[bytes, bytes]:
        """Both with its own number."""
        octets = number.to_bytes(2, "big")
        return octets + sealed[2:], octets + expects[2:]

    def expects(self, question: Question) -> bytes:
        """The header, and how the message begins."""
        return HEADER.pack(0, 0, 1 + question.length, question.unit) + question.head

    def unechoed(self, heard: bytes, sent: bytes) -> tuple[bytes, bytes]:
        """Nothing is heard twice."""
        return heard, b""

    def opened(self, heard: bytes, unit: int, number: int) -> tuple[bytes | None, bytes]:
        """Some devices number every reply 0; that a late one of theirs is not taken, closing the connection ensures."""
        while len(heard) >= BEFORE_UNIT + LEAST:
            its_number, protocol, length, its_unit = HEADER.unpack_from(heard)
            if protocol or length > MOST:
                raise Garbled(f"what came is not Modbus TCP: {heard[:8].hex(' ')}")
            end = BEFORE_UNIT + max(length, LEAST)
            if len(heard) < end:
                break
            reply, heard = heard[BEFORE_UNIT + 1 : end], heard[end:]
            if its_number == number or not its_number:
                if its_unit != unit:
                    raise Garbled(f"asked unit {unit}, unit {its_unit} answered")
                return reply, heard
        return None, heard


class RtuEnvelope:
    """Modbus RTU: replies of another unit came too late, and are passed over, as is noise before a reply."""

    is_heard_late = True

    def __init__(self) -> None:
        self._echoes = False
        """Whether the adapter hears what it sends, as many with two wires do; known from reads."""

    def sealed(self, question: Question) -> bytes:
        """With its checksum."""
        return _ON_LINE.encode(question.request, question.unit, 0)

    def numbered(self, sealed: bytes, expects: bytes, number: int) -> tuple[bytes, bytes]:
        """There is no number on a line."""
        return sealed, expects

    def expects(self, question: Question) -> bytes:
        """There may be noise before it, and its checksum is to be reckoned."""
        return b""

    def unechoed(self, heard: bytes, sent: bytes) -> tuple[bytes, bytes]:
        """What writes one value is acknowledged by the very same octets: an echo must not pass for a relay's word."""
        if not sent or (sent[1] in ACKNOWLEDGED_AS_SENT and not self._echoes):
            return heard, b""
        if heard.startswith(sent):
            self._echoes = True
            return heard[len(sent) :], b""
        if sent.startswith(heard):
            return heard, sent
        if sent[1] not in ACKNOWLEDGED_AS_SENT:
            self._echoes = False
        return heard, b""

    def opened(self, heard: bytes, unit: int, number: int) -> tuple[bytes | None, bytes]:
        """What begins like a message is waited for; unless its checksum is right, it began with noise."""
        start = 0
        while len(heard) - start >= SHORTEST:
            size = _size(heard[start + 1], heard[start + 2])
            if start + size > len(heard):
                break
            if not size or not _is_whole(heard[start : start + size]):
                start += 1
                continue
            if heard[start] == unit:
                return heard[start + 1 : start + size - CHECKSUM], heard[start + size :]
            start += size
        return None, heard[start:]


def _size(function: int, octets: int) -> int:
    """Of a reply on a line, checksum included; 0 if there is no such function."""
    if function & REFUSED:
        return SHORTEST
    if function in READS:
        return SHORTEST + octets
    return ACKNOWLEDGED if function in WRITES else 0


def _is_whole(message: bytes) -> bool:
    return FramerRTU.check_CRC(message[:-CHECKSUM], int.from_bytes(message[-CHECKSUM:], "big"))
